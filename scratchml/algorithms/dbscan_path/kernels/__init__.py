"""Compiled pieces of the path of DBSCAN: the spanning tree, its thresholds, and its cuts."""
