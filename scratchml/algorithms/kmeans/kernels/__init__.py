"""Compiled loops of K-means, each over one block of rows."""
