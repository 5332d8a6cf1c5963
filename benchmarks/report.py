"""Results as Markdown: the tables of a report, which documentation shows too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scratchml.bench.duels import readable_seconds
from scratchml.bench.statistics import FASTER, LEVEL, SLOWER

from .cases import Case
from .peers import OURS, PEERS, REFERENCE

TITLES = {
    "kmeans": "K-means",
    "bisecting_kmeans": "Bisecting K-means",
    "minibatch_kmeans": "Mini-batch K-means",
    "spherical_kmeans": "Spherical K-means",
    "dbscan": "DBSCAN",
    "dbscan_path": "DBSCAN for every eps",
    "neighbors": "Nearest neighbours",
    "brute_neighbors": "Nearest neighbours by brute force",
    "silhouette": "Silhouette",
    "internal_metrics": "Internal metrics",
    "external_metrics": "External metrics",
    "gaussian_mixture": "Gaussian mixture",
    "select_mixture": "Choice of a mixture",
    "hdbscan": "HDBSCAN",
}
"""Headings of the algorithms; one that is not here is called by its key."""

CHOICES = "function", "metric", "covariance_type", "method"
"""Parameters by which the work of an algorithm is one of several kinds."""

BUSY = 0.5
"""Load average before a run from which on the machine was not idle."""

INTERVAL = f"{LEVEL:.0%} interval"

CHART = "{algorithm}.png"
"""Name of the picture of an algorithm."""


def title(algorithm: str) -> str:
    """Heading of an algorithm."""
    return TITLES.get(algorithm, algorithm)


def algorithms(report: dict[str, Any]) -> list[str]:
    """Algorithms of a report's cases, in order."""
    return list(dict.fromkeys(r["case"]["algorithm"] for r in report["cases"].values()))


def results_of(report: dict[str, Any], algorithm: str) -> dict[str, dict[str, Any]]:
    """Results of the cases of one algorithm."""
    cases = report["cases"].items()
    return {name: result for name, result in cases if result["case"]["algorithm"] == algorithm}


def table(head: Sequence[str], rows: Iterable[Sequence[str]], n_left: int = 1) -> str:
    """A Markdown table whose first columns are set left, the others right."""
    rule = "|" + "---|" * n_left + "---:|" * (len(head) - n_left)
    top, *others = (f"| {' | '.join(row)} |" for row in [head, *rows])
    return "\n".join([top, rule, *others])


def fair_duels(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Peer -> duel, of those who did the same as the base."""
    return {peer: duel for peer, duel in result["duels"].items() if "refused" not in duel}


def fastest(result: dict[str, Any]) -> str:
    """The peer that took the least time in a fair duel; there must be one."""
    contestants = result["contestants"]
    return min(fair_duels(result), key=lambda peer: contestants[peer]["median"])


def has_duels(results: dict[str, dict[str, Any]]) -> bool:
    """Whether there is anything to draw."""
    return any(map(fair_duels, results.values()))


def shown(results: dict[str, dict[str, Any]]) -> list[str]:
    """Contestants of any of these cases, in the order of the peers."""
    return [peer for peer in PEERS if any(peer in r["contestants"] for r in results.values())]


def size(case: dict[str, Any]) -> str:
    """Shape of the data, clusters, neighbours or radius, dtype, and what the parameters choose."""
    n, d, k = (case[name] for name in ("n_samples", "n_features", "n_clusters"))
    parameters = case["parameters"]
    if case["algorithm"] == "external_metrics":
        return f"{parameters['function']}, {n:,} labels of {k}"
    if "radius" in parameters:
        k = f"r = {parameters['radius']:.3g}"
    if "eps" in parameters:
        k = f"eps = {parameters['eps']:.3g}"
    k = parameters.get("n_neighbors", k)
    named = (parameters[what] for what in CHOICES if what in parameters)
    return ", ".join([f"{n:,} x {d}, {k}, {case['dtype']}", *named])


def times_table(results: dict[str, dict[str, Any]]) -> str:
    """Median seconds of everybody, and the ratio to the fastest peer: bold if it is a verdict."""
    peers = shown(results)
    rows = []
    for name, result in results.items():
        contestants = result["contestants"]
        medians = {peer: readable_seconds(c["median"]) for peer, c in contestants.items()}
        threads = numbers(c["threads"] for c in contestants.values())
        iterations = numbers(c["n_iter"] for c in contestants.values())
        duels = fair_duels(result)
        row = [name, size(result["case"]), threads, iterations]
        ratio = verdict_text(duels[fastest(result)]) if duels else "-"
        rows.append([*row, *(medians.get(peer, "-") for peer in peers), ratio])
    head = ["case", "n x d, k, dtype", "threads", "iterations", *peers, "to the fastest"]
    return table(head, rows, n_left=2)


def numbers(found: Iterable[int | None]) -> str:
    """The different ones of some numbers, ascending; a dash where there are none."""
    return ", ".join(map(str, sorted({n for n in found if n is not None}))) or "-"


def ratios_table(report: dict[str, Any]) -> str:
    """Our time over scikit-learn's and over the fastest peer's, in every case that has ours."""
    rows = []
    for name, result in report["cases"].items():
        duels = fair_duels(result)
        if result["base"] != OURS or not duels:
            continue
        best = fastest(result)
        reference = verdict_text(duels[REFERENCE]) if REFERENCE in duels else "-"
        what = f"{title(result['case']['algorithm'])} {name}: {size(result['case'])}"
        rows.append([what, reference, f"{verdict_text(duels[best])} ({best})"])
    return table(["n x d, k, dtype", f"over {REFERENCE}", "over the fastest peer"], rows)


def ratio_text(duel: dict[str, Any]) -> str:
    """The ratio of a duel."""
    return f"{duel['ratio']:.3g}" + (" per iteration" if duel["per_iteration"] else "")


def verdict_text(duel: dict[str, Any]) -> str:
    """The ratio of a duel, bold where one is faster."""
    ratio = ratio_text(duel)
    return f"**{ratio}**" if duel["verdict"] in (FASTER, SLOWER) else ratio


def interval_text(duel: dict[str, Any]) -> str:
    """The interval of a duel."""
    low, high = duel["interval"]
    return "-" if high is None else f"{low:.3g} to {high:.3g}"


def duels_table(results: dict[str, dict[str, Any]]) -> str:
    """Every duel: its ratio, how sure it is, and how far the two have found the same."""
    rows = []
    for name, result in results.items():
        for peer, duel in result["duels"].items():
            row = [name, f"{result['base']} / {peer}"]
            if "refused" in duel:
                rows.append([*row, "refused", "-", "-", "-"])
            else:
                numbers = [ratio_text(duel), interval_text(duel)]
                agreement = agreement_text(duel["agreement"])
                rows.append([*row, duel["verdict"], agreement, *numbers])
    head = ["case", "time of", "verdict", "agreement", "ratio", INTERVAL]
    return table(head, rows, n_left=4)


def agreement_text(agreement: dict[str, Any]) -> str:
    """What is known of an agreement, the strongest first."""
    if agreement["same_labels"]:
        return "same labels"
    parts = {
        "adjusted Rand index": agreement["adjusted_rand"],
        "objective": agreement["objective_difference"],
        "values differ by": agreement["value_difference"],
    }
    found = (f"{name} {value:.5g}" for name, value in parts.items() if value is not None)
    return ", ".join(found) or "-"


def costs_table(results: dict[str, dict[str, Any]]) -> str:
    """What else a contestant costs: its first call, and peak memory beyond data and libraries."""
    peers = shown(results)
    rows = [
        [name, *(cost_text(result["contestants"].get(peer)) for peer in peers)]
        for name, result in results.items()
    ]
    return table(["first call, peak memory", *peers], rows)


def cost_text(contestant: dict[str, Any] | None) -> str:
    """First call and peak memory of one contestant."""
    if contestant is None:
        return "-"
    first = readable_seconds(contestant["first_call_seconds"])
    return f"{first}, {mebibytes(contestant['peak_memory'])}"


def mebibytes(size: int | None) -> str:
    """A number of bytes for people."""
    return "-" if size is None else f"{size / 2**20:.1f} MiB"


def speed_ups(results: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A sentence for each case that was also run on one thread."""
    for name, result in results.items():
        case = Case.from_dict(result["case"])
        for other in results.values():
            if case.threads is None and case.is_twin(Case.from_dict(other["case"])):
                pairs = {
                    peer: (other["contestants"].get(peer), contestant)
                    for peer, contestant in result["contestants"].items()
                }
                times = ", ".join(
                    f"{peer} {one['median'] / all_['median']:.2f}"
                    for peer, (one, all_) in pairs.items()
                    if one is not None
                )
                threads = next(iter(result["contestants"].values()))["threads"]
                yield f"{name}: times as fast on {threads} threads as on one: {times}."


def remarks(results: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Who was not there, whose work was another, what went wrong."""
    for name, result in results.items():
        for peer, reason in result["absent"].items():
            yield f"{name}: {peer} absent ({reason})."
        for peer, duel in result["duels"].items():
            if "refused" in duel:
                yield f"{name}: {result['base']} / {peer} refused: {duel['refused']}."
        if "failed" in result:
            yield f"{name}: failed: {result['failed'].splitlines()[0]}."


def machine(report: dict[str, Any], results: dict[str, dict[str, Any]]) -> str:
    """A line on the processor, and on the versions of those who took part."""
    environment = report["environment"]
    versions = {peer: report["peers"][peer] for peer in shown(results)}
    versions["numba"] = environment["versions"]["numba"]
    return (
        f"Medians on {environment['processor']['model']}, {environment['threads']['fit']} threads; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )


def left_out(report: dict[str, Any], only: str | None = None) -> Iterator[str]:
    """What a quick run has left out, of all algorithms or only of one."""
    if report["quick"]:
        yield "This was a quick run: few rounds, no peak memory."
        results = report["cases"] if only is None else results_of(report, only)
        for name in filter(results.__contains__, report["smaller"]):
            taken = results[name]["case"]["n_samples"]
            yield f"{name}: {taken:,} of {report['smaller'][name]:,} samples."
        names = [name for name, of in report["left_out"].items() if only in (None, of)]
        if names:
            yield f"Left out: {', '.join(names)}."


def items(lines: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


def summary(report: dict[str, Any], algorithm: str) -> str:
    """What documentation shows of an algorithm."""
    results = results_of(report, algorithm)
    parts = [
        times_table(results),
        machine(report, results),
        *speed_ups(results),
        items(left_out(report, algorithm)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def to_markdown(report: dict[str, Any]) -> str:
    """The whole report."""
    revision = report["revision"]
    changed = " and changes to it" if revision and revision["dirty"] else ""
    noise = [result["noise"] for result in report["cases"].values() if result.get("noise")]
    before, after = (", ".join(f"{x:.1f}" for x in report["load"][w]) for w in ("before", "after"))
    facts = [
        f"Measured on {report['date']}"
        + (f", commit {revision['commit'][:12]}{changed}." if revision else "."),
        f"Load averages before {before or 'unknown'}; after {after or 'unknown'}.",
    ]
    if before and report["load"]["before"][0] >= BUSY:
        facts.append(
            "Other programs were running: libraries that wait for all threads suffer most."
        )
    if noise:
        facts.append(f"A loop that is always the same changed by up to {max(noise):.1%}.")
    facts = [*facts, *left_out(report)]
    parts = ["# Benchmarks", machine(report, report["cases"]), items(facts)]
    for algorithm in algorithms(report):
        results = results_of(report, algorithm)
        picture = f"![ratios of times]({CHART.format(algorithm=algorithm)})"
        parts += [
            f"## {title(algorithm)}",
            picture if has_duels(results) else "",
            times_table(results),
            *speed_ups(results),
            duels_table(results),
            costs_table(results),
            items(remarks(results)),
        ]
    return "\n\n".join(filter(None, parts)) + "\n"
