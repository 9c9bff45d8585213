"""All checks of a rule set: those of single records, of their use, of sources, and of the rules together.

What the rules do together is proved by trying every combination of answers that they tell apart. A few rules read few
criteria and tell few answers of these apart, so that exhaustive search is feasible within a budget.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ragortune.engine import Levels, SearchTooLargeError, has_fired, reach_options
from ragortune.engine.compile import Budget, Clause, combine_levels, compile_table, group_levels
from ragortune.evidence.documents.language import FactWords
from ragortune.model import Criterion, Gate, GateKind, Need, Option, Rule, Rulebook
from ragortune.model.findings import Detector, FindingRule, RuleFinding
from ragortune.model.prices import count_days, is_date, list_sources
from ragortune.ruleset.author import Authored, read_folder
from ragortune.ruleset.compile import compile_authored
from ragortune.ruleset.files import ALL_KINDS, KINDS
from ragortune.ruleset.references import check_references
from ragortune.support.errors import Place
from ragortune.support.reading import YAML_ENDINGS, walk_folder
from ragortune.support.rulefolder import MANIFEST
from ragortune.support.text import join_words

_SINGULAR = {kind.name: kind.singular for kind in ALL_KINDS}
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TRY = 10
"""Steps of the budget that trying one rule on one profile costs."""


def check_folder(folder: Path, today: str) -> tuple[RuleFinding, ...]:
    """Return all problems of the rule set in a folder; raises RagortuneError if a file cannot be read.

    `today` is the date by which sources are judged, YYYY-MM-DD.
    """
    authored = read_folder(folder)
    check_references(authored)
    findings = [
        RuleFinding("malformed", problem.message, problem.place or Place(str(folder)), problem.hint)
        for problem in authored.problems
    ]
    findings += _check_files(folder)
    findings += check_form(authored)
    findings += check_freshness(authored, today)
    if not authored.problems:
        findings += check_logic(authored, compile_authored(authored))
    return tuple(sorted(findings, key=lambda item: (item.place.path or "", item.place.line or 0, item.name)))


def _check_files(folder: Path) -> Iterator[RuleFinding]:
    """Yield files in the folders of a rule set that are not read."""
    for kind in filter(os.path.isdir, map(folder.joinpath, KINDS)):
        for base, _, names in walk_folder(kind):
            for name in names:
                if not name.startswith(".") and not name.lower().endswith((*YAML_ENDINGS, ".md")):
                    message = "is not read: a rule set has only YAML files"
                    yield RuleFinding("unread", message, Place(str(Path(base, name))), "name it *.yaml")


def check_form(authored: Authored) -> Iterator[RuleFinding]:
    """Yield problems of single records, and unused records."""
    for kind in ("rules", "findings", "facts"):
        for record in authored.records[kind].values():
            what = f"{_SINGULAR[kind]} '{record.id}'"
            for exists, name, message, key, *hint in _list_problems(record):
                if exists:
                    place = authored.place_of((kind, record.id, key))
                    yield RuleFinding(name, f"{what} {message}", place, *hint)
    if not authored.problems:  # an unreadable record may use them
        yield from _check_use(authored)


_Problem = tuple[bool, str, str, str] | tuple[bool, str, str, str, str]
"""Whether the problem exists, its name, message and key, and a hint."""


def _list_problems(record: Rule | FindingRule | FactWords) -> Iterator[_Problem]:
    """Yield all possible problems of a record."""
    says = "is not named in lower case with hyphens"
    yield not _SLUG.fullmatch(record.id), "malformed", says, "id"
    for side in record.tests.field_names():
        lacks = not getattr(record.tests, side)
        yield lacks, "missing-test", f"has no test under tests.{side}", "tests"
    if isinstance(record, FactWords):
        return
    yield not record.exceptions, "missing-exception", "does not say when it misleads", "exceptions"
    if isinstance(record, Rule):
        code, form, needs_sources = r"[A-Z][0-9]{2}", "a letter and two digits", True
        idle = not (record.effects or record.gates or record.notice or record.technique)
        yield idle, "dead-rule", "does nothing: it has no effect, gate, notice or technique", "id"
        yield not record.when, "malformed", "has no condition", "when"
        never = record.technique is not None and not record.technique.options
        yield never, "dead-rule", "has a technique for no option", "technique"
    else:
        code, form, needs_sources = r"RT[0-9]{3}", "RT with three digits", not record.detector.about_comments
        always = record.detector is Detector.ANSWERS and not record.when
        yield always, "malformed", "has no condition", "detector"
        reads_words = record.detector in (Detector.ABSENCE, Detector.COST)
        wordless = reads_words and not (record.words or record.sections)
        yield wordless, "malformed", "has no words to look for", "detector"
        says = "has a 'since' that is not a version (numbers separated by dots)"
        yield not _VERSION.fullmatch(record.since), "malformed", says, "since"
    hint = "every rule rests on published evidence"
    yield needs_sources and not record.sources, "missing-source", "has no source", "sources", hint
    says = f"has a code that is not {form}: '{record.code}'"
    yield not re.fullmatch(code, record.code), "malformed", says, "code"


def _check_use(authored: Authored) -> Iterator[RuleFinding]:
    """Yield unused sources and criteria."""
    records = authored.records
    checked = (*records["rules"].values(), *records["findings"].values())
    used = {finding.source for rule in checked for finding in rule.sources}
    used |= {name for row in records["prices"].values() for name in list_sources(row)}
    for source in authored.list_own("sources").keys() - used:
        message = f"no rule or price uses source '{source}'"
        yield RuleFinding("unused-source", message, authored.place_of(("sources", source, "id")))
    read = {name for rule in records["rules"].values() for name in rule.criteria}
    for kind in ("criteria", "derived"):
        for name in authored.list_own(kind).keys() - read:
            place, hint = authored.place_of((kind, name, "id")), "write a rule, or drop it"
            yield RuleFinding("unused-criterion", f"no rule reads '{name}'", place, hint)


def check_freshness(authored: Authored, today: str) -> Iterator[RuleFinding]:
    """Yield sources that were checked longer ago than their rules allow."""
    default = authored.manifest.recheck_days
    strictest: dict[str, tuple[int, str]] = {}
    for rule in authored.records["rules"].values():
        for finding in rule.sources:
            allowed = (rule.recheck_days or default, f"rule '{rule.id}' allows")
            strictest[finding.source] = min(strictest.get(finding.source, allowed), allowed)
    for source in authored.list_own("sources").values():
        place = authored.place_of(("sources", source.id, "checked"))
        if not is_date(source.checked):
            message = f"'checked' of source '{source.id}' is not a date (YYYY-MM-DD)"
            yield RuleFinding("malformed", message, place)
            continue
        age = count_days(source.checked, today)
        limit, allows = strictest.get(source.id, (default, "the rule set allows"))
        if age < 0:
            yield RuleFinding("malformed", f"source '{source.id}' was checked in the future", place)
        elif age > limit:
            message = f"source '{source.id}' was last checked {age} days ago; {allows} {limit}"
            yield RuleFinding("stale-source", message, place, "read it again and set the date")


# --- the rules together -------------------------------------------------------------------------------------------


def check_logic(authored: Authored, rulebook: Rulebook) -> Iterator[RuleFinding]:
    """Yield the problems of the rules of a set as a whole."""
    budget, rules = Budget(), rulebook.rules.values()
    manifest = Place(str(authored.folder / MANIFEST))
    try:
        for rule in rules:
            if not _can_fire(rulebook, [rule], budget):
                message = f"rule '{rule.id}' can never fire: its 'unless' covers its 'when'"
                yield RuleFinding("dead-rule", message, authored.place_of(("rules", rule.id, "when")))
        for need, one, other in itertools.product(Need, rules, rules):
            opposed = (
                Gate(need, GateKind.REQUIRES) in one.gates and Gate(need, GateKind.RULES_OUT) in other.gates
            )
            if opposed and _can_fire(rulebook, [one, other], budget):
                message = f"rule '{one.id}' requires '{need}' where rule '{other.id}' rules it out"
                yield RuleFinding(
                    "contradictory-gate", message, authored.place_of(("rules", one.id, "gates"))
                )
        yield from _check_directions(authored, rulebook, budget)
        reached = reach_options(rulebook, {})
        for option in (option for option in Option if option not in reached):
            yield RuleFinding("unreachable-option", f"no profile leads to '{option}'", manifest)
    except SearchTooLargeError:
        message = "there are too many rules, or they read too many criteria together, to prove what they do"
        yield RuleFinding("search-too-large", message, manifest, "let most rules read a single criterion")


def _can_fire(rulebook: Rulebook, rules: list[Rule], budget: Budget) -> bool:
    """Return whether there is a profile on which all of these rules fire."""
    profiles = list_profiles(rulebook, rules, budget)
    return any(all(has_fired(rulebook, rule, levels) for rule in rules) for levels in profiles)


def _check_directions(authored: Authored, rulebook: Rulebook, budget: Budget) -> Iterator[RuleFinding]:
    for criterion in rulebook.criteria.values():
        for need in criterion.raises:
            broken = find_broken_step(rulebook, criterion, need, budget)
            if broken is not None:
                lower, higher, rules = broken
                message = (
                    f"going from '{lower}' to '{higher}' of '{criterion.id}' can lower the need '{need}' "
                    f"(by rule {join_words(map(repr, rules))})"
                )
                place = authored.place_of(("rules", rules[0], "id"))
                hint = f"change the effect, or 'raises' of '{criterion.id}', which says that a higher level raises it"
                yield RuleFinding("direction-broken", message, place, hint)


def list_profiles(
    rulebook: Rulebook, rules: list[Rule], budget: Budget, without: str | None = None
) -> Iterator[Levels]:
    """Yield one profile for each combination of conditions of some rules that can hold together.

    Profiles do not answer the criterion `without`. Raises SearchTooLargeError.
    """
    conditions = compile_table(rulebook).conditions
    read: dict[str, set[Clause]] = {}
    for clause in (clause for rule in rules for clause in conditions[rule.id].clauses):
        if clause.criterion != without:
            read.setdefault(clause.criterion, set()).add(clause)
    answers = []
    for name, clauses in sorted(read.items()):
        criterion = rulebook.readable[name]
        levels = combine_levels(group_levels(criterion.level_ids, clauses), several=criterion.several)
        told_apart = {tuple(clause.allows(answer) for clause in clauses): answer for answer in levels}
        answers.append([None, *told_apart.values()])  # None is unknown
        budget.spend(_TRY * len(answers[-1]))
    for chosen in itertools.product(*answers):
        budget.spend(_TRY * len(rules) + len(chosen))
        yield {name: answer for name, answer in zip(sorted(read), chosen, strict=True) if answer is not None}


def find_broken_step(
    rulebook: Rulebook, criterion: Criterion, need: Need, budget: Budget
) -> tuple[str, str, tuple[str, ...]] | None:
    """Return two neighbouring levels between which a need can fall, and the rules at fault; None if there are none.

    Tries every combination of the other criteria that these rules read. Raises SearchTooLargeError.
    """
    readers = [
        rule
        for rule in rulebook.rules.values()
        if criterion.id in rule.criteria
        and need in (*(effect.need for effect in rule.effects), *(gate.need for gate in rule.gates))
    ]
    table = compile_table(rulebook)
    weights = {rule.id: table.split(table.pack_effects(rule)).score(need) for rule in readers}
    for ends in itertools.pairwise(criterion.level_ids):
        for context in list_profiles(rulebook, readers, budget, without=criterion.id):
            before, after = ({**context, criterion.id: (level,)} for level in ends)
            steps = {
                rule.id: has_fired(rulebook, rule, after) - has_fired(rulebook, rule, before)
                for rule in readers
            }
            changes = {name: step * weights[name] for name, step in steps.items()}
            if sum(changes.values()) < 0:
                return *ends, tuple(name for name, change in changes.items() if change < 0)
            for rule in readers:
                kinds = (gate.gate for gate in rule.gates if gate.need is need)
                if any(steps[rule.id] == (1 if kind is GateKind.RULES_OUT else -1) for kind in kinds):
                    return *ends, (rule.id,)
    return None
