"""Every contestant: a peer, or scratchml itself, at one algorithm.

All take the same bytes, the same parameters and the same number of threads. What a library wants
otherwise (its own dtype, a switch for its threads, a parameter counted differently) is done in
``load``, which is not timed.
"""

from __future__ import annotations

import os
import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module, metadata
from typing import Any, ClassVar

import numpy as np

from scratchml.bench.contestants import Contestant, EstimatorContestant
from scratchml.bench.outcomes import Outcome, UnfairDuelError

from .cases import Case
from .data import nearest_centers

OURS = "scratchml"
REFERENCE = "scikit-learn"

PEERS = {
    OURS: "scratchml",
    REFERENCE: "scikit-learn",
    "scikit-learn-intelex": "scikit-learn-intelex",
    "faiss": "faiss-cpu",
    "scipy": "scipy",
    "dbscan": "dbscan",
    "hdbscan": "hdbscan",
    "fast_hdbscan": "fast_hdbscan",
}
"""Name of each peer, and of the package that brings it, in the order in which they are shown."""

CONTESTANTS: dict[str, dict[str, type[Peer]]] = {}
"""Algorithm -> peer -> class."""


def takes_part(algorithm: str, peer: str) -> Callable[[type[Peer]], type[Peer]]:
    """Enter a class in `CONTESTANTS`."""

    def enter(cls: type[Peer]) -> type[Peer]:
        CONTESTANTS.setdefault(algorithm, {})[peer] = cls
        return cls

    return enter


def version(peer: str) -> str | None:
    """Version of a peer, or None if it is not installed."""
    try:
        return metadata.version(PEERS[peer])
    except metadata.PackageNotFoundError:
        return None


class Peer(Contestant):
    """A contestant that is made from the parameters of a case.

    Parameters
    ----------
    name : str
        Of the peer.
    parameters : mapping
        As of `Case.problem`.
    """

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(name)
        self.parameters = dict(parameters)

    @classmethod
    def refusal(cls, case: Case) -> str | None:
        """Why it does not take part in a case; None if it does."""
        return None


class EstimatorPeer(Peer):
    """A method of an estimator, which is imported where it runs."""

    path: ClassVar[str]
    """Import path of the class."""

    method: str = "fit"
    """Which one it is."""

    def settings(self, n_threads: int) -> dict[str, Any]:
        """Arguments of the estimator."""
        return self.parameters

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        module, _, name = self.path.rpartition(".")
        estimator = getattr(import_module(module), name)(**self.settings(n_threads))
        self._call = EstimatorContestant(self.name, estimator, self.method)
        self._call.load(X, y, n_threads)

    def ready(self) -> Callable[[], Any]:
        return self._call.ready()

    def outcome(self, result: Any) -> Outcome:
        return self._call.outcome(result)


class ParallelEstimatorPeer(EstimatorPeer):
    """An estimator whose threads are its parameter ``n_jobs``."""

    def settings(self, n_threads: int) -> dict[str, Any]:
        return {**self.parameters, "n_jobs": n_threads}


def set_intel_threads(n_threads: int) -> None:
    """Hold the thread pool of scikit-learn-intelex, which no environment variable reaches."""
    import daal4py

    daal4py.daalinit(n_threads)


# --- K-means --------------------------------------------------------------------------------------


@takes_part("kmeans", OURS)
class OurKMeans(EstimatorPeer):
    """`scratchml.cluster.KMeans`."""

    path = "scratchml.cluster.KMeans"


@takes_part("kmeans", REFERENCE)
class SklearnKMeans(EstimatorPeer):
    """`sklearn.cluster.KMeans`: Lloyd's iteration."""

    path = "sklearn.cluster.KMeans"


class FromInitialArray(Peer):
    """K-means that starts from an array: how others draw seeds is not comparable."""

    @classmethod
    def refusal(cls, case: Case) -> str | None:
        return None if "init" in case.parameters else "seeds differently"


@takes_part("kmeans", "scikit-learn-intelex")
class IntelKMeans(FromInitialArray, EstimatorPeer):
    """`sklearnex.cluster.KMeans`, asked for the iteration that it accelerates."""

    path = "sklearnex.cluster.KMeans"

    def settings(self, n_threads: int) -> dict[str, Any]:
        return {**self.parameters, "algorithm": "lloyd"}

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        super().load(X, y, n_threads)
        set_intel_threads(n_threads)


class CentersPeer(FromInitialArray):
    """K-means of dense data that shows centres only: labels and inertia are found afterwards."""

    dtype: ClassVar[type | None] = None
    """The one it knows; None takes the data's."""

    @classmethod
    def refusal(cls, case: Case) -> str | None:
        return "takes no sparse data" if case.is_sparse else super().refusal(case)

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        self._X = X
        self._data = np.ascontiguousarray(X, self.dtype)
        self._init = np.ascontiguousarray(self.parameters["init"], self.dtype)

    @abstractmethod
    def found(self, result: Any) -> tuple[np.ndarray, int]:
        """Centres, float[n_clusters, n_features], and iterations of the latest run."""

    def outcome(self, result: Any) -> Outcome:
        centers, n_iter = self.found(result)
        labels, inertia = nearest_centers(self._X, centers)
        return Outcome(labels, centers, objective=inertia, n_iter=n_iter)


@takes_part("kmeans", "faiss")
class FaissKMeans(CentersPeer):
    """`faiss.Kmeans` on float32, without its sampling of 256 points for each centre."""

    dtype = np.float32
    spherical: ClassVar[bool] = False
    """Whether it makes the centres unit vectors after each iteration."""

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        import faiss

        super().load(X, y, n_threads)
        faiss.omp_set_num_threads(n_threads)

    def ready(self) -> Callable[[], Any]:
        import faiss

        n_samples, n_features = self._data.shape
        self._kmeans: Any = faiss.Kmeans(
            n_features,
            len(self._init),
            niter=self.parameters["max_iter"],
            spherical=self.spherical,
            min_points_per_centroid=1,
            max_points_per_centroid=n_samples,
        )
        refuse_sampling(self._kmeans, n_samples)
        return partial(self._kmeans.train, self._data, init_centroids=self._init)

    def found(self, result: Any) -> tuple[Any, int]:
        return self._kmeans.centroids, len(self._kmeans.obj)


def refuse_sampling(kmeans: Any, n_samples: int) -> None:
    """Refuse a `faiss.Kmeans` that would train on a sample of the data.

    Raises
    ------
    UnfairDuelError
        When there are more samples than it takes.
    """
    most = kmeans.k * kmeans.cp.max_points_per_centroid
    if n_samples > most:
        raise UnfairDuelError(
            f"faiss would train on {most} of {n_samples} samples: raise max_points_per_centroid"
        )


@takes_part("kmeans", "scipy")
class ScipyKMeans(CentersPeer):
    """`scipy.cluster.vq.kmeans2`."""

    def ready(self) -> Callable[[], Any]:
        from scipy.cluster.vq import kmeans2

        n_iter = self.parameters["max_iter"]
        return partial(kmeans2, self._data, self._init, iter=n_iter, minit="matrix", missing="warn")

    def found(self, result: Any) -> tuple[np.ndarray, int]:
        return result[0], self.parameters["max_iter"]


# --- Bisecting K-means ----------------------------------------------------------------------------


@takes_part("bisecting_kmeans", OURS)
class OurBisectingKMeans(EstimatorPeer):
    """`scratchml.cluster.BisectingKMeans`."""

    path = "scratchml.cluster.BisectingKMeans"


@takes_part("bisecting_kmeans", REFERENCE)
class SklearnBisectingKMeans(EstimatorPeer):
    """`sklearn.cluster.BisectingKMeans`."""

    path = "sklearn.cluster.BisectingKMeans"


# --- Mini-batch K-means ---------------------------------------------------------------------------


@takes_part("minibatch_kmeans", OURS)
class OurMiniBatchKMeans(EstimatorPeer):
    """`scratchml.cluster.MiniBatchKMeans`."""

    path = "scratchml.cluster.MiniBatchKMeans"


@takes_part("minibatch_kmeans", REFERENCE)
class SklearnMiniBatchKMeans(EstimatorPeer):
    """`sklearn.cluster.MiniBatchKMeans`."""

    path = "sklearn.cluster.MiniBatchKMeans"


# --- Spherical K-means ----------------------------------------------------------------------------


@takes_part("spherical_kmeans", OURS)
class OurSphericalKMeans(EstimatorPeer):
    """`scratchml.cluster.SphericalKMeans`."""

    path = "scratchml.cluster.SphericalKMeans"


def unit_rows(X: np.ndarray) -> np.ndarray:
    """Rows divided by their lengths, float64."""
    return X / np.linalg.norm(np.asarray(X, np.float64), axis=1, keepdims=True)


@takes_part("spherical_kmeans", "faiss")
class FaissSphericalKMeans(FaissKMeans):
    """`faiss.Kmeans(spherical=True)`, given unit rows: it makes unit vectors of centres only."""

    spherical = True

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        self.parameters["init"] = unit_rows(self.parameters["init"])
        super().load(unit_rows(X), y, n_threads)

    def outcome(self, result: Any) -> Outcome:
        # Of unit vectors the nearest is that of the largest cosine, and |x - c|^2 = 2 (1 - cos).
        outcome = super().outcome(result)
        assert outcome.objective is not None
        return replace(outcome, objective=outcome.objective / 2)


# --- DBSCAN ---------------------------------------------------------------------------------------


@takes_part("dbscan", OURS)
class OurDBSCAN(EstimatorPeer):
    """`scratchml.cluster.DBSCAN`."""

    path = "scratchml.cluster.DBSCAN"


def neighbor_pairs(case: Case) -> int:
    """About how many pairs of samples are within eps of each other, by a few of the samples."""
    X, parameters = case.problem()
    few = X[np.random.default_rng(0).integers(len(X), size=20)]
    within = [((X - q) ** 2).sum(axis=1) <= parameters["eps"] ** 2 for q in few]
    return round(len(X) * float(np.sum(within)) / len(few))


@takes_part("dbscan", REFERENCE)
class SklearnDBSCAN(ParallelEstimatorPeer):
    """`sklearn.cluster.DBSCAN`, which keeps a list of the neighbours of every sample."""

    path = "sklearn.cluster.DBSCAN"
    most_pairs = 1_000_000_000

    @classmethod
    def refusal(cls, case: Case) -> str | None:
        pairs = neighbor_pairs(case)
        too_many = pairs > cls.most_pairs
        return f"lists all neighbours: {8 * pairs / 1e9:.0f} GB" if too_many else None


@takes_part("dbscan", "scikit-learn-intelex")
class IntelDBSCAN(EstimatorPeer):
    """`sklearnex.cluster.DBSCAN`, which compares all pairs."""

    path = "sklearnex.cluster.DBSCAN"
    most_samples = 50_000

    @classmethod
    def refusal(cls, case: Case) -> str | None:
        too_many = case.n_samples > cls.most_samples
        return f"compares all pairs: too slow for {case.n_samples:,} samples" if too_many else None

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        super().load(X, y, n_threads)
        set_intel_threads(n_threads)


@takes_part("dbscan", "dbscan")
class ParallelDBSCAN(Peer):
    """The C++ of Wang, Gu and Shun."""

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        os.environ["PARLAY_NUM_THREADS"] = str(n_threads)  # read when the pool is made
        self._X = np.ascontiguousarray(X, np.float64)

    def ready(self) -> Callable[[], Any]:
        from dbscan import DBSCAN

        eps, min_samples = (self.parameters[name] for name in ("eps", "min_samples"))
        return partial(DBSCAN, self._X, eps=eps, min_samples=min_samples)

    def outcome(self, result: Any) -> Outcome:
        return Outcome(labels=np.asarray(result[0]))


# --- Nearest neighbours: build a tree, then query it ----------------------------------------------


class NeighborsPeer(Peer):
    """The distances to ``n_neighbors`` of each query, or the number of points within ``radius``.

    Queries are the data unless there are ``queries``. Each tree has its own leaf size.
    """

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        self._X, self._n_threads = X, n_threads
        self._queries = self.parameters.get("queries", X)

    def ready(self) -> Callable[[], Any]:
        if "radius" in self.parameters:
            return partial(self.count, self.parameters["radius"])
        return partial(self.search, self.parameters["n_neighbors"])

    @abstractmethod
    def search(self, k: int) -> np.ndarray:
        """Build and find: distances, float64[n_queries, k]."""

    @abstractmethod
    def count(self, radius: float) -> np.ndarray:
        """Build and count: int64[n_queries]."""

    def outcome(self, result: Any) -> Outcome:
        return Outcome(values=np.asarray(result))


@takes_part("neighbors", OURS)
class OurNeighbors(NeighborsPeer):
    """`scratchml.neighbors.KDTree`."""

    def search(self, k: int) -> np.ndarray:
        self._tree = self._build()
        return self._tree.query(self._queries, k)[0]

    def count(self, radius: float) -> np.ndarray:
        self._tree = self._build()
        return self._tree.query_radius(self._queries, radius, count_only=True)

    def _build(self) -> Any:
        from scratchml.neighbors import KDTree

        return KDTree(self._X)

    def outcome(self, result: Any) -> Outcome:
        return replace(
            super().outcome(result), counters={"n_distances": int(self._tree.get_n_calls())}
        )


@takes_part("neighbors", REFERENCE)
class SklearnNeighbors(NeighborsPeer):
    """`sklearn.neighbors`: its KD-tree, queried by as many threads as there are."""

    def search(self, k: int) -> np.ndarray:
        from sklearn.neighbors import NearestNeighbors

        searcher = NearestNeighbors(n_neighbors=k, algorithm="kd_tree", n_jobs=self._n_threads)
        return searcher.fit(self._X).kneighbors(self._queries)[0]

    def count(self, radius: float) -> np.ndarray:
        # As NearestNeighbors shares the queries out, which itself has no way to count alone.
        from joblib import Parallel, delayed
        from sklearn.neighbors import KDTree

        count = delayed(partial(KDTree(self._X).query_radius, r=radius, count_only=True))
        parts = np.array_split(self._queries, self._n_threads)
        in_threads = Parallel(n_jobs=self._n_threads, prefer="threads")
        return np.concatenate(in_threads(count(part) for part in parts))


@takes_part("neighbors", "scipy")
class ScipyNeighbors(NeighborsPeer):
    """`scipy.spatial.cKDTree`."""

    def search(self, k: int) -> np.ndarray:
        from scipy.spatial import cKDTree

        distances, _ = cKDTree(self._X).query(self._queries, k, workers=self._n_threads)
        return distances.reshape(-1, k)  # of one neighbour each it makes a vector

    def count(self, radius: float) -> np.ndarray:
        from scipy.spatial import cKDTree

        tree = cKDTree(self._X)
        return tree.query_ball_point(
            self._queries, radius, workers=self._n_threads, return_length=True
        )


# --- Nearest neighbours by brute force ------------------------------------------------------------


@takes_part("brute_neighbors", OURS)
class OurBruteForce(NeighborsPeer):
    """`scratchml.neighbors.NearestNeighbors` by brute force, or another of its interface."""

    path: ClassVar[str] = "scratchml.neighbors.NearestNeighbors"
    """Import path of the class."""

    def search(self, k: int) -> np.ndarray:
        return self._fitted().kneighbors(self._queries, k)[0]

    def count(self, radius: float) -> np.ndarray:
        found = self._fitted().radius_neighbors(self._queries, radius, return_distance=False)
        return np.array([len(indices) for indices in found])

    def _fitted(self) -> Any:
        module, _, name = self.path.rpartition(".")
        searcher = getattr(import_module(module), name)
        return searcher(algorithm="brute", n_jobs=self._n_threads).fit(self._X)


@takes_part("brute_neighbors", REFERENCE)
class SklearnBruteForce(OurBruteForce):
    """`sklearn.neighbors.NearestNeighbors` by brute force."""

    path = "sklearn.neighbors.NearestNeighbors"


@takes_part("brute_neighbors", "scikit-learn-intelex")
class IntelBruteForce(OurBruteForce):
    """`sklearnex.neighbors.NearestNeighbors` by brute force."""

    path = "sklearnex.neighbors.NearestNeighbors"

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        super().load(X, y, n_threads)
        set_intel_threads(n_threads)


# --- Metrics of clusterings -----------------------------------------------------------------------


@takes_part("internal_metrics", OURS)
@takes_part("external_metrics", OURS)
class MetricPeer(Peer):
    """A function of data and ``labels``, or of two labelings, or of one if there are no others.

    Which one is the parameter ``function``, unless the class has its own; all other parameters are
    arguments of it.
    """

    module: ClassVar[str] = "scratchml.metrics"
    """What it is imported from."""

    function: ClassVar[str | None] = None
    """Its name."""

    def settings(self, n_threads: int) -> dict[str, Any]:
        """Arguments with a name."""
        return {k: v for k, v in self.parameters.items() if k not in ("function", "labels")}

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        function = getattr(import_module(self.module), self.function or self.parameters["function"])
        samples = [X]
        if "labels" in self.parameters:
            samples.append(self.parameters["labels"][: len(X)])  # of few rows, theirs
        self._call = partial(function, *samples, **self.settings(n_threads))

    def ready(self) -> Callable[[], Any]:
        return self._call

    def outcome(self, result: Any) -> Outcome:
        return Outcome(values=np.atleast_1d(np.asarray(result, np.float64)))


@takes_part("internal_metrics", REFERENCE)
@takes_part("external_metrics", REFERENCE)
class SklearnMetricPeer(MetricPeer):
    """The same of scikit-learn."""

    module = "sklearn.metrics.cluster"


@takes_part("silhouette", OURS)
class OurSilhouette(MetricPeer):
    """`scratchml.metrics.silhouette_samples`."""

    function = "silhouette_samples"


@takes_part("silhouette", REFERENCE)
class SklearnSilhouette(SklearnMetricPeer):
    """`sklearn.metrics.silhouette_samples`, whose threads are its argument ``n_jobs``."""

    function = "silhouette_samples"

    def settings(self, n_threads: int) -> dict[str, Any]:
        return {**super().settings(n_threads), "n_jobs": n_threads}


# --- Gaussian mixtures ----------------------------------------------------------------------------


@takes_part("gaussian_mixture", OURS)
class OurMixture(EstimatorPeer):
    """`scratchml.mixture.GaussianMixture`: ``fit``, or the parameter ``method`` of a fitted one.

    Beside the last lower bound those of all iterations are compared.
    """

    path = "scratchml.mixture.GaussianMixture"

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(name, parameters)
        self.method = self.parameters.pop("method", self.method)

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        warnings.filterwarnings("ignore", ".* did not converge", UserWarning)  # nor is it meant to
        super().load(X, y, n_threads)

    def outcome(self, result: Any) -> Outcome:
        outcome = super().outcome(result)
        if self.method != "fit":
            return outcome
        return replace(outcome, values=np.asarray(result.lower_bounds_, np.float64))


@takes_part("gaussian_mixture", REFERENCE)
class SklearnMixture(OurMixture):
    """`sklearn.mixture.GaussianMixture`, whose threads are those of BLAS."""

    path = "sklearn.mixture.GaussianMixture"


@takes_part("select_mixture", OURS)
class OurSelection(MetricPeer):
    """`scratchml.model_selection.select_mixture`: the BIC of all numbers and types."""

    module = "scratchml.model_selection"
    function = "select_mixture"

    def settings(self, n_threads: int) -> dict[str, Any]:
        return {**super().settings(n_threads), "refit": False}

    def outcome(self, result: Any) -> Outcome:
        return Outcome(values=np.ravel(result.scores["bic"]))


@takes_part("select_mixture", REFERENCE)
class SklearnSelection(OurSelection):
    """The same by `sklearn.mixture.GaussianMixture`, one fit after the other."""

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        mixture = import_module("sklearn.mixture").GaussianMixture
        options = {**self.parameters}
        components = options.pop("components")

        def criteria() -> list[float]:
            return [
                mixture(k, covariance_type=kind, **options).fit(X).bic(X)
                for kind in ("full", "tied", "diag", "spherical")
                for k in components
            ]

        self._call = criteria

    def outcome(self, result: Any) -> Outcome:
        return Outcome(values=np.asarray(result))


# --- HDBSCAN: min_samples counts the point itself, as in scikit-learn -----------------------------


@takes_part("hdbscan", REFERENCE)
class SklearnHDBSCAN(ParallelEstimatorPeer):
    """`sklearn.cluster.HDBSCAN`."""

    path = "sklearn.cluster.HDBSCAN"

    def settings(self, n_threads: int) -> dict[str, Any]:
        return {**super().settings(n_threads), "copy": True}


@takes_part("hdbscan", "hdbscan")
class OriginalHDBSCAN(EstimatorPeer):
    """`hdbscan.HDBSCAN`, with an exact spanning tree as the others have it."""

    path = "hdbscan.HDBSCAN"

    def settings(self, n_threads: int) -> dict[str, Any]:
        return {
            **self.parameters,
            "min_samples": self.parameters["min_samples"] - 1,
            "core_dist_n_jobs": n_threads,
            "approx_min_span_tree": False,
        }


@takes_part("hdbscan", "fast_hdbscan")
class FastHDBSCAN(EstimatorPeer):
    """`fast_hdbscan.HDBSCAN`."""

    path = "fast_hdbscan.HDBSCAN"

    def settings(self, n_threads: int) -> dict[str, Any]:
        return {**self.parameters, "min_samples": self.parameters["min_samples"] - 1}


# --- Spanning trees of mutual reachability: a whole fit of HDBSCAN, where others have the tree ----


class TreePeer(EstimatorPeer):
    """A fit that finds a minimum spanning tree, whose edges are compared by length."""

    def outcome(self, result: Any) -> Outcome:
        lengths = np.sort(np.asarray(self.lengths(result), np.float64))
        return replace(super().outcome(result), labels=None, values=lengths)

    @abstractmethod
    def lengths(self, fitted: Any) -> np.ndarray:
        """The lengths of the edges."""


@takes_part("dbscan_path", OURS)
class OurPath(TreePeer):
    """`scratchml.cluster.DBSCANPath`."""

    path = "scratchml.cluster.DBSCANPath"

    def lengths(self, fitted: Any) -> np.ndarray:
        return fitted.spanning_tree_["distance"]


@takes_part("dbscan_path", REFERENCE)
class SklearnTree(TreePeer, SklearnHDBSCAN):
    """`sklearn.cluster.HDBSCAN`, which compares all pairs for the tree."""

    most_samples: ClassVar[int] = 20_000

    @classmethod
    def refusal(cls, case: Case) -> str | None:
        return "compares all pairs" if case.n_samples > cls.most_samples else None

    def lengths(self, fitted: Any) -> np.ndarray:
        return fitted._single_linkage_tree_["value"]


@takes_part("dbscan_path", "hdbscan")
class OriginalTree(TreePeer, OriginalHDBSCAN):
    """`hdbscan.HDBSCAN`."""

    def lengths(self, fitted: Any) -> np.ndarray:
        return fitted._single_linkage_tree[:, 2]


@takes_part("dbscan_path", "fast_hdbscan")
class FastTree(TreePeer, FastHDBSCAN):
    """`fast_hdbscan.HDBSCAN`."""

    def lengths(self, fitted: Any) -> np.ndarray:
        return fitted._min_spanning_tree[:, 2]
