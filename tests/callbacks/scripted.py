"""An estimator whose fit plays a script, for callbacks to listen to."""

from __future__ import annotations

import time

from scratchml.core.callbacks import CallbackMixin, FitEvents
from scratchml.core.estimator import Estimator


class Scripted(CallbackMixin, Estimator):
    """Shows what it is told to: ``stages[name][run][iteration - 1]`` is the state, a dict.

    The runs end with their script, or when a callback says stop. `pause` is slept before each
    iteration; an exception in place of a state is raised.
    """

    def __init__(self, stages, pause=0.0, max_iter=None):
        self.stages = stages
        self.pause = pause
        self.max_iter = max_iter

    def fit(self, X=None, y=None):
        n_iter = []
        n_runs = max(map(len, self.stages.values()))
        with FitEvents(self, n_runs=n_runs) as events:
            for stage, script in self.stages.items():
                for run in events.runs(stage, total=self.max_iter):
                    for iteration in events.iterations():
                        time.sleep(self.pause)
                        state = script[run][iteration - 1]
                        if isinstance(state, BaseException):
                            raise state
                        if events.end_iteration(**state) or iteration == len(script[run]):
                            break
                    n_iter.append(iteration)
            events.result = {"n_iter_": n_iter}
        self._set_fitted(**events.result)
        return self


def showing(*runs, name="inertia", **parameters):
    """A `Scripted` with one stage that shows these values of one name, a list for each run."""
    return Scripted({"play": [[{name: value} for value in run] for run in runs]}, **parameters)
