"""How well would these rules do on projects that nobody tuned them on?

For each of ten folds (split by group, so that one source or organisation is never on both sides) every effect's
strength (none, weak, moderate, strong) and both thresholds are fitted on the other nine, from a neutral start that
knows nothing of the shipped strengths, and the fold is scored. Which rules there are, their conditions, directions and
gates stay as they are. Beside it stands a logistic regression over one-hot answers on the same folds.

usage: python tools/refit.py [--rules DIR] [--show]
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Iterable, Mapping

from ragortune.casebook import measure_agreement
from ragortune.engine import compile_tables, decide_option, trace_rule
from ragortune.model import Case, Direction, Need, Option, Rule, Rulebook, Strength, TraceState
from ragortune.profile import Vocabulary
from ragortune.record import Record
from ragortune.rulebook import load_rulebook

FOLDS = 10
STRENGTHS = (None, Strength.WEAK, Strength.MODERATE, Strength.STRONG)
NEUTRAL = 1
"""Every effect starts, and is pulled back to, `weak`."""
STEEPNESS = 0.6
"""How fast the fitted chance of a need grows with its score; only the size of the penalty depends on it."""
PENALTIES = (0.05, 0.1, 0.2, 0.4, 0.8)
THRESHOLDS: Mapping[Need, tuple[float, ...]] = {
    Need.RAG: (
        -1.5,
        -0.5,
        0.5,
    ),  # at most weak: a single reason has to be able to carry what the default carries
    Need.FINE_TUNING: (0.5, 1.5, 2.5, 3.5, 4.5),
}

Levels = Mapping[str, tuple[str, ...]]
EffectId = tuple[str, Need]


class Example(Record):
    """A case as the fit sees it."""

    case: Case
    levels: Levels
    fired: frozenset[str]
    gated: frozenset[Need]
    """Needs that gates decide, so that no strength can matter."""


def fold_of(group: str) -> int:
    """Return the fold of a group, 0 to 9."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % FOLDS


def read_examples(rulebook: Rulebook) -> list[Example]:
    """Return the casebook as the fit sees it."""
    vocabulary = Vocabulary(rulebook.criteria)
    examples = []
    for case in rulebook.cases:
        levels = vocabulary.read_profile(case.profile).levels
        fired = {
            rule.id
            for rule in rulebook.rules.values()
            if rule.effects and trace_rule(rulebook, rule.id, levels).state is TraceState.FIRED
        }
        outcome = decide_option(rulebook, levels)
        gated = {
            need for index, need in enumerate(Need) if outcome.blocked_by[index] or outcome.required_by[index]
        }
        examples.append(Example(case, levels, frozenset(fired), frozenset(gated)))
    return examples


def has_need(case: Case, need: Need) -> bool:
    """Return whether the published option meets a need."""
    return case.outcome is Option.BOTH or case.outcome.value == need.value


def fit_need(
    rulebook: Rulebook, examples: Iterable[Example], need: Need, penalty: float
) -> tuple[dict[EffectId, int], float]:
    """Return the strength (0 to 3) of each effect on a need and its threshold, by coordinate descent."""
    signs = {
        rule.id: 1 if effect.effect is Direction.FOR else -1
        for rule in rulebook.rules.values()
        for effect in rule.effects
        if effect.need is need
    }
    rows = [example for example in examples if need not in example.gated]
    target = [1 if has_need(example.case, need) else -1 for example in rows]
    where = {rule: [index for index, row in enumerate(rows) if rule in row.fired] for rule in signs}

    def loss(margin: float, wanted: int) -> float:
        return math.log1p(math.exp(-STEEPNESS * wanted * margin))

    best: tuple[float, dict[EffectId, int], float] | None = None
    for threshold in THRESHOLDS[need]:
        strength = dict.fromkeys(signs, NEUTRAL)
        scores = [
            sum(signs[rule] for rule in row.fired if rule in signs) * NEUTRAL - threshold for row in rows
        ]
        moved = True
        while moved:
            moved = False
            for rule, sign in signs.items():
                now = strength[rule]
                costs = {}
                for tried in range(len(STRENGTHS)):
                    shift = sign * (tried - now)
                    costs[tried] = penalty * (tried - NEUTRAL) ** 2 + sum(
                        loss(scores[index] + shift, target[index]) for index in where[rule]
                    )
                chosen = min(costs, key=lambda tried: (costs[tried], abs(tried - NEUTRAL)))
                if costs[chosen] < costs[now] - 1e-9:
                    for index in where[rule]:
                        scores[index] += sign * (chosen - now)
                    strength[rule], moved = chosen, True
        total = sum(loss(score, wanted) for score, wanted in zip(scores, target, strict=True))
        total += penalty * sum((value - NEUTRAL) ** 2 for value in strength.values())
        if best is None or total < best[0]:
            best = total, {(rule, need): value for rule, value in strength.items()}, threshold
    assert best is not None
    return best[1], best[2]


def refit_rulebook(rulebook: Rulebook, examples: list[Example], penalty: float) -> Rulebook:
    """Return the rule set with strengths and thresholds fitted on these cases."""
    fitted: dict[EffectId, int] = {}
    thresholds = {}
    for need in Need:
        strengths, thresholds[need] = fit_need(rulebook, examples, need, penalty)
        fitted.update(strengths)

    def refit_rule(rule: Rule) -> Rule:
        effects = [
            effect.replace(strength=strength)
            for effect in rule.effects
            if (strength := STRENGTHS[fitted[rule.id, effect.need]]) is not None
        ]
        return rule.replace(effects=tuple(effects))

    scale = rulebook.scale.replace(
        needs_rag_above=thresholds[Need.RAG], needs_fine_tuning_above=thresholds[Need.FINE_TUNING]
    )
    return rulebook.replace(
        rules={name: refit_rule(rule) for name, rule in rulebook.rules.items()}, scale=scale
    )


def score_cases(rulebook: Rulebook, examples: Iterable[Example]) -> tuple[int, int]:
    """Return how many cases agree strictly and leniently."""
    advised = [(example.case, decide_option(rulebook, example.levels).option) for example in examples]
    strict = sum(option is case.outcome for case, option in advised)
    return strict, sum(option in case.acceptable for case, option in advised)


def cross_validate(rulebook: Rulebook, examples: list[Example], penalty: float) -> tuple[float, float]:
    """Return strict and lenient agreement over all folds, each scored by rules fitted on the others."""
    strict = lenient = 0
    for fold in range(FOLDS):
        inside = [example for example in examples if fold_of(example.case.group) != fold]
        outside = [example for example in examples if fold_of(example.case.group) == fold]
        hits = score_cases(refit_rulebook(rulebook, inside, penalty), outside)
        strict, lenient = strict + hits[0], lenient + hits[1]
    return strict / len(examples), lenient / len(examples)


def regress_one_hot(examples: list[Example]) -> list[tuple[float, float, float]]:
    """Return C, strict and lenient agreement of logistic regressions over one-hot answers on the same folds."""
    from sklearn.linear_model import LogisticRegression

    answers = sorted({(name, level) for example in examples for name, level in example.levels.items()})
    matrix = [[float(example.levels.get(name) == level) for name, level in answers] for example in examples]
    folds = [fold_of(example.case.group) for example in examples]
    results = []
    for strength in (0.1, 0.3, 1.0, 3.0, 10.0):
        strict = lenient = 0
        for fold in range(FOLDS):
            inside = [index for index, own in enumerate(folds) if own != fold]
            outside = [index for index, own in enumerate(folds) if own == fold]
            model = LogisticRegression(C=strength, max_iter=5000)
            model.fit(
                [matrix[index] for index in inside], [examples[index].case.outcome.value for index in inside]
            )
            for index, option in zip(
                outside, model.predict([matrix[index] for index in outside]), strict=True
            ):
                strict += option == examples[index].case.outcome.value
                lenient += option in {acceptable.value for acceptable in examples[index].case.acceptable}
        results.append((strength, strict / len(examples), lenient / len(examples)))
    return results


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", help="folder of a rule set; the shipped one if left out")
    parser.add_argument(
        "--show", action="store_true", help="show strengths fitted on all cases beside the shipped"
    )
    arguments = parser.parse_args()
    rulebook = load_rulebook(arguments.rules)
    examples = read_examples(rulebook)
    total = measure_agreement(rulebook).total
    print(f"{total.total} cases, {FOLDS} folds by group")
    print(f"shipped strengths, in sample          strict {total.strict / total.total:6.1%}  ", end="")
    print(f"lenient {total.lenient / total.total:6.1%}")
    for penalty in PENALTIES:
        strict, lenient = cross_validate(rulebook, examples, penalty)
        print(
            f"refitted on nine, scored on the tenth  strict {strict:6.1%}  lenient {lenient:6.1%}  (penalty {penalty})"
        )
    try:
        regressions = regress_one_hot(examples)
    except ImportError:
        print("logistic regression: scikit-learn is not installed")
    else:
        for strength, strict, lenient in regressions:
            print(
                f"logistic regression, same folds        strict {strict:6.1%}  lenient {lenient:6.1%}  (C {strength})"
            )
    if arguments.show:
        show_strengths(rulebook, refit_rulebook(rulebook, examples, PENALTIES[2]))


def show_strengths(shipped: Rulebook, fitted: Rulebook) -> None:
    """Print where the strengths fitted on all cases differ from the shipped ones."""
    names = {strength: index for index, strength in enumerate(STRENGTHS)}
    mine, theirs = compile_tables(shipped), compile_tables(fitted)
    print(f"thresholds: shipped {mine.thresholds}, fitted {theirs.thresholds}")
    for rule in shipped.rules.values():
        now = {effect.need: effect.strength for effect in fitted.rules[rule.id].effects}
        for effect in rule.effects:
            other = now.get(effect.need)
            if abs(names[effect.strength] - names[other]) > 1:
                print(
                    f"  {rule.code} {rule.id} on {effect.need}: shipped {effect.strength}, fitted {other or 'none'}"
                )


if __name__ == "__main__":
    main()
