"""How time and memory grow: slopes over samples, features and clusters, beside what theory says.

On logarithmic axes a cost that grows like a power of a size is a line, and the power its slope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gamma
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchml.bench.duels import readable_seconds
from scratchml.bench.measure import measure
from scratchml.plot.palette import OKABE_ITO

from .cases import MIXED, Case, Rows, bisections, density, lloyd, mixture, silhouette, spherical
from .peers import OURS, REFERENCE
from .provenance import load, provenance
from .report import mebibytes, table, title
from .run import check_iterations, line_up

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_MEMORY = 2**18
"""Bytes of peak memory below which pages that come and go hide what is measured."""

FEWEST_POINTS = 3
"""Points without which there is no slope."""

QUANTITIES = {"seconds": "seconds", "peak_memory": "peak memory"}
UNITS = {"seconds": ("seconds", 1), "peak_memory": ("peak memory (MiB)", 2**20)}
COLORS = dict(zip((OURS, REFERENCE), OKABE_ITO, strict=False))


@dataclass(frozen=True)
class Scaling:
    """Sizes at which an algorithm is measured, one of them varied at a time.

    Attributes
    ----------
    case : callable
        Makes the case of given sizes.
    at : mapping
        The sizes that stay as they are.
    values : mapping
        Size -> the values it takes.
    counter : str or None
        Attribute that counts the work; None where nothing does.
    formula : str
        What theory says that it is, in words.
    work : callable
        The same, of a case and its iterations.
    """

    case: Callable[..., Case]
    at: Mapping[str, int]
    values: Mapping[str, Sequence[int]]
    counter: str | None
    formula: str
    work: Callable[[Case, int], int]


def plain_lloyd(n_samples: int, n_features: int, n_clusters: int) -> Case:
    """Ten iterations that compare every sample with every centre."""
    return lloyd(
        "scale",
        n_samples,
        n_features,
        n_clusters,
        "float64",
        10,
        parameters={"algorithm": "lloyd"},
        options=MIXED,
    )


def plain_spherical(n_samples: int, n_features: int, n_clusters: int) -> Case:
    """Ten iterations of spherical K-means."""
    return spherical("scale", n_samples, n_features, n_clusters, "float64", 10, options=MIXED)


MOST_ITERATIONS = 3
"""Of each bisection: fewer than data without clusters take to converge."""


def even_bisections(n_samples: int, n_features: int, n_clusters: int) -> Case:
    """Bisections of the largest cluster, of equal length."""
    parameters = {
        "max_iter": MOST_ITERATIONS,
        "tol": 0,
        "bisecting_strategy": "largest_cluster",
    }
    shape = n_samples, n_features, n_clusters
    return bisections("scale", *shape, parameters, options=MIXED)


def even_work(case: Case, n_iter: int) -> int:
    """Two distances for each sample, iteration and level of a tree whose splits are even."""
    levels = np.log2(case.n_clusters)
    return round(2 * case.n_samples * levels * (MOST_ITERATIONS + 1))


STEP = 1000
"""Samples of a batch; divides all numbers of samples."""


def one_pass_of_batches(n_samples: int, n_features: int, n_clusters: int) -> Case:
    """Steps of mini-batch K-means that draw as many samples as there are, then the labels."""
    parameters = {
        "n_clusters": n_clusters,
        "init": Rows(n_clusters),
        "max_iter": 1,
        "batch_size": STEP,
        "max_no_improvement": None,
        "random_state": 0,
    }
    shape = n_samples, n_features, n_clusters, "float64"
    return Case("scale", "minibatch_kmeans", *shape, parameters, options=MIXED, n_iter=1)


LEAF_SIZE = 40
"""Of the tree: its default."""


def nearest_of_uniform(n_samples: int, n_features: int, n_neighbors: int) -> Case:
    """A tree of evenly spread samples, asked for the neighbours of each."""
    parameters = {"n_neighbors": n_neighbors}
    shape = n_samples, n_features, 1, "float64"
    return Case("scale", "neighbors", *shape, parameters, dataset="uniform")


def expected_distances(case: Case, n_iter: int) -> int:
    """Distances of all queries where leaves are cubes, at most all there are.

    A ball of k samples lies in a cube that would hold k G of them, with G the volume of a cube
    over that of the ball in it. Such a cube meets on average ``(1 + (k G / L)^(1/d))^d`` cubes of
    L samples each (Friedman, Bentley and Finkel, ACM Transactions on Mathematical Software 3,
    1977).
    """
    d, k = case.n_features, case.parameters["n_neighbors"]
    cube_over_ball = 2**d * gamma(d / 2 + 1) / np.pi ** (d / 2)
    leaves = (1 + (k * cube_over_ball / LEAF_SIZE) ** (1 / d)) ** d
    return round(case.n_samples * min(leaves * LEAF_SIZE, case.n_samples))


MIN_SAMPLES = 10
"""Of DBSCAN, for all numbers of neighbours."""


def density_of_uniform(n_samples: int, n_features: int, n_neighbors: int) -> Case:
    """DBSCAN of evenly spread samples, of which a ball holds so many on average."""
    ball = np.pi ** (n_features / 2) / gamma(n_features / 2 + 1)
    eps = float((n_neighbors / (ball * n_samples)) ** (1 / n_features))
    return density("scale", n_samples, n_features, eps, MIN_SAMPLES, dataset="uniform")


def pairs_within_eps(case: Case, n_iter: int) -> int:
    """All pairs of neighbours, each of them twice, but for what lies beyond the border."""
    d, eps = case.n_features, case.parameters["eps"]
    ball = np.pi ** (d / 2) / gamma(d / 2 + 1)
    return round(case.n_samples**2 * ball * eps**d)


def path_of_uniform(n_samples: int, n_features: int, min_samples: int) -> Case:
    """The path of DBSCAN of evenly spread samples."""
    shape = n_samples, n_features, 1, "float64"
    return Case("scale", "dbscan_path", *shape, {"min_samples": min_samples}, dataset="uniform")


def path_distances(case: Case, n_iter: int) -> int:
    """Twice those of finding the nearest of each sample: for these, and for the edges."""
    k = case.parameters["min_samples"]
    return 2 * expected_distances(nearest_of_uniform(case.n_samples, case.n_features, k), n_iter)


def silhouettes(n_samples: int, n_features: int, n_clusters: int) -> Case:
    """Euclidean silhouettes of every sample."""
    return silhouette("scale", n_samples, n_features, n_clusters)


def plain_mixture(n_samples: int, n_features: int, n_clusters: int) -> Case:
    """Three iterations of EM, with full covariances."""
    return mixture("scale", n_samples, n_features, n_clusters, n_iter=3)


SCALINGS = {
    "kmeans": Scaling(
        plain_lloyd,
        {"n_samples": 100_000, "n_features": 16, "n_clusters": 16},
        {
            "n_samples": (100_000, 320_000, 1_000_000, 3_200_000, 10_000_000),
            "n_features": (8, 16, 32, 64, 128),
            "n_clusters": (8, 16, 32, 64, 128),
        },
        "n_distances_",
        "n k (iterations + 1)",
        # The last one brings the labels up to date with the last centres.
        lambda case, n_iter: case.n_samples * case.n_clusters * (n_iter + 1),
    ),
    "bisecting_kmeans": Scaling(
        even_bisections,
        {"n_samples": 100_000, "n_features": 16, "n_clusters": 16},
        {
            "n_samples": (50_000, 100_000, 200_000, 400_000, 800_000),
            "n_features": (8, 16, 32, 64, 128),
            "n_clusters": (8, 16, 32, 64, 128),
        },
        "n_distances_",
        "2 n log2(k) (iterations + 1), of even splits",
        even_work,
    ),
    "spherical_kmeans": Scaling(
        plain_spherical,
        {"n_samples": 100_000, "n_features": 16, "n_clusters": 16},
        {
            "n_samples": (50_000, 100_000, 200_000, 400_000, 800_000),
            "n_features": (8, 16, 32, 64, 128),
            "n_clusters": (8, 16, 32, 64, 128),
        },
        "n_distances_",
        "n k (iterations + 1)",
        lambda case, n_iter: case.n_samples * case.n_clusters * (n_iter + 1),
    ),
    "neighbors": Scaling(
        nearest_of_uniform,
        {"n_samples": 100_000, "n_features": 3, "n_neighbors": 8},
        {
            "n_samples": (50_000, 100_000, 200_000, 400_000, 800_000),
            "n_features": (1, 2, 3, 4, 6, 8),
            "n_neighbors": (2, 8, 32, 128),
        },
        "n_distances",
        "n L (1 + (k G / L)^(1/d))^d of cubes with L points",
        expected_distances,
    ),
    "dbscan": Scaling(
        density_of_uniform,
        {"n_samples": 100_000, "n_features": 2, "n_neighbors": 12},
        {
            "n_samples": (100_000, 320_000, 1_000_000, 3_200_000, 10_000_000),
            "n_features": (1, 2, 3, 4, 6, 8),
            "n_neighbors": (3, 12, 50, 200, 800),
        },
        "n_distances_",
        "n k, all pairs of neighbours",
        pairs_within_eps,
    ),
    "dbscan_path": Scaling(
        path_of_uniform,
        {"n_samples": 100_000, "n_features": 3, "min_samples": 10},
        {
            "n_samples": (20_000, 64_000, 200_000, 640_000, 2_000_000),
            "n_features": (1, 2, 3, 4, 6),
            "min_samples": (2, 5, 10, 25, 60),
        },
        "n_distances_",
        "2 n L (1 + (k G / L)^(1/d))^d of cubes with L points",
        path_distances,
    ),
    "silhouette": Scaling(
        silhouettes,
        {"n_samples": 20_000, "n_features": 16, "n_clusters": 10},
        {
            "n_samples": (2_500, 5_000, 10_000, 20_000, 40_000),
            "n_features": (2, 8, 16, 32, 64, 128),
            "n_clusters": (2, 10, 50, 250),
        },
        None,
        "n (n - 1) / 2 distances",
        lambda case, n_iter: case.n_samples * (case.n_samples - 1) // 2,
    ),
    "gaussian_mixture": Scaling(
        plain_mixture,
        {"n_samples": 100_000, "n_features": 2, "n_clusters": 5},
        {
            "n_samples": (100_000, 320_000, 1_000_000, 3_200_000, 10_000_000),
            "n_features": (2, 4, 8, 16, 32),
            "n_clusters": (2, 5, 10, 20, 40),
        },
        "n_densities_",
        "n k iterations",
        lambda case, n_iter: case.n_samples * case.n_clusters * n_iter,
    ),
    "minibatch_kmeans": Scaling(
        one_pass_of_batches,
        {"n_samples": 100_000, "n_features": 16, "n_clusters": 16},
        {
            "n_samples": (50_000, 100_000, 200_000, 400_000, 800_000),
            "n_features": (8, 16, 32, 64, 128),
            "n_clusters": (8, 16, 32, 64, 128),
        },
        "n_distances_",
        "k (batch size x steps + n)",
        lambda case, n_iter: case.n_clusters * (case.n_samples // STEP * STEP + case.n_samples),
    ),
}


def measure_scaling(
    algorithms: Sequence[str], rounds: int, each: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Measure ours and scikit-learn's at all sizes, and fit the slopes.

    Parameters
    ----------
    algorithms : sequence of str
        Keys of `SCALINGS`.
    rounds : int
        At each size.
    each : callable
        Given a line of text as each size is done.

    Returns
    -------
    dict
        JSON values: those of `provenance`; ``load`` before and after; ``algorithms``, by name:
        ``at``, ``counter``, ``formula``, ``points`` (size -> measured values) and ``slopes``
        (size -> contestant -> quantity).
    """
    report: dict[str, Any] = {**provenance(), "load": {"before": load()}, "algorithms": {}}
    for algorithm in algorithms:
        scaling = SCALINGS[algorithm]
        points: dict[str, list[dict[str, Any]]] = {}
        for size, values in scaling.values.items():
            points[size] = []
            for value in values:
                points[size].append(measure_point(scaling, size, value, rounds))
                each(f"{algorithm}: {size} = {value:,}")
        report["algorithms"][algorithm] = {
            "at": dict(scaling.at),
            "counter": scaling.counter,
            "formula": scaling.formula,
            "points": points,
            "slopes": {size: slopes(measured) for size, measured in points.items()},
        }
    report["load"]["after"] = load()
    return report


def measure_point(scaling: Scaling, size: str, value: int, rounds: int) -> dict[str, Any]:
    """Time, memory and work with one size set to a value.

    Raises
    ------
    UnfairDuelError
        When a contestant has not run the iterations of the case.
    """
    case = scaling.case(**{**scaling.at, size: value})
    X, parameters = case.problem()
    present, _ = line_up(case, (REFERENCE,))
    measured = measure([cls(peer, parameters) for peer, cls in present.items()], X, rounds=rounds)
    for record in measured.records.values():
        check_iterations(case, record)
    outcome = next(iter(measured.records.values())).outcome
    return {
        "value": value,
        "counted": outcome.counters.get(scaling.counter or ""),
        "expected": scaling.work(case, outcome.n_iter or 0),
        "contestants": {
            name: {"seconds": record.median, "peak_memory": record.peak_memory}
            for name, record in measured.records.items()
        },
    }


def slopes(points: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Slope of each quantity for each contestant, where there are points enough for one."""
    return {
        name: {
            quantity: log_log_slope(*zip(*measured, strict=True))
            for quantity in QUANTITIES
            if len(measured := list(known(points, name, quantity))) >= FEWEST_POINTS
        }
        for name in points[0]["contestants"]
    }


def known(
    points: Sequence[dict[str, Any]], name: str, quantity: str
) -> Iterator[tuple[int, float]]:
    """Size and quantity wherever the quantity says something."""
    for point in points:
        amount = point["contestants"][name][quantity]
        if amount is not None and (quantity != "peak_memory" or amount >= LEAST_MEMORY):
            yield point["value"], amount


def log_log_slope(sizes: Sequence[float], amounts: Sequence[float]) -> dict[str, float]:
    """Least-squares slope of log amounts over log sizes, and its standard error.

    Parameters
    ----------
    sizes, amounts : sequence of float
        Positive; at least three.
    """
    x, y = np.log(sizes), np.log(amounts)
    x = x - x.mean()
    slope = x @ y / (x @ x)
    residuals = y - y.mean() - slope * x
    error = np.sqrt(residuals @ residuals / (len(x) - 2) / (x @ x))
    return {"slope": float(slope), "error": float(error)}


def scaling_markdown(report: dict[str, Any]) -> str:
    """The whole report as Markdown."""
    model = report["environment"]["processor"]["model"]
    parts = ["# Scaling", f"Measured on {report['date']}, {model}."]
    for algorithm, result in report["algorithms"].items():
        at = ", ".join(f"{size} = {value:,}" for size, value in result["at"].items())
        parts += [
            f"## {title(algorithm)}",
            f"![seconds and memory over each size](scale-{algorithm}.png)",
            f"One size varied, the others at {at}. Slopes on logarithmic axes, with their standard"
            " errors:",
            slopes_table(result),
            work_text(result),
            points_table(result),
        ]
    return "\n\n".join(parts) + "\n"


def work_text(result: dict[str, Any]) -> str:
    """What the table of points shows of the work."""
    if result["counter"] is None:
        return f"Work by the formula, {result['formula']}:"
    return f"Work counted by `{result['counter']}`, beside {result['formula']}:"


def slopes_table(result: dict[str, Any]) -> str:
    """Slope of every quantity over every size."""
    rows = [
        [size, name, *(slope_text(fitted.get(quantity)) for quantity in QUANTITIES)]
        for size, contestants in result["slopes"].items()
        for name, fitted in contestants.items()
    ]
    return table(["over", "contestant", *QUANTITIES.values()], rows, n_left=2)


def slope_text(fitted: dict[str, float] | None) -> str:
    """A slope and its standard error."""
    return "-" if fitted is None else f"{fitted['slope']:.2f} ± {fitted['error']:.2f}"


def points_table(result: dict[str, Any]) -> str:
    """Everything measured, and the work beside the formula."""
    rows = []
    names = list(next(iter(result["points"].values()))[0]["contestants"])
    for size, points in result["points"].items():
        for point in points:
            counted = "-" if point["counted"] is None else f"{point['counted']:,}"
            row = [size, f"{point['value']:,}", counted, f"{point['expected']:,}"]
            for name in names:
                amounts = point["contestants"][name]
                row += [readable_seconds(amounts["seconds"]), mebibytes(amounts["peak_memory"])]
            rows.append(row)
    heads = [f"{name}, {what}" for name in names for what in QUANTITIES.values()]
    return table(["size", "value", "counted", "formula", *heads], rows)


def scaling_chart(report: dict[str, Any], algorithm: str) -> Figure:
    """Draw seconds and peak memory over each size, a column of panels for each."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullLocator

    result = report["algorithms"][algorithm]
    figure = Figure(figsize=(3.4 * len(result["points"]), 6), layout="constrained")
    axes = figure.subplots(len(QUANTITIES), len(result["points"]), sharey="row", squeeze=False)
    for column, (size, points) in enumerate(result["points"].items()):
        for row, (quantity, (label, unit)) in enumerate(UNITS.items()):
            ax = axes[row, column]
            for name, fitted in result["slopes"][size].items():
                amounts = [(x, y / unit) for x, y in known(points, name, quantity)]
                _draw_growth(ax, amounts, name, fitted.get(quantity))
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.xaxis.set_minor_locator(NullLocator())
            ax.set_xticks([point["value"] for point in points])
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
            ax.grid(color="#E4E4E4", linewidth=0.6)
            ax.set_axisbelow(True)
            ax.spines[["top", "right"]].set_visible(False)
            ax.legend(frameon=False, fontsize=8, title="slope", title_fontsize=8)
            if column == 0:
                ax.set_ylabel(label)
        axes[-1, column].set_xlabel(size)
    figure.suptitle(f"{title(algorithm)}: growth of time and memory", fontweight="bold")
    return figure


def _draw_growth(
    ax: Any, measured: Sequence[tuple[int, float]], name: str, fitted: dict[str, float] | None
) -> None:
    """Points of one contestant, and the line that was fitted to them."""
    if not measured:
        return
    x, y = np.array(measured, dtype=float).T
    label = name if fitted is None else f"{name} {fitted['slope']:.2f}"
    ax.plot(x, y, "o", color=COLORS[name], label=label, markersize=5)
    if fitted is not None:
        line = np.exp(np.log(y).mean() + fitted["slope"] * (np.log(x) - np.log(x).mean()))
        ax.plot(x, line, color=COLORS[name], linewidth=1.2)


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
