"""The one way in which a fit prints."""

from __future__ import annotations

import sys


def say(verbose: object, text: str) -> None:
    """Write a line to standard output if ``verbose`` is true."""
    if verbose:
        sys.stdout.write(text + "\n")
