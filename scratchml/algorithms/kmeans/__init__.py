"""K-means: k-means++ seeding, Lloyd's iteration, and those that keep bounds.

Beside the public names this room shares what the other clusterers of the family are built from.
"""

from scratchml.algorithms.kmeans.base import SPARSE_FORMATS, BaseKMeans
from scratchml.algorithms.kmeans.estimator import KMeans, same_clustering
from scratchml.algorithms.kmeans.functions import k_means, kmeans_plusplus
from scratchml.algorithms.kmeans.iterations import (
    ITERATIONS,
    Lloyd,
    Statistics,
    choose_iteration,
    update_centers,
)
from scratchml.algorithms.kmeans.passes import assign_all, inertia, mean_variance
from scratchml.algorithms.kmeans.rows import (
    TILED_FEATURES,
    Assign,
    DenseRows,
    Rows,
    SparseRows,
    as_rows,
    round_up,
    rows_in_panel,
)
from scratchml.algorithms.kmeans.runs import Run, run_to_convergence
from scratchml.algorithms.kmeans.seeding import draw_probabilities, greedy_kmeans_plusplus

__all__ = [
    "ITERATIONS",
    "SPARSE_FORMATS",
    "TILED_FEATURES",
    "Assign",
    "BaseKMeans",
    "DenseRows",
    "KMeans",
    "Lloyd",
    "Rows",
    "Run",
    "SparseRows",
    "Statistics",
    "as_rows",
    "assign_all",
    "choose_iteration",
    "draw_probabilities",
    "greedy_kmeans_plusplus",
    "inertia",
    "k_means",
    "kmeans_plusplus",
    "mean_variance",
    "round_up",
    "rows_in_panel",
    "run_to_convergence",
    "same_clustering",
    "update_centers",
]
