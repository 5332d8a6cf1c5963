"""Benchmarks of scratchml and its peers. Run as ``python -m benchmarks``."""
