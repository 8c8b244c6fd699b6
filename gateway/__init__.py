"""The gateway: validates, seals and routes child-support records, and proves what it did."""

__version__ = "0.1.0"
