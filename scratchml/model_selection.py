"""Choice of models, under the name of ``sklearn.model_selection``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.algorithms.choose_k import KChoice, choose_k
    from scratchml.algorithms.select_mixture import MixtureSelection, select_mixture

__all__ = ["KChoice", "MixtureSelection", "choose_k", "select_mixture"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "KChoice": "scratchml.algorithms.choose_k",
        "MixtureSelection": "scratchml.algorithms.select_mixture",
        "choose_k": "scratchml.algorithms.choose_k",
        "select_mixture": "scratchml.algorithms.select_mixture",
    },
)
