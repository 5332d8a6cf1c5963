"""Mini-batch K-means: the public class."""

from __future__ import annotations

import copy
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from scratchml.algorithms.kmeans import BaseKMeans, Rows, assign_all, mean_variance
from scratchml.core.callbacks import CallbackMixin, FitEvents
from scratchml.core.jit import kernel_view
from scratchml.core.params import Interval, Options
from scratchml.core.validation import check_random_state
from scratchml.core.verbose import say
from scratchml.core.warn import warn_user

from .batches import Batch, new_batch, subset
from .steps import Learner, labels_and_inertia, shift, sq_shift, total_weight
from .stopping import Stopping


class MiniBatchKMeans(CallbackMixin, BaseKMeans):
    """Mini-batch K-means clustering.

    K-means that learns from a few samples at a time: each step draws a batch, finds the nearest
    centre of each of its samples, and moves every centre to the mean of all samples that it has
    been given so far. A step costs the same however many samples there are, which may be more than
    fit into memory.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters and of centres.
    init : {'k-means++', 'random'}, callable or array-like of shape (n_clusters, n_features), \
default='k-means++'
        Initial centres, from ``init_size`` samples drawn at random. 'k-means++' draws among them,
        far ones more likely, and keeps the best of ``2 + log(n_clusters)`` candidates for each.
        'random' draws different ones, by weight. A callable is called as
        ``init(X, n_clusters, random_state=random_state)`` with those samples.
    max_iter : int, default=100
        The most passes over the data, counted in samples drawn.
    batch_size : int, default=1024
        Samples of a step; no more than there are. Larger batches use several threads better.
    verbose : int or bool, default=0
        Whether to print the progress of each step.
    compute_labels : bool, default=True
        Whether to compute the labels and the inertia of all samples once the centres are found.
    random_state : int, RandomState or None, default=None
        Seed of all draws. An int gives the same result every time.
    tol : float, default=0.0
        A fit ends when the sum of the squared distances that the centres moved in a step is at most
        ``tol`` times the mean of the variances of the features; 0 switches this rule off.
    max_no_improvement : int or None, default=10
        A fit ends after so many steps in a row in which the smoothed inertia of the batches was not
        the lowest so far; None switches this rule off.
    init_size : int or None, default=None
        Samples drawn for the initial centres. None is three times the batch size, or three times
        ``n_clusters`` where that is not enough.
    n_init : 'auto' or int, default='auto'
        Number of initialisations, of which the one with the lowest inertia is kept, on as many
        samples drawn once. 'auto' is 1 for 'k-means++' and an array, 3 for 'random' and a callable.
    reassignment_ratio : float, default=0.01
        A centre that has been given less than this share of what the centre with the most has been
        given is made a sample of the batch now and then; 0 switches that off.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centres, in the dtype of the data.
    labels_ : ndarray of shape (n_samples,), int32
        Nearest centre of each sample, the lowest index of equally near ones; always equal to
        ``predict`` of the same data. Of the latest batch after `partial_fit`. Only with
        ``compute_labels``.
    inertia_ : float
        Weighted sum of squared distances of the samples to their nearest centre, computed in
        float64. Without ``compute_labels`` an estimate: the smoothed inertia of a sample times the
        weight of all, which `partial_fit` does not make.
    n_iter_ : int
        Passes over the data, counted in samples drawn, rounded up.
    n_steps_ : int
        Batches learnt from, those of `partial_fit` included.
    n_distances_ : int
        Distances between a sample and a centre that the steps and the labels took:
        ``batch_size * n_clusters`` in each step, ``n_samples * n_clusters`` for the labels.
    n_features_in_ : int
        Number of features of the data of the fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    KMeans : Learns from all samples in each iteration, and ends with a lower inertia.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.minibatch_kmeans.reference``.

    A step takes O(batch_size n_clusters n_features) time; the labels take
    O(n_samples n_clusters n_features) once. Beyond the data and the fitted attributes a fit holds
    the samples of a batch and of the initialisation, two numbers for every 16 samples, and at most
    64 partial sums of the size of the centres. Data mapped from a file are read as they are
    needed. Every fitted attribute has the same bits for any number of threads.

    **Differences from scikit-learn.** The same seed gives the same answer up to rounding in
    float64; in float32 draws of k-means++ may differ, quality does not. ``labels_`` equals
    ``predict(X)`` without exception; `partial_fit` without ``compute_labels`` leaves no labels of
    an earlier batch behind. Counts and sums are kept in float64 for float32 data too. After a
    single step ``inertia_`` is estimated from its batch, and a ``reassignment_ratio`` above 1
    never reassigns all centres at once, where scikit-learn fails. Negative weights are refused.
    Data of another dtype than that of the centres are converted by `partial_fit`, `predict`,
    `transform` and `score`. `n_distances_` and `set_callbacks` are additions.

    References
    ----------
    .. [1] D. Sculley, "Web-scale k-means clustering", WWW 2010.
    .. [2] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA
       2007.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import MiniBatchKMeans
    >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
    >>> kmeans = MiniBatchKMeans(n_clusters=2, batch_size=3, random_state=0).fit(X)
    >>> kmeans.predict([[0.0, 0.0], [12.0, 3.0]]).tolist()
    [0, 1]
    >>> kmeans = MiniBatchKMeans(n_clusters=2, random_state=0)
    >>> for batch in (X[::2], X[1::2]):
    ...     kmeans = kmeans.partial_fit(batch)
    >>> kmeans.n_steps_
    2
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [Options({"k-means++", "random"}), callable, "array-like"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
        "compute_labels": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_no_improvement": [Interval(Integral, 0, None, closed="left"), None],
        "init_size": [Interval(Integral, 1, None, closed="left"), None],
        "n_init": [Options({"auto"}), Interval(Integral, 1, None, closed="left")],
        "reassignment_ratio": [Interval(Real, 0, None, closed="left")],
    }

    labels_: np.ndarray
    inertia_: float
    n_iter_: int
    n_steps_: int
    n_distances_: int
    _batch_size: int
    _counts: np.ndarray
    _n_since_reassignment: int

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        max_iter: int = 100,
        batch_size: int = 1024,
        verbose: int = 0,
        compute_labels: bool = True,
        random_state: Any = None,
        tol: float = 0.0,
        max_no_improvement: int | None = 10,
        init_size: int | None = None,
        n_init: Any = "auto",
        reassignment_ratio: float = 0.01,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.verbose = verbose
        self.compute_labels = compute_labels
        self.random_state = random_state
        self.tol = tol
        self.max_no_improvement = max_no_improvement
        self.init_size = init_size
        self.n_init = n_init
        self.reassignment_ratio = reassignment_ratio

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> MiniBatchKMeans:
        """Find the centres, from batches drawn from the samples.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, n_samples >= n_clusters. float32 and float64 are taken as they are, other
            dtypes become float64; sparse data become CSR. An array mapped from a file is read as
            it is needed.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given. Heavier samples are drawn more often.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the data are not numbers, not finite or not two-dimensional, are fewer than the
            clusters, or do not fit ``init`` or ``sample_weight``.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        RuntimeWarning
            If ``init_size`` is less than ``n_clusters``, or several initialisations are asked for
            from one array.
        """
        self._check_params()
        X, rows, attributes = self._check_fit_rows(X, sample_weight)
        init = self._check_init(rows)
        n_init = self._resolve_n_init(init, default=3)
        n_samples = rows.n_samples
        batch_size = min(self.batch_size, n_samples)
        init_size = self._resolve_init_size(batch_size, n_samples)
        n_steps = self.max_iter * n_samples // batch_size
        tol = self.tol * mean_variance(rows) if self.tol > 0 else 0.0
        random_state = check_random_state(self.random_state)

        events = FitEvents(self, X=X, y=y, sample_weight=sample_weight, attributes=attributes)
        with events:
            centers = self._best_initial_centers(init, n_init, init_size, rows, random_state)
            learner = self._learner(centers, batch_size)
            stopping = Stopping(
                batch_size, n_samples, n_steps, tol, self.max_no_improvement, self.verbose
            )
            batch = new_batch(rows, batch_size)
            weight = total_weight(rows)
            for _ in events.runs("minibatch", total=n_steps):
                for n in events.iterations():
                    old = learner.centers
                    batch.draw(random_state)
                    step = learner.step(batch, random_state)
                    inertia = step.inertia / batch_size
                    moved = sq_shift(old, learner.centers) if tol > 0 else 0.0
                    converged = stopping.reached(n, inertia, moved)
                    estimate = weight * stopping.inertia
                    fitted = partial(
                        self._fitted,
                        rows,
                        learner.centers,
                        n * batch_size,
                        inertia_=estimate,
                        n_steps_=n,
                        n_iter_=-(-n * batch_size // n_samples),
                    )
                    stop = events and events.end_iteration(
                        inertia=estimate,
                        batch_inertia=inertia,
                        n_reassigned=step.n_reassigned,
                        shift=partial(shift, old, learner.centers),
                        centers=learner.centers,
                        labels=partial(assign_all, rows, learner.centers),
                        fitted=fitted,
                    )
                    if converged or stop:
                        break
            events.result = {**attributes, **fitted()}
        self._set_fitted(**events.result, **memory(learner))
        return self

    def _resolve_init_size(self, batch_size: int, n_samples: int) -> int:
        """How many samples the initial centres come from."""
        init_size = 3 * batch_size if self.init_size is None else self.init_size
        if init_size < self.n_clusters:
            if self.init_size is not None:
                warn_user(
                    f"init_size={init_size} should be larger than n_clusters={self.n_clusters}. "
                    "Setting it to min(3*n_clusters, n_samples)",
                    RuntimeWarning,
                )
            init_size = 3 * self.n_clusters
        return min(init_size, n_samples)

    def _best_initial_centers(
        self,
        init: Any,
        n_init: int,
        init_size: int,
        rows: Rows,
        random_state: np.random.RandomState,
    ) -> np.ndarray:
        """The initial centres of lowest inertia, on samples drawn once."""
        validation = subset(rows, random_state.randint(0, rows.n_samples, init_size))
        best, lowest = None, np.inf
        for i in range(1, n_init + 1):
            say(self.verbose, f"Init {i}/{n_init} with method {init}")
            centers = self._subset_centers(init, init_size, rows, random_state)
            inertia = labels_and_inertia(validation, kernel_view(centers))[1]
            say(self.verbose, f"Inertia for init {i}/{n_init}: {inertia}")
            if best is None or inertia < lowest:
                best, lowest = centers, inertia
        assert best is not None  # n_init >= 1
        return best

    def _subset_centers(
        self, init: Any, init_size: int, rows: Rows, random_state: np.random.RandomState
    ) -> np.ndarray:
        """Initial centres from ``init_size`` samples drawn at random, or from all of so few."""
        if init_size < rows.n_samples:
            rows = subset(rows, random_state.randint(0, rows.n_samples, init_size))
        return self._initial_centers(init, self.n_clusters, rows.X, rows, random_state)

    def _fitted(
        self, rows: Rows, centers: np.ndarray, n_learnt: int, **known: Any
    ) -> dict[str, Any]:
        """Fitted attributes, with these centres learnt from so many samples."""
        n_distances = n_learnt * len(centers)
        if self.compute_labels:
            known["labels_"], known["inertia_"] = labels_and_inertia(rows, centers)
            n_distances += rows.n_samples * len(centers)
        return {"cluster_centers_": centers, "n_distances_": n_distances, **known}

    # --- one batch at a time

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> MiniBatchKMeans:
        """Learn from one batch of samples, in addition to what has been learnt before.

        The first batch gives the initial centres, unless there was a fit. Later ones may be of any
        size.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The batch; of the first one n_samples >= n_clusters.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the data are not numbers, not finite or not two-dimensional, are not of the fitted
            features, are fewer than the clusters at first, or do not fit ``init`` or
            ``sample_weight``.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        RuntimeWarning
            At first, as of `fit`.

        Notes
        -----
        Draws go on from one call to the next, and so do the counts that make the learning rate. A
        call that fails leaves both as they were, but for draws from a RandomState of the caller's.
        Callbacks hear nothing of it.
        """
        self._check_params()
        random_state = self._own_random_state()
        if self.__sklearn_is_fitted__():
            rows = self._check_new_rows(X, sample_weight)
            attributes = self._fitted_attributes()
            learner = self._learner(self.cluster_centers_, self._batch_size)
            learner.counts = self._counts.copy()
            learner.n_since_reassignment = self._n_since_reassignment
        else:
            X, rows, attributes = self._check_fit_rows(X, sample_weight)
            init = self._check_init(rows)
            self._resolve_n_init(init, default=3)  # one is made; an array asked for several warns
            batch_size = min(self.batch_size, rows.n_samples)
            init_size = self._resolve_init_size(batch_size, rows.n_samples)
            centers = self._subset_centers(init, init_size, rows, random_state)
            learner = self._learner(centers, batch_size)
        learner.step(Batch(rows), random_state)
        learned = self._fitted(rows, learner.centers, rows.n_samples, n_steps_=1)
        for count in ("n_steps_", "n_distances_"):
            learned[count] += attributes.get(count, 0)
        for of_batch in ("labels_", "inertia_"):
            attributes.pop(of_batch, None)
        self._set_fitted(**{**attributes, **learned}, **memory(learner), _random_state=random_state)
        return self

    def _learner(self, centers: np.ndarray, batch_size: int) -> Learner:
        return Learner(centers, batch_size, self.reassignment_ratio, self.verbose)

    def _own_random_state(self) -> np.random.RandomState:
        """What `partial_fit` draws from; a copy where nobody else does."""
        random_state = vars(self).get("_random_state")
        if random_state is None:
            return check_random_state(self.random_state)
        # A shallow copy would share the generator, and draw for both.
        own = isinstance(self.random_state, Integral)
        return copy.deepcopy(random_state) if own else random_state


def memory(learner: Learner) -> dict[str, Any]:
    """What the next `MiniBatchKMeans.partial_fit` has to know, as private attributes."""
    return {
        "_batch_size": learner.batch_size,
        "_counts": learner.counts,
        "_n_since_reassignment": learner.n_since_reassignment,
    }
