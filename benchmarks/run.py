"""Run cases: who takes part, on which conditions, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from scratchml.bench import ContestantError, Duel, UnfairDuelError
from scratchml.bench.measure import Measurement, Record, measure
from scratchml.bench.statistics import FEWEST_ROUNDS

from .cases import Case
from .peers import CONTESTANTS, PEERS, Peer, version
from .provenance import load, provenance


def line_up(case: Case, peers: Collection[str]) -> tuple[dict[str, type[Peer]], dict[str, str]]:
    """Contestants of a case, and why others among its peers are absent.

    Parameters
    ----------
    case : Case
    peers : collection of str
        Those who may come. The base may always: it is the first of `PEERS` that is at hand,
        scratchml where it has the algorithm, and else scikit-learn.

    Returns
    -------
    present : dict of str to class
        The base first.
    absent : dict of str to str
        Reasons.
    """
    present: dict[str, type[Peer]] = {}
    absent = {}
    for peer in PEERS:
        cls = CONTESTANTS[case.algorithm].get(peer)
        if cls is None or (present and peer not in peers):
            continue
        reason = "not installed" if version(peer) is None else cls.refusal(case)
        if reason is None:
            present[peer] = cls
        else:
            absent[peer] = reason
    return present, absent


def run_case(
    case: Case, peers: Collection[str], rounds: int | None = None, memory: bool = True
) -> dict[str, Any]:
    """Measure a case.

    Returns
    -------
    dict
        JSON values: ``case``; ``base``, whose ratios are given; ``absent``, peer -> reason; what
        `Measurement.to_dict` has; ``duels``, peer -> `Duel.to_dict`, or why it is refused.
        If a contestant has failed, or there is none, ``failed`` says so, and the last two are
        empty.
    """
    present, absent = line_up(case, peers)
    result: dict[str, Any] = {
        "case": case.to_dict(),
        "base": next(iter(present), None),
        "absent": absent,
        "contestants": {},
        "duels": {},
    }
    if not present:
        return {**result, "failed": "no contestant is installed"}
    X, parameters = case.problem()
    contestants = [cls(peer, parameters) for peer, cls in present.items()]
    try:
        measured = measure(contestants, X, rounds=rounds, threads=case.threads, memory=memory)
    except (ContestantError, UnfairDuelError) as error:
        return {**result, "failed": str(error)}
    base, *others = present
    return {
        **result,
        **measured.to_dict(),
        "duels": {peer: run_duel(case, measured, base, peer) for peer in others},
    }


def run_duel(case: Case, measured: Measurement, base: str, peer: str) -> dict[str, Any]:
    """What a duel shows, or ``refused`` and why, if the two did not do the same work."""
    try:
        for name in (base, peer):
            check_iterations(case, measured.records[name])
        duel = measured.duel(base, peer)
        check_agreement(case, duel)
        return duel.to_dict()
    except UnfairDuelError as error:
        return {"refused": str(error)}


def check_iterations(case: Case, record: Record) -> None:
    """Hold a contestant to the iterations that the case asks for.

    Raises
    ------
    UnfairDuelError
        When it ran others.
    """
    n_iter = record.outcome.n_iter
    if case.n_iter is not None and n_iter != case.n_iter:
        raise UnfairDuelError(f"{record.name} ran {n_iter} iterations, not {case.n_iter}")


def check_agreement(case: Case, duel: Duel) -> None:
    """Hold the two of a duel to the agreement that the case asks for.

    Raises
    ------
    UnfairDuelError
        When objectives or values differ by more.
    """
    agreement = duel.agreement
    found = agreement.objective_difference, agreement.value_difference
    differences = [abs(difference) for difference in found if difference is not None]
    if case.agreement is not None and not max(differences, default=0.0) <= case.agreement:
        raise UnfairDuelError(
            f"{duel.ours.name} and {duel.theirs.name} differ by {max(differences):.2g}, "
            f"not by at most {case.agreement:g}"
        )


def run(
    cases: Sequence[Case],
    peers: Collection[str],
    *,
    quick: bool = False,
    rounds: int | None = None,
    each: Callable[[dict[str, Any]], None] = lambda result: None,
) -> dict[str, Any]:
    """Run cases one after the other.

    Parameters
    ----------
    cases : sequence of Case
    peers : collection of str
        Those who may come.
    quick : bool
        Whether to take the smaller cases, in few rounds, without peak memory.
    rounds : int or None
        Of every case; None: as many as its time allows, or few if it is a quick run.
    each : callable
        Given the result of each case as it is there.

    Returns
    -------
    dict
        JSON values: those of `provenance`; ``quick``; ``left_out``, name -> algorithm; ``smaller``,
        name -> samples in a full run; ``load`` before and after; ``cases``, name -> `run_case`.
    """
    chosen = {case.name: case.quickened() if quick else case for case in cases}
    report: dict[str, Any] = {
        **provenance(),
        "quick": quick,
        "left_out": {case.name: case.algorithm for case in cases if chosen[case.name] is None},
        "smaller": {
            full.name: full.n_samples
            for full in cases
            if (case := chosen[full.name]) is not None and case.n_samples < full.n_samples
        },
        "load": {"before": load()},
        "cases": {},
    }
    if quick and rounds is None:
        rounds = FEWEST_ROUNDS
    for name, case in chosen.items():
        if case is not None:
            report["cases"][name] = result = run_case(case, peers, rounds, memory=not quick)
            each(result)
    report["load"]["after"] = load()
    return report
