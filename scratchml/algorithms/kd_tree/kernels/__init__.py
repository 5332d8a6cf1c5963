"""Compiled pieces of the KD-tree: building it, and walking it."""
