"""Changes since an earlier recommendation: read from its JSON, compared, and worded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import astuple

from ragortune.model import Change, Comparison, Option, Recommendation, Rulebook
from ragortune.report.blocks import Block, Inline, Span, Style, bullets, section
from ragortune.report.headline import NEED_NAMES, format_probability
from ragortune.report.shapes import Advice, Answers, CitedRule, RuleSet, Shares, describe_recommendation, fill
from ragortune.support.record import Record
from ragortune.support.text import join_words


class Earlier(Record, frozen=True):
    """The part of the JSON of a recommendation that is compared; other keys are ignored."""

    option: Option
    probability: Shares
    rulebook: RuleSet
    reasons: list[CitedRule]
    gates: list[CitedRule]
    answers: Answers

    def list_answers(self) -> dict[str, list[str]]:
        """Return the levels by criterion."""
        return {name: [given] if isinstance(given, str) else given for name, given in self.answers.items()}

    def list_effects(self) -> dict[str, str]:
        """Return the effects of each rule by its code."""
        effects: dict[str, list[str]] = {}
        for rule in (*self.gates, *self.reasons):
            what = rule.gate.replace("_", " ") if rule.gate else f"{rule.strength} {rule.effect}"
            effects.setdefault(rule.code, []).append(f"{what} {rule.need}")
        return {code: join_words(parts) for code, parts in effects.items()}


def summarise(recommendation: Recommendation) -> Earlier:
    """Return the part of a recommendation that is compared, as its JSON holds it."""
    return fill(Earlier, describe_recommendation(Advice(recommendation)))


def compare(name: str, before: Earlier, recommendation: Recommendation) -> Comparison:
    """Return the changes since an earlier recommendation; `name` is the file or revision that it comes from."""
    now = summarise(recommendation)
    shares = Change(before.probability.get(before.option), now.probability[now.option])
    return Comparison(
        name,
        Change(before.option, now.option),
        shares,
        _list_changes(before.list_answers(), now.list_answers()),
        _list_changes(before.list_effects(), now.list_effects()),
        Change(before.rulebook, now.rulebook) if before.rulebook != now.rulebook else None,
    )


def _list_changes(before: Mapping[str, object], now: Mapping[str, object]) -> dict[str, Change]:
    names = dict.fromkeys((*now, *before))
    changes = ((name, Change(before.get(name), now.get(name))) for name in names)
    return {name: change for name, change in changes if change.before != change.now}


def describe_changes(comparison: Comparison, book: Rulebook) -> Iterator[Inline]:
    """Yield the changes of advice, rule set, answers and rules."""
    option, share = comparison.option, comparison.probability
    earlier = None if share.before is None else format_probability(book, share.before)
    current = format_probability(book, share.now)
    then = f" with {earlier}" if earlier else ""
    if option.before == option.now and share.before == share.now:
        yield f"the advice is the same: {option.now}{then}"
    elif option.before == option.now:
        yield f"the advice is still {option.now}, with {current} after {earlier}"
    else:
        yield f"the advice was {option.before}{then}, and is {option.now} with {current}"
    if comparison.rulebook:
        ends = astuple(comparison.rulebook)
        sets = [f"{end.name} {end.version} ({end.digest[:19]})" for end in ends]
        yield f"the rule set was {sets[0]}, and is {sets[1]}"
    for name, change in comparison.answers.items():
        word = "and" if name in book.readable and book.readable[name].several else "or"
        before, now = (join_words(levels, word) if levels else "unknown" for levels in astuple(change))
        yield (Span(name, Style.NAME), f" was {before}, and is {now}")
    titles = {rule.code: f" {rule.title}:" for rule in book.rules.values()}
    for code, change in comparison.rules.items():
        was, is_now = astuple(change)
        text = f"was {was}, and is {is_now}" if was else f"fires, {is_now}"
        text = f"no longer fires, was {was}" if is_now is None else text
        for need, name in NEED_NAMES.items():
            text = text.replace(need, name)
        yield (Span(code, Style.NAME), f"{titles.get(code, '')} {text.replace('_', ' ')}")


def list_changes(comparison: Comparison | None, book: Rulebook) -> Iterator[Block]:
    """Yield the section on the changes; nothing without a comparison."""
    if comparison:
        since = ("Since the advice of ", Span(comparison.earlier, Style.NAME), ":")
        yield from section("What has changed", since, bullets(describe_changes(comparison, book)))
