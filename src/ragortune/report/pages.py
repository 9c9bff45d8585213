"""The pages of `explain` on rules, findings, criteria, options and sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ragortune.model import Condition, Criterion, Direction, Option, OptionGuide, Rule, Rulebook, Selection
from ragortune.model.findings import Detector, FindingRule, read_finding_rules
from ragortune.report.blocks import Block, Break, Heading, Item, Items, Paragraph, bullets, section, terms
from ragortune.report.headline import NEED_NAMES, format_gate
from ragortune.report.topics import TOPICS, quantities_page
from ragortune.support.errors import UsageError
from ragortune.support.text import clean_line, join_words

AnyRule = Rule | FindingRule
_ANSWERS = (
    "Nothing is reported if enough is known and the advice agrees with the decision. If the finding rests on what "
    "was read from prose, which may have been misread, it is a note; answers in a `ragortune` "
    "block or a profile give the severity that is stated here. What is read without a model, in a document that declares "
    "nothing, is not held against its decision."
)


def format_condition(criterion: str, condition: Condition) -> str:
    """Return a condition in words."""
    if isinstance(condition, Selection):
        if condition.main is not None:
            return f"{format_condition(criterion, condition.main)} first"
        if condition.at_least is not None and condition.at_most is not None:
            return f"{criterion} from {condition.at_least} to {condition.at_most}"
        if condition.at_least is not None:
            return f"{criterion} {condition.at_least} or higher"
        return f"{criterion} {condition.at_most} or lower"
    levels = (condition,) if isinstance(condition, str) else condition
    return f"{criterion} {join_words(levels, 'or')}"


def _format_conditions(conditions: Mapping[str, Condition], last: str = "and") -> str:
    return f"; {last} ".join(format_condition(*item) for item in conditions.items())


def _format_effects(book: Rulebook, rule: Rule) -> str:
    """Return the effects of a rule, one clause each."""
    clauses = []
    for effect in rule.effects:
        sign = "+" if effect.effect is Direction.FOR else "-"
        weight = f"log-odds {sign}{book.scale.weight(effect.strength):.2f}"
        strength = effect.strength.replace("_", " ")
        clauses.append(f"speaks {effect.effect} {NEED_NAMES[effect.need]} ({strength}, {weight})")
    clauses += map(format_gate, rule.gates)
    if rule.notice:
        clauses.append(f"notes: {rule.notice}")
    if rule.technique:
        clauses.append(f"offers a technique within {join_words(rule.technique.options)}")
    return "; ".join(clauses)


# --- pages of records ---------------------------------------------------------------------------------------------


def find_page(book: Rulebook, name: str) -> list[Block]:
    """Return the page on a name, code or topic; raises UsageError with a hint."""
    for rule in list_records(book):
        if name == rule.id or name.upper() == rule.code:
            return rule_page(book, rule) if isinstance(rule, Rule) else finding_page(book, rule)
    if name in book.sources:
        return source_page(book, name)
    if name in book.readable:
        return criterion_page(book, book.readable[name])
    if name in tuple(Option):
        return option_page(book, book.options[Option(name)])
    if name in TOPICS:
        return TOPICS[name](book)
    if name in book.quantities:
        return quantities_page(book, [name])
    for id_, disabled in book.disabled.items():
        if name == id_ or name.upper() == disabled.code:
            raise UsageError(clean_line(f"{book.name} disables rule '{id_}': {disabled.because}"))
    error = UsageError.unknown("page", name, [*page_names(book), *book.quantities])
    steps = {rule.code: rule.technique.begin_with for rule in book.rules.values() if rule.technique}
    word = re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
    if told := [code for code, step in steps.items() if len(name) > 2 and word.search(step)]:
        error.hint = f"this word is in {join_words(told[:3])}, see `ragortune explain {told[0]}`"
    if name in book.prices:
        error.hint = f"`ragortune prices show {name}` shows this price"
    error.hint = error.hint or f"`ragortune rules list` lists the rules; topics are {join_words(TOPICS)}"
    raise error


def page_names(book: Rulebook) -> list[str]:
    """Return all names with a page."""
    rules = list_records(book)
    named = [*(rule.id for rule in rules), *(rule.code for rule in rules)]
    return [*named, *book.readable, *Option, *book.sources, *TOPICS]


def rule_page(book: Rulebook, rule: Rule) -> list[Block]:
    """Return the page of a rule."""
    facts = [("name", rule.id), *_list_conditions(rule), ("then", _format_effects(book, rule))]
    blocks: list[Block] = [Heading(f"{rule.code} {rule.title}"), terms(facts)]
    if technique := rule.technique:
        beat = [("beat", technique.baseline)] if technique.baseline else []
        later = terms([*beat, ("look again", technique.look_again)])
        blocks += section("Begin with", technique.begin_with, later)
    tests = (
        f"{word}: {example.name} ({', '.join(_format_answer(*item) for item in example.profile.items())})"
        for word, examples in (("fires", rule.tests.fires), ("does not fire", rule.tests.does_not_fire))
        for example in examples
    )
    return [*blocks, *section("Why", rule.because), *_argue_rule(book, rule, tests)]


def _format_answer(name: str, value: object) -> str:
    """Return an answer, or those of a group, as a profile names them."""
    if isinstance(value, Mapping) and "." not in name:  # a group of criteria
        return ", ".join(_format_answer(f"{name}.{key}", answer) for key, answer in value.items())
    return f"{name}: {_format_value(value)}"


def _format_value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_format_value(part)}' for key, part in value.items())}}}"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, (list, tuple)) else str(value)


def _list_conditions(rule: AnyRule) -> Iterator[tuple[str, str]]:
    if rule.when:
        yield "when", _format_conditions(rule.when)
    if rule.unless:
        yield "unless", _format_conditions(rule.unless, "or")


def _argue_rule(book: Rulebook, rule: AnyRule, tests: Iterable[str]) -> Iterator[Block]:
    """Yield the sections that pages on rules and findings share: evidence, exceptions, remedy and tests."""
    evidence = []
    for finding in rule.sources:
        source = book.sources[finding.source]
        note = f"{source.title} ({source.quality}, checked {source.checked})"
        evidence.append(Item(finding.found, (note,), source.address))
    yield from section("Evidence", Items(tuple(evidence)))
    yield from section("When it misleads", bullets(rule.exceptions))
    yield from section("What to do", rule.remedy)
    yield from section("Tested on", bullets(tests))


def finding_page(book: Rulebook, rule: FindingRule) -> list[Block]:
    """Return the page of a finding rule."""
    severity = f"{rule.severity}, confidence {rule.confidence}, since {rule.since}"
    facts = [("name", rule.id), ("severity", severity)]
    facts += [("decides", join_words(rule.decisions, "or"))] if rule.decisions else []
    tests = [("finds", rule.tests.fires), ("passes", rule.tests.does_not_fire)]
    listed = (f"{word}: {example.name}" for word, examples in tests for example in examples)
    return [
        Heading(f"{rule.code} {rule.title}"),
        terms([*facts, *_list_conditions(rule)]),
        *section("How it is found", rule.how, *[_ANSWERS] * (rule.detector is Detector.ANSWERS)),
        *section("Why it matters", rule.because),
        *_argue_rule(book, rule, listed),
        *section("To suppress it", f"`<!-- ragortune: ignore[{rule.id}] until 2027-03-31 because TEXT -->`"),
    ]


def criterion_page(book: Rulebook, criterion: Criterion) -> list[Block]:
    """Return the page of a criterion."""
    readers = [rule for rule in book.rules.values() if criterion.id in rule.criteria]
    conditions = join_words(format_condition(*item) for item in criterion.asked_when.items())
    needs = join_words(NEED_NAMES[need] for need in criterion.raises)
    remarks = {
        "Several can hold at once: a list names all that hold, the main one first.": criterion.several,
        f"The questionnaire asks it only if this is known: {conditions}.": conditions,
        f"A number of {criterion.unit} may be given instead.": criterion.unit,
        f"A higher level never lowers the need for {needs}.": needs,
    }
    return [
        Heading(f"{criterion.id}: {criterion.title}"),
        Paragraph(criterion.question),
        *section("How to find out", criterion.help),
        *section(
            "Levels" if criterion.nominal else "Levels, lowest first",
            terms((level.id, level.means) for level in criterion.levels),
            *(remark for remark, holds in remarks.items() if holds),
        ),
        *section(
            "Read by", terms((rule.code, f"{rule.title}: {_format_effects(book, rule)}") for rule in readers)
        ),
    ]


def option_page(book: Rulebook, guide: OptionGuide) -> list[Block]:
    """Return the page of an option."""
    offered = sorted(
        (rule.technique.order, rule.code, rule.title)
        for rule in book.rules.values()
        if rule.technique and guide.id in rule.technique.options
    )
    return [
        Heading(f"{guide.id}: {guide.title}"),
        Paragraph(guide.meaning),
        *section("First", guide.first),
        *section("Look again", guide.look_again),
        *section("Prove it", terms([("beat", guide.baseline), ("on", guide.test_set)])),
        *section("Techniques", terms((code, title) for _, code, title in offered)),
    ]


def source_page(book: Rulebook, name: str) -> list[Block]:
    """Return the page of a source with its findings and the rules that use them."""
    source = book.sources[name]
    found = [
        (rule.code, finding.found)
        for rule in list_records(book)
        for finding in rule.sources
        if finding.source == name
    ]
    quality = f"{source.quality.value.capitalize()}, checked {source.checked}."
    reference = Items((Item(quality, address=source.address),))
    return [Heading(source.title), reference, *section("Found there", terms(found))]


# --- the whole rule set -------------------------------------------------------------------------------------------


def list_rules(book: Rulebook) -> list[Block]:
    """Return one line per rule and finding rule, and their numbers."""
    findings = read_finding_rules(book)
    rules = [
        (rule.code, f"{rule.id}: {rule.title}: {_format_effects(book, rule)}") for rule in book.rules.values()
    ]
    rules += [
        (rule.code, f"{rule.id}: {rule.title}: {rule.severity}, confidence {rule.confidence}")
        for rule in findings.values()
    ]
    held = f"{len(book.rules)} rules, {len(book.criteria)} criteria, {len(book.sources)} sources"
    disabled = (Paragraph(f"{name} is disabled: {rule.because}") for name, rule in book.disabled.items())
    return [terms(rules), Break(), Paragraph(f"{held}, {len(findings)} finding rules"), *disabled]


def list_records(book: Rulebook) -> list[AnyRule]:
    """Return all rules, then all finding rules, as JSON data."""
    return [*book.rules.values(), *read_finding_rules(book).values()]
