"""The record that a dataset loader returns."""

from __future__ import annotations

from typing import Any


class Bunch(dict[str, Any]):
    """A dictionary whose keys are attributes too.

    Raises
    ------
    AttributeError
        When an attribute is asked for, or deleted, that is not a key.

    Examples
    --------
    >>> point = Bunch(x=1, y=2)
    >>> point.x + point["y"]
    3
    >>> point.x = 5
    >>> point["x"]
    5
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        # The look-up comes first for its AttributeError.
        getattr(self, name)
        del self[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})
