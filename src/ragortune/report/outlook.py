"""What could change the advice: flips, open questions, sensitivities, and the case against another option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ragortune.engine.score import logistic
from ragortune.engine.what_if import find_least_gain, list_askable
from ragortune.evidence.profile import join_levels
from ragortune.model import EVEN, AnswerSensitivity, OpenQuestion, Recommendation, Refusal
from ragortune.report.blocks import (
    Bar,
    Block,
    Cell,
    Column,
    Heading,
    Item,
    Items,
    Paragraph,
    Span,
    Style,
    Table,
    bullets,
    section,
    terms,
)
from ragortune.report.headline import NEED_NAMES, format_gate, format_share
from ragortune.support.text import count_words, join_words

_TOO_MANY = "not computed: there are too many changes to try"
_MAX_FLIPS = 6
_MAX_QUESTIONS = 5
_MAX_SENSITIVITIES = 6
_MIN_SWING = 0.01
_MAX_REASONS = 5
_BAR_CELLS = 25


# --- flips --------------------------------------------------------------------------------------------------------


def list_flips(recommendation: Recommendation) -> Iterator[Block]:
    """Yield the changes of answers that would change the advice; nothing if they were not computed."""
    if recommendation.sensitivities is None:
        return
    merged = describe_flips(recommendation)
    more = len(merged[_MAX_FLIPS:])
    yield Heading("What would change it", 2)
    if merged:
        yield Table((Column("Gives", style=Style.NAME), Column("Change")), tuple(merged[:_MAX_FLIPS]))
    else:
        none = "no change of up to three of the known answers that can be changed does"
        yield bullets([_TOO_MANY if recommendation.flips is None else none])
    if more:
        yield bullets([f"and {count_words(more, 'more change')}; --format json lists them all"])


def describe_flips(recommendation: Recommendation) -> list[tuple[str, str]]:
    """Return option and change of each flip, merging flips that differ only in the level of one answer."""
    flips = recommendation.flips or ()
    rows = [(str(flip.option), {name: [level] for name, level in flip.change.items()}) for flip in flips]
    for place in (-1, 0):  # those that differ in their last answer, then in their first
        joined: dict[object, tuple[str, dict[str, list[str]]]] = {}
        for option, change in rows:
            name = list(change)[place]
            others = tuple((other, *levels) for other, levels in change.items() if other != name)
            _, whole = joined.setdefault((option, name, others), (option, change))
            whole[name] = list(dict.fromkeys((*whole[name], *change[name])))
        rows = list(joined.values())
    return [(option, _format_change(recommendation, change)) for option, change in rows]


def _format_change(recommendation: Recommendation, change: Mapping[str, Sequence[str]]) -> str:
    parts = []
    for name, levels in change.items():
        criterion = recommendation.rulebook.criteria[name]
        old = join_levels(criterion, recommendation.profile.levels.get(name, ("unknown",)))
        ordered = sorted(levels, key=criterion.level_ids.index)
        parts.append(f"{name} {old} -> {join_words(ordered, 'or')}")
    return ", and ".join(parts)


# --- open questions -----------------------------------------------------------------------------------------------


def list_questions(recommendation: Recommendation) -> Iterator[Block]:
    """Yield the questions worth asking and how to find out; nothing if they were not computed."""
    if recommendation.unknowns:
        items = tuple(
            _describe_question(recommendation, question) for question in list_worthwhile(recommendation)
        )
        none = (Item("no open question is expected to change much"),)
        yield from section("Find out next", Items(items[:_MAX_QUESTIONS] or none))


def list_worthwhile(recommendation: Recommendation) -> list[OpenQuestion]:
    """Return the open questions worth asking, by expected gain."""
    least = 0 if recommendation.too_little_known else find_least_gain(recommendation)
    return [question for question in list_askable(recommendation) if question.expected_gain >= least]


def _describe_question(recommendation: Recommendation, question: OpenQuestion) -> Item:
    criterion = recommendation.rulebook.criteria[question.criterion]
    gives = f"could give {join_words(question.could_give, 'or')}"
    gives = gives if question.alone else "only together with other answers"
    notes = (f"{criterion.question} ({gives})", Span(criterion.help, Style.ASIDE))
    return Item(Span(question.criterion, Style.NAME), notes)


# --- sensitivity --------------------------------------------------------------------------------------------------


def list_sensitivities(recommendation: Recommendation) -> Iterator[Block]:
    """Yield how far each answer moves a need, and the rules without which the advice would change."""
    shown = (recommendation.sensitivities or ())[:_MAX_SENSITIVITIES]
    rows = tuple(filter(None, (_draw_bar(recommendation, sensitivity) for sensitivity in shown)))
    decisive = [
        (decisive_rule.rule.code, f"{decisive_rule.rule.title}; without this rule: {decisive_rule.without}")
        for decisive_rule in recommendation.decisive_rules or ()
    ]
    if rows or decisive:
        yield Heading("What each answer changes", 2)
    if rows:
        columns = (
            Column("Answer", style=Style.NAME),
            Column("Need"),
            *(Column(title, right=True, only="markdown") for title in ("Least", "Now", "Most")),
            Column("0 to 100%", only="text"),
            Column("Without it"),
        )
        yield Table(columns, rows, head=True)
        legend = "How far each answer moves the probability of a need over its levels, from least to most."
        yield Paragraph(legend, Style.ASIDE)
    if decisive:
        yield terms(decisive)


def _draw_bar(recommendation: Recommendation, sensitivity: AnswerSensitivity) -> tuple[Cell, ...]:
    """Return the row of one answer with its range from 0 to 100%; empty if it changes nothing."""
    low, now, high = (logistic(score) for score in (sensitivity.low, sensitivity.now, sensitivity.high))
    changes = sensitivity.without is not recommendation.option
    if not changes and high - low < _MIN_SWING:
        return ()
    style = Style.GOOD if now > EVEN else Style.BAD
    ends = " to ".join(map(format_share, (low, high)))
    says = f"{sensitivity.criterion}: {ends}, now {format_share(now)}"
    bar = Bar(low, high, _BAR_CELLS, ((EVEN, "│"), (now, "●")), "─", style, says)
    without = Span(sensitivity.without, Style.STRONG) if changes else sensitivity.without.value
    shares = map(format_share, (low, now, high))
    return (sensitivity.criterion, NEED_NAMES[sensitivity.need], *shares, bar, without)


# --- refusals -----------------------------------------------------------------------------------------------------


def explain_refusal(recommendation: Recommendation, refusal: Refusal | None) -> Iterator[Block]:
    """Yield the case against an option, gates first, and the smallest change that would make it right."""
    if refusal is None:
        return
    rows = [(hit.rule.code, f"{hit.rule.title}: {format_gate(hit)}") for hit in refusal.gates]
    for reason in refusal.reasons[:_MAX_REASONS]:
        moved = f"{reason.signed_weight:+.2f} for {NEED_NAMES[reason.need]}"
        rows.append((reason.rule.code, f"{reason.rule.title} ({moved})"))
    nearest = bullets([_describe_nearest(recommendation, refusal)])
    yield from section(f"Why not {refusal.option}", *([terms(rows)] if rows else []), nearest)


def _describe_nearest(recommendation: Recommendation, refusal: Refusal) -> str:
    if not refusal.searched:
        return _TOO_MANY
    if refusal.nearest is None:
        return "no change of up to three answers would make it right"
    change = {name: [level] for name, level in refusal.nearest.change.items()}
    text = f"it would be right with {_format_change(recommendation, change)}"
    if not refusal.fixed:
        return text
    verb = "is" if len(refusal.fixed) == 1 else "are"
    return f"{text} ({join_words(refusal.fixed)} {verb} not the team's to change)"
