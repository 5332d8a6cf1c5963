"""Duels in fresh processes: real ones, and what is refused."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading

import matplotlib.pyplot as plt
import numpy as np
import psutil
import pytest
import sklearn.cluster
from helpers import run_python
from slow_estimators import Configured, Failing, Forking, Hungry, Rebel, Sleeper, Tracer

import scratchml
from scratchml.bench import ContestantError, UnfairDuelError, duel
from scratchml.bench.contestants import EstimatorContestant
from scratchml.bench.estimators import _prepared, check_same_work, counterpart
from scratchml.bench.measure import measure
from scratchml.bench.processes import pickled_contestant
from scratchml.bench.worker import check_processors, peak_resident_set
from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs

X = np.zeros((200, 2))
PAIR = ("ours", "theirs")


def quick_duel(ours, theirs, **options):
    return duel(ours, X, against=theirs, **{"rounds": 8, **options})


# --- real duels ---------------------------------------------------------------------------------


@pytest.mark.jit
def test_a_duel_with_oneself():
    data, _ = make_blobs(5000, n_features=4, centers=5, random_state=0)
    report = duel(KMeans(5), data, against=KMeans(5), rounds=10, threads=1)
    assert report.verdict in ("no difference found", "too noisy to tell")
    assert report.interval.low <= 1 <= report.interval.high
    assert report.agreement.same_labels is True
    assert (report.agreement.adjusted_rand, report.agreement.objective_difference) == (1.0, 0.0)
    assert report.ours.outcome.counters == report.theirs.outcome.counters != {}
    assert report.theirs.name == "scratchml KMeans (opponent)"


def test_a_planted_sleep_is_found():
    report = quick_duel(Sleeper(0.04), Sleeper(0.02), rounds=8)
    assert 1.7 < report.ratio < 2.3
    assert report.interval.low > 1.3
    assert report.verdict in ("slower", "too noisy to tell")
    if report.noise <= 0.1:
        assert report.verdict == "slower"


@pytest.mark.jit
def test_the_default_opponent_is_scikit_learn():
    data, _ = make_blobs(2000, n_features=4, centers=5, random_state=0)
    report = duel(KMeans(5), data, rounds=8, threads=1)
    assert (report.ours.name, report.theirs.name) == ("scratchml KMeans", "scikit-learn KMeans")
    assert report.agreement.same_labels is True
    assert report.ours.outcome.n_iter == report.theirs.outcome.n_iter
    assert report.ours.threads == report.theirs.threads == 1
    assert report.ours.first_call_seconds > 0
    assert report.ours.peak_memory >= 0
    assert set(report.ours.outcome.counters) == {"n_distances_"}


def test_a_method_of_a_fitted_estimator():
    data, _ = make_blobs(500, centers=3, random_state=0)
    report = duel(KMeans(3), data, method="transform", rounds=8, threads=1)
    assert report.agreement.value_difference < 1e-6


def test_a_list_of_opponents():
    reports = quick_duel(Sleeper(), [Sleeper(0.001), Sleeper(0.002)], rounds=1)
    assert [type(report).__name__ for report in reports] == ["Duel", "Duel"]


def test_peak_memory_is_that_of_the_call():
    report = duel(Hungry(), np.zeros((5000, 1)), against=Sleeper(), rounds=1)
    assert 0.95 * 5000 * 8000 < report.ours.peak_memory < 1.1 * 5000 * 8000
    assert report.theirs.peak_memory < 1e6


def test_peak_resident_set_grows():
    before = peak_resident_set()
    held = np.ones(before // 8)
    assert peak_resident_set() > 1.5 * before
    del held


def test_times_are_per_iteration_where_iterations_differ():
    report = quick_duel(Sleeper(0.02, n_iter=2), Sleeper(0.02, n_iter=4), rounds=8)
    assert report.per_iteration
    assert 1.6 < report.ratio < 2.4
    assert "per iteration" in report.sentence


# --- reports ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report():
    return quick_duel(Sleeper(0.002), Sleeper(0.001), rounds=8)


def test_report_as_json(report):
    data = json.loads(report.to_json())
    assert (
        data["ratio"]
        == report.ratio
        == pytest.approx(
            np.median(
                np.divide(
                    *(data["contestants"][data[name]]["seconds"] for name in ("ours", "theirs"))
                )
            )
        )
    )
    assert data["interval"] == list(report.interval)
    assert data["verdict"] == report.verdict
    assert data["environment"]["versions"]["scratchml"] == scratchml.__version__
    assert data["clock_resolution"] > 0
    assert len(data["load"]) == 2


def test_report_of_few_rounds_is_valid_json():
    data = json.loads(quick_duel(Sleeper(), Sleeper(), rounds=1).to_json())
    assert data["interval"] == [0.0, None]
    assert data["noise"] is None
    assert data["verdict"] == "too noisy to tell"


def test_report_as_text(report):
    text = str(report)
    assert "slow_estimators Sleeper  slow_estimators Sleeper (opponent)" in text
    for row in ("median", "first call", "peak memory", "iterations", "threads"):
        assert re.search(rf"^{row} ", text, re.MULTILINE)
    assert report.sentence in text
    assert "; the clock resolves " in text
    assert repr(report) == f"<Duel: {report.sentence}>"


def test_report_as_markdown(report):
    lines = report.to_markdown().splitlines()
    assert lines[1] == "| --- | ---: | ---: |"
    assert all(line.count("|") == 4 for line in lines[: lines.index("")])
    assert report._repr_markdown_() == report.to_markdown()


def test_report_on_a_rich_console(report):
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(report)
    assert report.verdict in console.export_text()


def test_picture(report):
    ax = report.plot()
    (points,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert np.median(points.get_ydata()) == pytest.approx(report.ratio)
    assert report.plot(ax=ax) is ax
    plt.close("all")


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        pytest.param(
            Configured(n_iter=3),
            Configured(n_iter=4),
            "unequal work: n_iter is 3 for one and 4 for the other",
            id="parameters",
        ),
        pytest.param(
            Sleeper(inertia=1.0),
            Sleeper(inertia=0.9),
            "slow_estimators Sleeper and slow_estimators Sleeper (opponent) did not do the same:"
            " their objectives differ by +11.1%",
            id="results",
        ),
        pytest.param(
            Sleeper(random=True),
            Sleeper(),
            "slow_estimators Sleeper does not repeat what it did: their objectives differ by *;"
            " give it a seed",
            id="random",
        ),
        pytest.param(
            Tracer(),
            Sleeper(),
            "slow_estimators Tracer: a debugger, a profiler or coverage is tracing the contestant",
            id="tracing",
        ),
        pytest.param(
            Sleeper(),
            Rebel(),
            "slow_estimators Rebel: unequal threads: scratchml uses 7, not 1",
            id="threads",
        ),
    ],
)
def test_unfair_duels(ours, theirs, message):
    pattern = re.escape(message).replace(r"\*", ".*")
    with pytest.raises(UnfairDuelError, match=f"^{pattern}$"):
        quick_duel(ours, theirs, threads=1, rounds=1)


def test_more_processors_than_threads_are_refused():
    with pytest.raises(UnfairDuelError, match=r"^unequal threads: 3\.0 processors were at work"):
        check_processors(1.0, 3.0, 2)
    check_processors(1.0, 2.1, 2)
    check_processors(0.01, 3.0, 2)  # too short to judge


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"rounds": 0},
            "The 'rounds' parameter of duel must be an int in the range [1, inf) or None. Got 0"
            " instead.",
        ),
        (
            {"threads": -1},
            "The 'threads' parameter of duel must be an int in the range [1, inf) or None. Got -1"
            " instead.",
        ),
        ({"method": "dance"}, "Sleeper has no method 'dance'"),
    ],
    ids=["rounds", "threads", "method"],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        quick_duel(Sleeper(), Sleeper(), **options)


def test_everyone_gets_the_same_jobs():
    class Parallel(Configured):
        def set_params(self, **params):
            vars(self).update(params)
            return self

    estimator = Parallel()
    estimator.n_jobs = 8
    assert _prepared(estimator, 2).n_jobs == 2
    assert estimator.n_jobs == 8


def test_a_method_that_does_not_fit_shows_no_iterations_of_the_fit():
    data, _ = make_blobs(300, centers=4, random_state=0)
    contestants = [EstimatorContestant("ours", KMeans(4, random_state=0), "predict")]
    outcome = measure(contestants, data, rounds=1, memory=False).records["ours"].outcome
    assert (outcome.n_iter, outcome.objective, outcome.counters) == (None, None, {})
    assert len(outcome.labels) == 300


@pytest.mark.jit
@pytest.mark.parametrize("method", ["fit", "predict"])
def test_too_few_rows_for_a_warm_up(method):
    data = np.random.default_rng(0).normal(size=(1500, 2))
    contestant = EstimatorContestant("ours", KMeans(1200, max_iter=1, random_state=0), method)
    assert measure([contestant], data, rounds=1).records["ours"].peak_memory >= 0


def test_memory_tracing_is_refused(monkeypatch):
    monkeypatch.setenv("PYTHONTRACEMALLOC", "1")
    message = "slow_estimators Sleeper: tracemalloc is tracing the contestant"
    with pytest.raises(UnfairDuelError, match=f"^{message}$"):
        quick_duel(Sleeper(), Sleeper())


def test_threads_are_imposed_on_every_pool():
    # One that asks for more is held to what was given: KMeans of scikit-learn uses OpenMP and BLAS.
    code = (
        "import numpy, scipy.linalg, sklearn.cluster, threadpoolctl\n"
        "from scratchml.bench.worker import check_threads\n"
        "check_threads(1)\n"
        "pools = threadpoolctl.threadpool_info()\n"
        "print(len(pools) >= 2, {pool['num_threads'] for pool in pools})"
    )
    assert run_python(code, env={"SCRATCHML_NUM_THREADS": "1"}) == "True {1}\n"


def test_a_contestant_that_fails():
    with pytest.raises(
        ContestantError, match=r"^slow_estimators Failing has failed: ZeroDivisionError: no way\n"
    ) as caught:
        quick_duel(Failing(), Sleeper())
    assert 'raise ZeroDivisionError("no way")' in str(caught.value)


def test_a_process_that_dies():
    message = "the process of slow_estimators Failing has died with exit code 3\n"
    with pytest.raises(ContestantError, match=f"^{message}") as caught:
        quick_duel(Failing(labels="dies"), Sleeper())
    assert str(caught.value).endswith("noise on standard output\nlast words")


def test_no_process_and_no_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = {process.pid for process in psutil.process_iter()}
    quick_duel(Forking(), Sleeper(), rounds=1)
    with pytest.raises(ContestantError):
        quick_duel(Sleeper(), Failing())
    left = [p for p in psutil.process_iter(["cmdline"]) if p.pid not in before]
    assert [p for p in left if "a grandchild of a duel" in str(p.info["cmdline"])] == []
    assert set(psutil.Process().children(recursive=True)) <= {
        psutil.Process(p) for p in before if psutil.pid_exists(p)
    }
    assert os.listdir(tmp_path) == []


# --- how contestants reach their processes ------------------------------------------------------

IN_MAIN = """
import numpy as np
from scratchml.bench import duel

class Idle:
    def fit(self, X, y=None):
        self.labels_ = np.zeros(len(X), int)
        return self

print(duel(Idle(), np.ones((5, 2)), against=Idle(), rounds=1).agreement.same_labels)
"""


def test_classes_of_a_script_reach_the_processes(tmp_path):
    # A script without a guard: nothing may import it again.
    script = tmp_path / "script.py"
    script.write_text(IN_MAIN)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_classes_of_a_script_are_refused_without_cloudpickle(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys; sys.modules['cloudpickle'] = None\n" + IN_MAIN)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "ValueError: Idle is defined in __main__, where a fresh process does not find it:"
        " pip install cloudpickle, or move it to a module\n"
    )


def test_what_cannot_be_pickled_is_refused():
    contestant = EstimatorContestant("locked", Sleeper())
    contestant.lock = threading.Lock()
    message = "locked cannot be sent to a process of its own: cannot pickle '_thread.lock' object"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pickled_contestant(contestant)


def test_every_run_begins_with_the_same_random_state():
    data = np.random.default_rng(0).normal(size=(300, 2))  # seeds decide where this ends
    state = np.random.RandomState(3)
    measurement = measure(
        [EstimatorContestant("ours", KMeans(4, random_state=state))], data, rounds=2, memory=False
    )
    assert measurement.records["ours"].peak_memory is None
    np.testing.assert_array_equal(
        measurement.records["ours"].outcome.labels, KMeans(4, random_state=state).fit(data).labels_
    )


# --- the default opponent -----------------------------------------------------------------------


def test_counterpart_has_the_same_parameters():
    theirs = counterpart(KMeans(5, n_init=3, tol=0.1, random_state=7))
    assert type(theirs) is sklearn.cluster.KMeans
    assert (theirs.n_clusters, theirs.n_init, theirs.tol, theirs.random_state) == (5, 3, 0.1, 7)
    assert theirs.algorithm == "lloyd"  # what it has for 'auto'
    assert counterpart(KMeans(5, algorithm="elkan")).algorithm == "elkan"


def test_no_counterpart():
    message = "scikit-learn has no Sleeper: name an opponent with against=..."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        duel(Sleeper(), X)


def test_a_parameter_that_the_counterpart_does_not_have():
    class KMeans:
        def __init__(self, n_clusters=8, extra=None):
            self.extra = extra

        def get_params(self, deep=False):
            return {"n_clusters": 8, "extra": self.extra}

    assert counterpart(KMeans()).n_clusters == 8
    message = "scikit-learn KMeans has no parameter 'extra', which is 3"
    with pytest.raises(UnfairDuelError, match=f"^{message}$"):
        counterpart(KMeans(extra=3))


def test_parameters_that_are_not_work_may_differ():
    check_same_work({"algorithm": "auto", "n_jobs": 1}, {"algorithm": "lloyd", "n_jobs": None})
    array = np.ones((2, 2))
    check_same_work({"init": array}, {"init": array.copy()})
    with pytest.raises(UnfairDuelError, match=r"^unequal work: init is "):
        check_same_work({"init": array}, {"init": "random"})


def test_nothing_heavy_is_loaded():
    code = (
        "import sys, scratchml.bench;"
        "print({'sklearn', 'numba', 'matplotlib', 'cloudpickle', 'rich'} & {*sys.modules})"
    )
    assert run_python(code) == "set()\n"
