"""Checks of the rules of a set together, by trying every combination of answers that the rules tell apart.

A few rules read few criteria and tell few answers of these apart, so that exhaustive search is feasible within a budget.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ragortune.engine import Levels, SearchTooLargeError, has_fired, reach_options
from ragortune.engine.compile import Budget, Clause, combine_levels, compile_table, group_levels
from ragortune.model import Criterion, Gate, GateKind, Need, Option, Rule, Rulebook
from ragortune.model.findings import RuleFinding
from ragortune.ruleset.author import Authored
from ragortune.support.errors import Place
from ragortune.support.rulefolder import MANIFEST
from ragortune.support.text import join_words

_TRY = 10
"""Steps of the budget that trying one rule on one profile costs."""


def check_logic(authored: Authored, rulebook: Rulebook) -> Iterator[RuleFinding]:
    """Yield the problems of the rules of a set as a whole."""
    budget = Budget()
    try:
        yield from _check_dead_rules(authored, rulebook, budget)
        yield from _check_contradictory_gates(authored, rulebook, budget)
        yield from _check_directions(authored, rulebook, budget)
        yield from _check_options(authored, rulebook)
    except SearchTooLargeError:
        message = "there are so many rules, or they read so many criteria together, that what they do cannot be proved"
        place = Place(str(authored.folder / MANIFEST))
        yield RuleFinding("search-too-large", message, place, "let most rules read a single criterion")
    yield from _check_levels(authored, rulebook)


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
        answers.append(_list_answers(rulebook.readable[name], clauses))
        budget.spend(_TRY * len(answers[-1]))
    for chosen in itertools.product(*answers):
        budget.spend(_TRY * len(rules) + len(chosen))
        yield {name: answer for name, answer in zip(sorted(read), chosen, strict=True) if answer is not None}


def _list_answers(criterion: Criterion, clauses: set[Clause]) -> list[tuple[str, ...] | None]:
    """Return one answer for each combination of conditions on a criterion that can hold together; None is unknown."""
    answers = combine_levels(group_levels(criterion.level_ids, clauses), several=criterion.several)
    return [
        None,
        *{tuple(clause.allows(answer) for clause in clauses): answer for answer in answers}.values(),
    ]


def _find_gates(rulebook: Rulebook, gate: Gate) -> list[Rule]:
    return [rule for rule in rulebook.rules.values() if gate in rule.gates]


def _check_dead_rules(authored: Authored, rulebook: Rulebook, budget: Budget) -> Iterator[RuleFinding]:
    for rule in rulebook.rules.values():
        if not any(has_fired(rulebook, rule, levels) for levels in list_profiles(rulebook, [rule], budget)):
            message = f"rule '{rule.id}' can never fire: its 'unless' covers its 'when'"
            yield RuleFinding("dead-rule", message, authored.place_of(("rules", rule.id, "when")))


def _check_contradictory_gates(
    authored: Authored, rulebook: Rulebook, budget: Budget
) -> Iterator[RuleFinding]:
    for need in Need:
        requiring = _find_gates(rulebook, Gate(need, GateKind.REQUIRES))
        ruling_out = _find_gates(rulebook, Gate(need, GateKind.RULES_OUT))
        for one, other in itertools.product(requiring, ruling_out):
            if any(
                has_fired(rulebook, one, levels) and has_fired(rulebook, other, levels)
                for levels in list_profiles(rulebook, [one, other], budget)
            ):
                message = f"rule '{one.id}' requires '{need}' where rule '{other.id}' rules it out"
                yield RuleFinding(
                    "contradictory-gate", message, authored.place_of(("rules", one.id, "gates"))
                )


def _check_levels(authored: Authored, rulebook: Rulebook) -> Iterator[RuleFinding]:
    """Yield levels that no rule distinguishes from another level of the same criterion."""
    read: dict[str, set[Clause]] = {}
    for conditions in compile_table(rulebook).conditions.values():
        for clause in conditions.clauses:
            read.setdefault(clause.criterion, set()).add(clause)
    for name, clauses in read.items():
        criterion, kind = rulebook.readable[name], "derived" if name in rulebook.derived else "criteria"
        firsts: dict[object, str] = {}
        for place, level in enumerate(criterion.levels):
            told = tuple(level.id in clause.allowed for clause in clauses)
            first = firsts.setdefault((told, level.measure), level.id)
            if first != level.id and authored.is_own((kind, name)):
                where = authored.place_of((kind, name, "levels", place, "id"))
                message = f"no rule tells '{level.id}' of '{name}' from '{first}'"
                yield RuleFinding("dead-level", message, where)


def _check_options(authored: Authored, rulebook: Rulebook) -> Iterator[RuleFinding]:
    reached = reach_options(rulebook, {})
    place = Place(str(authored.folder / MANIFEST))
    for option in Option:
        if option not in reached:
            yield RuleFinding("unreachable-option", f"no profile leads to '{option}'", place)


# --- directions ---------------------------------------------------------------------------------------------------


def _check_directions(authored: Authored, rulebook: Rulebook, budget: Budget) -> Iterator[RuleFinding]:
    for criterion in rulebook.criteria.values():
        for need in criterion.raises:
            broken = find_broken_step(rulebook, criterion, need, budget)
            if broken is not None:
                lower, higher, rules = broken
                message = (
                    f"going from '{lower}' to '{higher}' of '{criterion.id}' can lower the need '{need}' "
                    f"(by rule {join_words(f'{chr(39)}{rule}{chr(39)}' for rule in rules)})"
                )
                place = authored.place_of(("rules", rules[0], "id"))
                hint = f"'{criterion.id}' declares that it raises it"
                yield RuleFinding("direction-broken", message, place, hint)


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
