"""The ports: Protocols through which the parts of the gateway meet without importing each other."""
