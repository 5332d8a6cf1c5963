"""Mini-batch K-means in plain NumPy, to be read.

symbol   name
------   ----------------------------------------------------------------------
X        samples, float[n, d]
w        weights of the samples, float[n]
b        samples of a batch
C        centres, float[k, d]
v        weight of the samples that each centre has been given so far, float[k]
labels   index of the nearest centre of each sample of a batch, int[b]
J        mean of the squared distances of a batch to its nearest centres
ewa      exponentially weighted average of J

D. Sculley, "Web-scale k-means clustering", WWW 2010, Algorithm 1: each step draws a batch and moves
every centre towards its samples, the less the more samples the centre has had. What is added to
the paper is that of scikit-learn: all samples of a batch count at once, centres that are hardly
ever the nearest become samples, and the fit ends when the smoothed J no longer falls. The fit is a
generator, so that a loop shows each step:

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [9.0], [11.0]])
>>> for step in minibatch_kmeans(X, X[1:3], 2, np.random.RandomState(1), max_iter=1):
...     print(X[step.samples].ravel(), step.labels, step.C.ravel().round(3), step.v)
[1. 9.] [0 1] [1. 9.] [1. 1.]
[0. 1.] [0 0] [0.667 9.   ] [3. 1.]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class MiniBatchStep(NamedTuple):
    """One step of mini-batch K-means."""

    samples: np.ndarray
    """The samples of the batch, int[b]."""
    labels: np.ndarray
    """Nearest of the centres before this step, int[b]."""
    C: np.ndarray
    """Centres after this step, float[k, d]."""
    v: np.ndarray
    """Weight that each centre has been given, this step included, float[k]."""
    J: float
    """Mean squared distance of the batch to the centres before this step."""
    ewa: float
    """The same, smoothed."""


def draw_batch(w: np.ndarray, b: int, random_state: np.random.RandomState) -> np.ndarray:
    """Samples drawn by weight, with replacement, by inversion of the cumulative distribution.

    Parameters
    ----------
    w : float[n]
    b : int
    random_state : RandomState

    Returns
    -------
    samples : int[b]
        What ``random_state.choice(n, b, p=w / w.sum())`` returns.
    """
    cdf = np.cumsum(w / w.sum(), dtype=np.float64)
    return np.searchsorted(cdf / cdf[-1], random_state.random_sample(b), side="right")


def nearest_centers(X: np.ndarray, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest centre of each sample, the lowest of a tie, and the squared distance to it.

    Parameters
    ----------
    X : float[n, d]
    C : float[k, d]

    Returns
    -------
    labels : int[n]
    nearest : float[n]
    """
    D = np.zeros((len(X), len(C)), X.dtype)
    for j in range(X.shape[1]):
        D += (X[:, j, None] - C[None, :, j]) ** 2
    return D.argmin(axis=1), D.min(axis=1)


def move_centers(
    X: np.ndarray, w: np.ndarray, labels: np.ndarray, C: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Move each centre to the mean of all samples that it has been given so far.

    Parameters
    ----------
    X : float[b, d]
    w : float[b]
    labels : int[b]
    C : float[k, d]
    v : float[k]

    Returns
    -------
    C : float[k, d]
    v : float[k]
    """
    C, v = C.copy(), v.copy()
    for c in np.unique(labels):
        mine = labels == c
        weight = w[mine].sum()
        if weight > 0:
            mean = w[mine] @ X[mine] / weight
            v[c] += weight
            eta = weight / v[c]  # the learning rate
            C[c] = (1 - eta) * C[c] + eta * mean
    return C, v


def reassign(
    X: np.ndarray,
    C: np.ndarray,
    v: np.ndarray,
    ratio: float,
    random_state: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray]:
    """Make each centre that has been given little a sample of the batch, drawn at random.

    Parameters
    ----------
    X : float[b, d]
    C : float[k, d]
    v : float[k]
    ratio : float
        Less than this share of the largest v is little.
    random_state : RandomState

    Returns
    -------
    C : float[k, d]
    v : float[k]
    """
    C, v = C.copy(), v.copy()
    low = v < ratio * v.max()
    if low.sum() > len(X) / 2:  # not more than half of the batch, the lowest ones
        low[np.argsort(v)[len(X) // 2 :]] = False
    if low.all():
        low[v.argmax()] = False
    if low.any():
        C[low] = X[random_state.choice(len(X), replace=False, size=low.sum())]
        v[low] = v[~low].min()
    return C, v


def minibatch_kmeans(
    X: np.ndarray,
    C: np.ndarray,
    b: int,
    random_state: np.random.RandomState,
    w: np.ndarray | None = None,
    max_iter: int = 100,
    tol: float = 0.0,
    max_no_improvement: int = 10,
    reassignment_ratio: float = 0.01,
) -> Iterator[MiniBatchStep]:
    """Learn from batches until the smoothed inertia no longer falls or the centres stand still.

    Parameters
    ----------
    X : float[n, d]
    C : float[k, d]
        Initial centres.
    b : int
    random_state : RandomState
    w : float[n], optional
    max_iter : int
        The most passes over the data, counted in samples drawn.
    tol : float
        Threshold for the squared shift of the centres; 0 for none.
    max_no_improvement : int
        Steps in a row without a new lowest ``ewa`` that end the fit.
    reassignment_ratio : float

    Yields
    ------
    MiniBatchStep
        Once for each batch.
    """
    n, k = len(X), len(C)
    w = np.ones(n, X.dtype) if w is None else w
    v = np.zeros(k)
    alpha = min(2 * b / (n + 1), 1)
    ewa, lowest, n_worse, n_seen = 0.0, np.inf, 0, 0
    for t in range(1, max_iter * n // b + 1):
        # Step 1: draw a batch; a heavy sample is drawn often, and then counts once each time.
        samples = draw_batch(w, b, random_state)
        batch = X[samples]

        # Step 2: nearest centres, and each centre to the mean of what it has been given.
        old_C, n_seen = C, n_seen + b
        due = n_seen >= 10 * k or (v == 0).any()
        labels, nearest = nearest_centers(batch, C)
        J = float(nearest.mean())
        C, v = move_centers(batch, np.ones(b), labels, C, v)

        # Step 3: now and then, centres that are left behind begin again.
        if due:
            n_seen = 0
            C, v = reassign(batch, C, v, reassignment_ratio, random_state)

        # Step 4: the average begins at the second batch; J of the first is that of the seeding.
        ewa = J if t <= 2 else (1 - alpha) * ewa + alpha * J
        yield MiniBatchStep(samples, labels, C, v, J, ewa)
        if t > 1:
            if tol > 0 and ((C - old_C) ** 2).sum() <= tol:
                return
            n_worse = 0 if ewa < lowest else n_worse + 1
            lowest = min(ewa, lowest)
            if n_worse >= max_no_improvement:
                return
