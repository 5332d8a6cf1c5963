"""Every case of the benchmarks: an algorithm, its parameters, the data, the conditions.

A case is a line in `CASES`. It names parameters as scikit-learn does; contestants translate them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from .data import DATASETS, LABELS, SPARSE


@dataclass(frozen=True)
class Rows:
    """A parameter whose value is different rows of the data, drawn with a seed."""

    number: int
    seed: int = 0

    def of(self, X: Any) -> np.ndarray:
        """The rows, float[number, n_features]."""
        chosen = np.random.default_rng(self.seed).choice(X.shape[0], self.number, replace=False)
        rows = X[chosen]
        return rows if isinstance(rows, np.ndarray) else rows.toarray()


@dataclass(frozen=True)
class Precisions:
    """A parameter whose value is the inverse covariance of each component, as wide as the data.

    All components have that of the data without its correlations.
    """

    n_components: int
    covariance_type: str

    def of(self, X: Any) -> np.ndarray:
        """The precisions in the shape of the covariance type, float64."""
        variances = X.var(axis=0, dtype=np.float64)
        if self.covariance_type == "spherical":
            return np.full(self.n_components, 1 / variances.mean())
        if self.covariance_type == "diag":
            return np.tile(1 / variances, (self.n_components, 1))
        shared = np.diag(1 / variances)
        return (
            shared if self.covariance_type == "tied" else np.tile(shared, (self.n_components, 1, 1))
        )


MADE_OF_DATA = Rows, Precisions
"""Kinds of parameters whose values are known when the data are."""


def read_parameter(value: Any) -> Any:
    """A parameter of a case from its JSON value."""
    if not isinstance(value, Mapping):
        return value
    kind = next(kind for kind in MADE_OF_DATA if {f.name for f in fields(kind)} == value.keys())
    return kind(**value)


@dataclass(frozen=True)
class Case:
    """Work that every contestant does alike.

    Attributes
    ----------
    name : str
    algorithm : str
        Whose contestants take part: a key of `benchmarks.peers.CONTESTANTS`.
    n_samples, n_features, n_clusters : int
        Size of the data; clusters are those the data were made with.
    dtype : str
        Of the data.
    parameters : mapping
        Of the algorithm, by scikit-learn's names.
    dataset : str
        Key of `benchmarks.data.DATASETS`.
    options : mapping
        Passed to it.
    n_queries : int
        Further samples of the same kind, beside the data: the parameter ``queries``.
    has_labels : bool
        Whether the samples come with labels, by `benchmarks.data.LABELS`: the parameter ``labels``.
    n_iter : int or None
        Condition: the iterations that every contestant must have run. None: as many as it takes.
    threads : int or None
        Condition: threads of every contestant. None: as many as a fit would use.
    agreement : float or None
        Condition: relative difference of objectives and values up to which a contestant has done
        the same. None: that of `scratchml.bench.outcomes`.
    quick : int or None
        Samples in a quick run; None leaves the case out of it.
    """

    name: str
    algorithm: str
    n_samples: int
    n_features: int
    n_clusters: int
    dtype: str
    parameters: Mapping[str, Any]
    dataset: str = "blobs"
    options: Mapping[str, Any] = field(default_factory=dict)
    n_queries: int = 0
    has_labels: bool = False
    n_iter: int | None = None
    threads: int | None = None
    agreement: float | None = None
    quick: int | None = None

    @property
    def is_sparse(self) -> bool:
        """Whether the data are a CSR matrix."""
        return self.dataset in SPARSE

    def problem(self) -> tuple[Any, dict[str, Any]]:
        """The data, and the parameters with the rows that they mean."""
        n_drawn = self.n_samples + self.n_queries
        shape = n_drawn, self.n_features, self.n_clusters, self.dtype
        drawn = DATASETS[self.dataset](*shape, **self.options)
        X = drawn[: self.n_samples] if self.n_queries else drawn
        parameters = {
            name: value.of(X) if isinstance(value, MADE_OF_DATA) else value
            for name, value in self.parameters.items()
        }
        if self.n_queries:
            parameters["queries"] = drawn[self.n_samples :]
        if self.has_labels:
            parameters["labels"] = LABELS[self.dataset](*shape, **self.options)
        return X, parameters

    def quickened(self) -> Case | None:
        """The case as a quick run has it, or None if it is left out there."""
        return None if self.quick is None else replace(self, n_samples=self.quick)

    def is_twin(self, other: Case) -> bool:
        """Whether the two differ in nothing but name and threads."""
        unnamed = replace(self, name="", threads=None, quick=None)
        return self != other and unnamed == replace(other, name="", threads=None, quick=None)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, without what a quick run does."""
        values = asdict(self)
        del values["quick"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Case:
        """The case that `to_dict` has described."""
        parameters = {name: read_parameter(value) for name, value in values["parameters"].items()}
        return cls(**{**values, "parameters": parameters})


def lloyd(
    name: str,
    n_samples: int,
    n_features: int,
    n_clusters: int,
    dtype: str,
    n_iter: int = 20,
    *,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    **conditions: Any,
) -> Case:
    """Some iterations of K-means from one initial array, fewer than it takes to converge.

    No cluster becomes empty on the way: what then happens is not the same in every library.
    """
    return Case(
        name,
        "kmeans",
        n_samples,
        n_features,
        n_clusters,
        dtype,
        {
            "n_clusters": n_clusters,
            "init": Rows(n_clusters, seed),
            "n_init": 1,
            "max_iter": n_iter,
            "tol": 0,
            **(parameters or {}),
        },
        n_iter=n_iter,
        **conditions,
    )


def whole_fit(
    name: str,
    n_samples: int,
    n_features: int,
    n_clusters: int,
    parameters: Mapping[str, Any] | None = None,
    **conditions: Any,
) -> Case:
    """K-means as it is called: seeding from a seed, and as many iterations as it takes."""
    settings = {"n_clusters": n_clusters, "random_state": 0, **(parameters or {})}
    shape = n_samples, n_features, n_clusters, "float64"
    return Case(name, "kmeans", *shape, settings, **conditions)


def bisections(
    name: str,
    n_samples: int,
    n_features: int,
    n_clusters: int,
    parameters: Mapping[str, Any] | None = None,
    **conditions: Any,
) -> Case:
    """A whole fit of bisecting K-means from a seed."""
    settings = {"n_clusters": n_clusters, "random_state": 0, **(parameters or {})}
    shape = n_samples, n_features, n_clusters, "float64"
    return Case(name, "bisecting_kmeans", *shape, settings, **conditions)


def batches(name: str, **conditions: Any) -> Case:
    """A whole fit of mini-batch K-means: seeding, as many steps as it takes, labels."""
    shape = 600_000, 20, 60, "float64"
    return Case(name, "minibatch_kmeans", *shape, BATCHES, options=WIDE, **conditions)


def spherical(name: str, *size: Any, **conditions: Any) -> Case:
    """The same of spherical K-means."""
    return replace(lloyd(name, *size, **conditions), algorithm="spherical_kmeans")


def neighbors(
    name: str, n_samples: int, n_features: int, parameters: Mapping[str, Any], **conditions: Any
) -> Case:
    """A search tree built and queried, for every sample where there are no ``n_queries``."""
    return Case(name, "neighbors", n_samples, n_features, 20, "float64", parameters, **conditions)


def brute_neighbors(name: str, n_samples: int, n_features: int, **conditions: Any) -> Case:
    """The ten nearest of all samples, of as many further ones as there are ``n_queries``."""
    shape = n_samples, n_features, 20, conditions.pop("dtype", "float64")
    parameters = {"n_neighbors": 10}
    return Case(name, "brute_neighbors", *shape, parameters, options=WIDE, **conditions)


def density(
    name: str,
    n_samples: int,
    n_features: int,
    eps: float,
    min_samples: int = 10,
    parameters: Mapping[str, Any] | None = None,
    **conditions: Any,
) -> Case:
    """A whole fit of DBSCAN on blobs, or on other data that the conditions name."""
    settings = {"eps": eps, "min_samples": min_samples, **(parameters or {})}
    shape = n_samples, n_features, conditions.pop("n_clusters", 20), "float64"
    if "dataset" not in conditions:
        conditions.setdefault("options", CLEAR)
    return Case(name, "dbscan", *shape, settings, **conditions)


def silhouette(
    name: str,
    n_samples: int,
    n_features: int,
    n_clusters: int,
    metric: str = "euclidean",
    *,
    dtype: str = "float64",
    **conditions: Any,
) -> Case:
    """Silhouettes of blobs that overlap, whose labels are the blobs."""
    shape = n_samples, n_features, n_clusters, dtype
    conditions = {"options": WIDE, "has_labels": True, **conditions}
    return Case(name, "silhouette", *shape, {"metric": metric}, **conditions)


def internal(name: str, function: str, **conditions: Any) -> Case:
    """A metric of data and labels that needs no pairs of samples."""
    shape = 1_000_000, 16, 50, "float64"
    conditions = {"options": WIDE, "has_labels": True, **conditions}
    return Case(name, "internal_metrics", *shape, {"function": function}, **conditions)


def external(
    name: str,
    function: str,
    n_samples: int = 10_000_000,
    n_clusters: int = 50,
    **conditions: Any,
) -> Case:
    """A metric of two labelings, half of whose labels agree, or of one without ``has_labels``."""
    shape = n_samples, 1, n_clusters, "int64"
    conditions = {"dataset": "labeling", "has_labels": True, **conditions}
    return Case(name, "external_metrics", *shape, {"function": function}, **conditions)


def mixture(
    name: str,
    n_samples: int,
    n_features: int,
    n_components: int,
    covariance_type: str = "full",
    *,
    dtype: str = "float64",
    method: str = "fit",
    n_iter: int = 10,
    **conditions: Any,
) -> Case:
    """Some iterations of EM from one given start, or a method of a mixture that had them.

    No covariance collapses on the way. A tolerance of zero is never reached.
    """
    parameters = {
        "n_components": n_components,
        "covariance_type": covariance_type,
        "tol": 0,
        "max_iter": n_iter,
        "weights_init": [1 / n_components] * n_components,
        "means_init": Rows(n_components),
        "precisions_init": Precisions(n_components, covariance_type),
    }
    if method == "fit":
        conditions = {"n_iter": n_iter, **conditions}
    else:
        parameters["method"] = method
    shape = n_samples, n_features, n_components, dtype
    # In float32 scikit-learn computes in float32.
    agreement = SAME_FLOAT64 if dtype == "float64" else None
    conditions = {"options": WIDE, "agreement": agreement, **conditions}
    return Case(name, "gaussian_mixture", *shape, parameters, **conditions)


def whole_mixture(
    name: str, n_samples: int, n_features: int, n_components: int, **conditions: Any
) -> Case:
    """A mixture as it is called: K-means for a start, and as many iterations as it takes."""
    parameters = {"n_components": n_components, "random_state": 0}
    shape = n_samples, n_features, n_components, "float64"
    conditions = {"options": WIDE, "agreement": SAME_FLOAT64, **conditions}
    return Case(name, "gaussian_mixture", *shape, parameters, **conditions)


def mixture_choice(
    name: str, n_samples: int, n_features: int, n_components: int, **conditions: Any
) -> Case:
    """Mixtures of all types with 1 to ``n_components`` components, and the BIC of each."""
    parameters = {"components": list(range(1, n_components + 1)), "n_init": 1, "random_state": 0}
    shape = n_samples, n_features, n_components, "float64"
    conditions = {"options": WIDE, "agreement": SAME_FLOAT64, **conditions}
    return Case(name, "select_mixture", *shape, parameters, **conditions)


def radius_of(n_neighbors: int, n_samples: int) -> float:
    """Radius of the ball that holds so many of the samples spread over a unit cube, on average."""
    return float(np.cbrt(3 * n_neighbors / (4 * np.pi * n_samples)))


def disc_of(n_neighbors: int, n_samples: int) -> float:
    """The same of a disc, and of samples spread over a unit square."""
    return float(np.sqrt(n_neighbors / (np.pi * n_samples)))


CLEAR, WIDE, MIXED = {"std": 0.5}, {"std": 3.0}, {"std": 25.0}
BROAD = {"std": 6.0}
SAME_FLOAT64 = 1e-9
SMALL_FIT = {"n_clusters": 3, "random_state": 0}
BATCHES = {"n_clusters": 60, "batch_size": 4096, "random_state": 0}
MANY = {"std": 15.0, "box": 10_000.0}
BY_TREE = {"algorithm": "kd_tree"}
MEAN_30 = {"radius": radius_of(30, 10_000_000)}
PATH = {"min_samples": 10}
HIERARCHY = {"min_cluster_size": 25, "min_samples": 10}

CASES = {
    case.name: case
    for case in (
        lloyd("K1", 1_000_000, 2, 8, "float64", options=WIDE, quick=200_000),
        lloyd("K2", 200_000, 16, 64, "float64", options=WIDE, quick=50_000),
        lloyd("K2-1", 200_000, 16, 64, "float64", options=WIDE, threads=1, quick=50_000),
        lloyd("K2f", 200_000, 16, 64, "float32", options=WIDE),
        lloyd("K3", 100_000, 64, 256, "float32", options=WIDE, seed=4),
        lloyd("K4", 60_000, 784, 10, "float32", 10, options=MIXED),
        lloyd("K4b", 60_000, 784, 100, "float32", 12, options=MIXED),
        lloyd("K5", 426_400, 3, 8, "float32", options=WIDE),
        lloyd("K6", 1797, 64, 50, "float64", dataset="digits", quick=1797),
        Case("K0", "kmeans", 150, 4, 3, "float64", SMALL_FIT, quick=150),
        whole_fit("C1", 300_000, 8, 40, options={"std": 0.7}, quick=30_000),
        whole_fit("C2", 60_000, 32, 400, options={"std": 1.5}),
        whole_fit("C3", 100_000, 16, 100, options={"std": 4.0}),
        whole_fit("C4", 1797, 64, 50, {"n_init": 10}, dataset="digits"),
        lloyd("KS", 50_000, 20_000, 50, "float64", 10, dataset="documents"),
        lloyd("K1-1", 1_000_000, 2, 8, "float64", options=WIDE, threads=1),
        lloyd("K3-1", 100_000, 64, 256, "float32", options=WIDE, seed=4, threads=1),
        bisections("B1", 200_000, 16, 32, quick=20_000),
        bisections("B1-1", 200_000, 16, 32, threads=1),
        bisections("B2", 200_000, 16, 32, options=WIDE),
        batches("M1", quick=60_000),
        batches("M1-1", threads=1),
        spherical("SK1", 100_000, 64, 100, "float32", seed=1, options=BROAD, quick=20_000),
        spherical("SK1-1", 100_000, 64, 100, "float32", seed=1, options=BROAD, threads=1),
        density("D1", 200_000, 2, 0.1, quick=20_000),
        density("D1-1", 200_000, 2, 0.1, threads=1),
        density("D1-tree", 200_000, 2, 0.1, parameters=BY_TREE),
        density("D2", 1_000_000, 2, 0.05, n_clusters=50),
        density("D2-1", 1_000_000, 2, 0.05, n_clusters=50, threads=1),
        density("D2-tree", 1_000_000, 2, 0.05, n_clusters=50, parameters=BY_TREE),
        density("D3", 200_000, 3, 0.3),
        density("D3-1", 200_000, 3, 0.3, threads=1),
        density("D3-tree", 200_000, 3, 0.3, parameters=BY_TREE),
        density("D4", 100_000, 8, 1.5, quick=10_000),
        density("D4-1", 100_000, 8, 1.5, threads=1),
        density("DK", 200_000, 2, 0.1, 200),
        density("DM", 180_000, 2, 40.0, n_clusters=12, options=MANY),
        density("DS", 150, 4, 0.8, 5, n_clusters=3, quick=150),
        density("DT", 200_000, 2, 0.1, n_clusters=2, dataset="touching"),
        density("DU2", 200_000, 2, disc_of(5, 200_000), dataset="uniform"),
        density("DU3", 200_000, 3, radius_of(5, 200_000), dataset="uniform"),
        Case("DP", "dbscan_path", 100_000, 3, 20, "float64", PATH, options=CLEAR, quick=5000),
        neighbors("N1", 100_000, 3, {"n_neighbors": 10}, quick=20_000),
        neighbors("N2", 500_000, 3, {"n_neighbors": 8}, n_queries=100_000),
        neighbors("N2-1", 500_000, 3, {"n_neighbors": 8}, n_queries=100_000, threads=1),
        neighbors("N3", 100_000, 8, {"n_neighbors": 5}, quick=20_000),
        neighbors("N4", 10_000_000, 3, MEAN_30, dataset="uniform", n_queries=200_000),
        brute_neighbors("NB1", 20_000, 128, n_queries=20_000, quick=4_000),
        brute_neighbors("NB1-1", 20_000, 128, n_queries=20_000, threads=1),
        brute_neighbors("NB1f", 20_000, 128, n_queries=20_000, dtype="float32"),
        silhouette("S1", 20_000, 16, 10, quick=4_000),
        silhouette("S1-1", 20_000, 16, 10, threads=1),
        silhouette("S1f", 20_000, 16, 10, dtype="float32"),
        silhouette("S2", 40_000, 2, 5, quick=8_000),
        silhouette("S2-1", 40_000, 2, 5, threads=1),
        silhouette("S3", 10_000, 64, 10),
        silhouette("S3-1", 10_000, 64, 10, threads=1),
        silhouette("SQ", 20_000, 16, 10, "sqeuclidean", quick=4_000),
        silhouette("SC", 20_000, 16, 10, "cosine"),
        silhouette("SM", 20_000, 16, 10, "manhattan"),
        internal("CH", "calinski_harabasz_score", quick=100_000),
        internal("DB", "davies_bouldin_score", quick=100_000),
        external("AMI", "adjusted_mutual_info_score", 1_000_000, 1000),
        external("ARI", "adjusted_rand_score", quick=100_000),
        external("RI", "rand_score"),
        external("PCM", "pair_confusion_matrix"),
        external("CM", "contingency_matrix"),
        external("MI", "mutual_info_score"),
        external("NMI", "normalized_mutual_info_score"),
        external("AMI-50", "adjusted_mutual_info_score"),
        external("HCV", "homogeneity_completeness_v_measure"),
        external("V", "v_measure_score"),
        external("FM", "fowlkes_mallows_score"),
        external("EN", "entropy", has_labels=False),
        mixture("G1", 1_000_000, 2, 5, quick=100_000),
        mixture("G1-1", 1_000_000, 2, 5, threads=1),
        mixture("G2", 200_000, 8, 10, quick=20_000),
        mixture("G2-1", 200_000, 8, 10, threads=1),
        mixture("G2f", 200_000, 8, 10, dtype="float32"),
        mixture("G3", 100_000, 32, 16),
        mixture("G3-1", 100_000, 32, 16, threads=1),
        mixture("G4", 50_000, 64, 10),
        mixture("G4-1", 50_000, 64, 10, threads=1),
        mixture("GD", 300_000, 16, 12, "diag"),
        mixture("GT", 300_000, 16, 12, "tied"),
        mixture("GS", 300_000, 16, 12, "spherical"),
        mixture("GSS", 200_000, 8, 10, method="score_samples", quick=20_000),
        mixture("GPP", 200_000, 8, 10, method="predict_proba"),
        whole_mixture("GF", 200_000, 8, 10, options=BROAD),
        mixture_choice("GB", 50_000, 4, 6),
        Case("H1", "hdbscan", 50_000, 3, 20, "float64", HIERARCHY, options=CLEAR, quick=5000),
    )
}
