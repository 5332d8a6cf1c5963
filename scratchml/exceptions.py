"""Errors and warnings that scratchml raises, for ``except`` clauses and warning filters."""

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.core.exceptions import (
        ConvergenceWarning,
        DataConversionWarning,
        InvalidParameterError,
        NotFittedError,
    )

__all__ = [
    "ConvergenceWarning",
    "DataConversionWarning",
    "InvalidParameterError",
    "NotFittedError",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ConvergenceWarning": "scratchml.core.exceptions",
        "DataConversionWarning": "scratchml.core.exceptions",
        "InvalidParameterError": "scratchml.core.exceptions",
        "NotFittedError": "scratchml.core.exceptions",
    },
)
