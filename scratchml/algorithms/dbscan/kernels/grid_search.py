"""Whether two sets of points have a point each that are within eps of each other.

The larger box of the two is halved, until two boxes are apart, or within eps, as a whole, or hold
few points. Boxes wait along with their points: a halving takes the time of the points of the larger
box, however many the other box has. Where that is narrow, points that are too far from it are left
behind first: a look at each of them decides where the other box has come down to one place.

Bounds sum, axis by axis, what the distances sum, only smaller or larger; and rounding keeps order:
comparing them as they are computed is exact. (A box: least and largest coordinates.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .grid_distances import is_near_any

APART, TOGETHER, UNDECIDED = range(3)
"""What a search has found."""

FEW_PAIRS = 1024
"""Pairs of points that are looked through as they are; those of a single point always are."""

NARROW = 0.25
"""Share of the extent of one box up to which points are compared with the other box, one by one."""

DEPTH = 10_000
"""Pairs of boxes that wait, at most: no extent within a cell can be halved more than 1600 times, on
three axes, in two boxes (see ``SQ_LIMITS``)."""


class Search(NamedTuple):
    """Memory of a search, which can be left and gone on with."""

    ranges: np.ndarray
    """int64[DEPTH, 2, 2]: pairs of ranges of points that wait: begin and end of each,"""
    boxes: np.ndarray
    """float64[DEPTH, 2, 2, n_axes]: and least and largest coordinates of each."""
    n_waiting: np.ndarray
    """int64[1]: how many."""


def make_search(n_axes: int) -> Search:
    """Memory for a search, with nothing waiting."""
    return Search(
        ranges=np.empty((DEPTH, 2, 2), np.int64),
        boxes=np.empty((DEPTH, 2, 2, n_axes)),
        n_waiting=np.zeros(1, np.int64),
    )


@kernel(STRICT, allocates=False)
def start_search(points, begin, end, other_begin, other_end, inout_search):
    """Let two ranges of points, where nothing waits yet, wait to be looked at."""
    set_range(points, begin, end, 0, 0, inout_search)
    set_range(points, other_begin, other_end, 0, 1, inout_search)
    inout_search.n_waiting[0] = 1


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
        Distances computed are added; those between a point and a box, too.

    Returns
    -------
    found : int
        `APART`, `TOGETHER` or `UNDECIDED`.
    budget : int
        What is left of it.
    """
    n_waiting = inout_search.n_waiting
    while n_waiting[0] > 0:
        if budget <= 0:
            return UNDECIDED, budget
        n_waiting[0] -= 1
        taken = n_waiting[0]
        ranges, boxes = inout_search.ranges[taken], inout_search.boxes[taken]
        a, b = boxes[0], boxes[1]
        if sq_gap(a[0], a[1], b) > sq_eps:
            continue
        if sq_span(a[0], a[1], b) <= sq_eps:
            n_waiting[0] = 0
            return TOGETHER, budget
        n, n_others = ranges[0, 1] - ranges[0, 0], ranges[1, 1] - ranges[1, 0]
        if n * n_others <= FEW_PAIRS or min(n, n_others) == 1:
            budget -= n * n_others
            few = 0 if n < n_others else 1
            begin, end = ranges[1 - few, 0], ranges[1 - few, 1]
            for i in range(ranges[few, 0], ranges[few, 1]):
                if is_near_any(inout_points, i, begin, end, sq_eps, inout_n_distances):
                    n_waiting[0] = 0
                    return TOGETHER, budget
            continue
        axis, extent = widest_axis(boxes[0])
        other_axis, other_extent = widest_axis(boxes[1])
        side = 0
        if other_extent > extent:
            side, axis, extent, other_extent = 1, other_axis, other_extent, extent
        begin, end, other = ranges[side, 0], ranges[side, 1], boxes[1 - side]
        budget -= end - begin
        if other_extent <= NARROW * extent:
            inout_n_distances[0] += end - begin
            end = keep_near(inout_points, inout_order, begin, end, other, sq_eps)
            if end < begin:
                n_waiting[0] = 0
                return TOGETHER, budget
        low, high = boxes[side, 0, axis], boxes[side, 1, axis]
        pivot = low + 0.5 * (high - low)
        if pivot <= low:
            pivot = high
        middle = divide_range(inout_points, inout_order, begin, end, axis, pivot)
        # What is taken next is the half on the side of the other box.
        lower_last = other[0, axis] + other[1, axis] < low + high
        if lower_last:
            add_part(inout_points, middle, end, taken, side, inout_search)
        add_part(inout_points, begin, middle, taken, side, inout_search)
        if not lower_last:
            add_part(inout_points, middle, end, taken, side, inout_search)
    return APART, budget


@kernel(STRICT, allocates=False)
def add_part(points, begin, end, taken, side, inout_search):
    """Let a part of one range of the pair that was taken wait, along with the other range.

    The first part takes the place of the pair, where the other range stays as it is.
    """
    if begin == end:
        return
    ranges, boxes, other = inout_search.ranges, inout_search.boxes, 1 - side
    place = inout_search.n_waiting[0]
    for k in range(2):
        ranges[place, other, k] = ranges[taken, other, k]
        for j in range(boxes.shape[3]):
            boxes[place, other, k, j] = boxes[taken, other, k, j]
    set_range(points, begin, end, place, side, inout_search)
    inout_search.n_waiting[0] = place + 1


@kernel(STRICT, allocates=False)
def set_range(points, begin, end, place, side, inout_search):
    """Set one range, and its box, of the pair at a place."""
    inout_search.ranges[place, side, 0] = begin
    inout_search.ranges[place, side, 1] = end
    bound_range(points, begin, end, inout_search.boxes[place, side])


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
def sq_gap(lower, upper, box):
    """No squared distance between points of two boxes is smaller.

    Parameters
    ----------
    lower, upper : float64[n_axes]
        Least and largest coordinates of one; of a point, its coordinates.
    box : float64[2, n_axes]
        The other.
    """
    total = 0.0
    for j in range(box.shape[1]):
        u = max(lower[j] - box[1, j], box[0, j] - upper[j], 0.0)
        total += u * u
    return total


@kernel(STRICT, allocates=False)
def sq_span(lower, upper, box):
    """No squared distance between points of two boxes is larger; see `sq_gap`."""
    total = 0.0
    for j in range(box.shape[1]):
        u = max(upper[j] - box[0, j], box[1, j] - lower[j])
        total += u * u
    return total


@kernel(STRICT, allocates=False)
def widest_axis(box):
    """The axis along which a box is the widest, and its extent there."""
    axis, widest = 0, box[1, 0] - box[0, 0]
    for j in range(1, box.shape[1]):
        extent = box[1, j] - box[0, j]
        if extent > widest:
            axis, widest = j, extent
    return axis, widest


@kernel(STRICT, allocates=False)
def keep_near(inout_points, inout_order, begin, end, box, sq_eps):
    """Move points that are too far from every point of a box behind the others of a range.

    Returns
    -------
    int
        Where those too far begin; -1 if a point is within eps of all points of the box.
    """
    i = begin
    while i < end:
        x = inout_points[:, i]
        if sq_gap(x, x, box) > sq_eps:
            end -= 1
            swap_points(inout_points, inout_order, i, end)
        elif sq_span(x, x, box) <= sq_eps:
            return np.int64(-1)
        else:
            i += 1
    return end


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
            swap_points(inout_points, inout_order, i, front)
            front += 1
    return front


@kernel(STRICT, allocates=False)
def swap_points(inout_points, inout_order, i, j):
    """Exchange the points at two places."""
    for a in range(inout_points.shape[0]):
        x = inout_points[a, i]
        inout_points[a, i] = inout_points[a, j]
        inout_points[a, j] = x
    k = inout_order[i]
    inout_order[i] = inout_order[j]
    inout_order[j] = k
