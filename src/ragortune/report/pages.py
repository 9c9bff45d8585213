"""Pages on what is behind the advice: rules, criteria, options and sources, each rendered from its one record."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.model import (
    Bound,
    Condition,
    Criterion,
    Direction,
    Effect,
    Main,
    Option,
    OptionGuide,
    Rule,
    Rulebook,
    Source,
)
from ragortune.model.findings import Detector, FindingRule
from ragortune.report.blocks import Block
from ragortune.report.headline import NEED_NAMES
from ragortune.report.outlook import GATE_WORDS
from ragortune.report.topics import TOPICS, word_strength
from ragortune.support.record import NOTHING
from ragortune.support.text import join_words


def word_condition(criterion: str, condition: Condition) -> str:
    """Return a condition as a reader says it."""
    if isinstance(condition, Main):
        return f"{word_condition(criterion, condition.main)} first"
    if isinstance(condition, Bound):
        if condition.at_least is not None and condition.at_most is not None:
            return f"{criterion} from {condition.at_least} to {condition.at_most}"
        if condition.at_least is not None:
            return f"{criterion} {condition.at_least} or higher"
        return f"{criterion} {condition.at_most} or lower"
    levels = (condition,) if isinstance(condition, str) else condition
    return f"{criterion} {join_words(levels, 'or')}"


def word_effects(book: Rulebook, rule: Rule) -> list[str]:
    """Return what a rule does, one clause for each effect."""
    done = [
        f"speaks {effect.effect} {NEED_NAMES[effect.need]} ({_word_weight(book, effect)})"
        for effect in rule.effects
    ]
    done += [GATE_WORDS[gate.gate].format(NEED_NAMES[gate.need]) for gate in rule.gates]
    if rule.notice:
        done.append(f"notes: {rule.notice}")
    if rule.technique:
        done.append(f"offers a technique within {join_words(rule.technique.options)}")
    return done


def _word_weight(book: Rulebook, effect: Effect) -> str:
    sign = "+" if effect.effect is Direction.FOR else "-"
    return f"{word_strength(effect.strength)}, log-odds {sign}{book.scale.weight(effect.strength):.2f}"


def _argue_rule(book: Rulebook, rule: Rule | FindingRule) -> list[Block]:
    """Return what every rule's page says below its heading for evidence, up to its tests."""
    blocks: list[Block] = []
    for finding in rule.sources:
        source = book.sources[finding.source]
        blocks.append(("item", finding.found))
        blocks.append(("note", f"{source.title} ({source.quality}, checked {source.checked})"))
        blocks.append(("address", source.address))
    blocks.append(("subheading", "When it misleads"))
    blocks += [("item", text) for text in rule.exceptions]
    blocks += [("subheading", "What to do"), ("text", rule.remedy), ("subheading", "Tested on")]
    return blocks


def rule_page(book: Rulebook, rule: Rule) -> list[Block]:
    """Return the page of a rule."""
    blocks: list[Block] = [("heading", f"{rule.code} {rule.title}"), ("term", f"name\t{rule.id}")]
    blocks.append(("term", "when\t" + "; and ".join(word_condition(*item) for item in rule.when.items())))
    if rule.unless:
        blocks.append(
            ("term", "unless\t" + "; or ".join(word_condition(*item) for item in rule.unless.items()))
        )
    blocks.append(("term", "then\t" + "; ".join(word_effects(book, rule))))
    if rule.technique:
        blocks.append(("subheading", "Begin with"))
        blocks.append(("text", rule.technique.begin_with))
        if rule.technique.baseline:
            blocks.append(("term", f"beat\t{rule.technique.baseline}"))
        blocks.append(("term", f"look again\t{rule.technique.look_again}"))
    blocks += [("subheading", "Why"), ("text", rule.because), ("subheading", "Evidence")]
    blocks += _argue_rule(book, rule)
    for side, word in (("fires", "fires"), ("silent", "silent")):
        for example in getattr(rule.tests, side):
            answers = ", ".join(f"{name}: {_show_value(value)}" for name, value in example.profile.items())
            blocks.append(("item", f"{word}: {example.name} ({answers})"))
    return blocks


def _show_value(value: object) -> str:
    """Return an answer as it is written in a profile."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, (list, tuple)) else str(value)


_FROM_PROSE = (
    "Where it rests on what was read from prose, which may have been read otherwise than it was meant, the finding is a "
    "note; answers in a `ragortune` block or a profile give the severity that is stated here."
)


def finding_page(book: Rulebook, rule: FindingRule) -> list[Block]:
    """Return the page of something that `check` looks for."""
    blocks: list[Block] = [
        ("heading", f"{rule.code} {rule.title}"),
        ("term", f"name\t{rule.id}"),
        ("term", f"severity\t{rule.severity}, confidence {rule.confidence}, since {rule.since}"),
    ]
    if rule.decisions:
        blocks.append(("term", f"decides\t{join_words(rule.decisions, 'or')}"))
    if rule.when:
        blocks.append(("term", "when\t" + "; and ".join(word_condition(*item) for item in rule.when.items())))
    if rule.unless:
        blocks.append(
            ("term", "unless\t" + "; or ".join(word_condition(*item) for item in rule.unless.items()))
        )
    blocks += [("subheading", "How it is found"), ("text", rule.how)]
    if rule.detector is Detector.ANSWERS:
        blocks.append(("text", _FROM_PROSE))
    blocks += [("subheading", "Why it matters"), ("text", rule.because)]
    if rule.sources:
        blocks.append(("subheading", "Evidence"))
    blocks += _argue_rule(book, rule)
    for side, word in (("fires", "finds"), ("silent", "passes")):
        blocks += [("item", f"{word}: {example.name}") for example in getattr(rule.tests, side)]
    blocks.append(("subheading", "To suppress it"))
    blocks.append(("text", f"<!-- ragortune: ignore[{rule.id}] until 2027-03-31 because TEXT -->"))
    return blocks


def criterion_page(book: Rulebook, criterion: Criterion) -> list[Block]:
    """Return the page of a criterion."""
    blocks: list[Block] = [
        ("heading", f"{criterion.id}: {criterion.title}"),
        ("text", criterion.question),
        ("subheading", "How to find out"),
        ("text", criterion.help),
        ("subheading", "Levels" if criterion.nominal else "Levels, lowest first"),
    ]
    blocks += [("term", f"{level.id}\t{level.means}") for level in criterion.levels]
    if criterion.several:
        blocks.append(("text", "Several can hold at once: a list names all that hold, the main one first."))
    if criterion.asked_when:
        conditions = join_words(word_condition(*item) for item in criterion.asked_when.items())
        blocks.append(("text", f"The questionnaire asks it only where this is known: {conditions}."))
    if criterion.unit:
        blocks.append(("text", f"A number of {criterion.unit} may be given instead."))
    if criterion.raises:
        names = join_words(NEED_NAMES[need] for need in criterion.raises)
        blocks.append(("text", f"A higher level never lowers the need for {names}."))
    blocks.append(("subheading", "Read by"))
    for rule in book.rules.values():
        if criterion.id in rule.criteria:
            blocks.append(("term", f"{rule.code}\t{rule.title}: {'; '.join(word_effects(book, rule))}"))
    return blocks


def option_page(book: Rulebook, guide: OptionGuide) -> list[Block]:
    """Return the page of an option."""
    blocks: list[Block] = [
        ("heading", f"{guide.id}: {guide.title}"),
        ("text", guide.meaning),
        ("subheading", "First"),
        ("text", guide.first),
        ("subheading", "Look again"),
        ("text", guide.look_again),
        ("subheading", "Prove it"),
        ("term", f"beat\t{guide.baseline}"),
        ("term", f"on\t{guide.test_set}"),
        ("subheading", "Techniques"),
    ]
    offered = [rule for rule in book.rules.values() if rule.technique and guide.id in rule.technique.options]
    offered.sort(key=lambda rule: rule.technique.order if rule.technique else 0)
    blocks += [("term", f"{rule.code}\t{rule.title}") for rule in offered]
    return blocks


def source_page(book: Rulebook, source: Source, findings: Mapping[str, FindingRule] = NOTHING) -> list[Block]:
    """Return the page of a source: what it contributes to which rule."""
    blocks: list[Block] = [
        ("heading", source.title),
        ("address", source.address),
        ("text", f"{source.quality.value.capitalize()}, checked {source.checked}."),
        ("subheading", "Found there"),
    ]
    blocks += [
        ("term", f"{rule.code}\t{finding.found}")
        for rule in _all_rules(book, findings)
        for finding in rule.sources
        if finding.source == source.id
    ]
    return blocks


def find_page(book: Rulebook, name: str, findings: Mapping[str, FindingRule] = NOTHING) -> list[Block] | None:
    """Return the page that a name, code or topic stands for, or None."""
    named = next((rule for rule in book.rules.values() if _is_called(rule, name)), None)
    if named is not None:
        return rule_page(book, named)
    found = next((rule for rule in findings.values() if _is_called(rule, name)), None)
    if found is not None:
        return finding_page(book, found)
    if name in book.sources:
        return source_page(book, book.sources[name], findings)
    return _other_page(book, name)


def _all_rules(book: Rulebook, findings: Mapping[str, FindingRule]) -> list[Rule | FindingRule]:
    return [*book.rules.values(), *findings.values()]


def _is_called(rule: Rule | FindingRule, name: str) -> bool:
    return name == rule.id or name.upper() == rule.code


def _other_page(book: Rulebook, name: str) -> list[Block] | None:
    if name in book.readable:
        return criterion_page(book, book.readable[name])
    if name in tuple(Option):
        return option_page(book, book.options[Option(name)])
    return TOPICS[name](book) if name in TOPICS else None


def page_names(book: Rulebook, findings: Mapping[str, FindingRule] = NOTHING) -> list[str]:
    """Return every name that has a page."""
    codes = [rule.code for rule in _all_rules(book, findings)]
    return [
        *book.rules,
        *findings,
        *codes,
        *book.readable,
        *tuple(Option),
        *book.sources,
        *TOPICS,
    ]
