"""Running cases: who takes part, what is refused, what a quick run leaves out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import run as run_module
from benchmarks.__main__ import main
from benchmarks.cases import CASES, lloyd
from benchmarks.peers import CONTESTANTS, PEERS, Peer
from benchmarks.run import line_up, run, run_case
from scratchml.bench import ContestantError
from scratchml.bench.measure import Measurement, Record
from scratchml.bench.outcomes import Outcome

CASE = lloyd("small", 60, 3, 4, "float64", 5, quick=40)
LABELS = np.repeat(np.arange(4), 15)
FOREIGN = replace(CASE, algorithm="foreign")
FOUND = Outcome(labels=LABELS, objective=1.0, n_iter=5)


@pytest.fixture
def installed(monkeypatch):
    """Which peers there are; all but scikit-learn-intelex to begin with."""
    peers = set(PEERS) - {"scikit-learn-intelex"}
    monkeypatch.setattr(run_module, "version", lambda peer: "1.0" if peer in peers else None)
    # An algorithm that scratchml does not have.
    monkeypatch.setitem(CONTESTANTS, "foreign", {"scikit-learn": Peer, "dbscan": Peer})
    return peers


@pytest.fixture
def outcomes(monkeypatch, installed):
    """Peer -> what it finds; measuring takes no time."""
    found = {}

    def measure(contestants, X, *, rounds, threads, memory):
        records = {
            c.name: Record(c.name, [0.1, 0.2, 0.3], 1.0, None, found.get(c.name, FOUND), 2)
            for c in contestants
        }
        return Measurement(records, 0.01, 1e-9, ((0.0,), (0.0,)), {})

    monkeypatch.setattr(run_module, "measure", measure)
    return found


def test_absent_peers_are_named_with_the_reason(installed):
    present, absent = line_up(CASES["K0"], PEERS)
    assert list(present) == ["scratchml", "scikit-learn"]
    assert absent == {
        "scikit-learn-intelex": "not installed",
        "faiss": "seeds differently",
        "scipy": "seeds differently",
    }


@pytest.mark.parametrize(
    ("case", "peers", "present"),
    [
        pytest.param(CASE, ["faiss"], ["scratchml", "faiss"], id="ours"),
        pytest.param(FOREIGN, ["dbscan"], ["scikit-learn", "dbscan"], id="without-ours"),
        pytest.param(FOREIGN, ["faiss"], ["scikit-learn"], id="nobody-else"),
    ],
)
def test_the_base_always_takes_part(installed, case, peers, present):
    assert list(line_up(case, peers)[0]) == present


def test_the_next_peer_is_the_base_where_scikit_learn_is_not_installed(installed):
    installed.remove("scikit-learn")
    present, absent = line_up(FOREIGN, PEERS)
    assert list(present) == ["dbscan"]
    assert absent == {"scikit-learn": "not installed"}


def test_duels_are_against_the_base(outcomes):
    result = run_case(CASE, PEERS)
    assert result["base"] == "scratchml"
    assert list(result["duels"]) == ["scikit-learn", "faiss", "scipy"]
    assert {duel["ratio"] for duel in result["duels"].values()} == {1.0}
    assert result["absent"] == {"scikit-learn-intelex": "not installed"}
    json.dumps(result)


def test_other_work_is_refused_and_the_rest_goes_on(outcomes):
    outcomes["faiss"] = replace(FOUND, n_iter=4)
    outcomes["scipy"] = replace(FOUND, objective=2.0)
    duels = run_case(CASE, PEERS)["duels"]
    assert duels["scikit-learn"]["ratio"] == 1.0
    assert duels["faiss"] == {"refused": "faiss ran 4 iterations, not 5"}
    assert list(duels["scipy"]) == ["refused"]
    assert "objectives differ" in duels["scipy"]["refused"]


def test_iterations_count_only_where_the_case_says_so(outcomes):
    outcomes["scipy"] = replace(FOUND, n_iter=4)
    duel = run_case(replace(CASE, n_iter=None), ["scipy"])["duels"]["scipy"]
    assert duel["per_iteration"]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        pytest.param({"objective": -1 - 2e-9}, "2e-09", id="objective"),
        pytest.param({"values": np.array([1.0, 1 - 5e-4])}, "0.0005", id="values"),
        pytest.param({"objective": -1 - 2e-10}, None, id="close"),
    ],
)
def test_agreement_is_as_close_as_the_case_says(outcomes, change, difference):
    found = replace(FOUND, objective=-1.0, values=np.ones(2))
    outcomes.update({"scratchml": replace(found, **change), "scikit-learn": found})
    duel = run_case(replace(CASE, agreement=1e-9), ["scikit-learn"])["duels"]["scikit-learn"]
    if difference is None:
        assert duel["ratio"] == 1.0
    else:
        text = f"scratchml and scikit-learn differ by {difference}, not by at most 1e-09"
        assert duel == {"refused": text}
    assert "ratio" in run_case(CASE, ["scikit-learn"])["duels"]["scikit-learn"]


def test_a_contestant_that_fails_ends_its_case_only(outcomes, monkeypatch):
    def measure(*arguments, **options):
        raise ContestantError("faiss has failed: MemoryError: none left")

    monkeypatch.setattr(run_module, "measure", measure)
    result = run_case(CASE, PEERS)
    assert result["failed"] == "faiss has failed: MemoryError: none left"
    assert result["contestants"] == result["duels"] == {}


def test_a_case_without_anybody_installed(installed):
    installed.clear()
    assert run_case(CASE, PEERS)["failed"] == "no contestant is installed"


def test_quick_run_says_what_it_leaves_out(outcomes):
    cases = [CASE, replace(CASE, name="long", quick=None), replace(CASE, name="same", quick=60)]
    said = []
    report = run(cases, PEERS, quick=True, each=lambda result: said.append(result["case"]["name"]))
    assert list(report["cases"]) == said == ["small", "same"]
    assert report["cases"]["small"]["case"]["n_samples"] == 40
    assert report["left_out"] == {"long": "kmeans"}
    assert report["smaller"] == {"small": 60}


def test_full_run_leaves_nothing_out(outcomes):
    report = run([CASE], PEERS)
    assert report["left_out"] == report["smaller"] == {}
    assert report["cases"]["small"]["case"]["n_samples"] == 60


# --- The command ----------------------------------------------------------------------------------


def test_command_measures_and_writes_everything(tmp_path):
    arguments = ["--case", "K0", "--peer", "scikit-learn", "--rounds", "1", "--out", str(tmp_path)]
    ran = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert "scratchml / scikit-learn: " in ran.output
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"results.json", "report.md", "kmeans.png"}
    result = json.loads((tmp_path / "results.json").read_text("utf-8"))["cases"]["K0"]
    assert result["duels"]["scikit-learn"]["agreement"]["same_labels"]
    assert result["contestants"]["scratchml"]["peak_memory"] is not None


def test_command_fails_where_a_case_has(installed, tmp_path):
    installed.clear()
    ran = CliRunner().invoke(main, ["--case", "K0", "--out", str(tmp_path)])
    assert ran.exit_code == 1
    assert "K0: failed: no contestant is installed." in ran.output


def test_command_knows_its_cases():
    ran = CliRunner().invoke(main, ["--case", "K99"])
    assert ran.exit_code == 2
    assert "'K99' is not one of" in ran.output


def test_options_before_a_command_are_not_ignored():
    ran = CliRunner().invoke(main, ["--quick", "scale"])
    assert ran.exit_code == 2
    assert "Error: Options of a command come after its name." in ran.output
