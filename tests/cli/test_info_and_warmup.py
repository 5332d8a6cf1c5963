"""``scratchml info`` and ``scratchml warmup``."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import run_python

from scratchml import cli
from scratchml.core import environment, jit, warmup


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder that is not there yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def ran(monkeypatch):
    """A warm-up of one workload that compiles nothing; the dtypes it was called with."""
    calls = []
    workloads = {"nothing": lambda dtype: calls.append(dtype.__name__)}
    monkeypatch.setattr(warmup, "_rooms", lambda: [("toy", workloads)])
    monkeypatch.setattr(jit, "compilation_is_on", lambda: True)
    return calls


# ---------------------------------------------------------------- info


def test_info_as_json_is_the_description(cache, capsys):
    assert cli.main(["info", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    facts, expected = json.loads(captured.out), environment.describe()
    for changing in (facts, expected):
        changing["memory"].pop("available")
    assert facts == expected


def test_info_piped_is_plain_text_on_whole_lines(cache, capsys, monkeypatch):
    facts = environment.describe()
    facts["system"] = {"platform": "[bold]" + "long " * 60}
    facts["memory"] = {"total": 16 * 10**9, "available": None, "limit": None}
    facts["variables"] = {}
    monkeypatch.setattr(environment, "describe", lambda: facts)
    assert cli.main(["info"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out
    lines = [line.strip() for line in captured.out.splitlines()]
    for section in ("versions", "system", "processor", "threads", "libraries", "kernels"):
        assert section in lines
    assert "variables" not in lines
    rows = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines if "  " in line)
    assert rows["python"] == facts["versions"]["python"]
    assert rows["platform"] == facts["system"]["platform"].strip()
    assert rows["total"] == "16 GB"
    assert rows["limit"] == "-"
    assert rows["compiled for"] == facts["processor"]["compiled_for"]
    assert rows["cache"] == str(cache)
    assert rows["bytes"] == "0 B"
    assert "threads (" in rows["blas"]


def test_info_refuses_a_number_of_threads_that_is_none():
    process = subprocess.run(
        [sys.executable, "-m", "scratchml", "info"],
        env={**os.environ, "SCRATCHML_NUM_THREADS": "many"},
        capture_output=True,
        text=True,
    )
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr == (
        "error: SCRATCHML_NUM_THREADS: The number of threads must be an integer of at least 1."
        " Got 'many' instead.\n"
    )


# ---------------------------------------------------------------- warmup


def test_warmup_piped_prints_a_summary(cache, ran, capsys):
    assert cli.main(["warmup"]) == 0
    captured = capsys.readouterr()
    assert ran == ["float32", "float64"]
    assert captured.err == ""
    summary, folder = captured.out.splitlines()
    assert re.fullmatch(r"all kernels were there, \d+\.\d s", summary)
    assert folder == f"{cache} holds 0 files, 0 B"


def test_warmup_on_a_terminal_shows_a_bar_and_takes_it_away(cache, ran, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert cli.main(["warmup"]) == 0
    shown = terminal.getvalue()
    assert "toy: nothing, float64" in shown
    assert "1/2" in shown
    assert shown.endswith("\x1b[1A\x1b[2K")  # up a line, which is cleared
    assert capsys.readouterr().out.startswith("all kernels were there, ")


def test_warmup_clean_says_what_it_frees(cache, ran, capsys):
    cache.mkdir()
    (cache / "scratchml.a-1.kernel").write_bytes(b"x" * 1500)
    (cache / "scratchml.a-1.2.part").write_bytes(b"x" * 500)
    (cache / "notes.txt").write_text("kept")
    assert cli.main(["warmup", "--clean"]) == 0
    assert capsys.readouterr().out.startswith(f"2 files removed from {cache}, 2 kB freed\n")
    assert os.listdir(cache) == ["notes.txt"]


@pytest.mark.parametrize("arguments", [["warmup"], ["warmup", "--clean"]], ids=" ".join)
@pytest.mark.parametrize("value", ["off", ""], ids=["off", "empty"])
def test_warmup_without_a_cache(arguments, value, ran, capsys, monkeypatch):
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", value)
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"error: compiled kernels would not be kept (SCRATCHML_CACHE_DIR={value});"
        " set SCRATCHML_CACHE_DIR to a folder\n"
    )
    assert ran == []


def test_warmup_without_a_home(ran, capsys, monkeypatch):
    monkeypatch.delenv("SCRATCHML_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(jit.sys, "platform", "linux")
    assert cli.main(["warmup"]) == 2
    assert capsys.readouterr().err == (
        "error: compiled kernels would not be kept (there is no home folder);"
        " set SCRATCHML_CACHE_DIR to a folder\n"
    )
    assert ran == []


def test_warmup_into_what_is_not_a_folder(cache, ran, capsys):
    cache.write_text("kept")
    assert cli.main(["warmup", "--clean"]) == 2
    assert capsys.readouterr().err == (
        f"error: {cache}: File exists; compiled kernels would not be kept:"
        " set SCRATCHML_CACHE_DIR to a folder that can be written to\n"
    )
    assert ran == []
    assert cache.read_text() == "kept"


def test_warmup_with_compilation_off(cache, ran, capsys, monkeypatch):
    monkeypatch.setattr(jit, "compilation_is_on", lambda: False)
    assert cli.main(["warmup"]) == 0
    assert capsys.readouterr().out == "nothing to compile: NUMBA_DISABLE_JIT is set\n"
    assert ran == []
    assert not cache.exists()


def test_ctrl_c_ends_the_warmup_before_the_next_step(cache, ran, capsys, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    calls = []

    def press(dtype):
        signal.raise_signal(signal.SIGINT)
        calls.append(dtype)  # what has begun ends

    monkeypatch.setattr(warmup, "_rooms", lambda: [("toy", {"nothing": press})])
    assert cli.main(["warmup"]) == 130
    assert len(calls) == 1
    assert capsys.readouterr().out == ""
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_does_not_wait(cache, ran, monkeypatch):
    calls = []

    def press_twice(dtype):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        calls.append(dtype)

    monkeypatch.setattr(warmup, "_rooms", lambda: [("toy", {"nothing": press_twice})])
    assert cli.main(["warmup"]) == 130
    assert calls == []


def test_warmup_counts_what_it_compiles(cache, ran, capsys, monkeypatch):
    counts = iter([(3, 0), (5, 7)])
    monkeypatch.setattr(warmup, "_compilations", lambda: next(counts))
    assert cli.main(["warmup"]) == 0
    assert capsys.readouterr().out.startswith("2 kernels compiled, ")


def test_warmup_leaves_an_ignored_ctrl_c_ignored(cache, ran, monkeypatch):
    def press(dtype):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(warmup, "_rooms", lambda: [("toy", {"nothing": press})])
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert cli.main(["warmup"]) == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_warmup_in_another_thread(cache, ran):
    with ThreadPoolExecutor() as pool:
        assert pool.submit(cli.main, ["warmup"]).result() == 0
    assert ran == ["float32", "float64"]


def test_help_loads_no_compiler():
    code = """
import sys
from scratchml import cli
cli.main(["warmup", "--help"]), cli.main(["info", "--help"])
print("numba" in sys.modules)
"""
    assert run_python(code).endswith("False\n")
