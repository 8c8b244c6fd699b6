"""Benchmarks that measure the gateway and its floor in the same run and print the ratio. Never run as tests."""
