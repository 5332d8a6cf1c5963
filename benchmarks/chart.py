"""Pictures of results: the ratios of an algorithm's duels, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scratchml.plot.palette import OKABE_ITO

from .peers import OURS, PEERS
from .report import INTERVAL, fair_duels, fastest, results_of, size, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = dict(zip([peer for peer in PEERS if peer != OURS], OKABE_ITO, strict=False))
"""Colour of each peer, the same in every picture."""

_INK = "#444444"
_STEP = 0.19  # from one peer to the next, where a case is 1 high


def ratios_chart(report: dict[str, Any], algorithm: str) -> Figure:
    """Draw every duel of an algorithm: ratio and interval on a logarithmic axis, a row for a case.

    The fastest peer of each case is filled, and its ratio written beside the row.
    """
    from matplotlib.figure import Figure

    results = {name: r for name, r in results_of(report, algorithm).items() if fair_duels(r)}
    base = " or ".join(dict.fromkeys(result["base"] for result in results.values()))
    drawn = {peer for result in results.values() for peer in fair_duels(result)}
    peers = [peer for peer in PEERS if peer in drawn]
    figure = Figure(figsize=(8.5, 1.9 + 0.55 * len(results)), layout="constrained")
    ax = figure.add_subplot()
    for row, result in enumerate(results.values()):
        if row % 2:
            ax.axhspan(row - 0.5, row + 0.5, color="#F4F4F4", zorder=0)
        duels, best = fair_duels(result), fastest(result)
        for i, (peer, duel) in enumerate(duels.items()):
            at = row + (i - (len(duels) - 1) / 2) * _STEP
            _draw_duel(ax, duel, at, COLORS[peer], peer == best)
        _beside(ax, row, f"{duels[best]['ratio']:.3g}", color=COLORS[best], fontweight="bold")
    _finish_axes(ax, results, base)
    _beside(ax, -0.75, "to the\nfastest", color=_INK, fontsize=8)
    ax.legend(
        handles=[_handle(peer) for peer in peers],
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(peers),
        frameon=False,
        fontsize=9,
        handletextpad=0.2,
        columnspacing=1.2,
    )
    figure.suptitle(
        f"{title(algorithm)}: time of {base} over that of each peer",
        fontsize=12,
        fontweight="bold",
    )
    return figure


def _beside(ax: Any, row: float, text: str, **style: Any) -> None:
    """Write on the right of a row."""
    where = {"xy": (1.01, row), "xycoords": ("axes fraction", "data"), "va": "center"}
    ax.annotate(text, **{"fontsize": 9, **where, **style}, annotation_clip=False)


def _draw_duel(ax: Any, duel: dict[str, Any], at: float, color: str, filled: bool) -> None:
    low, high = duel["interval"]
    if high is not None:
        ax.plot([low, high], [at, at], color=color, linewidth=2.5, solid_capstyle="round")
    face = color if filled else "white"
    ax.plot(duel["ratio"], at, "o", color=color, markerfacecolor=face, markersize=7, zorder=3)


def _handle(peer: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], marker="o", linestyle="", color=COLORS[peer], label=peer)


def _finish_axes(ax: Any, results: dict[str, dict[str, Any]], base: str) -> None:
    """Scales, labels and the line where both are as fast."""
    labels = []
    for name, result in results.items():
        threads = result["case"]["threads"]
        on = "" if threads is None else f", {threads} thread{'s' * (threads > 1)}"
        labels.append(f"{name}   {size(result['case'])}{on}")
    ax.set_yticks(range(len(results)), labels, fontsize=9)
    ax.set_ylim(len(results) - 0.5, -0.5)
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, 0.8), max(high, 1.25))
    ax.axvline(1, color=_INK, linewidth=1.2, zorder=1)
    ax.set_axisbelow(True)
    ax.grid(axis="x", which="both", color="#DDDDDD", linewidth=0.6)
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    set_ratio_ticks(ax)
    ax.set_xlabel(
        f"ratio of times, left of 1 where {base} is faster; bars: {INTERVAL}s; filled: the"
        " fastest peer",
        fontsize=8,
        color=_INK,
    )
    ax.set_title("n x d, k, dtype", loc="left", x=-0.01, ha="right", fontsize=8, color=_INK)


def set_ratio_ticks(ax: Any) -> None:
    """Ticks at 1, 2 and 5 of each decade, written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
