"""Estimators for duels in the tests; a module, so that a fresh process can import them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np


class Sleeper:
    """Sleeps in `fit`, does no more, and finds what it is told to."""

    def __init__(self, seconds=0.0, n_iter=1, inertia=1.0, labels=0, random=False):
        self.seconds = seconds
        self.n_iter = n_iter
        self.inertia = inertia
        self.labels = labels
        self.random = random

    def fit(self, X, y=None):
        began = time.perf_counter()
        while time.perf_counter() - began < self.seconds:
            pass
        self.n_iter_ = self.n_iter
        self.inertia_ = float(np.random.default_rng().normal()) if self.random else self.inertia
        self.labels_ = np.full(len(X), self.labels)
        return self


class Configured(Sleeper):
    """One that tells its parameters."""

    def get_params(self, deep=True):
        return dict(vars(self))


class Tracer(Sleeper):
    """Turns a tracer on in its process, from its first fit on."""

    def fit(self, X, y=None):
        sys.settrace(lambda *arguments: None)
        return super().fit(X)


class Rebel(Sleeper):
    """Takes back the threads that it was given."""

    def fit(self, X, y=None):
        import scratchml

        scratchml.set_num_threads(7)
        return super().fit(X)


class Failing(Sleeper):
    """Fails in the way it is told to."""

    def fit(self, X, y=None):
        print("noise on standard output")  # noqa: T201 - it must not disturb
        if self.labels == "dies":
            sys.stderr.write("last words\n")
            sys.stderr.flush()
            os._exit(3)
        raise ZeroDivisionError("no way")


class Hungry(Sleeper):
    """Takes memory for a while."""

    def fit(self, X, y=None):
        np.ones(len(X) * 1000)
        return super().fit(X)


class Forking(Sleeper):
    """Starts a process that outlives it."""

    def fit(self, X, y=None):
        code = "import time; time.sleep(600)  # a grandchild of a duel"
        subprocess.Popen([sys.executable, "-c", code])
        return super().fit(X)
