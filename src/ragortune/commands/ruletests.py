"""`rules test`: the tests of a rule set, its agreement with published projects, and what a change does to both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ragortune.casebook import Agreement, Judged, Tally, measure_agreement
from ragortune.check.examples import FailedExample, run_finding_tests
from ragortune.commands.shared import choose_format, open_rulebook
from ragortune.lint import FailedTest, run_tests
from ragortune.lint.language import FailedSentence, run_language_tests
from ragortune.model import Option, Rulebook, Sample
from ragortune.model.findings import read_finding_rules
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, RulebookError, UsageError
from ragortune.support.rulefolder import shipped_folder
from ragortune.support.text import clean_text, dump_json, join_words, quote_value

FORMATS = ("text", "json")
_SHIPPED_WORD = "shipped"
_SAMPLES = {
    Sample.FIELD: "Field sample: systems drawn at random, the mix that users meet",
    Sample.SELECTED: "Selected cases: sought out because they compare or argue, another population",
}


def run_rule_tests(
    rules: str | None, form: str, base: str | None, environment: Environment, *, misses: bool
) -> ExitCode:
    """Run the rule tests and the casebook, and compare with another rule set where one is named."""
    form = choose_format(form, FORMATS)
    book = open_rulebook(rules, environment)
    tests = run_tests(book)
    sentences = run_language_tests(book)
    findings = run_finding_tests(book, read_finding_rules(book))
    agreement = measure_agreement(book)
    other = _open_base(base, environment) if base is not None else None
    if form == "json":
        described = {
            "tests": _tests_json(*tests),
            "phrase_tests": _sentences_json(*sentences),
            "finding_tests": _finding_tests_json(*findings),
            "casebook": _casebook_json(agreement),
        }
        if other is not None:
            described["compared_with"] = {
                "digest": other.digest,
                "casebook": _casebook_json(measure_agreement(other)),
            }
        environment.write(dump_json(described) + "\n")
    else:
        lines = [
            *_describe_tests(*tests),
            *_describe_sentences(*sentences),
            *_describe_finding_tests(*findings),
        ]
        lines += _describe_samples(agreement, book.scale.firm_from)
        if misses:
            lines += ["", *_describe_misses(agreement)]
        if other is not None:
            lines += ["", *_describe_changes(book, other, agreement)]
        environment.write("\n".join(lines) + "\n")
    return ExitCode.FINDINGS if tests[1] or sentences[1] or findings[1] else ExitCode.OK


def _open_base(base: str, environment: Environment) -> Rulebook:
    folder = shipped_folder() if base == _SHIPPED_WORD else Path(environment.folder, base)
    try:
        return load_rulebook(folder)
    except RulebookError:
        raise
    except Exception as error:
        if folder.is_dir():
            raise
        hint = f"--compare takes the folder of a rule set, or '{_SHIPPED_WORD}'"
        raise UsageError(f"cannot compare with {quote_value(base)}: {error}", None, hint) from None


# --- as text ------------------------------------------------------------------------------------------------------


def _describe_tests(count: int, failed: tuple[FailedTest, ...]) -> list[str]:
    lines = [f"Rule tests: {count - len(failed)} of {count} pass"]
    for test in failed:
        happened = "fired" if test.expected == "silent" else f"did not fire ({test.state})"
        lines.append(f"  {test.rule.code} {test.rule.id} {happened}: {test.sentence}")
    return lines


def _describe_sentences(count: int, failed: tuple[FailedSentence, ...]) -> list[str]:
    lines = [f"Phrase tests: {count - len(failed)} of {count} pass"]
    for test in failed:
        made = f" ({join_words(map(str, test.values))})" if test.values else ""
        happened = "is found" if test.expected == "silent" else "is not found"
        lines.append(f"  {test.phrase.id} {happened}{made}: {clean_text(test.text)}")
    return lines


def _describe_finding_tests(count: int, failed: tuple[FailedExample, ...]) -> list[str]:
    lines = [f"Finding tests: {count - len(failed)} of {count} pass"]
    for test in failed:
        happened = "was found" if test.expected == "silent" else "was not found"
        lines.append(f"  {test.rule.code} {test.rule.id} {happened}: {test.sentence}")
    return lines


def _describe_samples(agreement: Agreement, firm_from: float) -> Iterator[str]:
    for sample, title in _SAMPLES.items():
        own = agreement.of_sample(sample)
        if own.judged:
            yield ""
            yield title
            yield from _describe_agreement(own, firm_from)


def _describe_agreement(agreement: Agreement, firm_from: float) -> Iterator[str]:
    yield _row("", "cases", "strict", "lenient")
    yield _describe_tally("all", agreement.total)
    for option, tally in agreement.by_outcome().items():
        yield _describe_tally(f"published {option}", tally)
    for kind, tally in agreement.by_evidence().items():
        yield _describe_tally(f"evidence {kind}", tally)
    yield _describe_tally(f"firm (settled or {firm_from:.0%})", agreement.firm)
    for each in agreement.by_probability():
        row = _describe_tally(f"stated {each.low:.0%} to {each.high:.0%}", each.tally)
        yield f"{row}   mean stated {each.stated:6.1%}" if each.tally.total else row
    calibration = agreement.calibration
    yield f"  Brier score {agreement.brier:.3f} (0.750 for a uniform guess)"
    yield f"  Calibration slope {calibration.slope:.2f}, intercept {calibration.intercept:.2f}"
    yield "  Published (rows) and recommended (columns)"
    yield " " * 16 + "".join(f"{option.value:>13}" for option in Option)
    confusion = agreement.confusion()
    for published in Option:
        counts = "".join(f"{confusion[published, advised]:>13}" for advised in Option)
        yield f"    {published.value:<12}{counts}"


def _row(name: str, *cells: str) -> str:
    return f"  {name:<26}" + "".join(f"{cell:>9}" for cell in cells)


def _describe_tally(name: str, tally: Tally) -> str:
    return _row(name, str(tally.total), _share(tally.strict, tally.total), _share(tally.lenient, tally.total))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _describe_misses(agreement: Agreement) -> Iterator[str]:
    yield "Misses"
    for sample in _SAMPLES:
        for miss in agreement.of_sample(sample).misses():
            kind = "acceptable" if miss.lenient else "wrong"
            yield f"  {miss.case.id} ({sample}): published {miss.case.outcome}, recommended {miss.option} ({kind})"


def _describe_changes(book: Rulebook, other: Rulebook, agreement: Agreement) -> Iterator[str]:
    before = measure_agreement(other)
    yield f"Compared with {other.name} {other.version} ({other.digest[:19]})"
    for sample in _SAMPLES:
        old, new = before.of_sample(sample).total, agreement.of_sample(sample).total
        yield f"  {sample}: strict {old.strict} -> {new.strict} of {new.total}, lenient {old.lenient} -> {new.lenient}"
    for earlier, later in _pair_changed(before.judged, agreement.judged):
        moved = f"{earlier.option} -> {later.option}"
        yield f"  {_judge_change(earlier, later):<7} {later.case.id}: {moved}, published {later.case.outcome}"
    for name in sorted({*book.rules, *other.rules}):
        mine, theirs = book.rules.get(name), other.rules.get(name)
        if mine is None or theirs is None:
            yield f"  {'added' if theirs is None else 'removed':<7} rule {name}"
        elif mine != theirs:
            yield f"  changed rule {name}"


def _pair_changed(before: Iterable[Judged], after: Iterable[Judged]) -> list[tuple[Judged, Judged]]:
    earlier = {own.case.id: own for own in before}
    pairs = [(earlier[own.case.id], own) for own in after if own.case.id in earlier]
    return [(old, new) for old, new in pairs if old.option is not new.option]


def _judge_change(before: Judged, after: Judged) -> str:
    if after.strict and not before.strict:
        return "hit"
    if before.strict and not after.strict:
        return "miss"
    return "neither" if before.lenient == after.lenient else ("better" if after.lenient else "worse")


# --- as JSON ------------------------------------------------------------------------------------------------------


def _tests_json(count: int, failed: tuple[FailedTest, ...]) -> dict[str, object]:
    listed = [
        {
            "rule": test.rule.id,
            "name": test.sentence,
            "expected": test.expected,
            "state": test.state.value,
        }
        for test in failed
    ]
    return {"total": count, "failed": listed}


def _sentences_json(count: int, failed: tuple[FailedSentence, ...]) -> dict[str, object]:
    listed = [
        {"phrase": test.phrase.id, "text": test.text, "expected": test.expected, "values": test.values}
        for test in failed
    ]
    return {"total": count, "failed": listed}


def _finding_tests_json(count: int, failed: tuple[FailedExample, ...]) -> dict[str, object]:
    return {
        "total": count,
        "failed": [
            {"rule": test.rule.id, "name": test.sentence, "expected": test.expected} for test in failed
        ],
    }


def _casebook_json(agreement: Agreement) -> dict[str, object]:
    """Describe both samples, each under its own name, and what is missed in them."""
    samples = {sample.value: _agreement_json(agreement.of_sample(sample)) for sample in _SAMPLES}
    misses = [
        {
            "case": miss.case.id,
            "sample": miss.case.sample.value,
            "published": miss.case.outcome.value,
            "recommended": miss.option.value,
            "acceptable": miss.lenient,
        }
        for miss in agreement.misses()
    ]
    return {**samples, "misses": misses}


def _agreement_json(agreement: Agreement) -> dict[str, object]:
    calibration = agreement.calibration
    return {
        "all": _tally_json(agreement.total),
        "firm": _tally_json(agreement.firm),
        "by_outcome": {option.value: _tally_json(own) for option, own in agreement.by_outcome().items()},
        "by_evidence": {kind: _tally_json(own) for kind, own in agreement.by_evidence().items()},
        "by_probability": [
            {"low": each.low, "high": each.high, "stated": each.stated, **_tally_json(each.tally)}
            for each in agreement.by_probability()
        ],
        "brier": agreement.brier,
        "calibration": {"slope": calibration.slope, "intercept": calibration.intercept},
    }


def _tally_json(tally: Tally) -> dict[str, int]:
    return {"total": tally.total, "strict": tally.strict, "lenient": tally.lenient}
