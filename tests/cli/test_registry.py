"""Options of the shell that come from the constraints of the estimators."""

from __future__ import annotations

import inspect
from numbers import Integral, Real
from typing import Any, ClassVar

import click
import pytest

from scratchml.cli.registry import (
    ALGORITHMS,
    Algorithm,
    chosen_parameters,
    parameter_options,
)
from scratchml.core.params import Interval, Options


class Ball:
    """An estimator with a parameter of each kind.

    Parameters
    ----------
    eps : float, default=0.5
        Radius of a ball. It is
        small.
    min_samples : int
        Points in ``it``
    flag : bool
        Whether.
    init : array-like
        No word spells it.
    n_jobs : int
        The shell has its own way.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0, None, closed="neither"), Options({"auto"})],
        "min_samples": [Interval(Integral, 1, None, closed="left"), None],
        "flag": ["boolean"],
        "init": ["array-like", callable],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        eps: Any = 0.5,
        *,
        min_samples: Any,
        flag: bool = False,
        init: Any = None,
        n_jobs: Any = None,
        random_state: Any = None,
    ) -> None:
        self.eps = eps


BALL = Algorithm("ball", "Ball", __name__, "Ball")
BOTH = {"kmeans": ALGORITHMS["kmeans"], "ball": BALL}


def test_parameters() -> None:
    shown = {
        parameter.name: (parameter.flags, parameter.metavar, parameter.default)
        for parameter in BALL.parameters()
    }
    assert shown == {
        "eps": (("--eps",), "X|auto", 0.5),
        "min_samples": (("--min-samples",), "N|none", inspect.Parameter.empty),
        "flag": (("--flag",), "true|false", False),
        "random_state": (("--seed",), "N|none", 0),
    }
    descriptions = [parameter.description for parameter in BALL.parameters()]
    assert descriptions == ["Radius of a ball.", "Points in it", "Whether.", ""]


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("eps", "1", 1),
        ("eps", "1e-3", 0.001),
        ("eps", "auto", "auto"),
        ("min_samples", "none", None),
        ("min_samples", "None", None),
        ("min_samples", "5", 5),
        ("random_state", "3", 3),
    ],
)
def test_words_become_values(name: str, word: str, value: object) -> None:
    parsed = {p.name: p for p in BALL.parameters()}[name].parse(word)
    assert (type(parsed), parsed) == (type(value), value)


@pytest.mark.parametrize(
    ("name", "word", "message"),
    [
        (
            "eps",
            "0",
            "must be a float in the range (0.0, inf) or a str among {'auto'}, got '0'",
        ),
        (
            "eps",
            "inf",
            "must be a float in the range (0.0, inf) or a str among {'auto'}, got 'inf'",
        ),
        ("min_samples", "2.0", "must be an int in the range [1, inf) or None, got '2.0'"),
        ("min_samples", "true", "must be an int in the range [1, inf) or None, got 'true'"),
    ],
)
def test_words_that_are_no_values(name: str, word: str, message: str) -> None:
    parameter = {p.name: p for p in BALL.parameters()}[name]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared whole
        parameter.parse(word)
    assert str(caught.value) == message


def test_options_of_several_algorithms() -> None:
    options = {option.opts[-1]: option for option in parameter_options(BOTH)}
    assert options["--eps"].help == "Radius of a ball.  [ball]  [default: 0.5]"
    assert options["--n-clusters"].opts == ["-k", "--n-clusters"]
    assert "[kmeans]" in options["--n-clusters"].help
    assert "[kmeans" not in options["--seed"].help
    assert options["--flag"].secondary_opts == ["--no-flag"]


def test_words_that_a_shell_completes() -> None:
    options = {option.opts[-1]: option for option in parameter_options(BOTH)}
    context = click.Context(click.Command("test"))

    def completed(flag: str, begun: str) -> list[str]:
        return [item.value for item in options[flag].shell_complete(context, begun)]

    assert completed("--eps", "") == ["auto"]
    assert completed("--variant", "") == ["auto", "elkan", "hamerly", "lloyd", "yinyang"]
    assert completed("--variant", "l") == ["lloyd"]
    assert completed("--seed", "") == []


def run(*arguments: str, algorithm: Algorithm = BALL) -> dict[str, Any]:
    """Parameters for an algorithm from a command line with the options of both."""
    command = click.Command(
        "test", params=[*parameter_options(BOTH)], callback=lambda **given: given
    )
    given = command.main(list(arguments), standalone_mode=False)
    return chosen_parameters(algorithm, given)


def test_chosen_parameters() -> None:
    assert run() == {"random_state": 0}
    assert run("--eps", "auto", "--flag", "--seed", "none") == {
        "eps": "auto",
        "flag": True,
        "random_state": None,
    }
    assert run("--no-flag") == {"flag": False, "random_state": 0}


def test_option_of_another_algorithm() -> None:
    message = (
        "--algorithm ball has no option --n-clusters; it has --eps, --min-samples, --flag, --seed"
    )
    with pytest.raises(click.UsageError) as caught:
        run("-k", "3")
    assert caught.value.message == message


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=list(ALGORITHMS))
def test_every_option_is_described(algorithm: Algorithm) -> None:
    parameters = list(algorithm.parameters())
    assert parameters
    assert all(parameter.description for parameter in parameters)
    algorithm.estimator(**{p.name: p.parse(str(p.default)) for p in parameters})._check_params()
