"""The results of `rules check`, `rules test` and `rules diff` as text and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ragortune.casebook import Agreement, Tally
from ragortune.engine import decide_option
from ragortune.evidence.documents.language import read_language
from ragortune.lint.examples import Tried, list_failed
from ragortune.model import Case, Option, Rulebook, Sample
from ragortune.model.findings import RuleFinding, read_finding_rules
from ragortune.report.shapes import RuleSet, name_rule_set, take
from ragortune.support.record import Record
from ragortune.support.text import count_words

_SAMPLES = {
    Sample.FIELD: "Field sample: systems drawn at random, the mix that users meet",
    Sample.SELECTED: "Selected cases: sought out because they compare or argue, another population",
}


# --- check --------------------------------------------------------------------------------------------------------


class CheckedData(Record, frozen=True):
    """The result of `rules check` or `prices check`."""

    findings: tuple[RuleFinding, ...]
    what: str
    """Name of what was checked."""


def write_findings(checked: CheckedData) -> Iterator[str]:
    """Yield one line per finding, in the form that compilers use; hints follow on lines of their own."""
    for finding in checked.findings:
        yield f"{finding.place}: {finding.name}: {finding.message}"
        if finding.hint:
            yield f"    hint: {finding.hint}"
    yield f"{count_words(len(checked.findings), 'finding')} in {checked.what}"


def list_findings(checked: CheckedData) -> tuple[RuleFinding, ...]:
    """Return the findings as JSON data."""
    return checked.findings


# --- diff ---------------------------------------------------------------------------------------------------------

_PLURALS = {"criterion": "criteria", "quantity": "quantities"}
_NO_OUTCOME = frozenset({"tests", "sources"})
"""Fields that cannot change an outcome."""
_NOT_DECIDING = frozenset({"case", "option", "source"})
"""Kinds of record that cannot change an outcome."""


class Change(Record, frozen=True):
    """One record that differs between two rule sets."""

    kind: str
    """`criterion`, `rule`, `finding`, `scale`, `quantity`, `price`, `phrase`, `option`, `source` or `case`."""
    id: str
    change: str
    """`added`, `removed` or `changed`."""
    fields: tuple[str, ...] = ()
    """Names of the changed fields."""
    outcome: bool = True
    """Whether it can change an outcome."""


class CaseChange(Record, frozen=True):
    """A published project with another recommendation than before."""

    case: str
    sample: Sample
    published: Option
    was: Option
    now: Option
    change: str
    """`hit` or `miss`; `better` or `worse` if only the lenient judgement changed; or `other`."""


class RuleDiff(Record, frozen=True, rename={"old": "from", "new": "to"}):
    """The result of `rules diff`, and its JSON."""

    old: RuleSet
    new: RuleSet
    changes: tuple[Change, ...]
    cases: tuple[CaseChange, ...] = ()


def compare_rule_sets(old: Rulebook, new: Rulebook) -> RuleDiff:
    """Return the differences between two rule sets, and the cases with another recommendation."""
    records = _list_records(new)
    changes = []
    for kind, before in _list_records(old).items():
        decides, after = kind not in _NOT_DECIDING, records[kind]
        for name in sorted({*before, *after}):
            mine, theirs = before.get(name), after.get(name)
            if mine is None or theirs is None:
                changes.append(Change(kind, name, "added" if mine is None else "removed", (), decides))
            elif mine != theirs:
                fields = tuple(
                    field for field in mine.field_names() if getattr(mine, field) != getattr(theirs, field)
                )
                outcome = decides and not set(fields) <= _NO_OUTCOME
                changes.append(Change(kind, name, "changed", fields, outcome))
    advised = {case.id: decide_option(old, levels).option for case, levels in old.coded_cases}
    cases = []
    for case, levels in new.coded_cases:
        was, now = advised.get(case.id), decide_option(new, levels).option
        if was is not None and was is not now:
            judged = _judge_change(case, was, now)
            cases.append(CaseChange(case.id, case.sample, case.outcome, was, now, judged))
    return RuleDiff(name_rule_set(old), name_rule_set(new), tuple(changes), tuple(cases))


def _list_records(book: Rulebook) -> dict[str, Mapping[str, Record]]:
    """Return the records that are compared, by kind and name."""
    return {
        "criterion": book.readable,
        "rule": book.rules,
        "finding": read_finding_rules(book),
        "scale": {"scale": book.scale},
        "quantity": book.quantities,
        "price": book.prices,
        "phrase": {phrase.id: phrase for phrase in read_language(book).data.facts},
        "option": {guide.id.value: guide for guide in book.options.values()},
        "source": book.sources,
        "case": {case.id: case for case in book.cases},
    }


def _judge_change(case: Case, was: Option, now: Option) -> str:
    if case.outcome in (was, now):
        return "hit" if case.outcome is now else "miss"
    if (was in case.acceptable) != (now in case.acceptable):
        return "better" if now in case.acceptable else "worse"
    return "other"


def write_diff(diff: RuleDiff) -> Iterator[str]:
    """Yield one line per changed record and case."""
    for word, book in (("From", diff.old), ("to  ", diff.new)):
        yield f"{word} {book.name} {book.version} ({book.digest[:19]})"
    for change in diff.changes:
        fields = f" ({', '.join(change.fields)})" if change.fields else ""
        note = "" if change.outcome else "; no outcome changes"
        name = change.kind if change.kind == change.id else f"{change.kind} {change.id}"
        yield f"  {change.change:<8} {name}{fields}{note}"
    numbers = Counter({"criterion": 0, "rule": 0, "finding": 0})
    numbers.update(change.kind for change in diff.changes)
    counts = (
        count_words(number, "finding rule" if kind == "finding" else kind, _PLURALS.get(kind))
        for kind, number in numbers.items()
    )
    yield f"changed: {', '.join(counts)}" if diff.changes else "no differences"
    for case in diff.cases:
        moved = f"{case.was} -> {case.now}, published {case.published} ({case.sample})"
        yield f"  {case.change:<8} {case.case}: {moved}"
    if diff.cases:
        kinds = Counter(case.change for case in diff.cases)
        yield f"cases: {', '.join(f'{number} {kind}' for kind, number in kinds.items())}"


# --- test ---------------------------------------------------------------------------------------------------------


class RuleTests(Record, frozen=True):
    """The result of `rules test`."""

    book: Rulebook
    tried: Mapping[str, tuple[Tried, ...]]
    """All examples by kind: `tests`, `phrase_tests`, `finding_tests`."""
    agreement: Agreement
    """How the rule set agrees with published projects."""
    misses: bool
    """Whether to list the missed cases."""

    @property
    def failed(self) -> bool:
        """Whether any test fails."""
        return any(map(list_failed, self.tried.values()))


def write_tests(tests: RuleTests) -> Iterator[str]:
    """Yield the failed tests and the agreement with each sample."""
    for name, tried in tests.tried.items():
        kind = name.replace("_tests", "").replace("tests", "rule").capitalize()
        failed = list_failed(tried)
        yield f"{kind} tests: {len(tried) - len(failed)} of {len(tried)} pass"
        yield from (f"  {test.owner} {test.happened}: {test.name}" for test in failed)
    for sample, title in _SAMPLES.items():
        agreement = tests.agreement.of_sample(sample)
        if agreement.judged:
            yield from ("", title, *_describe_agreement(agreement, tests.book.scale.firm_from))
    if tests.misses:
        yield from ("", "Misses")
        for miss in tests.agreement.misses():
            found = f"published {miss.case.outcome}, recommended {miss.option}"
            kind = "acceptable" if miss.lenient else "wrong"
            yield f"  {miss.case.id} ({miss.case.sample}): {found} ({kind})"


def _describe_agreement(agreement: Agreement, firm_from: float) -> Iterator[str]:
    yield f"  {'':<26}{'cases':>9}{'strict':>9}{'lenient':>9}"
    yield _format_tally("all", agreement.total)
    for option, tally in agreement.by_outcome.items():
        yield _format_tally(f"published {option}", tally)
    yield _format_tally(f"firm (settled or {firm_from:.0%})", agreement.firm)


def _format_tally(name: str, tally: Tally) -> str:
    shares = (f"{part / tally.total:.1%}" if tally.total else "-" for part in (tally.strict, tally.lenient))
    return f"  {name:<26}{tally.total:>9}" + "".join(f"{share:>9}" for share in shares)


def describe_tests(tests: RuleTests) -> dict[str, object]:
    """Return tests and agreement as JSON data: agreement by sample, and all missed cases."""
    examples = {
        name: {"total": len(tried), "failed": list_failed(tried)} for name, tried in tests.tried.items()
    }
    misses = [
        {
            "case": miss.case.id,
            "sample": miss.case.sample,
            "published": miss.case.outcome,
            "recommended": miss.option,
            "acceptable": miss.lenient,
        }
        for miss in tests.agreement.misses()
    ]
    samples = {sample.value: tests.agreement.of_sample(sample) for sample in _SAMPLES}
    figures = {
        name: {"all": part.total, **take(part, "firm", "by_outcome")} for name, part in samples.items()
    }
    return {**examples, "casebook": {**figures, "misses": misses}}
