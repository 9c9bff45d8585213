"""Tables of agreement in Markdown, baselines to compare with, and the insertion of tables into documents.

A document holds a table between `<!-- figures: NAME -->` and `<!-- /figures -->`.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import yaml

from calibration import count_pairs, list_bins, measure_brier, measure_calibration
from ragortune.casebook import Agreement, Judged, Tally, measure_agreement
from ragortune.engine import Levels
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Case, Option, Rulebook, Sample, Strength, pair_option

_MARKED = re.compile(r"(<!-- figures: ([a-z-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
_RESAMPLES = 1000
ASIDE = Path(__file__).resolve().parents[1] / "training" / "cases-aside.yaml"
"""Field cases that no fit sees, with what a language model said of their settings."""
CODERS = ("the first reader", "a second reader", "a third")
"""Those who coded the cases kept aside."""
_FAST = frozenset({"monthly", "weekly", "daily", "realtime"})


# --- rules of thumb -----------------------------------------------------------------------------------------------


def ask_four_questions(levels: Levels) -> Option:
    """Return the option by four questions, without a fit: access path, fit into the prompt, examples, prompting."""
    paths = levels.get("knowledge.access_path", ("",))
    rag = paths[0] == "by_meaning" or (
        "by_meaning" in paths and not _is(levels, "knowledge.fits_prompt", "yes")
    )
    tune = (
        paths[0] == "in_request"
        and _is(levels, "data.examples", "under_5000", "plenty")
        and not _is(levels, "readiness.prompting", "good_enough")
        and not _is(levels, "model.tunable", "no")
    )
    return pair_option(rag=rag, fine_tuning=tune)


def read_source_document(levels: Levels) -> Option:
    """Return the option by the literal lists of the source document; `rag` if neither list is ahead."""
    kinds = set(levels.get("task.kind", ()))
    rag = (
        (levels.get("knowledge.volatility", ("",))[0] in _FAST)
        + ("documents" in levels.get("knowledge.source", ()))
        + bool(kinds & {"question_answering", "search_chat"})
        + _is(levels, "cost.training_budget", "none", "small")
    )
    tune = (
        (_is(levels, "behaviour.style", "distinctive") or _is(levels, "behaviour.consistency", "high"))
        + _is(levels, "behaviour.domain_language", "specialised")
        + (_is(levels, "task.definition", "well_defined") or "classification" in kinds)
        + _is(levels, "performance.latency", "realtime")
    )
    if rag and tune:
        return Option.BOTH
    return Option.FINE_TUNING if tune > rag else Option.RAG


def _is(levels: Levels, criterion: str, *wanted: str) -> bool:
    return levels.get(criterion) in {(level,) for level in wanted}


THUMBS: Mapping[str, Callable[[Levels], Option]] = MappingProxyType(
    {
        "four questions, nothing fitted": ask_four_questions,
        "always `neither`": lambda _: Option.NEITHER,
        "the source document read literally": read_source_document,
    }
)
"""Rules of thumb, without fitted parameters."""


def tally_thumb(rulebook: Rulebook, sample: Sample, choose: Callable[[Levels], Option]) -> Tally:
    """Return the agreement of a rule of thumb with the cases of a sample."""
    picked = [(choose(levels), case) for case, levels in rulebook.coded_cases if case.sample is sample]
    strict = sum(option is case.outcome for option, case in picked)
    return Tally(len(picked), strict, sum(option in case.acceptable for option, case in picked))


# --- rows and tables ----------------------------------------------------------------------------------------------

COLUMNS = ("", "strict", "lenient", "Brier", "firm", "firm and right", "slope", "intercept")


def make_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table with right-aligned numbers."""
    names = list(head)
    rule = ["---", *(["---:"] * (len(names) - 1))]
    return "".join(f"| {' | '.join(row)} |\n" for row in (names, rule, *rows))


def list_figures(name: str, agreement: Agreement) -> list[str]:
    """Return a row of `COLUMNS`."""
    total, firm, calibration = agreement.total, agreement.firm, measure_calibration(agreement)
    return [
        name,
        _share(total.strict, total.total),
        _share(total.lenient, total.total),
        f"{measure_brier(agreement):.3f}",
        _share(firm.total, total.total),
        _share(firm.lenient, firm.total),
        f"{calibration.slope:.2f}",
        f"{calibration.intercept:.2f}",
    ]


def list_thumbs(rulebook: Rulebook, sample: Sample) -> list[list[str]]:
    """Return a row of `COLUMNS` for each rule of thumb; they have no probabilities."""
    tallies = {name: tally_thumb(rulebook, sample, choose) for name, choose in THUMBS.items()}
    return [
        [name, _share(tally.strict, tally.total), _share(tally.lenient, tally.total), *["-"] * 5]
        for name, tally in tallies.items()
    ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def list_intervals(name: str, agreement: Agreement) -> list[str]:
    """Return a row of `COLUMNS` with 95% intervals, by bootstrap over the groups of cases."""
    groups: dict[str, list[int]] = {}
    for place, each in enumerate(agreement.judged):
        groups.setdefault(each.case.group, []).append(place)
    members, generator = list(groups.values()), random.Random(0)
    drawn: list[tuple[float, ...]] = []
    for _ in range(_RESAMPLES):
        places = itertools.chain.from_iterable(generator.choices(members, k=len(members)))
        again = Agreement(tuple(agreement.judged[place] for place in places))
        total, firm, line = again.total, again.firm, measure_calibration(again)
        drawn.append(
            (
                total.strict / total.total,
                total.lenient / total.total,
                measure_brier(again),
                firm.total / total.total,
                firm.lenient / max(1, firm.total),
                line.slope,
                line.intercept,
            )
        )
    forms = ("{:.0%}", "{:.0%}", "{:.2f}", "{:.0%}", "{:.0%}", "{:.2f}", "{:.2f}")
    low, high = round(0.025 * _RESAMPLES), round(0.975 * _RESAMPLES) - 1
    ends = [(sorted(values)[low], sorted(values)[high]) for values in zip(*drawn, strict=True)]
    return [
        name,
        *(f"{form.format(a)} to {form.format(b)}" for form, (a, b) in zip(forms, ends, strict=True)),
    ]


def describe_reliability(agreement: Agreement) -> str:
    """Return the reliability table: stated probabilities against observed shares."""
    rows = [
        [
            f"{each.low:.0%} to {each.high:.0%}",
            str(each.tally.total),
            f"{each.stated:.1%}" if each.tally.total else "-",
            _share(each.tally.strict, each.tally.total),
            _share(each.tally.lenient, each.tally.total),
        ]
        for each in list_bins(agreement)
    ]
    return make_table(
        ("stated probability", "cases", "mean stated", "observed, strict", "observed, lenient"), rows
    )


def describe_decisions(agreement: Agreement) -> str:
    """Return the confusion matrix of recommended and published options, with recall and precision."""
    confusion = count_pairs(agreement)
    rows = []
    for option, tally in agreement.by_outcome.items():
        advised = sum(confusion[published, option] for published in Option)
        counts = [str(confusion[option, other]) for other in Option]
        recall, right = _share(tally.strict, tally.total), _share(tally.lenient, tally.total)
        rows.append([f"`{option}`", *counts, recall, right, _share(tally.strict, advised)])
    head = ("published", *(f"→ `{option}`" for option in Option), "recall", "lenient", "precision")
    return make_table(head, rows)


# --- tables of the documents --------------------------------------------------------------------------------------


def describe_sample(rulebook: Rulebook) -> str:
    """Return the number of cases in each sample by outcome, clarity and evidence, and the number of answers."""
    samples = {sample: [own for own in rulebook.coded_cases if own[0].sample is sample] for sample in Sample}

    def row(name: str, wanted: Callable[[Case], bool]) -> list[str]:
        counts = [(sum(wanted(case) for case, _ in own), len(own)) for own in samples.values()]
        return [name, *(f"{count} ({count / whole:.0%})" for count, whole in counts)]

    answered = [f"{sum(len(levels) for _, levels in own) / len(own):.1f}" for own in samples.values()]
    rows = [["cases", *(str(len(own)) for own in samples.values())]]
    rows.append(
        ["sources or organisations", *(str(len({c.group for c, _ in own})) for own in samples.values())]
    )
    rows += [row(f"published `{option}`", lambda case, own=option: case.outcome is own) for option in Option]  # type: ignore[misc]
    rows.append(row("outcome without reasonable doubt", lambda case: case.clear))
    rows.append(row("rivals measured", lambda case: case.evidence == "measured"))
    rows.append([f"answers a case, of {len(rulebook.criteria)}", *answered])
    return make_table(("", *(str(sample) for sample in Sample)), rows)


def describe_scale(rulebook: Rulebook) -> str:
    """Return the number of effects on each need by strength and direction."""
    effects = Counter(
        (own.need.value, own.strength, own.effect.value)
        for rule in rulebook.rules.values()
        if not any(name in rulebook.derived for name in rule.when)
        for own in rule.effects
    )
    columns = list(itertools.product(("rag", "fine_tuning"), ("for", "against")))
    rows = [
        [
            f"{strength.value} ({rulebook.scale.weight(strength):g})",
            *(str(effects[need, strength, direction]) for need, direction in columns),
        ]
        for strength in Strength
    ]
    head = ("effects", *(f"{direction} `{need}`" for need, direction in columns))
    return make_table(head, rows)


def read_aside(rulebook: Rulebook) -> dict[str, Rulebook]:
    """Return the rule set with the cases kept aside for its casebook, once for each reader who coded them."""
    data = yaml.safe_load(ASIDE.read_text("utf-8"))
    cases = [msgspec.convert(entry, Case) for entry in data["cases"]]
    vocabulary = Vocabulary(rulebook.criteria)
    codings = ({case.id: case.profile for case in cases}, *data["coded_anew"])
    books = {}
    for name, profiles in zip(CODERS, codings, strict=True):
        coded = [(case, vocabulary.read_profile(profiles[case.id]).levels) for case in cases]
        books[name] = rulebook.replace(casebook=msgspec.Raw(msgspec.msgpack.encode(coded)))
    return books


def describe_aside(rulebook: Rulebook) -> dict[str, str]:
    """Return the tables on the cases kept aside: the shipped rules, a language model, rules of thumb, other coders."""
    data = yaml.safe_load(ASIDE.read_text("utf-8"))
    books = read_aside(rulebook)
    coders = {name: measure_agreement(book) for name, book in books.items()}
    ours = coders[CODERS[0]]
    cases = {own.case.id: own.case for own in ours.judged}
    judged = {"**scorecard**": ours}
    for name, key in (
        ("a strong language model", "language_model"),
        ("the same model, on the coded profiles", "language_model_on_profiles"),
    ):
        answers = {
            case_id: {Option(option): share for option, share in shares.items()}
            for case_id, shares in data[key].items()
        }
        judged[name] = judge_answers(cases, answers, rulebook.scale.firm_from)
    fitted = {case.group for case in rulebook.cases}
    rows = []
    for name, agreement in judged.items():
        rows += [list_figures(name, agreement), list_intervals("95% interval", agreement)]
    rows += list_thumbs(books[CODERS[0]], Sample.FIELD)
    for part, wanted in (
        ("organisations new to the fit", lambda case: case.group not in fitted),
        ("clear outcomes", lambda case: case.clear),
    ):
        for name, agreement in judged.items():
            some = Agreement(tuple(each for each in agreement.judged if wanted(each.case)))
            rows.append(list_figures(f"{name}, {part} ({some.total.total})", some))
    rows += [list_figures(f"**scorecard**, coded by {name}", coders[name]) for name in CODERS[1:]]
    return {
        "aside": make_table(COLUMNS, rows),
        "aside-decisions": describe_decisions(ours),
        "aside-coders": compare_coders(coders),
    }


def compare_coders(coders: Mapping[str, Agreement]) -> str:
    """Return how often the codings of two readers get the same advice, and firm advice."""
    rows = []
    for (name, one), (other, two) in itertools.combinations(coders.items(), 2):
        pairs = list(zip(one.judged, two.judged, strict=True))
        firm = [pair for pair in pairs if all(own.firm for own in pair)]
        same, firm_same = (sum(a.option is b.option for a, b in own) for own in (pairs, firm))
        rows.append([f"{name}, {other}", f"{same} of {len(pairs)}", f"{firm_same} of {len(firm)}"])
    return make_table(("coded by", "same advice", "same where both are firm"), rows)


def judge_answers(
    cases: Mapping[str, Case], answers: Mapping[str, Mapping[Option, float]], firm_from: float
) -> Agreement:
    """Return the agreement of stated probabilities with cases; the likeliest option is taken for the advice."""
    judged = []
    for case_id, case in cases.items():
        stated = answers[case_id]
        option = max(stated, key=stated.__getitem__)
        judged.append(Judged(case, option, stated, stated[option] >= firm_from))
    return Agreement(tuple(judged))


def describe_shipped(rulebook: Rulebook) -> dict[str, str]:
    """Return the tables that need no fit: on the samples, and on the shipped rule set in sample."""
    agreement = measure_agreement(rulebook)
    field, selected = (agreement.of_sample(sample) for sample in (Sample.FIELD, Sample.SELECTED))
    rows = [list_figures("field sample", field), list_figures("selected cases", selected)]
    return {
        "sample": describe_sample(rulebook),
        "scale": describe_scale(rulebook),
        "shipped": make_table(COLUMNS, rows),
        "shipped-reliability": describe_reliability(field),
        "shipped-decisions": describe_decisions(field),
        "selected-decisions": describe_decisions(selected),
        "thumbs": make_table(COLUMNS[:3], [row[:3] for row in list_thumbs(rulebook, Sample.FIELD)]),
        **describe_aside(rulebook),
    }


def read_tables(text: str) -> dict[str, str]:
    """Return the tables in a document by name."""
    return {found[2]: found[0][len(found[1]) : -len(found[3])] for found in _MARKED.finditer(text)}


def fill_tables(text: str, tables: Mapping[str, str]) -> str:
    """Return a document with its tables replaced by those of the same name."""
    return _MARKED.sub(
        lambda found: f"{found[1]}{tables.get(found[2], read_tables(found[0])[found[2]])}{found[3]}", text
    )
