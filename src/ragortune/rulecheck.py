"""Checks on a rule set: is every rule sourced, fresh, tested and alive, and does the set as a whole make sense?

Each check is a function that yields findings with the line to mend. What can be proved is proved: reachability by a
profile that reaches the option, directions by going through every context that can matter.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import random
import re
from collections.abc import Iterable, Iterator, Mapping

from ragortune.authored import Authored
from ragortune.engine import Clause, Tables, compile_tables, decide_option, trace_rule
from ragortune.errors import Place
from ragortune.evidence.documents.language import FactWords
from ragortune.findings import Detector, FindingRule
from ragortune.model import Criterion, Gate, GateKind, Need, Option, Rule, Rulebook, TraceState
from ragortune.plaintext import join_words
from ragortune.prices import list_sources
from ragortune.profile import Vocabulary
from ragortune.record import Record
from ragortune.rulebook import build_rulebook
from ragortune.rulefiles import author_folder, compile_authored
from ragortune.rulefolder import MANIFEST

_CODE = re.compile(r"[A-Z][0-9]{2}\Z")
_FINDING_CODE = re.compile(r"RT[0-9]{3}\Z")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
_ABOUT_FORM = frozenset(
    {
        Detector.BARE_SUPPRESSION,
        Detector.UNKNOWN_SUPPRESSION,
        Detector.EXPIRED_SUPPRESSION,
        Detector.UNUSED_SUPPRESSION,
    }
)
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_SEARCHES = 60


class RuleFinding(Record):
    """Something to mend in a rule set."""

    name: str
    """Name of the check."""
    message: str
    """What is wrong."""
    place: Place
    """Where."""
    hint: str | None = None
    """What to do about it."""


class FailedTest(Record):
    """A rule test that did not come out as it says."""

    rule: Rule
    sentence: str
    """Name of the example."""
    expected: str
    """`fires` or `silent`."""
    state: TraceState
    """What the rule did."""


def check_folder(folder: str, today: str) -> tuple[RuleFinding, ...]:
    """Return everything that is to be mended in the rule set in a folder.

    Raises RagortuneError where a file cannot be read at all.
    """
    authored = author_folder(folder)
    findings = [
        RuleFinding("malformed", problem.message, problem.place or Place(folder), problem.hint)
        for problem in authored.problems
    ]
    findings += _check_form(authored)
    findings += _check_freshness(authored, dt.date.fromisoformat(today))
    if not authored.problems:
        rulebook = build_rulebook(compile_authored(authored), tuple)
        findings += _check_meaning(authored, rulebook)
    return tuple(sorted(findings, key=lambda item: (item.place.path or "", item.place.line or 0, item.name)))


def run_tests(rulebook: Rulebook) -> tuple[int, tuple[FailedTest, ...]]:
    """Return how many rule tests there are, and those that fail."""
    vocabulary = Vocabulary(rulebook.readable)
    count, failed = 0, []
    for rule in rulebook.rules.values():
        for expected in ("fires", "silent"):
            for example in getattr(rule.tests, expected):
                count += 1
                levels = vocabulary.read_profile(dict(example.profile)).levels
                state = trace_rule(rulebook, rule.id, levels).state
                if (state is TraceState.FIRED) != (expected == "fires"):
                    failed.append(FailedTest(rule, example.name, expected, state))
    return count, tuple(failed)


# --- form: what each record must have -----------------------------------------------------------------------------


def _check_form(authored: Authored) -> Iterator[RuleFinding]:
    rules: Mapping[str, Rule] = authored.records["rules"]
    for rule in rules.values():
        yield from _check_rule_form(authored, rule)
    for finding_rule in authored.records["findings"].values():
        yield from _check_finding_form(authored, finding_rule)
    checked = (*rules.values(), *authored.records["findings"].values())
    used = {finding.source for rule in checked for finding in rule.sources}
    used |= {name for row in authored.records["prices"].values() for name in list_sources(row)}
    for source in authored.records["sources"]:
        if source not in used:
            place = authored.place_of("sources", source, "id")
            yield RuleFinding("unused-source", f"no rule or price uses source '{source}'", place)
    for phrase in authored.records["facts"].values():
        yield from _check_phrase_form(authored, phrase)
    yield from _check_order(authored)
    read = {name for rule in rules.values() for name in rule.criteria}
    for kind in ("criteria", "derived"):
        for name in authored.records[kind]:
            if name not in read:
                place = authored.place_of(kind, name, "id")
                yield RuleFinding(
                    "unused-criterion", f"no rule reads '{name}'", place, "write a rule, or drop it"
                )


def _check_rule_form(authored: Authored, rule: Rule) -> Iterator[RuleFinding]:
    def found(name: str, message: str, *path: str, hint: str | None = None) -> RuleFinding:
        return RuleFinding(
            name, f"rule '{rule.id}' {message}", authored.place_of("rules", rule.id, *path), hint
        )

    if not rule.sources:
        yield found(
            "missing-source", "has no source", "sources", hint="every rule rests on published evidence"
        )
    if not rule.exceptions:
        yield found("missing-exception", "does not say when it misleads", "exceptions")
    for side, what in (("fires", "that it fires"), ("silent", "that it does not fire")):
        if not getattr(rule.tests, side):
            yield found(
                "missing-test", f"has no test {what}", "tests", hint=f"add a profile under tests.{side}"
            )
    if not (rule.effects or rule.gates or rule.notice or rule.technique):
        yield found("dead-rule", "does nothing: it has no effect, gate, notice or technique", "id")
    if not rule.when:
        yield found("malformed", "has no condition", "when")
    if not _CODE.match(rule.code):
        yield found("malformed", f"has a code that is no letter with two digits: '{rule.code}'", "code")
    if not _SLUG.match(rule.id):
        yield found("malformed", "is not named in lower case with hyphens", "id")


def _check_phrase_form(authored: Authored, phrase: FactWords) -> Iterator[RuleFinding]:
    place = authored.place_of("facts", phrase.id, "id")
    if not _SLUG.match(phrase.id):
        message = f"phrase '{phrase.id}' is not named in lower case with hyphens"
        yield RuleFinding("malformed", message, place)
    for side, what in (("stated", "that states it"), ("silent", "that does not")):
        if not getattr(phrase.tests, side):
            message = f"phrase '{phrase.id}' has no sentence {what}"
            yield RuleFinding("missing-test", message, place, f"add one under tests.{side}")


def _check_finding_form(authored: Authored, rule: FindingRule) -> Iterator[RuleFinding]:
    def found(name: str, message: str, *path: str, hint: str | None = None) -> RuleFinding:
        place = authored.place_of("findings", rule.id, *path)
        return RuleFinding(name, f"finding rule '{rule.id}' {message}", place, hint)

    if not rule.sources and rule.detector not in _ABOUT_FORM:
        yield found("missing-source", "has no source", "id", hint="only rules about suppressions need none")
    if not rule.exceptions:
        yield found("missing-exception", "does not say when it misleads", "exceptions")
    for side in ("fires", "silent"):
        if not getattr(rule.tests, side):
            yield found("missing-test", f"has no test under tests.{side}", "tests")
    if rule.detector is Detector.ANSWERS and not rule.when:
        yield found("malformed", "has no condition", "detector")
    if not _FINDING_CODE.match(rule.code):
        yield found("malformed", f"has a code that is not RT with three digits: '{rule.code}'", "code")
    if not _SLUG.match(rule.id):
        yield found("malformed", "is not named in lower case with hyphens", "id")
    if not _VERSION.match(rule.since):
        yield found("malformed", "has a 'since' that is no version of numbers with dots", "since")


_ORDERED = (
    ("rules", "code"),
    ("sources", "id"),
    ("cases", "id"),
    ("prices", "id"),
    ("findings", "code"),
)


def _check_order(authored: Authored) -> Iterator[RuleFinding]:
    for kind, key in _ORDERED:
        last: dict[str, str] = {}
        for record_id, record in authored.records[kind].items():
            origin = authored.origins.get((kind, record_id))
            if origin is None:
                continue
            path, value = origin[0].path, getattr(record, key)
            if value < last.get(path, ""):
                place = authored.place_of(kind, record_id, key)
                yield RuleFinding("unsorted", f"'{value}' stands after '{last[path]}'; sort by {key}", place)
            last[path] = max(value, last.get(path, ""))


def _check_freshness(authored: Authored, today: dt.date) -> Iterator[RuleFinding]:
    default = authored.manifest.recheck_days or 365
    limits: dict[str, int] = {}
    users: dict[str, str] = {}
    for rule in authored.records["rules"].values():
        for finding in rule.sources:
            limit = rule.recheck_days or default
            if limit < limits.get(finding.source, 10**6):
                limits[finding.source], users[finding.source] = limit, rule.id
    for source in authored.records["sources"].values():
        place = authored.place_of("sources", source.id, "checked")
        try:
            checked = dt.date.fromisoformat(source.checked)
        except ValueError:
            yield RuleFinding("malformed", f"'checked' of source '{source.id}' is no date, YYYY-MM-DD", place)
            continue
        age, limit = (today - checked).days, limits.get(source.id, default)
        if age < 0:
            yield RuleFinding("malformed", f"source '{source.id}' was checked in the future", place)
        elif age > limit:
            message = f"source '{source.id}' was last checked {age} days ago; rule '{users.get(source.id)}' allows {limit}"
            yield RuleFinding("stale-source", message, place, "read it again and set the date")


# --- meaning: what the rules do together --------------------------------------------------------------------------


def _check_meaning(authored: Authored, rulebook: Rulebook) -> Iterator[RuleFinding]:
    tables = compile_tables(rulebook)
    yield from _check_dead_rules(authored, rulebook, tables)
    yield from _check_contradictory_gates(authored, rulebook, tables)
    yield from _check_directions(authored, rulebook)
    yield from _check_levels(authored, rulebook, tables)
    for option in Option:
        if find_witness(rulebook, option) is None:
            place = Place(os.path.join(authored.folder, MANIFEST))
            yield RuleFinding("unreachable-option", f"no profile was found that leads to '{option}'", place)


def _can_fire(tables: Tables, rule: Rule) -> bool:
    when, unless = tables.clauses[rule.id]
    allowed = dict(when)
    return not any(name in allowed and allowed[name] <= levels for name, levels in unless)


def _implies(tables: Tables, rule: Rule, gate: Rule) -> bool:
    """Return whether the gate fires wherever the rule does."""
    when, unless = tables.clauses[rule.id]
    gate_when, gate_unless = tables.clauses[gate.id]
    allowed = dict(when)
    if any(name not in allowed or not allowed[name] <= levels for name, levels in gate_when):
        return False
    return all(
        (name in allowed and allowed[name].isdisjoint(levels)) or (name, levels) in unless
        for name, levels in gate_unless
    )


def _check_dead_rules(authored: Authored, rulebook: Rulebook, tables: Tables) -> Iterator[RuleFinding]:
    blockers = {
        need: [rule for rule in rulebook.rules.values() if Gate(need, GateKind.RULES_OUT) in rule.gates]
        for need in Need
    }
    for rule in rulebook.rules.values():
        place = authored.place_of("rules", rule.id, "when")
        if not _can_fire(tables, rule):
            message = f"rule '{rule.id}' can never fire: its 'unless' covers its 'when'"
            yield RuleFinding("dead-rule", message, place)
            continue
        for effect in rule.effects:
            over = [
                gate.id for gate in blockers[effect.need] if gate is not rule and _implies(tables, rule, gate)
            ]
            if over:
                message = f"rule '{rule.id}' moves '{effect.need}' only where gate '{over[0]}' rules it out"
                yield RuleFinding("dead-rule", message, authored.place_of("rules", rule.id, "effects"))


def _compatible(tables: Tables, first: Rule, second: Rule) -> bool:
    """Return whether both rules can fire on one profile."""
    allowed: dict[str, frozenset[str]] = {}
    for rule in (first, second):
        for name, levels in tables.clauses[rule.id][0]:
            allowed[name] = allowed.get(name, levels) & levels
    if not all(allowed.values()):
        return False
    return not any(
        name in allowed and allowed[name] <= levels
        for rule in (first, second)
        for name, levels in tables.clauses[rule.id][1]
    )


def _check_contradictory_gates(
    authored: Authored, rulebook: Rulebook, tables: Tables
) -> Iterator[RuleFinding]:
    for need in Need:
        requiring = [rule for rule in rulebook.rules.values() if Gate(need, GateKind.REQUIRES) in rule.gates]
        ruling_out = [
            rule for rule in rulebook.rules.values() if Gate(need, GateKind.RULES_OUT) in rule.gates
        ]
        for one, other in itertools.product(requiring, ruling_out):
            if _compatible(tables, one, other):
                message = f"rule '{one.id}' requires '{need}' where rule '{other.id}' rules it out"
                yield RuleFinding("contradictory-gate", message, authored.place_of("rules", one.id, "gates"))


def _check_levels(authored: Authored, rulebook: Rulebook, tables: Tables) -> Iterator[RuleFinding]:
    """Yield levels that no rule tells from another level of the same criterion."""
    clauses: dict[str, list[frozenset[str]]] = {}
    for when, unless in tables.clauses.values():
        for name, levels in (*when, *unless):
            clauses.setdefault(name, []).append(levels)
    for criterion in rulebook.readable.values():
        kind = "derived" if criterion.id in rulebook.derived else "criteria"
        for first, second in itertools.combinations(criterion.levels, 2):
            told_apart = any(
                (first.id in levels) != (second.id in levels) for levels in clauses.get(criterion.id, [])
            )
            if not told_apart and first.measure == second.measure and criterion.id in clauses:
                index = criterion.level_ids.index(second.id)
                place = authored.place_of(kind, criterion.id, "levels", index, "id")
                message = f"no rule tells '{second.id}' of '{criterion.id}' from '{first.id}'"
                yield RuleFinding("dead-level", message, place)


def _check_directions(authored: Authored, rulebook: Rulebook) -> Iterator[RuleFinding]:
    for criterion in rulebook.criteria.values():
        for need in criterion.raises:
            broken = find_broken_step(rulebook, criterion, need)
            if broken is not None:
                lower, higher, rules = broken
                message = (
                    f"going from '{lower}' to '{higher}' of '{criterion.id}' can lower the need '{need}' "
                    f"(by rule {join_words(f'{chr(39)}{rule}{chr(39)}' for rule in rules)})"
                )
                place = authored.place_of("rules", rules[0], "id")
                yield RuleFinding(
                    "direction-broken", message, place, f"'{criterion.id}' declares that it raises it"
                )


def find_broken_step(
    rulebook: Rulebook, criterion: Criterion, need: Need
) -> tuple[str, str, tuple[str, ...]] | None:
    """Return two neighbouring levels between which a need can fall, and the rules at fault; None if there are none.

    Scores are sums over rules. Rules that share no other criterion vary apart from each other, so the smallest change
    is the sum of the smallest changes of such groups, each found by going through its contexts. Gates are held to
    their direction one by one.
    """
    tables = compile_tables(rulebook)
    readers = [rule for rule in rulebook.rules.values() if criterion.id in rule.criteria]
    for lower, higher in itertools.pairwise(criterion.level_ids):
        change, at_fault = 0, []
        for group in _group_rules(readers, criterion.id):
            worst = _smallest_change(rulebook, tables, group, need, (criterion.id, lower, higher))
            change += worst
            if worst < 0:
                at_fault += [rule.id for rule in group]
        if change < 0:
            return lower, higher, tuple(at_fault)
        for rule in readers:
            if any(
                _gate_falls(tables, rule, gate, need, (criterion.id, lower, higher)) for gate in rule.gates
            ):
                return lower, higher, (rule.id,)
    return None


def _group_rules(rules: Iterable[Rule], criterion: str) -> list[list[Rule]]:
    """Return rules in groups that share no criterion but this one."""
    groups: list[tuple[set[str], list[Rule]]] = []
    for rule in rules:
        if not rule.effects:
            continue
        others, members = set(rule.criteria) - {criterion}, [rule]
        apart = []
        for names, group in groups:
            if names & others:
                others |= names
                members = group + members
            else:
                apart.append((names, group))
        groups = [*apart, (others, members)]
    return [members for _, members in groups]


def _smallest_change(
    rulebook: Rulebook, tables: Tables, rules: list[Rule], need: Need, step: tuple[str, str, str]
) -> int:
    """Return the smallest change of a need's score over every context that these rules can see."""
    criterion, *ends = step
    weighted = [(rule, tables.weights[rule.id, need]) for rule in rules if (rule.id, need) in tables.weights]
    others = sorted({name for rule, _ in weighted for name in rule.criteria} - {criterion})
    changes = []
    for context in itertools.product(*([None, *rulebook.readable[name].level_ids] for name in others)):
        levels = {name: (level,) for name, level in zip(others, context, strict=True) if level is not None}
        before, after = (
            sum(weight for rule, weight in weighted if _fires(tables, rule, {**levels, criterion: (level,)}))
            for level in ends
        )
        changes.append(after - before)
    return min(changes)


def _fires(tables: Tables, rule: Rule, levels: Mapping[str, tuple[str, ...]]) -> bool:
    when, unless = tables.clauses[rule.id]
    return all(_holds(clause, levels) for clause in when) and not any(
        _holds(clause, levels) for clause in unless
    )


def _holds(clause: Clause, levels: Mapping[str, tuple[str, ...]]) -> bool:
    return clause[0] in levels and clause[1].issuperset(levels[clause[0]])


def _gate_falls(tables: Tables, rule: Rule, gate: Gate, need: Need, step: tuple[str, str, str]) -> bool:
    """Return whether going up a level can turn a gate against the need on, or one for it off."""
    criterion, lower, higher = step
    lowers = gate.gate is GateKind.RULES_OUT and gate.need is need
    lifts = (gate.gate is GateKind.REQUIRES and gate.need is need) or (
        gate.gate is GateKind.NOT_ALONE and gate.need is not need
    )
    when, unless = (dict(clauses) for clauses in tables.clauses[rule.id])
    turns_on = turns_off = False
    if criterion in when:
        turns_on = lower not in when[criterion] and higher in when[criterion]
        turns_off = lower in when[criterion] and higher not in when[criterion]
    if criterion in unless:
        turns_on = turns_on or (lower in unless[criterion] and higher not in unless[criterion])
        turns_off = turns_off or (lower not in unless[criterion] and higher in unless[criterion])
    return (lowers and turns_on) or (lifts and turns_off)


def find_witness(rulebook: Rulebook, option: Option, seed: int = 0) -> dict[str, tuple[str, ...]] | None:
    """Return a profile that leads to an option, or None if none was found.

    Climbs from random profiles by changing one answer at a time. A profile that is found is a proof; not finding one
    is none, but on rule sets whose weights are not absurd it means that there is none.
    """
    generator = random.Random(seed)  # noqa: S311  (a search, not a secret)
    choices = {name: [None, *criterion.level_ids] for name, criterion in rulebook.criteria.items()}
    wanted = (option in (Option.RAG, Option.BOTH), option in (Option.FINE_TUNING, Option.BOTH))
    thresholds = compile_tables(rulebook).thresholds

    def distance(levels: Mapping[str, tuple[str, ...]]) -> int:
        outcome = decide_option(rulebook, levels)
        if outcome.option is option and not outcome.default:
            return 0
        missing = 1
        for index in (0, 1):
            gap = thresholds[index] - outcome.scores[index]
            if outcome.needed[index] != wanted[index]:
                missing += max(0, gap if wanted[index] else -gap)
                missing += 1000 * len(
                    outcome.blocked_by[index] if wanted[index] else outcome.required_by[index]
                )
        return missing

    for _ in range(_SEARCHES):
        drawn = {name: generator.choice(levels) for name, levels in choices.items()}
        current: dict[str, tuple[str, ...]] = {
            name: (level,) for name, level in drawn.items() if level is not None
        }
        score = distance(current)
        improved = True
        while score and improved:
            improved = False
            for name in generator.sample(sorted(choices), len(choices)):
                for level in choices[name]:
                    changed = {key: value for key, value in current.items() if key != name}
                    if level is not None:
                        changed[name] = (level,)
                    changed_score = distance(changed)
                    if changed_score < score:
                        current, score, improved = changed, changed_score, True
        if not score:
            return current
    return None
