"""Pictures of clusterings, in the manner of scikit-learn's displays.

Needs matplotlib (``pip install 'scratchml[plot]'``), which is loaded when a picture is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.plot.bic import BICDisplay
    from scratchml.plot.centers import CentersDisplay
    from scratchml.plot.clusters import ClusterDisplay
    from scratchml.plot.dbscan_path import DBSCANPathDisplay
    from scratchml.plot.density import DensityDisplay
    from scratchml.plot.elbow import ElbowDisplay
    from scratchml.plot.gap import GapDisplay
    from scratchml.plot.history import HistoryDisplay
    from scratchml.plot.k_distances import KDistanceDisplay
    from scratchml.plot.silhouette import SilhouetteDisplay

__all__ = [
    "BICDisplay",
    "CentersDisplay",
    "ClusterDisplay",
    "DBSCANPathDisplay",
    "DensityDisplay",
    "ElbowDisplay",
    "GapDisplay",
    "HistoryDisplay",
    "KDistanceDisplay",
    "SilhouetteDisplay",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BICDisplay": "scratchml.plot.bic",
        "CentersDisplay": "scratchml.plot.centers",
        "ClusterDisplay": "scratchml.plot.clusters",
        "DBSCANPathDisplay": "scratchml.plot.dbscan_path",
        "DensityDisplay": "scratchml.plot.density",
        "ElbowDisplay": "scratchml.plot.elbow",
        "GapDisplay": "scratchml.plot.gap",
        "HistoryDisplay": "scratchml.plot.history",
        "KDistanceDisplay": "scratchml.plot.k_distances",
        "SilhouetteDisplay": "scratchml.plot.silhouette",
    },
)
