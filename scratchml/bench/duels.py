"""One contestant against another: the ratio of their times, what it is worth, and how it looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import statistics
from .outcomes import Agreement

if TYPE_CHECKING:
    from .measure import Measurement, Record


@dataclass(frozen=True, repr=False)
class Duel:
    """What a duel has shown; made by `duel`.

    Attributes
    ----------
    ours, theirs : Record
        What was measured of the estimator and of its opponent: ``seconds`` of each round, their
        ``median`` and ``spread``, ``first_call_seconds``, ``peak_memory`` in bytes, ``outcome``
        (iterations, work counters, what was found) and ``threads``.
    agreement : Agreement
        How far they have found the same.
    measurement : Measurement
        The run it comes from: ``noise`` of the machine, ``clock_resolution``, ``load`` before and
        after, ``environment``.
    ratio : float
        The estimator's seconds over the opponent's: the median over rounds.
    interval : (float, float)
        99 % confidence interval of the ratio.
    verdict : {'faster', 'slower', 'no difference found', 'too noisy to tell'}
        About the estimator; see Notes.
    per_iteration : bool
        Whether times were divided by the iterations, which the two did not run as many of.

    Notes
    -----
    The verdict is 'faster' or 'slower' where the interval lies on one side of 1, and 'no difference
    found' where it holds 1 and its ends are within a factor of 1.25 of each other. Between rounds
    work that is always the same is timed. Where that changes by more than 10 % from one round to
    the next (the median change), a difference has to be larger than this noise too, and the verdict
    is never 'no difference found'. All else is 'too noisy to tell'.
    """

    ours: Record
    theirs: Record
    agreement: Agreement
    measurement: Measurement = field(repr=False)

    @property
    def per_iteration(self) -> bool:
        """Whether times are per iteration."""
        ours, theirs = self.ours.outcome.n_iter, self.theirs.outcome.n_iter
        return ours is not None and theirs is not None and ours != theirs

    @cached_property
    def _seconds(self) -> tuple[list[float], list[float]]:
        """Seconds of each round that are compared."""
        if not self.per_iteration:
            return self.ours.seconds, self.theirs.seconds
        a, b = ([s / (r.outcome.n_iter or 1) for s in r.seconds] for r in (self.ours, self.theirs))
        return a, b

    @cached_property
    def ratio(self) -> float:
        """The estimator's seconds over the opponent's: the median over rounds."""
        return statistics.median_ratio(*self._seconds)

    @cached_property
    def interval(self) -> statistics.Interval:
        """99 % confidence interval of the ratio."""
        return statistics.ratio_interval(*self._seconds)

    @property
    def noise(self) -> float:
        """How much the time of work that is always the same changed from one round to the next."""
        return self.measurement.noise

    @property
    def verdict(self) -> str:
        """What that says about the estimator."""
        return statistics.verdict(self.interval, self.noise)

    def __repr__(self) -> str:
        return f"<Duel: {self.sentence}>"

    @property
    def sentence(self) -> str:
        """The result in a line."""
        low, high = self.interval
        basis = " per iteration" if self.per_iteration else ""
        return (
            f"{self.ours.name} takes {self.ratio:.3g} ({low:.3g} to {high:.3g}) of the time of"
            f" {self.theirs.name}{basis}: {self.verdict}"
        )

    # --- as text

    def rows(self) -> Iterator[tuple[str, ...]]:
        """What is known of the two, a name and two values a row."""
        pair = (self.ours, self.theirs)
        yield "median", *(readable_seconds(r.median) for r in pair)
        yield "fastest to slowest round", *(_spread(r) for r in pair)
        yield "first call", *(readable_seconds(r.first_call_seconds) for r in pair)
        if all(r.peak_memory is not None for r in pair):
            yield "peak memory", *(f"{(r.peak_memory or 0) / 2**20:.1f} MiB" for r in pair)
        if any(r.outcome.n_iter is not None for r in pair):
            yield "iterations", *(_text(r.outcome.n_iter) for r in pair)
        for name in {**self.ours.outcome.counters, **self.theirs.outcome.counters}:
            yield name, *(_text(r.outcome.counters.get(name)) for r in pair)
        yield "threads", *(str(r.threads) for r in pair)

    def remarks(self) -> Iterator[str]:
        """The result, the agreement of what was found, and the state of the machine, in words."""
        yield self.sentence
        found = {
            "same labels": self.agreement.same_labels,
            "other noise": self.agreement.noise_difference or None,
            "adjusted Rand index": self.agreement.adjusted_rand,
            "objective": self.agreement.objective_difference,
            "centres": self.agreement.center_difference,
            "values": self.agreement.value_difference,
        }
        parts = [
            f"{name} {_difference(value)}" for name, value in found.items() if value is not None
        ]
        yield "agreement: " + (", ".join(parts) or "nothing to compare")
        load = self.measurement.load[0]
        yield (
            f"{len(self.ours.seconds)} rounds; work that is always the same changed by"
            f" {self.noise:.1%} from round to round; the clock resolves"
            f" {readable_seconds(self.measurement.clock_resolution)}"
            + (f"; the machine's load before was {load[0]:.1f}" if load else "")
        )

    def to_markdown(self) -> str:
        """Write the whole report as Markdown: a table, and a line for each remark.

        Returns
        -------
        str
        """
        head = ("", self.ours.name, self.theirs.name)
        rows = [head, ("---", "---:", "---:"), *self.rows()]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([*lines, "", *(f"- {remark}" for remark in self.remarks())])

    def __str__(self) -> str:
        rows = [("", self.ours.name, self.theirs.name), *self.rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            f"{name:<{widths[0]}}  {ours:>{widths[1]}}  {theirs:>{widths[2]}}".rstrip()
            for name, ours, theirs in rows
        ]
        return "\n".join([*lines, "", *self.remarks()])

    _repr_markdown_ = to_markdown

    def __rich__(self) -> Any:
        """The report as a rich console shows it."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE, header_style="bold cyan")
        table.add_column("", style="bold cyan")
        for name in (self.ours.name, self.theirs.name):
            table.add_column(name, justify="right")
        for row in self.rows():
            table.add_row(*row)
        first, *others = self.remarks()
        return Group(table, Text(first, style="bold"), *map(Text, others))

    # --- as data and as a picture

    def to_dict(self) -> dict[str, Any]:
        """Give what the duel shows as JSON values: what ``to_json`` has beyond the measurement.

        Returns
        -------
        dict
        """
        low, high = self.interval
        return {
            "ours": self.ours.name,
            "theirs": self.theirs.name,
            "ratio": self.ratio,
            "interval": [low, None if high == float("inf") else high],
            "verdict": self.verdict,
            "per_iteration": self.per_iteration,
            "agreement": asdict(self.agreement),
        }

    def to_json(self, indent: int | None = None) -> str:
        """The whole report with the environment, as a JSON object.

        Parameters
        ----------
        indent : int or None, default=None
            Spaces by which to indent; None writes one line.

        Returns
        -------
        str
        """
        report = {
            **self.to_dict(),
            **self.measurement.to_dict(),
            "environment": self.measurement.environment,
        }
        return json.dumps(report, indent=indent)

    def plot(self, ax: Any = None) -> Any:
        """Draw the ratio of each round, their median and its confidence interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from scratchml.plot.axes import axes_or_new, require_matplotlib

        require_matplotlib("Duel.plot")
        ax = axes_or_new(ax)
        ours, theirs = self._seconds
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        low, high = self.interval
        if high < float("inf"):
            ax.axhspan(low, high, color="C0", alpha=0.2, label="99 % confidence interval")
        ax.axhline(self.ratio, color="C0", label=f"median {self.ratio:.3g}")
        ax.axhline(1.0, color="0.4", linestyle="--", linewidth=1, label="as fast as each other")
        ax.plot(range(1, len(ratios) + 1), ratios, "o", color="0.2", markersize=4)
        ax.set(
            xlabel="round",
            ylabel=f"seconds over those of {self.theirs.name}",
            title=f"{self.ours.name}: {self.verdict}",
            ylim=(0, None),
        )
        ax.legend(fontsize="small")
        return ax


def readable_seconds(seconds: float) -> str:
    """A duration for people, to three digits."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _spread(record: Record) -> str:
    return " to ".join(map(readable_seconds, record.spread))


def _text(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _difference(value: bool | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}"
