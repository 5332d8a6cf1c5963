"""Whether what a command is about to hold fits into memory."""

from __future__ import annotations

from scratchml.core import environment

from .say import InputError


def check_memory(n_bytes: float, what: str, advice: str) -> None:
    """Refuse to hold more than there is room for.

    Parameters
    ----------
    n_bytes : float
        Memory needed, an estimate.
    what : str
        What needs it.
    advice : str
        What to do instead.

    Raises
    ------
    InputError
        When less is available; the message gives both sizes and the advice.
    """
    available = environment.memory()["available"]
    if available is not None and n_bytes > available:
        raise InputError(
            f"{what} would take about {readable_bytes(n_bytes)} of memory, and"
            f" {readable_bytes(available)} are free; {advice}"
        )


def readable_bytes(n_bytes: float) -> str:
    """A size for people, in decimal units of three digits."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
