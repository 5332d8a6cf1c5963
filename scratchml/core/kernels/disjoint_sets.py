"""Disjoint sets in an array: each element names its parent, and a root names itself.

The root of a set is its smallest element, so that the sets, and their roots, are the same in
whatever order they were united (Galler and Fischer 1964; paths are halved as they are walked,
Tarjan and van Leeuwen 1984).
"""

from __future__ import annotations

from scratchml.core.jit import STRICT, kernel


@kernel(STRICT, allocates=False)
def find_root(inout_parents, element):
    """The root of the set that has an element; the path to it becomes half as long.

    Parameters
    ----------
    inout_parents : int32[n] or int64[n]
    element : int

    Returns
    -------
    int
    """
    while inout_parents[element] != element:
        inout_parents[element] = inout_parents[inout_parents[element]]
        element = inout_parents[element]
    return element


@kernel(STRICT, allocates=False)
def unite_roots(a, b, inout_parents):
    """Unite the sets of two roots; returns the root of both."""
    if a < b:
        inout_parents[b] = a
        return a
    inout_parents[a] = b
    return b
