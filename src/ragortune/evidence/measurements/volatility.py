"""The volatility of the facts in documents, from their states in git.

The share of documents with a removed sentence shows how often facts change, the share of removed sentences how much a
model tuned on an earlier state would get wrong: nearly every page with a table of versions changes in a quarter, but few of
its lines do. Levels are determined over the 90 days before the last commit:

| level | documents with a removed sentence | `knowledge.volatility` |
|---|---|---|
| static | below 5%, and below 0.5% of the sentences | static |
| low | below 15% | yearly |
| medium | below 40% | monthly |
| high | from 40%; or 25% in 30 days, with commits on 60 days | weekly |
| very high | high, and 70% in 30 days; or 50% in 30 days, with commits on 60 days | daily |

A burst (over 60% of the changed documents changed on the same day only) or cosmetic changes (over 70% of the removed
sentences were added again nearly word for word) lower the level by one. In about half of public repositories the level is
the same in the next quarter, so this is evidence of medium confidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ragortune.evidence.measurements.history import DAY, Changes, History, find_changes
from ragortune.evidence.measurements.sampling import bound_share
from ragortune.model.measurements import Measurement, Progress
from ragortune.support.errors import UsageError
from ragortune.support.text import count_words

_LEVELS = ("static", "low", "medium", "high", "very high")
_ANSWERS = ("static", "yearly", "monthly", "weekly", "daily")
_CRITERION = "knowledge.volatility"
_FEW = 3
"""Fewer documents have no level, and fewer changed ones are no burst."""
_BURST, _COSMETIC = 0.6, 0.7
_MUCH_NEW = 0.15
_METHOD = (
    "sentences that no longer exist, by comparison of the last state in git with the one of 90 days before"
)


def measure_volatility(folder: Path, as_of: str, progress: Progress) -> Measurement:
    """Return how much the documents changed up to the day `as_of`, YYYY-MM-DD; if git does not show it, why not."""
    try:
        progress("reading the history of the documents")
        return _judge_history(History(folder, as_of), progress)
    except UsageError as error:
        reason = error.message.removeprefix("--docs: ") + (f"; {error.hint}" if error.hint else "")
        says, answers = "the history of the documents is not known", {_CRITERION: None}
        return Measurement("documents.volatility", says, _METHOD, 0, "documents", answers, reason=reason)


def _judge_history(history: History, progress: Progress) -> Measurement:
    changes: dict[int, Changes] = {}
    for days in (30, 90, 365):
        if earlier := history.find_snapshot(history.newest.time - days * DAY):
            progress(f"comparing the documents with those of {days} days before")
            changes[days] = find_changes(history, earlier)
    older = changes[90].documents if 90 in changes else 0
    if older < _FEW:
        hint = "measure again when there are documents of that age"
        raise UsageError(f"the documents have no history of 90 days ({older} are older)", None, hint)
    return _judge_changes(history, changes)


def _judge_changes(history: History, changes: Mapping[int, Changes]) -> Measurement:
    quarter, month = changes[90], changes[30]
    documents = history.newest.inside.keys() | quarter.changed
    worked = [(day, touched) for day, paths in history.list_changes(90) if (touched := paths & documents)]
    days = len({day for day, _ in worked})
    burst = _find_burst(worked, quarter.changed)
    lowered = len(quarter.changed) >= _FEW and (burst > _BURST or quarter.cosmetic > _COSMETIC)
    interval = bound_share(len(quarter.changed), quarter.documents)
    shares = [(quarter.share + end) / 2 for end in (interval[0], quarter.share, interval[1])]
    levels = [max(0, _find_level(share, quarter.gone, month.share, days) - lowered) for share in shares]
    answers = _ANSWERS[min(levels) : max(levels) + 1]
    return Measurement(
        "documents.volatility",
        f"{quarter.share:.0%} of {quarter.documents:,} documents and {quarter.gone:.1%} of their sentences changed within"
        f" 90 days; there was work on them on {count_words(days, 'day')}",
        _METHOD,
        quarter.documents,
        "documents",
        answers={_CRITERION: answers[0] if len(answers) == 1 else list(answers)},
        quantities={"changed_per_month": round(month.fresh, 4)},
        figures={
            "level": _LEVELS[levels[1]],
            **{
                f"{name}_{span}": round(share, 4)
                for span, found in changes.items()
                for name, share in (("documents", found.share), ("gone", found.gone), ("fresh", found.fresh))
            },
            "days_worked_of_90": days,
            "on_one_day": round(burst, 4),
            "cosmetic": round(quarter.cosmetic, 4),
            "days_since_last_commit": history.idle_days,
        },
        interval=interval,
        notes=tuple(_list_notes(history, quarter, burst, lowered=lowered)),
        date=history.date,
    )


def _find_level(share: float, gone: float, month: float, days: int) -> int:
    """Return the index of a level by the table above."""
    steady = days >= 60
    if share >= 0.4 or (steady and month > 0.25):
        return 4 if month >= 0.7 or (steady and month >= 0.5) else 3
    if share >= 0.15:
        return 2
    return 1 if share >= 0.05 or gone >= 0.005 else 0


def _find_burst(worked: Sequence[tuple[int, frozenset[str]]], changed: frozenset[str]) -> float:
    """Return the largest share of the changed documents whose only commits were on one and the same day."""
    touched: dict[str, set[int]] = {path: set() for path in changed}
    for day, paths in worked:
        for path in paths & changed:
            touched[path].add(day)
    alone = Counter(min(days) for days in touched.values() if len(days) == 1)
    return max(alone.values(), default=0) / max(1, len(changed))


def _list_notes(history: History, quarter: Changes, burst: float, *, lowered: bool) -> Iterator[str]:
    if lowered and burst > _BURST:
        yield f"a burst: {burst:.0%} of the changed documents changed on a single day, which lowers the level by one"
    elif lowered:
        yield f"{quarter.cosmetic:.0%} of the changes are to wording, not to facts, which lowers the level by one"
    if quarter.fresh > _MUCH_NEW:
        yield f"{quarter.fresh:.0%} of the present sentences are new within 90 days: what exists stays, but more comes"
    if history.idle_days > 90:
        yield f"nothing has been committed for {history.idle_days} days: the figures cover the time before that"
    if quarter.sampled:
        yield "a sample of the documents was compared: text moved to or from the others counts as changed"
    yield "release notes, generated pages, translations, PDF and Office files are left out"
