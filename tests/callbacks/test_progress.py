from __future__ import annotations

import copy
import doctest
import io
import pickle
import re
import sys
import threading

import numpy as np
import pytest
import sklearn.callback
from helpers import run_python
from scripted import Scripted, showing
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scratchml.callbacks import ProgressBar, progress
from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import ConvergenceWarning, InvalidParameterError
from scratchml.mixture import GaussianMixture

X, _ = make_blobs(200, 2, centers=4, random_state=0)

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal(io.StringIO):
    """Keeps what is written to it."""

    def isatty(self):
        return True

    @property
    def lines(self):
        """The visible lines, those that were drawn over included."""
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())
        return [line.rstrip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    """A terminal of known width that can redraw, whatever the one of the tests is."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")  # what is left of a bar is blank, not grey
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def terminal():
    return Terminal()


def bar(terminal, **parameters):
    return ProgressBar(**{"file": terminal, "delay": 0, **parameters})


def test_examples():
    outcome = doctest.testmod(progress)
    assert outcome.attempted > 0
    assert outcome.failed == 0


# ---------------------------------------------------------------------- what is shown


def test_a_run_that_converges_early_fills_its_bar(terminal):
    showing([3.0, 2.5], max_iter=5, pause=0.11).set_callbacks(bar(terminal)).fit()
    assert re.fullmatch(r"Scripted ━{4} +1/5 inertia 3 0\.\d s", terminal.lines[0])
    assert re.fullmatch(r"Scripted ━{20} 2/5 inertia 2\.5 0\.\d s", terminal.lines[-1])
    assert "run" not in terminal.getvalue()
    assert terminal.getvalue().count(HIDE_CURSOR) == terminal.getvalue().count(SHOW_CURSOR) == 1
    assert terminal.getvalue().rindex(SHOW_CURSOR) > terminal.getvalue().rindex("2/5")


def test_several_runs_have_a_bar_each(terminal):
    est = showing([3.0, 2.0], [5.0, 4.0], max_iter=2, pause=0.11).set_callbacks(bar(terminal))
    est.fit()
    first, second = terminal.lines[-2:]
    assert re.fullmatch(r"Scripted run 1/2 ━{20} 2/2 inertia 2 0\.\d s", first)
    assert re.fullmatch(r"Scripted run 2/2 ━{20} 2/2 inertia 4 0\.\d s", second)


def test_the_latest_runs_stay(terminal, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_REFRESHES", 0)
    showing(*[[1.0]] * 30).set_callbacks(bar(terminal, transient=False)).fit()
    final = terminal.lines[-10:]
    assert [int(re.search(r"run (\d+)/30", line)[1]) for line in final] == list(range(21, 31))


def test_unknown_total_and_unknown_value(terminal):
    showing([1.0], name="shift").set_callbacks(bar(terminal)).fit()
    assert re.fullmatch(r"Scripted ━+ 1 +0\.\d s", terminal.lines[-1])


@pytest.mark.parametrize(("monitor", "shown"), [("shift", "shift 0.5"), (None, "1/9  ")])
def test_value_to_show(terminal, monitor, shown):
    est = Scripted({"play": [[{"inertia": 3.0, "shift": 0.5}]]}, max_iter=9)
    est.set_callbacks(bar(terminal, monitor=monitor)).fit()
    assert shown in terminal.lines[-1]
    assert "inertia" not in terminal.getvalue()


def test_a_mixture_shows_its_lower_bound(terminal):
    mixture = GaussianMixture(2, max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning):
        mixture.set_callbacks(bar(terminal)).fit(X)
    shown = re.search(r"1/1 lower_bound (\S+) ", terminal.lines[-1])[1]
    assert shown == f"{mixture.lower_bound_:.6g}"


def test_value_is_read_at_a_refresh_only(terminal):
    reads = []
    states = [{"inertia": lambda: reads.append(1) or 1.0}] * 200
    Scripted({"play": [states]}).set_callbacks(bar(terminal)).fit()
    assert 1 <= len(reads) < 20
    assert re.fullmatch(r"Scripted ━+ 200 +0\.\d s", terminal.lines[-1])  # no value of before


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "unwatched"])
@pytest.mark.parametrize("monitor", ["centers", "inertja"], ids=["array", "misspelt"])
def test_value_that_is_no_number(terminal, watched, monitor):
    file = terminal if watched else io.StringIO()
    kmeans = KMeans(4, random_state=0).set_callbacks(bar(file, monitor=monitor, delay=60))
    message = (
        f"ProgressBar cannot monitor {monitor!r}: the fit of KMeans shows no number of that name. "
        "The numbers it shows: inertia, shift."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kmeans.fit(X)


@pytest.mark.parametrize("force", [False, True])
def test_short_last_run_has_the_last_bar(terminal, force):
    # Refreshed once, in the first run.
    long, short, last = [3.0] * 9, [2.0], [1.0] * 9
    file = io.StringIO() if force else terminal
    est = showing(long, short, last, max_iter=9).set_callbacks(bar(file, force=force)).fit()
    assert est.n_iter_ == [9, 1, 9]
    lines = file.getvalue().splitlines() if force else terminal.lines
    assert re.fullmatch(r"Scripted run 1/3 ━{20} 9/9 +0\.0 s *", lines[-2])
    assert re.fullmatch(r"Scripted run 3/3 ━{20} 9/9 +0\.0 s *", lines[-1])


def test_last_bar_has_no_value_of_another_run(terminal):
    showing([3.0], [2.0], max_iter=1).set_callbacks(bar(terminal)).fit()
    assert re.fullmatch(r"Scripted run 1/2 ━{20} 1/1 inertia 3 0\.0 s", terminal.lines[-2])
    assert re.fullmatch(r"Scripted run 2/2 ━{20} 1/1 +0\.0 s", terminal.lines[-1])


def test_transient_bars_vanish(terminal):
    showing([2.0]).set_callbacks(bar(terminal, transient=True)).fit()
    assert terminal.getvalue().endswith("\r\x1b[1A\x1b[2K")


def test_short_fits_show_nothing(terminal):
    showing([2.0, 1.0]).set_callbacks(bar(terminal, delay=5)).fit()
    showing([2.0, 1.0]).set_callbacks(bar(terminal, delay=5, force=True)).fit()
    assert terminal.getvalue() == ""


def test_not_a_terminal(monkeypatch):
    plain = io.StringIO()
    est = showing([2.0, 1.0], max_iter=4, pause=0.11)
    est.set_callbacks(bar(plain)).fit()
    assert plain.getvalue() == ""
    est.set_callbacks(bar(plain, force=True)).fit()
    assert re.fullmatch(r"Scripted ━{20} 2/4 inertia 1 0\.\d s\n", plain.getvalue())
    monkeypatch.setenv("TERM", "dumb")
    dumb = Terminal()
    est.set_callbacks(bar(dumb)).fit()
    assert dumb.getvalue() == ""


def test_standard_error_is_the_default(capsys):
    showing([2.0, 1.0]).set_callbacks(ProgressBar(delay=0, force=True)).fit()
    out, err = capsys.readouterr()
    assert out == ""
    assert "Scripted" in err


def test_what_is_printed_meanwhile_stays_in_its_stream(terminal, capsys):
    est = showing([2.0, 1.0], pause=0.11)
    est.set_callbacks(
        bar(terminal), lambda event: sys.stdout.write(f"iteration {event.iteration}\n")
    )
    est.fit()
    assert capsys.readouterr().out == "iteration 1\niteration 2\n"
    assert "iteration" not in terminal.getvalue()


# ---------------------------------------------------------------------- whatever happens


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=repr)
def test_terminal_is_given_back_after_an_error(terminal, error):
    callback = bar(terminal)
    out, err = sys.stdout, sys.stderr
    est = Scripted({"play": [[{"inertia": 1.0}, error]]}).set_callbacks(callback)
    with pytest.raises(type(error)):
        est.fit()
    assert terminal.getvalue().count(SHOW_CURSOR) == 1
    assert (sys.stdout, sys.stderr) == (out, err)
    assert callback._fits == {}
    showing([4.0]).set_callbacks(callback).fit()
    assert "inertia 4" in terminal.lines[-1]


def test_fits_in_threads_share_a_display(terminal):
    callback = bar(terminal)
    fits = [showing(range(30, 0, -1), pause=0.02, max_iter=n) for n in (41, 42)]
    threads = [threading.Thread(target=est.set_callbacks(callback).fit) for est in fits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert terminal.getvalue().count(HIDE_CURSOR) == terminal.getvalue().count(SHOW_CURSOR) == 1
    counts = [re.search(r"\d+/\d+", line)[0] for line in terminal.lines[-2:]]
    assert sorted(counts) == ["30/41", "30/42"]
    assert callback._display is None


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_write_to_standard_error(capsys, again):
    with open("/dev/null", "w") as file:  # cannot be pickled
        callback = again(ProgressBar(delay=0, force=True, transient=False, file=file))
    showing([4.0]).set_callbacks(callback).fit()
    assert "inertia 4" in capsys.readouterr().err


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_in_a_grid_search(terminal, n_jobs):
    kmeans = KMeans(random_state=0).set_callbacks(bar(terminal))
    assert clone(kmeans)._skl_callbacks == kmeans._skl_callbacks
    search = GridSearchCV(kmeans, {"n_clusters": [2, 4]}, cv=2, n_jobs=n_jobs).fit(X)
    n_fits = 1 if n_jobs == 2 else 5  # the refit alone takes place in this process
    assert terminal.getvalue().count(SHOW_CURSOR) == n_fits
    assert search.best_params_ == {"n_clusters": 4}


def test_nothing_is_shown_by_workers(tmp_path):
    program = """
        import joblib
        from scratchml.callbacks import ProgressBar
        from scratchml.cluster import KMeans
        kmeans = KMeans(2, random_state=0).set_callbacks(ProgressBar(delay=0, force=True))
        X = [[0.0], [1.0], [5.0]]
        print(len(joblib.Parallel(n_jobs=2)(joblib.delayed(kmeans.fit)(X) for _ in range(4))))
    """
    assert run_python("\n".join(map(str.strip, program.splitlines()))) == "4\n"


def test_changes_no_bit(terminal):
    plain = KMeans(4, n_init=3, random_state=0).fit(X)
    heard = KMeans(4, n_init=3, random_state=0).set_callbacks(bar(terminal)).fit(X)
    for name in ("cluster_centers_", "labels_", "inertia_", "n_iter_", "n_distances_"):
        assert np.array_equal(getattr(heard, name), getattr(plain, name)), name


# ---------------------------------------------------------------------- parameters


def test_rich_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    message = "ProgressBar needs rich, which is not installed: pip install 'scratchml[cli]'"
    with pytest.raises(ImportError, match=f"^{re.escape(message)}$"):
        ProgressBar()


@pytest.mark.parametrize(
    ("parameters", "allowed"),
    [
        ({"monitor": 3}, "an instance of 'str' or None"),
        ({"delay": -1}, "a float in the range [0.0, inf)"),
        ({"transient": 2}, "an instance of 'bool' or an instance of 'numpy.bool'"),
        ({"force": 2}, "an instance of 'bool' or an instance of 'numpy.bool'"),
        ({"file": 2}, "an object implementing 'write' and 'flush' or None"),
    ],
    ids=["monitor", "delay", "transient", "force", "file"],
)
def test_parameters_are_checked(parameters, allowed):
    [(name, value)] = parameters.items()
    message = f"The '{name}' parameter of ProgressBar must be {allowed}. Got {value!r} instead."
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        ProgressBar(**parameters)


def test_repr():
    assert repr(ProgressBar(delay=1)) == (
        "ProgressBar(monitor='auto', delay=1, transient=False, force=False, file=None)"
    )


# ---------------------------------------------------------------------- scikit-learn's own bars


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("in_pipeline", [False, True], ids=["alone", "pipeline"])
@pytest.mark.filterwarnings("ignore:The estimator StandardScaler does not support:UserWarning")
def test_scikit_learns_bars_follow_our_runs(capsys, n_jobs, in_pipeline):
    kmeans = KMeans(n_init=2, random_state=0)
    est = make_pipeline(StandardScaler(), kmeans) if in_pipeline else kmeans
    name = "kmeans__n_clusters" if in_pipeline else "n_clusters"
    search = GridSearchCV(est, {name: [2, 4]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(sklearn.callback.ProgressBar(max_propagation_depth=None)).fit(X)
    shown = capsys.readouterr().out
    # Four fits of the search and the refit, with a bar for each of their two runs, all full.
    for line in (r"KMeans - fit", r"KMeans - lloyd #0", r"KMeans - lloyd #1"):
        assert len(re.findall(rf"{line}.*100%", shown)) == 5, shown
