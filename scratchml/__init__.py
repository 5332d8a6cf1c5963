"""Clustering you can read, trust and race.

The public names live behind the same import paths as scikit-learn's
(``from scratchml.cluster import KMeans``). Importing ``scratchml`` loads neither numba nor scipy:
every name is fetched when it is first asked for.
"""

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.core.blocks import get_num_threads, set_num_threads, threads
    from scratchml.core.warmup import warmup

__version__ = "0.1.0"

__all__ = ["__version__", "get_num_threads", "set_num_threads", "threads", "warmup"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "get_num_threads": "scratchml.core.blocks",
        "set_num_threads": "scratchml.core.blocks",
        "threads": "scratchml.core.blocks",
        "warmup": "scratchml.core.warmup",
    },
    submodules=(
        "bench",
        "callbacks",
        "cluster",
        "datasets",
        "exceptions",
        "metrics",
        "mixture",
        "model_selection",
        "neighbors",
        "plot",
    ),
)
