"""Benchmarks of scratchml against its peers. Run as ``python -m benchmarks.kmeans``."""
