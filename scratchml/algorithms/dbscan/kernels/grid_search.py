"""Whether two sets of points have a point each that are within eps of each other.

The larger box of the two is halved, until two boxes are apart, or within eps, as a whole, or hold
few points. Bounds sum, axis by axis, what the distances sum, only smaller or larger; and rounding
keeps order: comparing them as they are computed is exact. (A box: least and largest coordinates.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .grid_distances import is_near_any

APART, TOGETHER, UNDECIDED = range(3)
"""What a search has found."""

FEW_PAIRS = 512
"""Pairs of points that are looked through as they are."""

DEPTH = 8192
"""Pairs of boxes that wait, at most: a float64 can be halved some 1100 times, on three axes, in
two boxes."""


class Search(NamedTuple):
    """Memory of a search, which can be left and gone on with."""

    waiting: np.ndarray
    """int64[DEPTH, 4]: pairs of ranges of points, as begin, end, begin, end."""
    n_waiting: np.ndarray
    """int64[1]: how many."""
    boxes: np.ndarray
    """float64[2, 2, n_axes]: least and largest coordinates of both ranges. Overwritten."""


def make_search(n_axes: int) -> Search:
    """Memory for a search, with nothing waiting."""
    return Search(
        waiting=np.empty((DEPTH, 4), np.int64),
        n_waiting=np.zeros(1, np.int64),
        boxes=np.empty((2, 2, n_axes)),
    )


@kernel(STRICT, allocates=False)
def start_search(begin, end, other_begin, other_end, inout_search):
    """Let two ranges of points wait to be looked at."""
    n = inout_search.n_waiting[0]
    pair = inout_search.waiting[n]
    pair[0], pair[1], pair[2], pair[3] = begin, end, other_begin, other_end
    inout_search.n_waiting[0] = n + 1


@kernel(STRICT, allocates=False)
def search_pair(inout_points, inout_order, sq_eps, budget, inout_search, inout_n_distances):
    """Whether a point of one range is within eps of a point of the other.

    Parameters
    ----------
    inout_points : float64[2 or 3, n_points]
        Points are moved within the two ranges.
    inout_order : int[n_points]
        Moved along.
    sq_eps : float64
    budget : int
        Points and pairs of points to look at before returning.
    inout_search : Search
        With the two ranges waiting, or what is left of them. Nothing waits once it is decided.
    inout_n_distances : int64[1]
        Distances computed are added.

    Returns
    -------
    found : int
        `APART`, `TOGETHER` or `UNDECIDED`.
    budget : int
        What is left of it.
    """
    boxes, n_waiting = inout_search.boxes, inout_search.n_waiting
    while n_waiting[0] > 0:
        if budget <= 0:
            return UNDECIDED, budget
        n_waiting[0] -= 1
        pair = inout_search.waiting[n_waiting[0]]
        a_begin, a_end, b_begin, b_end = pair[0], pair[1], pair[2], pair[3]
        bound_range(inout_points, a_begin, a_end, boxes[0])
        bound_range(inout_points, b_begin, b_end, boxes[1])
        budget -= a_end - a_begin + b_end - b_begin
        if sq_gap(boxes) > sq_eps:
            continue
        if sq_span(boxes) <= sq_eps:
            n_waiting[0] = 0
            return TOGETHER, budget
        if (a_end - a_begin) * (b_end - b_begin) <= FEW_PAIRS:
            budget -= FEW_PAIRS
            for i in range(a_begin, a_end):
                if is_near_any(inout_points, i, b_begin, b_end, sq_eps, inout_n_distances):
                    n_waiting[0] = 0
                    return TOGETHER, budget
            continue
        side, axis = widest_side(boxes)
        low, high = boxes[side, 0, axis], boxes[side, 1, axis]
        pivot = low + 0.5 * (high - low)
        if pivot <= low:
            pivot = high
        other = boxes[1 - side]
        # What is taken next is the half on the side of the other box.
        lower_last = other[0, axis] + other[1, axis] < low + high
        if side == 0:
            middle = divide_range(inout_points, inout_order, a_begin, a_end, axis, pivot)
            if lower_last:
                start_search(middle, a_end, b_begin, b_end, inout_search)
            start_search(a_begin, middle, b_begin, b_end, inout_search)
            if not lower_last:
                start_search(middle, a_end, b_begin, b_end, inout_search)
        else:
            middle = divide_range(inout_points, inout_order, b_begin, b_end, axis, pivot)
            if lower_last:
                start_search(a_begin, a_end, middle, b_end, inout_search)
            start_search(a_begin, a_end, b_begin, middle, inout_search)
            if not lower_last:
                start_search(a_begin, a_end, middle, b_end, inout_search)
    return APART, budget


@kernel(STRICT, allocates=False)
def bound_range(points, begin, end, out_box):
    """Least and largest coordinates of a range of points, float64[2, n_axes]."""
    for j in range(points.shape[0]):
        x = points[j, begin:end]
        low = high = x[0]
        for i in range(end - begin):
            low = x[i] if x[i] < low else low
            high = x[i] if x[i] > high else high
        out_box[0, j] = low
        out_box[1, j] = high


@kernel(STRICT, allocates=False)
def sq_gap(boxes):
    """No squared distance between points of two boxes is smaller."""
    total = 0.0
    for j in range(boxes.shape[2]):
        u = max(boxes[0, 0, j] - boxes[1, 1, j], boxes[1, 0, j] - boxes[0, 1, j], 0.0)
        total += u * u
    return total


@kernel(STRICT, allocates=False)
def sq_span(boxes):
    """No squared distance between points of two boxes is larger."""
    total = 0.0
    for j in range(boxes.shape[2]):
        u = max(boxes[0, 1, j] - boxes[1, 0, j], boxes[1, 1, j] - boxes[0, 0, j])
        total += u * u
    return total


@kernel(STRICT, allocates=False)
def widest_side(boxes):
    """The box, and the axis, of the widest extent."""
    box, axis, widest = 0, 0, -1.0
    for k in range(2):
        for j in range(boxes.shape[2]):
            extent = boxes[k, 1, j] - boxes[k, 0, j]
            if extent > widest:
                box, axis, widest = k, j, extent
    return box, axis


@kernel(STRICT, allocates=False)
def divide_range(inout_points, inout_order, begin, end, axis, pivot):
    """Move points whose coordinate is below a value before the others of a range.

    Returns
    -------
    int
        Where the others begin.
    """
    front = begin
    for i in range(begin, end):
        if inout_points[axis, i] < pivot:
            for j in range(inout_points.shape[0]):
                x = inout_points[j, i]
                inout_points[j, i] = inout_points[j, front]
                inout_points[j, front] = x
            k = inout_order[i]
            inout_order[i] = inout_order[front]
            inout_order[front] = k
            front += 1
    return front
