"""What could change the advice, in sentences, without any format: what the text and Markdown reports both print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ragortune.engine.questions import list_askable
from ragortune.engine.score import logistic
from ragortune.evidence.profile import join_levels
from ragortune.model import (
    Direction,
    Flip,
    GateKind,
    OpenQuestion,
    Option,
    Recommendation,
    Refusal,
    Sensitivity,
)
from ragortune.report.headline import NEED_NAMES, Line
from ragortune.support.record import Record
from ragortune.support.text import join_words

GATE_WORDS: Mapping[GateKind, str] = {
    GateKind.REQUIRES: "requires {}",
    GateKind.RULES_OUT: "rules {} out",
    GateKind.CONFIRMS: "confirms {}",
}
"""What a gate does to a need."""
NOTHING_TO_CHANGE = "no change of up to three answers that are known"
NOTHING_TO_ASK = "no open question is expected to tell much"
_MOST_FLIPS = 6
_MOST_QUESTIONS = 5
_MOST_LEVERS = 6
_LEAST_SWING = 0.01
_MOST_REASONS = 5


class LeverBar(Record, frozen=True):
    """How far one answer moves a need, to be drawn; all numbers are probabilities, gates left out."""

    criterion: str
    need: str
    low: float
    high: float
    now: float
    without: Option
    """The option if the answer were not known."""
    changes: bool
    """Whether that is another option."""


class RefusalPart(Record, frozen=True):
    """Why an option is not recommended."""

    option: Option
    lines: tuple[Line, ...]
    """What speaks against it: rule code and sentence."""
    nearest: str


class Outlook(Record, frozen=True):
    """What could change the advice, ready to be laid out."""

    flips: tuple[Line, ...]
    """What would change it: the option, and the change that gives it."""
    more_flips: int
    """Changes that are not shown."""
    questions: tuple[Line, ...]
    """What to find out next: the criterion, and what its answer can give; only what is worth asking."""
    open: bool
    """Whether some open answer can still change the advice."""
    levers: tuple[LeverBar, ...]
    pillars: tuple[Line, ...]
    """Rules that carry the advice alone: code, and the option without it."""
    refusal: RefusalPart | None = None


def build_outlook(recommendation: Recommendation, refusal: Refusal | None = None) -> Outlook | None:
    """Return what-if in sentences, or None where it was not computed."""
    if recommendation.flips is None:
        return None
    merged = _merge_flips(recommendation, recommendation.flips)
    limit = recommendation.rulebook.scale.ask_from
    worthwhile = [question for question in list_askable(recommendation) if question.expected_gain >= limit]
    levers = [
        _draw_lever(recommendation, lever) for lever in (recommendation.sensitivities or ())[:_MOST_LEVERS]
    ]
    return Outlook(
        flips=tuple(merged[:_MOST_FLIPS]),
        more_flips=len(merged[_MOST_FLIPS:]),
        questions=tuple(
            _word_question(recommendation, question) for question in worthwhile[:_MOST_QUESTIONS]
        ),
        open=bool(recommendation.unknowns),
        levers=tuple(bar for bar in levers if bar.changes or bar.high - bar.low >= _LEAST_SWING),
        pillars=tuple(
            Line(pillar.rule.code, f"{pillar.rule.title}; without this rule: {pillar.without}")
            for pillar in recommendation.decisive_rules or ()
        ),
        refusal=_explain(recommendation, refusal) if refusal else None,
    )


def _word_question(recommendation: Recommendation, question: OpenQuestion) -> Line:
    criterion = recommendation.rulebook.criteria[question.criterion]
    gives = join_words(map(str, question.could_give), "or")
    how = f"could give {gives}" if question.alone else "only together with other answers"
    return Line(criterion.id, f"{criterion.question} ({how})")


# --- flips --------------------------------------------------------------------------------------------------------


def _merge_flips(recommendation: Recommendation, flips: Sequence[Flip]) -> list[Line]:
    """Return flips as lines, those that differ in the level of one answer only as one."""
    rows: dict[tuple[object, ...], dict[str, list[str]]] = {}
    for flip in flips:
        *first, last = flip.change.items()
        row = rows.setdefault((flip.option, tuple(first), last[0]), {name: [level] for name, level in first})
        row.setdefault(last[0], []).append(last[1])
    joined: dict[tuple[object, ...], dict[str, list[str]]] = {}
    for (option, *_), row in rows.items():
        names = tuple(row)
        alike = tuple(map(tuple, list(row.values())[1:])) if len(names) > 1 else ()
        whole = joined.setdefault(
            (option, names, alike), {name: list(levels) for name, levels in row.items()}
        )
        whole[names[0]] += [level for level in row[names[0]] if level not in whole[names[0]]]
    return [Line(str(key[0]), _word_change(recommendation, row)) for key, row in joined.items()]


def _word_change(recommendation: Recommendation, change: dict[str, list[str]]) -> str:
    parts = []
    for name, levels in change.items():
        criterion = recommendation.rulebook.criteria[name]
        old = join_levels(criterion, recommendation.profile.levels.get(name, ("unknown",)))
        ordered = sorted(levels, key=criterion.level_ids.index)
        parts.append(f"{name} {old} -> {join_words(ordered, 'or')}")
    return ", and ".join(parts)


# --- levers and refusals ------------------------------------------------------------------------------------------


def _draw_lever(recommendation: Recommendation, lever: Sensitivity) -> LeverBar:
    changes = lever.without is not recommendation.option
    low, high, now = (logistic(score) for score in (lever.low, lever.high, lever.now))
    return LeverBar(lever.criterion, NEED_NAMES[lever.need], low, high, now, lever.without, changes)


def _explain(recommendation: Recommendation, refusal: Refusal) -> RefusalPart:
    lines = [
        Line(hit.rule.code, f"{hit.rule.title}: {GATE_WORDS[hit.gate].format(NEED_NAMES[hit.need])}")
        for hit in refusal.gates
    ]
    for reason in refusal.reasons[:_MOST_REASONS]:
        sign = "+" if reason.effect is Direction.FOR else "-"
        moved = f"{sign}{reason.weight:.2f} for {NEED_NAMES[reason.need]}"
        lines.append(Line(reason.rule.code, f"{reason.rule.title} ({moved})"))
    return RefusalPart(refusal.option, tuple(lines), _word_nearest(recommendation, refusal))


def _word_nearest(recommendation: Recommendation, refusal: Refusal) -> str:
    if refusal.nearest is None:
        return "no change of up to three answers would make it right"
    change = _word_change(recommendation, {name: [level] for name, level in refusal.nearest.change.items()})
    text = f"it would be right with {change}"
    return f"{text} ({_word_fixed(refusal.fixed)})" if refusal.fixed else text


def _word_fixed(names: Iterable[str]) -> str:
    listed = list(names)
    return f"{join_words(listed)} {'is' if len(listed) == 1 else 'are'} not the team's to change"
