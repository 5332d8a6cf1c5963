"""Compiled loops of the silhouettes."""
