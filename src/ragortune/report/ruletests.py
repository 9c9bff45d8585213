"""What the tests of a rule set say, its agreement with published projects, and how it differs from another set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ragortune.casebook import Agreement, Judged, Tally
from ragortune.lint.examples import Tried, list_failed
from ragortune.model import Option, Rulebook, Sample
from ragortune.model.findings import read_finding_rules
from ragortune.support.record import Record, plain_data
from ragortune.support.text import clean_text

Json = dict[str, object]

_SUITES = {"rule": "tests", "phrase": "phrase_tests", "finding": "finding_tests"}
_SAMPLES = {
    Sample.FIELD: "Field sample: systems drawn at random, the mix that users meet",
    Sample.SELECTED: "Selected cases: sought out because they compare or argue, another population",
}
_NO_OUTCOME = frozenset({"tests", "sources"})
"""Fields whose change alone changes no outcome."""


class Change(Record, frozen=True):
    """One record that differs between two rule sets."""

    kind: str
    """`criterion`, `rule` or `finding`."""
    id: str
    change: str
    """`added`, `removed` or `changed`."""
    fields: tuple[str, ...] = ()
    """What differs, where it was changed."""
    outcome: bool = True
    """Whether it can change an outcome; tests and sources cannot."""


class Comparison(Record, frozen=True):
    """Two rule sets."""

    before: Rulebook
    after: Rulebook

    def list_changes(self) -> Iterator[Change]:
        """Yield the records that differ."""
        before, after = self.before, self.after
        pairs: tuple[tuple[str, Mapping[str, Record], Mapping[str, Record]], ...] = (
            ("criterion", before.criteria, after.criteria),
            ("rule", before.rules, after.rules),
            ("finding", read_finding_rules(before), read_finding_rules(after)),
        )
        for kind, old, new in pairs:
            for name in sorted({*old, *new}):
                if name not in old or name not in new:
                    yield Change(kind, name, "removed" if name in old else "added")
                elif old[name] != new[name]:
                    names = old[name].field_names()
                    fields = [own for own in names if getattr(old[name], own) != getattr(new[name], own)]
                    yield Change(kind, name, "changed", tuple(fields), not _NO_OUTCOME.issuperset(fields))


class SuiteReport(Record, frozen=True):
    """What `rules test` found."""

    tried: Mapping[str, tuple[Tried, ...]]
    """The examples of rules, phrases and finding rules."""
    agreement: Agreement
    firm_from: float
    names_misses: bool = False
    """Whether the cases that are missed are named in the text; JSON names them always."""
    compared: Comparison | None = None
    before: Agreement | None = None
    """Agreement of the rule set that it is compared with."""


# --- tests, as text -----------------------------------------------------------------------------------------------


def write_tests(report: SuiteReport) -> str:
    """Return what the tests found, as text."""
    return "".join(f"{clean_text(line)}\n" for line in _list_lines(report))


def _list_lines(report: SuiteReport) -> Iterator[str]:
    for kind, tried in report.tried.items():
        failed = list_failed(tried)
        yield f"{kind.title()} tests: {len(tried) - len(failed)} of {len(tried)} pass"
        yield from (f"  {test.owner} {test.happened}: {test.name}" for test in failed)
    for sample, title in _SAMPLES.items():
        own = report.agreement.of_sample(sample)
        if own.judged:
            yield from ("", title, *_list_figures(own, report.firm_from))
    if report.names_misses:
        yield from ("", "Misses")
        misses = report.agreement.misses()
        for miss in sorted(misses, key=lambda own: own.case.sample is Sample.SELECTED):
            kind = "acceptable" if miss.lenient else "wrong"
            outcome = f"published {miss.case.outcome}, recommended {miss.option} ({kind})"
            yield f"  {miss.case.id} ({miss.case.sample}): {outcome}"
    if report.compared and report.before:
        yield from ("", *_list_comparison(report.compared, report.before, report.agreement))


def _list_figures(agreement: Agreement, firm_from: float) -> Iterator[str]:
    tallies = {
        "all": agreement.total,
        **{f"published {option}": tally for option, tally in agreement.by_outcome().items()},
        **{f"evidence {kind}": tally for kind, tally in agreement.by_evidence().items()},
        f"firm (settled or {firm_from:.0%})": agreement.firm,
    }
    yield _write_row("", "cases", "strict", "lenient")
    for name, tally in tallies.items():
        yield _write_tally(name, tally)
    for each in agreement.by_probability():
        row = _write_tally(f"stated {each.low:.0%} to {each.high:.0%}", each.tally)
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


def _write_row(name: str, *cells: str) -> str:
    return f"  {name:<26}" + "".join(f"{cell:>9}" for cell in cells)


def _write_tally(name: str, tally: Tally) -> str:
    shares = (f"{part / tally.total:.1%}" if tally.total else "-" for part in (tally.strict, tally.lenient))
    return _write_row(name, str(tally.total), *shares)


def _list_comparison(compared: Comparison, before: Agreement, after: Agreement) -> Iterator[str]:
    yield f"Compared with {_name_set(compared.before)}"
    for sample in _SAMPLES:
        old, new = before.of_sample(sample).total, after.of_sample(sample).total
        yield f"  {sample}: strict {old.strict} -> {new.strict} of {new.total}, lenient {old.lenient} -> {new.lenient}"
    earlier = {own.case.id: own for own in before.judged}
    for new_one in after.judged:
        old_one = earlier.get(new_one.case.id)
        if old_one and old_one.option is not new_one.option:
            moved = f"{old_one.option} -> {new_one.option}, published {new_one.case.outcome}"
            yield f"  {_judge_change(old_one, new_one):<7} {new_one.case.id}: {moved}"
    for change in compared.list_changes():
        if change.kind == "rule":
            yield f"  {change.change:<7} rule {change.id}"


def _judge_change(before: Judged, after: Judged) -> str:
    if after.strict is not before.strict:
        return "hit" if after.strict else "miss"
    return "neither" if before.lenient == after.lenient else ("better" if after.lenient else "worse")


# --- tests, as JSON -----------------------------------------------------------------------------------------------


def describe_tests(report: SuiteReport) -> Json:
    """Return what the tests found, as JSON data."""
    described: Json = {
        _SUITES[kind]: {"total": len(tried), "failed": [plain_data(test) for test in list_failed(tried)]}
        for kind, tried in report.tried.items()
    }
    described["casebook"] = _describe_casebook(report.agreement)
    if report.compared and report.before:
        casebook = _describe_casebook(report.before)
        described["compared_with"] = {"digest": report.compared.before.digest, "casebook": casebook}
    return described


def _describe_casebook(agreement: Agreement) -> Json:
    """Describe both samples, each under its own name, and what is missed in them."""
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
    samples = {sample.value: _describe_agreement(agreement.of_sample(sample)) for sample in _SAMPLES}
    return {**samples, "misses": misses}


def _describe_agreement(agreement: Agreement) -> Json:
    described: Json = plain_data(
        {
            "all": agreement.total,
            "firm": agreement.firm,
            "by_outcome": agreement.by_outcome(),
            "by_evidence": agreement.by_evidence(),
            "by_probability": [
                {"low": each.low, "high": each.high, "stated": each.stated, **plain_data(each.tally)}
                for each in agreement.by_probability()
            ],
            "brier": agreement.brier,
            "calibration": agreement.calibration,
        }
    )
    return described


# --- what an upgrade changes --------------------------------------------------------------------------------------


def write_diff(compared: Comparison) -> str:
    """Return what differs between two rule sets, as text."""
    changes = list(compared.list_changes())
    lines = [f"From {_name_set(compared.before)}", f"to   {_name_set(compared.after)}"]
    for change in changes:
        fields = f" ({', '.join(change.fields)})" if change.fields else ""
        no_outcome = "" if change.outcome else "; no outcome changes"
        lines.append(f"  {change.change:<8} {change.kind} {change.id}{fields}{no_outcome}")
    counts = ", ".join(
        f"{sum(change.kind == kind for change in changes)} {plural}"
        for kind, plural in (("criterion", "criteria"), ("rule", "rules"), ("finding", "finding rules"))
    )
    lines.append(f"changed: {counts}" if changes else "nothing differs")
    return "".join(f"{clean_text(line)}\n" for line in lines)


def _name_set(rulebook: Rulebook) -> str:
    return f"{rulebook.name} {rulebook.version} ({rulebook.digest[:19]})"


def describe_diff(compared: Comparison) -> Json:
    """Return what differs between two rule sets, as JSON data."""
    sets = {
        end: {"name": book.name, "version": book.version, "digest": book.digest}
        for end, book in (("from", compared.before), ("to", compared.after))
    }
    return {**sets, "changes": [plain_data(change) for change in compared.list_changes()]}
