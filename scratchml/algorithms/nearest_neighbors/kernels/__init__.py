"""Compiled loops of nearest neighbours by brute force, each over one block of queries."""
