"""Synthetic files: people who do not exist, under numbers that are never issued, the same bytes for the same seed."""
