"""Choice of models, under the name of ``sklearn.model_selection``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.algorithms.choose_k import KChoice, choose_k

__all__ = ["KChoice", "choose_k"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "KChoice": "scratchml.algorithms.choose_k",
        "choose_k": "scratchml.algorithms.choose_k",
    },
)
