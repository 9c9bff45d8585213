"""What could change the advice, in sentences, without any format: what the text and Markdown reports both print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ragortune.model import (
    Direction,
    Flip,
    GateKind,
    Lever,
    Need,
    OpenQuestion,
    Option,
    Recommendation,
    Refusal,
)
from ragortune.plaintext import join_words
from ragortune.record import Record

NEED_NAMES = {Need.RAG: "retrieval", Need.FINE_TUNING: "tuning"}
_MOST_FLIPS = 6
_MOST_QUESTIONS = 5
_MOST_LEVERS = 6
_MOST_REASONS = 5


class Line(Record):
    """A sentence with what stands before it."""

    head: str
    text: str


class LeverBar(Record):
    """How far one answer moves a need, to be drawn; all numbers are scores less the threshold."""

    criterion: str
    need: str
    low: float
    high: float
    now: float
    without: Option
    """The option if the answer were not known."""
    changes: bool
    """Whether that is another option."""


class RefusalPart(Record):
    """Why an option is not recommended."""

    option: Option
    lines: tuple[Line, ...]
    """What speaks against it: rule code and sentence."""
    nearest: str


class Outlook(Record):
    """What could change the advice, ready to be laid out."""

    readings: str
    """How often the advice holds over the readings of the rules."""
    open: str
    """Whether open answers can still change it."""
    flips: tuple[Line, ...]
    """What would change it: the option, and the change that gives it."""
    more_flips: int
    """Changes that are not shown."""
    questions: tuple[Line, ...]
    """What to find out next: the criterion, and what its answer can give."""
    levers: tuple[LeverBar, ...]
    pillars: tuple[Line, ...]
    """Rules that carry the advice alone: code, and the option without it."""
    refusal: RefusalPart | None = None


def build_outlook(recommendation: Recommendation, refusal: Refusal | None = None) -> Outlook | None:
    """Return what-if in sentences, or None where it was not computed."""
    if recommendation.acceptability is None:
        return None
    merged = _merge_flips(recommendation, recommendation.flips or ())
    questions = [question for question in recommendation.unknowns or () if question.alone] or list(
        recommendation.unknowns or ()
    )
    return Outlook(
        readings=_word_readings(recommendation),
        open=_word_open(recommendation),
        flips=tuple(merged[:_MOST_FLIPS]),
        more_flips=len(merged[_MOST_FLIPS:]),
        questions=tuple(_word_question(recommendation, question) for question in questions[:_MOST_QUESTIONS]),
        levers=tuple(
            _draw_lever(recommendation, lever) for lever in (recommendation.levers or ())[:_MOST_LEVERS]
        ),
        pillars=tuple(
            Line(pillar.rule.code, f"{pillar.rule.title}; without this rule: {pillar.without}")
            for pillar in recommendation.pillars or ()
        ),
        refusal=_explain(recommendation, refusal) if refusal else None,
    )


def _word_readings(recommendation: Recommendation) -> str:
    """Return how often the advice holds, in whole readings of a hundred."""
    shares = recommendation.acceptability or {}
    error = recommendation.acceptability_error or 0.0
    own = shares[recommendation.option]
    others = sorted(
        ((share, option) for option, share in shares.items() if option is not recommendation.option),
        key=lambda entry: -entry[0],
    )
    rivals = [f"{option} {_word_share(share)}" for share, option in others if share >= 0.005]
    text = f"holds in {_word_share(own)} of 100 readings of the rules"
    if error:
        text += ", give or take 1"
    return f"{text}; {join_words(rivals)}" if rivals else text


def _word_share(share: float) -> str:
    """Return a share of a hundred; what is not all never reads as all."""
    if share >= 0.995:
        return "100" if share >= 1 - 1e-9 else "over 99"
    return f"{100 * share:.0f}"


def _word_open(recommendation: Recommendation) -> str:
    unknowns = recommendation.unknowns or ()
    if recommendation.settled:
        return "settled: no open answer can change the advice"
    count, alone = len(unknowns), sum(question.alone for question in unknowns)
    noun = "open answer" if count == 1 else "open answers"
    if not alone:
        return f"{count} {noun} can still change the advice, none by itself"
    return (
        f"{count} {noun} can still change the advice, {alone} by {'itself' if alone == 1 else 'themselves'}"
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
        old = "/".join(recommendation.profile.levels.get(name, ("unknown",)))
        ordered = sorted(levels, key=criterion.level_ids.index)
        parts.append(f"{name} {old} -> {join_words(ordered, 'or')}")
    return ", and ".join(parts)


# --- levers and refusals ------------------------------------------------------------------------------------------


def _draw_lever(recommendation: Recommendation, lever: Lever) -> LeverBar:
    changes = lever.without is not recommendation.option
    return LeverBar(
        lever.criterion, NEED_NAMES[lever.need], lever.low, lever.high, lever.now, lever.without, changes
    )


def _explain(recommendation: Recommendation, refusal: Refusal) -> RefusalPart:
    words = {
        GateKind.RULES_OUT: "rules {} out",
        GateKind.REQUIRES: "requires {}",
        GateKind.NOT_ALONE: "{} alone is not enough",
    }
    lines = [
        Line(hit.rule.code, f"{hit.rule.title}: {words[hit.gate].format(NEED_NAMES[hit.need])}")
        for hit in refusal.gates
    ]
    for reason in refusal.reasons[:_MOST_REASONS]:
        sign = "+" if reason.effect is Direction.FOR else "-"
        moved = f"{sign}{reason.weight:g} for {NEED_NAMES[reason.need]}"
        lines.append(Line(reason.rule.code, f"{reason.rule.title} ({moved})"))
    return RefusalPart(refusal.option, tuple(lines), _word_nearest(recommendation, refusal))


def _word_nearest(recommendation: Recommendation, refusal: Refusal) -> str:
    if refusal.nearest is None:
        return "no change of up to three answers would make it right"
    change = _word_change(recommendation, {name: [level] for name, level in refusal.nearest.change.items()})
    text = f"it would be right with {change}"
    return f"{text} ({_word_given(refusal.given)})" if refusal.given else text


def _word_given(names: Iterable[str]) -> str:
    listed = list(names)
    return f"{join_words(listed)} {'is' if len(listed) == 1 else 'are'} not the team's to change"
