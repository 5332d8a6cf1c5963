"""The algorithms of the shell, and the options that their estimators' own constraints make.

An estimator joins with one line of `ALGORITHMS`. What its parameters are called, may be, mean and
default to is read from the class: its constraints, its docstring and its signature.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from numbers import Integral
from typing import Any

import click

from scratchml.core.params import AnyOf, Constraint, Interval, IsNone, Options, as_constraint

# Flags that are not simply the parameter's name: short ones, and one that the shell itself takes.
_FLAGS = {
    "n_clusters": ("-k", "--n-clusters"),
    "n_components": ("-k", "--n-clusters"),
    "random_state": ("--seed",),
    "algorithm": ("--variant",),
}
# The shell has its own way of these: --threads, the progress bar, never touching the input, labels,
# one fit.
_NOT_OFFERED = frozenset(
    {"compute_labels", "copy_x", "n_jobs", "verbose", "verbose_interval", "warm_start"}
)
# More are not listed in the help.
_MOST_WORDS = 10

AUTO = "auto"
"""The word for an eps that is chosen by the data."""

_BOOLEAN = as_constraint("boolean")


@dataclass(frozen=True)
class Parameter:
    """One parameter of an estimator that can be said in a word.

    Attributes
    ----------
    name : str
        As the class calls it.
    constraint : AnyOf
        The alternatives that a word can spell.
    default : object
        Value unless given.
    description : str
        First sentence of its documentation.
    """

    name: str
    constraint: AnyOf
    default: Any
    description: str

    @property
    def flags(self) -> tuple[str, ...]:
        """What the shell calls it."""
        return _FLAGS.get(self.name, (f"--{self.name.replace('_', '-')}",))

    @property
    def is_flag(self) -> bool:
        """Whether it is true or false and nothing else."""
        return self.constraint.constraints == (_BOOLEAN,)

    @property
    def metavar(self) -> str:
        """What its value looks like, for the help."""
        return "|".join(dict.fromkeys(_metavar(part) for part in self.constraint.constraints))

    @property
    def words(self) -> tuple[str, ...]:
        """Words that it may be, in which a shell completes what has been typed."""
        options = (part for part in self.constraint.constraints if isinstance(part, Options))
        return tuple(sorted(str(option) for part in options for option in part.options))

    def parse(self, word: str) -> Any:
        """Value that a word stands for.

        Raises
        ------
        ValueError
            When the parameter may not be that; the text completes "-k ...".
        """
        for value in _readings(word):
            if self.constraint.is_satisfied_by(value):
                return value
        raise ValueError(f"must be {self.constraint}, got {word!r}")


@dataclass(frozen=True)
class Algorithm:
    """An estimator as the shell knows it.

    Attributes
    ----------
    name : str
        Value of ``--algorithm``.
    title : str
        Its name for people.
    door, class_name : str
        Where the class is.
    of_directions : bool
        Whether it compares directions: distances are cosine distances then.
    by_density : bool
        Whether it has an ``eps``, which the shell can choose by the data (`AUTO`).
    defaults : mapping of str to object
        Values of parameters that the class has others for. The shell gives the same clusters each
        time.
    left_out : frozenset of str
        Parameters that are not offered.
    """

    name: str
    title: str
    door: str
    class_name: str
    of_directions: bool = False
    by_density: bool = False
    defaults: Mapping[str, Any] = field(default_factory=lambda: {"random_state": 0})
    left_out: frozenset[str] = _NOT_OFFERED

    @property
    def estimator(self) -> Any:
        """The class; its module is imported now."""
        return getattr(import_module(self.door), self.class_name)

    @property
    def has_probabilities(self) -> bool:
        """Whether its clusters overlap: a row belongs to each with a probability."""
        return hasattr(self.estimator, "predict_proba")

    @property
    def takes_k(self) -> bool:
        """Whether the number of clusters is chosen with ``-k``."""
        return any("-k" in parameter.flags for parameter in self.parameters())

    def parameters(self) -> Iterator[Parameter]:
        """The parameters that the shell offers, in the order of the signature."""
        from docstring_parser import DocstringStyle, parse

        cls = self.estimator
        documented = parse(cls.__doc__ or "", DocstringStyle.NUMPYDOC).params
        descriptions = {entry.arg_name: entry.description or "" for entry in documented}
        for name, parameter in inspect.signature(cls).parameters.items():
            alternatives = list(_spellable(cls._parameter_constraints.get(name, ())))
            if self.by_density and name == "eps":
                alternatives.append(Options({AUTO}))
            says_something = any(not isinstance(part, IsNone) for part in alternatives)
            if says_something and name not in self.left_out:
                default = self.defaults.get(name, parameter.default)
                description = _first_sentence(descriptions.get(name, ""))
                yield Parameter(name, AnyOf(tuple(alternatives)), default, description)


ALGORITHMS = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("kmeans", "K-means", "scratchml.cluster", "KMeans"),
        Algorithm("bisecting-kmeans", "Bisecting K-means", "scratchml.cluster", "BisectingKMeans"),
        Algorithm("dbscan", "DBSCAN", "scratchml.cluster", "DBSCAN", by_density=True),
        Algorithm("gmm", "Gaussian mixture", "scratchml.mixture", "GaussianMixture"),
        Algorithm("minibatch-kmeans", "Mini-batch K-means", "scratchml.cluster", "MiniBatchKMeans"),
        Algorithm(
            "spherical-kmeans", "Spherical K-means", "scratchml.cluster", "SphericalKMeans", True
        ),
    )
}


# --- options ------------------------------------------------------------------------------------


def parameter_options(algorithms: Mapping[str, Algorithm]) -> list[click.Option]:
    """One option for each flag that any of the algorithms has a parameter for."""
    takers: dict[tuple[str, ...], list[tuple[Algorithm, Parameter]]] = {}
    for algorithm in algorithms.values():
        for parameter in algorithm.parameters():
            takers.setdefault(parameter.flags, []).append((algorithm, parameter))
    return [_option(flags, found, len(algorithms)) for flags, found in takers.items()]


def _option(
    flags: tuple[str, ...], takers: list[tuple[Algorithm, Parameter]], n_algorithms: int
) -> click.Option:
    parameter = takers[0][1]
    help_text = "  ".join(_help(takers_alike, n_algorithms) for takers_alike in _alike(takers))
    if parameter.is_flag:
        (flag,) = flags
        return click.Option([f"{flag}/--no-{flag[2:]}"], default=None, help=help_text)
    metavar = "|".join(dict.fromkeys("|".join(p.metavar for _, p in takers).split("|")))
    words = sorted({word for _, p in takers for word in p.words})

    def complete(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
        return [word for word in words if word.startswith(begun)]

    return click.Option(list(flags), metavar=metavar, help=help_text, shell_complete=complete)


def _alike(takers: list[tuple[Algorithm, Parameter]]) -> list[list[tuple[Algorithm, Parameter]]]:
    """The takers in groups to which a parameter means the same.

    Those of one door share the words of the first of them. Where these are none, the parameter
    means what it means to the very first.
    """
    words: dict[str, str] = {}
    groups: dict[str, list[tuple[Algorithm, Parameter]]] = {}
    for algorithm, parameter in takers:
        said = words.setdefault(algorithm.door, parameter.description)
        groups.setdefault(said or takers[0][1].description, []).append((algorithm, parameter))
    return list(groups.values())


def _help(takers: list[tuple[Algorithm, Parameter]], n_algorithms: int) -> str:
    """What a parameter means to some algorithms, which are named unless they are all."""
    text = takers[0][1].description
    if len(takers) < n_algorithms:
        text += f"  [{', '.join(algorithm.name for algorithm, _ in takers)}]"
    defaults = {str(p.default): None for _, p in takers if p.default is not inspect.Parameter.empty}
    return f"{text}  [default: {' or '.join(defaults)}]" if defaults else text


def chosen_parameters(algorithm: Algorithm, given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for the estimator's constructor, from the words given on the command line.

    Parameters
    ----------
    algorithm : Algorithm
        The algorithm that was chosen.
    given : mapping of str to object
        Values of the options of `parameter_options` by click's names for them; None is not given.

    Raises
    ------
    click.UsageError
        When the algorithm has no such parameter, or may not have that value.
    """
    offered = {option_name(p.flags): p for p in algorithm.parameters()}
    names = {parameter.name for parameter in offered.values()}
    chosen = {name: value for name, value in algorithm.defaults.items() if name in names}
    for option, word in given.items():
        if word is None:
            continue
        if option not in offered:
            flag = "--" + option.replace("_", "-")
            allowed = ", ".join(parameter.flags[-1] for parameter in offered.values())
            raise click.UsageError(
                f"--algorithm {algorithm.name} has no option {flag}; it has {allowed}"
            )
        parameter = offered[option]
        try:
            chosen[parameter.name] = word if parameter.is_flag else parameter.parse(word)
        except ValueError as error:
            raise click.UsageError(f"{parameter.flags[0]} {error}") from error
    return chosen


def option_name(flags: tuple[str, ...]) -> str:
    """Click's name for an option with these flags."""
    return flags[-1].lstrip("-").replace("-", "_")


# --- words --------------------------------------------------------------------------------------


def _spellable(specs: Any) -> Iterator[Constraint]:
    """The alternatives of a declaration that a word can spell."""
    for constraint in map(as_constraint, specs):
        if constraint == _BOOLEAN or isinstance(constraint, Interval | Options | IsNone):
            yield constraint
        elif isinstance(constraint, AnyOf):
            yield from _spellable(constraint.constraints)


def _readings(word: str) -> Iterator[Any]:
    """Everything that a word may mean, the narrowest first."""
    named = {"none": None, "true": True, "false": False}
    if word.lower() in named:
        yield named[word.lower()]
    for kind in (int, float):
        try:
            number = kind(word)
        except ValueError:
            continue
        if math.isfinite(number):
            yield number
    yield word


def _metavar(constraint: Constraint) -> str:
    if isinstance(constraint, Options):
        words = list(map(str, constraint.options))
        return "|".join(words) if len(words) <= _MOST_WORDS else "NAME"
    if isinstance(constraint, Interval):
        return "N" if constraint.type is Integral else "X"
    return "none" if isinstance(constraint, IsNone) else "true|false"


def _first_sentence(text: str) -> str:
    sentence, stop, _ = " ".join(text.replace("`", "").split()).partition(". ")
    return sentence + "." if stop else sentence
