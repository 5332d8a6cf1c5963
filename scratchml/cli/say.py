"""What the shell says beside its results: one line on standard error for each thing."""

from __future__ import annotations

import sys
from collections.abc import Sequence


class InputError(Exception):
    """Something the user gave cannot be used; the message is one line that says what and why."""


def say(kind: str, *messages: str) -> None:
    """Write messages on standard error, each on one line whatever file names or errors hold."""
    for message in messages:
        sys.stderr.write(f"{kind}: {' '.join(message.split())}\n")


def listed(names: Sequence[str], positions: Sequence[int], limit: int = 8) -> str:
    """Names at some positions for a message, the first few of them if they are many."""
    more = f" and {len(positions) - limit} more" if len(positions) > limit else ""
    return ", ".join(repr(names[position]) for position in positions[:limit]) + more
