from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scratchml.callbacks import FitEvent
from scratchml.core.callbacks import CallbackMixin, FitEvents
from scratchml.core.estimator import Estimator


class Halving(CallbackMixin, Estimator):
    """Toy: `center` starts at `run + 1` and is halved, in place, until `max_iter`."""

    _estimator_type = "clusterer"

    def __init__(self, n_init=2, max_iter=3, endless=False, fail_at=None):
        self.n_init = n_init
        self.max_iter = max_iter
        self.endless = endless
        self.fail_at = fail_at

    def fit(self, X, y=None, sample_weight=None):
        X, attributes = self._check_fit_input(X)
        n_iter = []
        with FitEvents(
            self, n_runs=self.n_init, X=X, y=y, sample_weight=sample_weight, attributes=attributes
        ) as events:
            for run in events.runs("halve", total=None if self.endless else self.max_iter):
                center = np.array([run + 1.0])
                for iteration in events.iterations():
                    center /= 2
                    if self.fail_at is not None and iteration == 2:
                        raise self.fail_at
                    stop = events.end_iteration(
                        inertia=float(center[0]),
                        centers=lambda: center,  # noqa: B023
                        never=lambda: 1 / 0,
                        fitted=lambda: {"center_": center},  # noqa: B023
                    )
                    if stop or iteration == self.max_iter:
                        break
                n_iter.append(iteration)
            events.result = {**attributes, "center_": center, "n_iter_": n_iter}
        self._set_fitted(**events.result)
        return self

    def predict(self, X):
        return (self._check_predict_input(X)[:, 0] > self.center_[0]).astype(int)

    def score(self, X, y=None, sample_weight=None):
        return np.average(self.predict(X) == y, weights=sample_weight)


class Recorder:
    """Protocol object that writes down what it hears."""

    def __init__(self, fail_at=None, stop_at=()):
        self.log = []
        self.fail_at = fail_at
        self.stop_at = stop_at

    def hear(self, hook, context):
        self.log.append((hook, context.task_name, context.task_id))
        if self.fail_at == hook:
            raise ValueError(f"{hook} failed")

    def setup(self, estimator, context):
        self.hear("setup", context)

    def on_fit_task_begin(self, estimator, context):
        self.hear("begin", context)

    def on_fit_task_end(self, estimator, context):
        self.context = context
        self.hear("end", context)
        return context.task_name in self.stop_at

    def teardown(self, estimator, context):
        self.hear("teardown", context)


class Propagated(Recorder):
    max_propagation_depth = None


class Asking(Recorder):
    """Asks for everything there is."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.asked.append((context.task_name, X, y, metadata, fitted_estimator))


X = np.linspace(0, 2, 12).reshape(6, 2)
Y = np.array([0, 0, 0, 1, 1, 1])


# ---------------------------------------------------------------------- set_callbacks


def test_set_callbacks_stores_and_removes():
    est = Halving()
    assert est.set_callbacks(print, Recorder()) is est
    assert est._skl_callbacks[0] is print
    est.set_callbacks()
    assert vars(est) == vars(Halving())


@pytest.mark.parametrize(
    "callback", [None, 3, "print", Recorder, object()], ids=["None", "int", "str", "class", "bare"]
)
def test_set_callbacks_takes_functions_and_protocol_objects_only(callback):
    message = (
        "callbacks must be functions of one FitEvent, or instances following the FitCallback "
        f"protocol (setup, on_fit_task_begin, on_fit_task_end, teardown), got {callback!r}."
    )
    est = Halving().set_callbacks(print)
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        est.set_callbacks(print, callback)
    assert est._skl_callbacks == [print]


def test_clone_carries_callbacks():
    assert clone(Halving().set_callbacks(print))._skl_callbacks == [print]


# ---------------------------------------------------------------------- plain functions


def test_function_is_called_once_per_iteration():
    events = []
    est = Halving(n_init=2, max_iter=2).set_callbacks(events.append)
    est.fit(X)
    assert all(isinstance(event, FitEvent) for event in events)
    assert [(e.stage, e.run, e.n_runs, e.iteration, e.total) for e in events] == [
        ("halve", 0, 2, 1, 2),
        ("halve", 0, 2, 2, 2),
        ("halve", 1, 2, 1, 2),
        ("halve", 1, 2, 2, 2),
    ]
    assert events[0].estimator is est
    assert repr(events[0]) == "FitEvent(stage='halve', run=0, n_runs=2, iteration=1, total=2)"
    assert events[0].state_names == ["centers", "inertia", "never"]
    assert {"inertia", "centers", "never", "run"} <= set(dir(events[0]))
    assert 0 < events[0].seconds < events[-1].seconds


def test_unknown_total():
    totals = []
    Halving(endless=True, max_iter=2).set_callbacks(lambda e: totals.append(e.total)).fit(X)
    assert totals == [None] * 4


def test_state_that_was_read_stays_and_belongs_to_the_callback():
    kept = []

    def keep(event):
        assert event.centers is event.centers
        kept.append(event)

    def spoil(event):
        event.centers[:] = 99.0

    plain = Halving(n_init=1).fit(X)
    est = Halving(n_init=1).set_callbacks(spoil, keep).fit(X)
    assert [event.centers[0] for event in kept] == [0.5, 0.25, 0.125]
    assert est.center_ == plain.center_


def test_state_is_computed_on_demand_and_inside_the_callback():
    events = []
    Halving(n_init=1).set_callbacks(lambda event: events.append((event.inertia, event))).fit(X)
    assert [inertia for inertia, _ in events] == [0.5, 0.25, 0.125]
    event = events[0][1]
    message = f"'centers' of {event} was not read inside the callback, and the fit has moved on."
    with pytest.raises(AttributeError, match=f"^{re.escape(message)}$"):
        _ = event.centers
    with pytest.raises(AttributeError, match=r"^'FitEvent' object has no attribute 'other'$"):
        _ = event.other


def test_state_is_computed_once_for_all_callbacks():
    calls = []

    class Counting(CallbackMixin, Estimator):
        def fit(self, X):
            with FitEvents(self) as events:
                for _ in events.runs("count", total=1):
                    for _ in events.iterations():
                        events.end_iteration(value=lambda: calls.append(1) or len(calls))

    Counting().set_callbacks(lambda e: e.value, lambda e: e.value).fit(X)
    assert calls == [1]


@pytest.mark.parametrize(
    ("answer", "n_iter"),
    [(True, 1), (np.True_, 1), (False, 3), (None, 3), (1, 3), ("yes", 3)],
    ids=repr,
)
def test_only_a_true_bool_stops_the_run(answer, n_iter):
    est = Halving(n_init=2, max_iter=3).set_callbacks(lambda event: answer).fit(X)
    assert est.n_iter_ == [n_iter, n_iter]


def test_all_callbacks_are_called_though_one_stops():
    iterations = []
    est = Halving().set_callbacks(
        lambda event: event.run == 0, lambda event: iterations.append(event.iteration)
    )
    assert est.fit(X).n_iter_ == [1, 3]
    assert iterations == [1, 1, 2, 3]


# ---------------------------------------------------------------------- protocol objects


def test_protocol_object_hears_of_every_task():
    recorder = Recorder()
    Halving(n_init=2, max_iter=1).set_callbacks(recorder).fit(X)
    assert recorder.log == [
        ("setup", "fit", 0),
        ("begin", "fit", 0),
        ("begin", "halve", 0),
        ("begin", "iteration", 0),
        ("end", "iteration", 0),
        ("end", "halve", 0),
        ("begin", "halve", 1),
        ("begin", "iteration", 0),
        ("end", "iteration", 0),
        ("end", "halve", 1),
        ("end", "fit", 0),
        ("teardown", "fit", 0),
    ]


def test_task_tree():
    recorder = Recorder()
    Halving(n_init=2, max_iter=3).set_callbacks(recorder).fit(X)
    root = recorder.context
    tasks = list(root)
    assert [task.task_name for task in tasks] == ["fit", *(["halve"] + ["iteration"] * 3) * 2]
    assert [root.max_subtasks, tasks[1].max_subtasks, tasks[2].max_subtasks] == [2, 3, 0]
    assert {task.root_uuid for task in tasks} == {root.root_uuid}
    assert {task.estimator_name for task in tasks} == {"Halving"}
    assert root.parent is None
    assert root.source_estimator_name is None
    assert root.source_task_name is None
    assert tasks[2].parent is tasks[1] is root.children[0]
    assert all(task.sequential_subtasks for task in tasks)
    assert root.init_time <= tasks[-1].init_time
    assert repr(tasks[1]) == "FitTask(estimator_name='Halving', task_name='halve', task_id=0)"


@pytest.mark.parametrize(
    ("level", "n_iter"), [("iteration", [1, 1]), ("halve", [3]), ("fit", [3, 3])]
)
def test_protocol_object_stops_the_level_it_answers_at(level, n_iter):
    est = Halving().set_callbacks(Recorder(stop_at=[level])).fit(X)
    assert est.n_iter_ == n_iter


def test_hooks_get_what_they_ask_for():
    asking = Asking()
    weight = np.ones(6)
    est = Halving(n_init=1, max_iter=2).set_callbacks(asking, Recorder())
    est.fit(X, Y, sample_weight=weight)
    assert [name for name, *_ in asking.asked] == ["iteration", "iteration", "halve", "fit"]
    centers = [fitted.center_[0] for *_, fitted in asking.asked]
    assert centers == [0.5, 0.25, 0.25, 0.25]
    for _, hook_X, y, metadata, fitted in asking.asked:
        np.testing.assert_array_equal(hook_X, X)
        assert not hook_X.flags.writeable
        assert list(y) == list(Y)
        assert metadata.keys() == {"sample_weight"}
        assert fitted is not est
        assert fitted.n_features_in_ == 2
        np.testing.assert_array_equal(fitted.predict(X), X[:, 0] > fitted.center_)
    assert X.flags.writeable


def test_hook_without_weights_gets_no_metadata():
    asking = Asking()
    Halving().set_callbacks(asking).fit(X)
    assert {metadata for _, _, _, metadata, _ in asking.asked} == {None}


def test_hook_that_asks_for_something_else():
    class Odd(Recorder):
        def on_fit_task_begin(self, estimator, context, *, Z=None):
            """Never called."""

    message = (
        "Hook on_fit_task_begin of the callback Odd has parameters that are not valid: {'Z'}. "
        "The valid parameters are: ['X', 'y', 'metadata', 'fitted_estimator']."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Halving().set_callbacks(Odd()).fit(X)


def test_object_that_is_both_hears_both():
    class Both(Recorder):
        def __call__(self, event):
            self.log.append(("event", event.stage, event.iteration))
            return event.run == 1

    both = Both(stop_at=["never"])
    est = Halving(n_init=2, max_iter=2).set_callbacks(both).fit(X)
    assert est.n_iter_ == [2, 1]
    assert both.log[2:8] == [
        ("begin", "halve", 0),
        ("begin", "iteration", 0),
        ("event", "halve", 1),
        ("end", "iteration", 0),
        ("begin", "iteration", 1),
        ("event", "halve", 2),
    ]


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()], ids=repr)
def test_teardown_follows_a_failed_fit(error):
    recorder = Recorder()
    est = Halving(fail_at=error).set_callbacks(recorder)
    with pytest.raises(type(error)) as raised:
        est.fit(X)
    assert raised.value is error
    assert recorder.log[-1] == ("teardown", "fit", 0)
    assert ("end", "fit", 0) not in recorder.log
    assert not est.__sklearn_is_fitted__()


@pytest.mark.parametrize("hook", ["setup", "begin", "end"])
def test_teardown_follows_a_failed_hook(hook):
    before, failing, after = Recorder(), Recorder(fail_at=hook), Recorder()
    est = Halving().set_callbacks(before, failing, after)
    with pytest.raises(ValueError, match=f"^{hook} failed$"):
        est.fit(X)
    assert before.log[-1] == failing.log[-1] == ("teardown", "fit", 0)
    assert (after.log == []) == (hook == "setup")
    assert not est.__sklearn_is_fitted__()


def test_teardown_error_is_raised_after_all_were_torn_down():
    recorders = [Recorder(fail_at="teardown"), Recorder()]
    est = Halving().set_callbacks(*recorders)
    with pytest.raises(ValueError, match=r"^teardown failed$"):
        est.fit(X)
    assert all(recorder.log[-1][0] == "teardown" for recorder in recorders)


@pytest.mark.parametrize("failing", ["fit", "hook"])
def test_teardown_error_never_hides_the_first(failing):
    class Both(Recorder):
        def on_fit_task_end(self, estimator, context):
            if failing == "hook" and context.task_name == "fit":
                raise RuntimeError("first")

    est = Halving(fail_at=RuntimeError("first") if failing == "fit" else None)
    est.set_callbacks(Both(fail_at="teardown"))
    with pytest.raises(RuntimeError, match=r"^first\n") as raised:
        est.fit(X)
    assert raised.value.__notes__ == [
        "The teardown of a callback failed as well: ValueError('teardown failed')"
    ]


# ---------------------------------------------------------------------- cost and results


def test_callbacks_change_no_result():
    plain = Halving().fit(X)
    heard = Halving().set_callbacks(lambda e: e.centers, Asking()).fit(X)
    assert heard.center_.tobytes() == plain.center_.tobytes()
    assert heard.n_iter_ == plain.n_iter_


def test_without_callbacks_nothing_is_evaluated():
    events = FitEvents(Halving(), n_runs=2)
    assert not events
    with events:
        assert events.runs("halve", total=3) == range(2)
        assert events.iterations() == range(1, 4)
        assert events.end_iteration(never=lambda: 1 / 0, fitted=lambda: 1 / 0) is False
    assert FitEvents(Halving().set_callbacks(print))


def test_nothing_is_loaded():
    program = """
        import sys
        import numpy as np
        from scratchml.core.callbacks import CallbackMixin, FitEvents
        from scratchml.core.estimator import Estimator

        class Toy(CallbackMixin, Estimator):
            def fit(self, X):
                with FitEvents(self, X=X) as events:
                    for run in events.runs("toy", total=2):
                        for iteration in events.iterations():
                            events.end_iteration(n=iteration)

        before = set(sys.modules)
        Toy().fit(np.eye(2))
        assert set(sys.modules) == before, set(sys.modules) - before
        seen = []
        Toy().set_callbacks(lambda event: seen.append(event.n)).fit(np.eye(2))
        assert seen == [1, 2]
        assert not {"sklearn", "scipy", "numba"} & set(sys.modules)
        print("done")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True
    )
    assert run.stdout == "done\n", run.stderr


# ---------------------------------------------------------------------- with scikit-learn


def test_propagated_callback_is_set_up_by_the_meta_estimator_only():
    recorder = Propagated()
    search = GridSearchCV(Halving(n_init=1, max_iter=1), {"max_iter": [1, 2]}, cv=2, scoring="r2")
    search.set_callbacks(recorder).fit(X, Y)
    hooks = [hook for hook, _, _ in recorder.log]
    assert hooks.count("setup") == hooks.count("teardown") == 1
    assert [task for hook, task, _ in recorder.log if hook == "begin"].count("halve") == 5
    ours = [task for task in recorder.context if task.estimator_name == "Halving"]
    fits = [task for task in ours if task.task_name == "fit"]
    sources = [task.source_task_name for task in fits]
    assert sources == ["candidate-split-evaluation"] * 4 + ["refit-with-best-params"]
    assert {task.source_estimator_name for task in fits} == {"GridSearchCV"}
    assert {task.root_uuid for task in ours} == {recorder.context.root_uuid}
    assert all(task.parent.estimator_name == "GridSearchCV" for task in fits)
    assert not hasattr(search.best_estimator_, "_parent_callback_ctx")
    assert not hasattr(search.best_estimator_, "_skl_callbacks")


def test_functions_reach_the_clones_of_a_grid_search():
    seen = []
    est = Halving(n_init=1).set_callbacks(lambda event: seen.append(event.total))
    GridSearchCV(est, {"max_iter": [1, 2]}, cv=2, scoring="r2", refit=False).fit(X, Y)
    assert seen == [1, 1, 2, 2, 2, 2]


def test_progress_bar(capsys):
    Halving().set_callbacks(ProgressBar()).fit(X)
    shown = capsys.readouterr().out
    assert "Halving - fit" in shown
    assert "Halving - halve #1" in shown
    assert "100%" in shown


@pytest.mark.parametrize("pipeline", [False, True], ids=["bare", "pipeline"])
def test_progress_bar_on_a_grid_search(capsys, pipeline):
    est = make_pipeline(StandardScaler(), Halving()) if pipeline else Halving()
    key = "halving__n_init" if pipeline else "n_init"
    search = GridSearchCV(est, {key: [1, 2]}, cv=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    shown = capsys.readouterr().out
    assert "GridSearchCV - fit" in shown
    assert "Halving - fit" in shown
    assert "Halving - halve #1" in shown


def test_scoring_monitor():
    monitor = ScoringMonitor(scoring="accuracy")
    est = Halving(n_init=1, max_iter=2).set_callbacks(monitor).fit(X, Y)
    rows = monitor.get_logs().data
    assert [row["task_name"] for row in rows] == ["fit", "halve", "iteration", "iteration"]
    halved = [np.mean((X[:, 0] > center) == Y) for center in (0.25, 0.25, 0.5, 0.25)]
    assert [row["accuracy"] for row in rows] == halved
    assert halved[0] == est.score(X, Y)


def test_scoring_monitor_over_and_under_a_grid_search():
    monitor = ScoringMonitor(scoring="accuracy")
    est = Halving(n_init=1, max_iter=2).set_callbacks(monitor)
    search = GridSearchCV(est, {"n_init": [1]}, cv=2, scoring="accuracy").fit(X, Y)
    under = monitor.get_logs()
    assert under.estimator_name == "GridSearchCV"
    assert [row["task_name"] for row in under.data].count("iteration") == 6
    assert all("accuracy" in row for row in under.data)

    monitor = ScoringMonitor(scoring="accuracy")
    est.set_callbacks()
    search = GridSearchCV(est, {"n_init": [1]}, cv=2, scoring="accuracy")
    search.set_callbacks(monitor).fit(X, Y)
    assert search.best_estimator_.n_iter_ == [2]
