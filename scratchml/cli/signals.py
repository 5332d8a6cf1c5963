"""Signals that the shell handles in its own way."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any


@contextlib.contextmanager
def handled(names: Iterable[str], handler: Callable[[int, Any], None]) -> Iterator[None]:
    """Inside a ``with`` statement, hand signals to `handler`.

    Those that are ignored stay so: ``nohup`` and background jobs of a script start that way. Those
    that the system does not have are left out. Outside the main thread, which alone may handle
    signals, nothing changes.

    Parameters
    ----------
    names : iterable of str
        As in the module `signal`.
    handler : callable
        Called with the number of the signal and the stack frame it came in.
    """
    previous: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in names:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                previous[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in previous.items():
            signal.signal(number, earlier)
