"""Fit the strengths of the rules on the casebook, and say how well rules fitted so do on projects they have not seen.

The model is the scorecard of the engine: for each need an intercept, and for each effect of a rule a weight that is one
of the verbal scale's or nothing. Signs are those of the rules (what their sources say) and are never turned round.

How a need is fitted:

1. Cases are weighted so that the training mix is that of the field. A field case counts one, or `UNCLEAR` where its source
   leaves doubt about the outcome. Selected cases count, option by option, `SELECTED` times as much as the field cases
   with that option together: prior correction as in case-control studies. They teach what separates the options, which
   16 tuned systems in the field cannot, and leave the base rates alone.
2. A team answers some questions and not others. So each case stands in the training data once as it is and `MASKED`
   times with a random part of its answers left out, which together count `PARTLY` of it. The intercept is the base rate
   of the field sample: that is what is known where nothing is answered.
3. A penalised logistic regression with weights of at least zero is pulled towards a weak effect for every rule, so
   that evidence which the casebook cannot speak about keeps a weak effect. (L-BFGS-B, as in scipy.)
4. Weights are rounded to the scale, up or down at random, and improved by coordinate descent over the scale until no
   single change helps; the best of `STARTS` such searches is taken.
   Statements of the source document keep at least a weak effect.

The unseen figure is nested: in each of ten folds, split by group, everything is fitted anew on the other nine, the
penalty chosen in inner folds, and the candidates of `tools/candidates.yaml` (conditions that were tried and dropped)
compete again with the rules that were kept.

usage: python tools/refit.py [--rules DIR] [--write | --document FILE | --quick]
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize

from ragortune.engine.compile import Clause, compile_table, resolve_clause
from ragortune.engine.score import decide_option
from ragortune.model import Bound, Case, Direction, Main, Need, Option, Rulebook, Sample, Strength, has_need
from ragortune.profile import Vocabulary
from ragortune.rulebook import load_rulebook

Vector = NDArray[np.float64]
Levels = dict[str, tuple[str, ...]]
ROOT = Path(__file__).resolve().parent.parent
FOLDS = 10
INNER_FOLDS = 10
PENALTIES = (1.0, 1.5, 2.0)
SHIPPED = {Need.RAG: 1.5, Need.FINE_TUNING: 0.8}
SELECTED = {Need.RAG: 2.0, Need.FINE_TUNING: 10.0}
UNCLEAR = 0.7
MASKED = 8
PARTLY = 0.3
STARTS = 8
REQUIRED = {
    ("facts-from-outside", Need.RAG): Strength.WEAK,
    ("facts-in-documents", Need.RAG): Strength.WEAK,
    ("fast-changing-facts", Need.RAG): Strength.WEAK,
    ("finding-and-answering", Need.RAG): Strength.WEAK,
    ("material-is-large", Need.RAG): Strength.WEAK,
    ("training-costs-avoided", Need.RAG): Strength.WEAK,
    ("facts-that-change", Need.RAG): Strength.WEAK,
    ("input-holds-everything", Need.RAG): Strength.WEAK,
    ("nothing-to-look-up", Need.RAG): Strength.WEAK,
    ("no-facts-needed", Need.RAG): Strength.WEAK,
    ("facts-change-daily", Need.RAG): Strength.WEAK,
    ("enough-examples", Need.FINE_TUNING): Strength.WEAK,
    ("facts-in-the-examples", Need.FINE_TUNING): Strength.WEAK,
    ("nothing-but-facts", Need.FINE_TUNING): Strength.STRONG,
    ("house-style", Need.FINE_TUNING): Strength.WEAK,
    ("structured-out", Need.FINE_TUNING): Strength.WEAK,
    ("own-voice", Need.FINE_TUNING): Strength.WEAK,
    ("same-decision", Need.FINE_TUNING): Strength.WEAK,
    ("own-terms", Need.FINE_TUNING): Strength.WEAK,
    ("foreign-to-the-model", Need.FINE_TUNING): Strength.WEAK,
    ("well-defined-task", Need.FINE_TUNING): Strength.WEAK,
    ("narrow-kind-of-task", Need.FINE_TUNING): Strength.WEAK,
    ("answer-within-two-seconds", Need.FINE_TUNING): Strength.WEAK,
}
"""Least strength of some effects, whatever the cases say: what the source document says of when to use what, what keeps its
default away where an answer says that there is nothing to search, and, on measured evidence, that pairs which teach
nothing but facts are no reason to tune (four cases, none of the field, cannot show it)."""


class Effect(NamedTuple):
    """One effect of one rule, or of a candidate."""

    rule: str
    need: Need
    sign: int
    when: tuple[Clause, ...]
    unless: tuple[Clause, ...]
    least: float
    """Least weight."""


class Fit(NamedTuple):
    """A fitted need."""

    effects: tuple[Effect, ...]
    weights: Vector
    intercept: float


class Data(NamedTuple):
    """The casebook as the fit sees it."""

    cases: tuple[Case, ...]
    levels: tuple[Levels, ...]
    folds: NDArray[np.int64]
    field: NDArray[np.bool_]
    effects: dict[Need, tuple[Effect, ...]]
    fires: dict[Need, Vector]
    """For each case and effect 0, or the sign of the effect where it fires."""
    masked: dict[Need, Vector]
    """The same for `MASKED` profiles of each case from which answers were left out: case, copy, effect."""
    needs: dict[Need, NDArray[np.bool_]]
    decided: dict[Need, Vector]
    """Probability that gates set, NaN where none fires."""
    ceilings: dict[Need, Vector]
    """Highest log-odds that count."""
    steps: tuple[float, ...]


def fold_of(group: str, folds: int = FOLDS) -> int:
    """Return the fold of a group."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % folds


def list_effects(rulebook: Rulebook, candidates: Iterable[dict[str, object]]) -> list[Effect]:
    """Return every effect that reads answers (not derived facts), of the rules and of the candidates."""
    conditions = compile_table(rulebook).conditions
    effects = [
        Effect(
            rule.id,
            effect.need,
            1 if effect.effect is Direction.FOR else -1,
            *conditions[rule.id],
            rulebook.scale.weight(REQUIRED[rule.id, effect.need]) if (rule.id, effect.need) in REQUIRED else 0.0,
        )
        for rule in rulebook.rules.values()
        if not any(name in rulebook.derived for name in rule.when)
        for effect in rule.effects
    ]
    for entry in candidates:
        when = tuple(
            resolve_clause(rulebook, name, _read_condition(wanted)) for name, wanted in entry["when"].items()
        )  # type: ignore[attr-defined]
        effects += [
            Effect(str(entry["id"]), Need(need), 1 if direction == "for" else -1, when, (), 0.0)
            for need, direction in entry["effects"].items()
        ]  # type: ignore[attr-defined]
    return sorted(effects, key=lambda effect: (effect.rule, effect.need))


def _read_condition(wanted: object) -> str | tuple[str, ...] | Bound | Main:
    if isinstance(wanted, dict):
        return Main(wanted["main"]) if "main" in wanted else Bound(**wanted)
    return tuple(wanted) if isinstance(wanted, list) else str(wanted)


def read_data(rulebook: Rulebook, effects: Sequence[Effect]) -> Data:
    """Return the casebook as the fit sees it."""
    vocabulary = Vocabulary(rulebook.criteria)
    levels = tuple(dict(vocabulary.read_profile(case.profile).levels) for case in rulebook.cases)
    outcomes = [decide_option(rulebook, own) for own in levels]
    by_need = {need: tuple(effect for effect in effects if effect.need is need) for need in Need}
    fires = {
        need: np.array([[_fire(effect, own) for effect in by_need[need]] for own in levels], dtype=float)
        for need in Need
    }
    masks = [_mask_answers(case.id, own) for case, own in zip(rulebook.cases, levels, strict=True)]
    decided = {
        need: np.array(
            [
                0.0 if own.blocked_by[index] else 1.0 if own.required_by[index] else math.nan
                for own in outcomes
            ]
        )
        for index, need in enumerate(Need)
    }
    return Data(
        rulebook.cases,
        levels,
        np.array([fold_of(case.group) for case in rulebook.cases]),
        np.array([case.sample is Sample.FIELD for case in rulebook.cases]),
        by_need,
        fires,
        {need: np.array([[[_fire(effect, own) for effect in by_need[need]] for own in copies] for copies in masks], dtype=float) for need in Need},
        {need: np.array([has_need(case.outcome, need) for case in rulebook.cases]) for need in Need},
        decided,
        {need: np.array([own.ceilings[index] for own in outcomes]) for index, need in enumerate(Need)},
        (0.0, *(rulebook.scale.weight(strength) for strength in Strength)),
    )


def _mask_answers(case: str, levels: Levels) -> list[Levels]:
    """Return profiles of which a random share of the answers is kept, the same in every run."""
    generator = random.Random(case)
    copies = []
    for _ in range(MASKED):
        share = generator.random()
        copies.append({name: own for name, own in levels.items() if generator.random() < share})
    return copies


def _fire(effect: Effect, levels: Levels) -> int:
    met = all(clause.is_met(levels) for clause in effect.when)
    return effect.sign if met and not any(clause.is_met(levels) for clause in effect.unless) else 0


def weigh_cases(data: Data, train: NDArray[np.bool_], need: Need) -> Vector:
    """Return how much each case counts, so that the mix of outcomes is that of the field cases among `train`."""
    weights = np.zeros(len(data.cases))
    field = train & data.field
    weights[field] = 1.0
    outcomes = np.array([case.outcome.value for case in data.cases])
    for option in Option:
        selected = train & ~data.field & (outcomes == option.value)
        if selected.any():
            weights[selected] = SELECTED[need] * (field & (outcomes == option.value)).sum() / selected.sum()
    return weights * np.array([1.0 if case.clear else UNCLEAR for case in data.cases])


def fit_need(data: Data, train: NDArray[np.bool_], need: Need, penalty: float, starts: int = STARTS) -> Fit:
    """Return the weights of the effects on a need, each a step of the scale, with the base rate as intercept."""
    used = train & np.isnan(data.decided[need])
    counts = weigh_cases(data, used, need)[used]
    wanted = data.needs[need][used].astype(float)
    whole, parts = data.fires[need][used], data.masked[need][used]
    size = whole.shape[1]
    intercept = find_base_rate(data, train, need)
    problem = _Problem(
        np.vstack([whole, parts.reshape(-1, size)]),
        np.concatenate([wanted, np.repeat(wanted, MASKED)]),
        np.concatenate([counts * (1 - PARTLY), np.repeat(counts * PARTLY / MASKED, MASKED)]),
        intercept,
        penalty,
        data.steps[1],
    )
    found = minimize(
        problem.measure_loss,
        np.full(size, problem.pull),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * size,
    ).x
    allowed = [[step for step in data.steps if step >= effect.least] for effect in data.effects[need]]
    rounded = [_round_weights(found, allowed, random.Random(number)) for number in range(starts)]
    best = min((problem.improve(start, allowed) for start in rounded), key=lambda own: problem.measure_loss(own)[0])
    return Fit(data.effects[need], best, intercept)


def _round_weights(found: Vector, allowed: list[list[float]], generator: random.Random) -> Vector:
    """Return each weight rounded to one of the two steps beside it, the nearer one being the likelier."""
    rounded = []
    for value, steps in zip(found, allowed, strict=True):
        below = max((step for step in steps if step <= value), default=steps[0])
        above = min((step for step in steps if step >= value), default=steps[-1])
        share = (value - below) / (above - below) if above > below else 0.0
        rounded.append(above if generator.random() < share else below)
    return np.array(rounded)


def find_base_rate(data: Data, train: NDArray[np.bool_], need: Need) -> float:
    """Return the log-odds of a need among the field cases of `train`, to the nearest twentieth."""
    share = data.needs[need][train & data.field].mean()
    return round(math.log(share / (1 - share)) * 20) / 20


class _Problem(NamedTuple):
    """A penalised logistic regression: what fires in each row, what is wanted there, and how much the row counts."""

    fires: Vector
    wanted: Vector
    counts: Vector
    intercept: float
    penalty: float
    pull: float

    def measure_loss(self, weights: Vector) -> tuple[float, Vector]:
        """Return the loss and its gradient."""
        score = self.fires @ weights + self.intercept
        error = self.counts * (1 / (1 + np.exp(-score)) - self.wanted)
        value = (self.counts * (np.logaddexp(0, score) - self.wanted * score)).sum()
        value += self.penalty * ((weights - self.pull) ** 2).sum()
        return value, self.fires.T @ error + 2 * self.penalty * (weights - self.pull)

    def improve(self, weights: Vector, allowed: list[list[float]]) -> Vector:
        """Return weights on the scale that no change of a single one makes better (coordinate descent)."""
        score = self.fires @ weights + self.intercept
        rows = [np.flatnonzero(column) for column in self.fires.T]
        moved = True
        while moved:
            moved = False
            for place, steps in enumerate(allowed):
                own = rows[place]
                column, wanted, counts = self.fires[own, place], self.wanted[own], self.counts[own]
                rest = score[own] - column * weights[place]
                costs = {}
                for step in steps:
                    total = rest + column * step
                    loss = (counts * (np.logaddexp(0, total) - wanted * total)).sum()
                    costs[step] = float(loss + self.penalty * (step - self.pull) ** 2)
                best = min(steps, key=lambda step: costs[step])  # noqa: B023  (called at once)
                if costs[best] < costs[float(weights[place])] - 1e-9:
                    weights[place], moved = best, True
                    score[own] = rest + column * best
        return weights


def predict(data: Data, need: Need, fit: Fit, rows: NDArray[np.bool_]) -> Vector:
    """Return the probability of a need for some cases, gates included."""
    score = np.minimum(data.fires[need][rows] @ fit.weights + fit.intercept, data.ceilings[need][rows])
    chance = 1 / (1 + np.exp(-score))
    return np.where(np.isnan(data.decided[need][rows]), chance, data.decided[need][rows])


def choose_penalty(data: Data, train: NDArray[np.bool_], need: Need) -> float:
    """Return the penalty with the least log loss on the field cases of inner folds."""
    inner = np.array([fold_of("inner " + case.group, INNER_FOLDS) for case in data.cases])
    losses = {}
    for penalty in PENALTIES:
        total = 0.0
        for fold in range(INNER_FOLDS):
            fit = fit_need(data, train & (inner != fold), need, penalty, starts=1)
            rows = train & (inner == fold) & data.field
            chance = np.clip(predict(data, need, fit, rows), 1e-3, 1 - 1e-3)
            total -= np.log(np.where(data.needs[need][rows], chance, 1 - chance)).sum()
        losses[penalty] = total
    return min(losses, key=lambda penalty: losses[penalty])


Chances = dict[Need, Vector]


def cross_validate(data: Data, penalties: dict[Need, float] | None = None) -> Chances:
    """Return for every case the probability of both needs, from a fit that has seen no case of its fold."""
    chances = {need: np.zeros(len(data.cases)) for need in Need}
    for fold in range(FOLDS):
        train = data.folds != fold
        for need in Need:
            chosen = penalties[need] if penalties else choose_penalty(data, train, need)
            chances[need][~train] = predict(data, need, fit_need(data, train, need, chosen), ~train)
    return chances


def regress_one_hot(data: Data, strength: float) -> Chances:
    """Return the same from a logistic regression over one-hot answers with the same weights and folds."""
    from sklearn.linear_model import LogisticRegression

    answers = sorted({(name, level) for own in data.levels for name, levels in own.items() for level in levels})
    matrix = np.array(
        [[float(level in own.get(name, ())) for name, level in answers] for own in data.levels]
    )
    chances = {need: np.zeros(len(data.cases)) for need in Need}
    for fold in range(FOLDS):
        train = data.folds != fold
        for need in Need:
            weights = weigh_cases(data, train, need)
            model = LogisticRegression(C=strength, max_iter=5000)
            model.fit(matrix[weights > 0], data.needs[need][weights > 0], sample_weight=weights[weights > 0])
            chances[need][~train] = model.predict_proba(matrix[~train])[:, 1]
    return chances


# --- figures ------------------------------------------------------------------------------------------------------


class Figures(NamedTuple):
    """How well probabilities do on some cases."""

    count: int
    strict: float
    lenient: float
    brier: float
    firm: float
    firm_right: float
    slope: float
    intercept: float
    recall: dict[Option, float]
    bins: list[tuple[float, int, float, float, float]]
    """Lower edge, cases, mean stated probability, strict and lenient share."""


def pair_chances(chances: Chances, rows: NDArray[np.bool_]) -> Vector:
    """Return the probabilities of the four options, in the order of `Option`, for some cases."""
    rag, tuning = chances[Need.RAG][rows], chances[Need.FINE_TUNING][rows]
    return np.stack([rag * (1 - tuning), (1 - rag) * tuning, rag * tuning, (1 - rag) * (1 - tuning)], axis=1)


EDGES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


def score_chances(
    data: Data, chances: Chances, rows: NDArray[np.bool_], firm_from: float = 0.8
) -> Figures:
    """Return agreement, Brier score, calibration and firmness on some cases."""
    options = tuple(Option)
    stated = pair_chances(chances, rows)
    cases = [case for case, used in zip(data.cases, rows, strict=True) if used]
    best = [options[index] for index in stated.argmax(axis=1)]
    strict = np.array([option is case.outcome for option, case in zip(best, cases, strict=True)])
    lenient = np.array([option in case.acceptable for option, case in zip(best, cases, strict=True)])
    target = np.array([[option is case.outcome for option in options] for case in cases], dtype=float)
    top = stated.max(axis=1)
    firm = top >= firm_from
    slope, intercept = calibrate(stated.ravel(), target.ravel())
    bins = []
    for low, high in zip(EDGES, EDGES[1:], strict=False):
        inside = (top >= low) & (top < high)
        if inside.any():
            row = (low, int(inside.sum()), float(top[inside].mean()))
            bins.append((*row, float(strict[inside].mean()), float(lenient[inside].mean())))
    recall = {
        option: float(
            np.mean([own is option for own, case in zip(best, cases, strict=True) if case.outcome is option])
        )
        for option in Option
    }
    return Figures(
        len(cases),
        float(strict.mean()),
        float(lenient.mean()),
        float(((stated - target) ** 2).sum(axis=1).mean()),
        float(firm.mean()),
        float(lenient[firm].mean()) if firm.any() else math.nan,
        slope,
        intercept,
        recall,
        bins,
    )


def calibrate(stated: Vector, target: Vector) -> tuple[float, float]:
    """Return slope and intercept of the logistic regression of what happened on the log-odds of what was stated.

    Perfect probabilities have slope 1 and intercept 0; a slope below 1 means that they are too extreme (Cox 1958).
    """
    chance = np.clip(stated, 1e-4, 1 - 1e-4)
    odds = np.log(chance / (1 - chance))

    def loss(vector: Vector) -> float:
        score = vector[0] * odds + vector[1]
        return float((np.logaddexp(0, score) - target * score).sum())

    slope, intercept = minimize(loss, np.array([1.0, 0.0])).x
    return float(slope), float(intercept)


def four_questions(levels: Levels) -> Option:
    """Return what four questions give, nothing fitted: access path, fit into the prompt, examples, prompting."""
    paths = levels.get("knowledge.access_path", ("",))
    fits = levels.get("knowledge.fits_prompt") == ("yes",)
    rag = "by_meaning" in paths and (paths[0] == "by_meaning" or not fits)
    many = levels.get("data.examples") in {("under_5000",), ("plenty",)}
    good = levels.get("readiness.prompting") == ("good_enough",)
    fixed = levels.get("model.tunable") == ("no",)
    tune = paths[0] == "in_request" and many and not good and not fixed
    if rag:
        return Option.BOTH if tune else Option.RAG
    return Option.FINE_TUNING if tune else Option.NEITHER


def score_option(
    data: Data, rows: NDArray[np.bool_], choose: Callable[[Levels], Option]
) -> tuple[float, float]:
    """Return strict and lenient agreement of a rule of thumb."""
    picked = [
        (choose(levels), case)
        for levels, case, used in zip(data.levels, data.cases, rows, strict=True)
        if used
    ]
    strict = sum(option is case.outcome for option, case in picked) / len(picked)
    return strict, sum(option in case.acceptable for option, case in picked) / len(picked)


def print_figures(name: str, found: Figures) -> None:
    """Print one line of figures."""
    print(
        f"{name:46} strict {found.strict:6.1%}  lenient {found.lenient:6.1%}  Brier {found.brier:.3f}  "
        f"firm {found.firm:4.0%}, right {found.firm_right:6.1%}  slope {found.slope:.2f}  recall "
        + " ".join(f"{option.value} {share:.0%}" for option, share in found.recall.items())
    )


def read_shipped(rulebook: Rulebook, data: Data) -> Chances:
    """Return the probability of both needs from the rule set as it is."""
    outcomes = [decide_option(rulebook, own) for own in data.levels]
    return {need: np.array([own.needs[index] for own in outcomes]) for index, need in enumerate(Need)}


def main() -> int:
    """Print the figures; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", help="folder of a rule set; the shipped one if left out")
    parser.add_argument("--write", action="store_true", help="write fitted strengths into the YAML files")
    parser.add_argument("--document", help="write docs/validation.md")
    parser.add_argument("--quick", action="store_true", help="the shipped penalty instead of nested choice")
    arguments = parser.parse_args()
    rulebook = load_rulebook(arguments.rules)
    candidates = yaml.safe_load((ROOT / "tools" / "candidates.yaml").read_text("utf-8"))["candidates"]
    data = read_data(rulebook, list_effects(rulebook, candidates))
    everything = np.ones(len(data.cases), dtype=bool)
    fitted = {need: fit_need(data, everything, need, SHIPPED[need]) for need in Need}
    if arguments.write:
        return write_strengths(rulebook, fitted)
    show_differences(rulebook, data, fitted)
    shipped = read_shipped(rulebook, data)
    print(f"{len(data.cases)} cases, {int(data.field.sum())} of them of the field sample")
    print_figures("as shipped, field (in sample)", score_chances(data, shipped, data.field))
    print_figures("as shipped, selected (in sample)", score_chances(data, shipped, ~data.field))
    unseen = cross_validate(data, SHIPPED if arguments.quick else None)
    print_figures("refitted in nested folds, field", score_chances(data, unseen, data.field))
    print_figures("refitted in nested folds, selected", score_chances(data, unseen, ~data.field))
    for strength in (0.03, 0.1, 0.3, 1.0):
        rival = score_chances(data, regress_one_hot(data, strength), data.field)
        print_figures(f"logistic regression, C {strength:g}, same folds, field", rival)
    thumb = score_option(data, data.field, four_questions)
    print(f"{'four questions, nothing fitted, field':46} strict {thumb[0]:6.1%}  lenient {thumb[1]:6.1%}")
    for need in Need:
        shares = Counter(float(weight) for weight in fitted[need].weights)
        print(need.value, "intercept", fitted[need].intercept, "steps", dict(sorted(shares.items())))
    return 0


def show_differences(rulebook: Rulebook, data: Data, fitted: dict[Need, Fit]) -> None:
    """Print where the fit on all cases differs from the rule set as it is."""
    names = dict(zip(data.steps, (None, *Strength), strict=True))
    for need, fit in fitted.items():
        now = rulebook.scale.intercept(need)
        if abs(now - fit.intercept) > 1e-9:
            print(f"intercept of {need.value}: {now:g}, fitted {fit.intercept:g}")
        for effect, weight in zip(fit.effects, fit.weights, strict=True):
            rule = rulebook.rules.get(effect.rule)
            shipped = next((own.strength for own in rule.effects if own.need is need), None) if rule else None
            if names[float(weight)] is not shipped:
                code = rule.code if rule else "candidate"
                print(f"  {code} {effect.rule} on {need.value}: {shipped}, fitted {names[float(weight)]}")


def write_strengths(rulebook: Rulebook, fitted: dict[Need, Fit]) -> int:
    """Write fitted strengths and intercepts into the YAML files of the shipped rule set; effects at zero are named."""
    from ruamel.yaml import YAML

    reader = YAML()
    reader.width = 118
    reader.preserve_quotes = True
    reader.indent(mapping=2, sequence=4, offset=2)
    names = {rulebook.scale.weight(strength): strength.value for strength in Strength}
    found = {
        (effect.rule, need.value): float(weight)
        for need, fit in fitted.items()
        for effect, weight in zip(fit.effects, fit.weights, strict=True)
    }
    for path in sorted((ROOT / "rules" / "rules").glob("*.yaml")):
        content = reader.load(path.read_text("utf-8"))
        for rule in content["rules"]:
            for effect in rule.get("effects", ()):
                weight = found.get((rule["id"], effect["need"]))
                if weight:
                    effect["strength"] = names[weight]
                elif weight == 0.0:
                    print(f"{rule['code']} {rule['id']} on {effect['need']}: nothing is left of it")
        with path.open("w", encoding="utf-8") as stream:
            reader.dump(content, stream)
    path = ROOT / "rules" / "rulebook.yaml"
    content = reader.load(path.read_text("utf-8"))
    for need, fit in fitted.items():
        content["scale"][f"intercept_{need.value}"] = fit.intercept
    with path.open("w", encoding="utf-8") as stream:
        reader.dump(content, stream)
    return 0


if __name__ == "__main__":
    sys.exit(main())
