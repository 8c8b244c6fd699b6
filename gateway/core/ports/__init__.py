"""The ports: Protocols through which the parts of the gateway meet without importing each other.

Those of the store have one module a noun. One method is one transaction; every method may raise Unavailable. State
changes are guarded updates: a method that finds the row already elsewhere says so by its result (False, a shorter list)
and changes nothing. Every method that changes state takes the audit entries to write in the same transaction.
"""
