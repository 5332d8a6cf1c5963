"""Pictures of clusterings, in the manner of scikit-learn's displays.

Needs matplotlib (``pip install 'scratchml[plot]'``), which is loaded when a picture is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.plot.centers import CentersDisplay
    from scratchml.plot.clusters import ClusterDisplay
    from scratchml.plot.history import HistoryDisplay

__all__ = ["CentersDisplay", "ClusterDisplay", "HistoryDisplay"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "CentersDisplay": "scratchml.plot.centers",
        "ClusterDisplay": "scratchml.plot.clusters",
        "HistoryDisplay": "scratchml.plot.history",
    },
)
