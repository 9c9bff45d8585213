"""`rules`: what the rule set holds, whether it is in order, and how well it does."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ragortune.audit.examples import FailedExample, run_finding_tests
from ragortune.casebook import (
    FIRM_SHARE,
    Agreement,
    Reliability,
    Tally,
    Verdict,
    measure_agreement,
    measure_reliability,
)
from ragortune.commands.shared import (
    choose_format,
    open_finding_rules,
    open_rulebook,
    rules_folder,
)
from ragortune.errors import ExitCode, RulebookError, UsageError
from ragortune.host import Environment
from ragortune.languagetests import FailedSentence, run_language_tests
from ragortune.model import Option, Rule, Rulebook
from ragortune.plaintext import clean_text, join_words, quote_value, suggest_name
from ragortune.record import plain_data
from ragortune.render import pages
from ragortune.render.machine import dump_json
from ragortune.rulebook import load_rulebook
from ragortune.rulecheck import FailedTest, RuleFinding, check_folder, run_tests
from ragortune.rulefolder import shipped_folder

LIST_FORMATS = ("text", "json", "markdown")
CHECK_FORMATS = ("text", "json")
_SHIPPED_WORD = "shipped"


def list_rules(rules: str | None, form: str, environment: Environment) -> ExitCode:
    """Print every rule on a line, in the order of the rule set."""
    form = choose_format(form, LIST_FORMATS)
    book = open_rulebook(rules, environment)
    findings = open_finding_rules(rules, environment)
    if form == "json":
        records = [plain_data(rule) for rule in (*book.rules.values(), *findings.values())]
        environment.write(dump_json(records, indent=2) + "\n")
    elif form == "markdown":
        lines = ["| Code | Rule | When | Then |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {rule.code} | {rule.title} | {_condition(rule)} | {_effects(rule)} |" for rule in _all(book)
        ]
        lines += ["", "| Code | Finding | Severity | Confidence |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {rule.code} | {rule.title} | {rule.severity} | {rule.confidence} |"
            for rule in findings.values()
        ]
        environment.write("\n".join(lines) + "\n")
    else:
        width = environment.width
        for rule in _all(book):
            environment.write(f"{rule.code}  {rule.id}\n")
            environment.write(_wrap(f"{rule.title}: {_effects(rule)}", width, "     "))
        for finding in findings.values():
            environment.write(f"{finding.code}  {finding.id}\n")
            said = f"{finding.title}: {finding.severity} ({finding.confidence} confidence) of `check`"
            environment.write(_wrap(said, width, "     "))
        environment.write(
            f"\n{len(book.rules)} rules, {len(book.criteria)} criteria, {len(book.sources)} sources, "
            f"{len(findings)} finding rules\n"
        )
        for name, because in book.disabled.items():
            environment.write(_wrap(f"{name} is disabled: {clean_text(because)}", width, ""))
    return ExitCode.OK


def _all(book: Rulebook) -> Iterable[Rule]:
    return book.rules.values()


def _condition(rule: Rule) -> str:
    return "; and ".join(pages.word_condition(*item) for item in rule.when.items())


def _effects(rule: Rule) -> str:
    return "; ".join(pages.word_effects(rule))


def _wrap(text: str, width: int, indent: str) -> str:
    import textwrap

    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent) + "\n"


def show_page(name: str, rules: str | None, form: str, color: str, environment: Environment) -> ExitCode:
    """Print the page of a rule, criterion, option, source or topic; raises UsageError with the nearest name."""
    form = choose_format(form, LIST_FORMATS)
    book = open_rulebook(rules, environment)
    findings = open_finding_rules(rules, environment)
    page = pages.find_page(book, name, findings)
    if page is None:
        known = pages.page_names(book, findings)
        raise UsageError(f"there is no page {quote_value(name)}", None, suggest_name(name, known))
    if form == "json":
        environment.write(dump_json([{"kind": kind, "text": text} for kind, text in page], indent=2) + "\n")
    elif form == "markdown":
        environment.write(pages.page_markdown(page))
    else:
        shown = pages.page_text(page, width=environment.width, color=environment.wants_color(color))
        environment.write(shown)
    return ExitCode.OK


# --- check --------------------------------------------------------------------------------------------------------


def check_rules(rules: str | None, form: str, as_of: str | None, environment: Environment) -> ExitCode:
    """Print what is to be mended in a rule set."""
    form = choose_format(form, CHECK_FORMATS)
    folder = rules_folder(rules, environment)
    today = as_of or environment.date()
    try:
        findings = check_folder(folder, today)
    except ValueError:
        raise UsageError(f"--as-of must be a date, YYYY-MM-DD, not {quote_value(today)}") from None
    if form == "json":
        environment.write(dump_json([_finding_json(finding) for finding in findings], indent=2) + "\n")
    else:
        for finding in findings:
            environment.write(clean_text(f"{finding.place}: {finding.name}: {finding.message}") + "\n")
            if finding.hint:
                environment.write(clean_text(f"    hint: {finding.hint}") + "\n")
        count = len(findings)
        environment.write(
            f"{count} finding{'s' if count != 1 else ''} in {_show_folder(folder, environment)}\n"
        )
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _show_folder(folder: str, environment: Environment) -> str:
    if folder == shipped_folder():
        return "the shipped rule set"
    shown = os.path.relpath(folder, environment.folder)
    return folder if shown.startswith("..") else shown


def _finding_json(finding: RuleFinding) -> dict[str, object]:
    place = finding.place
    return {
        "name": finding.name,
        "message": finding.message,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "hint": finding.hint,
    }


# --- test ---------------------------------------------------------------------------------------------------------


def run_rule_tests(
    rules: str | None, form: str, base: str | None, environment: Environment, *, misses: bool
) -> ExitCode:
    """Run the rule tests and the casebook, and compare with another rule set where one is named."""
    form = choose_format(form, CHECK_FORMATS)
    book = open_rulebook(rules, environment)
    tests = run_tests(book)
    sentences = run_language_tests(book)
    findings = run_finding_tests(book, open_finding_rules(rules, environment))
    agreement = measure_agreement(book)
    other = _open_base(base, environment) if base is not None else None
    if form == "json":
        described = _test_json(book, tests, sentences, agreement, other)
        described["finding_tests"] = _finding_tests_json(*findings)
        environment.write(dump_json(described, indent=2) + "\n")
    else:
        lines = [*_describe_tests(*tests), *_describe_sentences(*sentences)]
        lines += [*_describe_finding_tests(*findings), "", *_describe_agreement(agreement)]
        lines += ["", *_describe_reliability(measure_reliability(book))]
        if misses:
            lines += ["", *_describe_misses(agreement)]
        if other is not None:
            lines += ["", *_describe_changes(book, other)]
        environment.write("\n".join(lines) + "\n")
    return ExitCode.FINDINGS if tests[1] or sentences[1] or findings[1] else ExitCode.OK


def _describe_finding_tests(count: int, failed: tuple[FailedExample, ...]) -> list[str]:
    lines = [f"Finding tests: {count - len(failed)} of {count} pass"]
    for test in failed:
        happened = "was found" if test.expected == "silent" else "was not found"
        lines.append(f"  {test.rule.code} {test.rule.id} {happened}: {test.sentence}")
    return lines


def _finding_tests_json(count: int, failed: tuple[FailedExample, ...]) -> dict[str, object]:
    return {
        "total": count,
        "failed": [
            {"rule": test.rule.id, "name": test.sentence, "expected": test.expected} for test in failed
        ],
    }


def _open_base(base: str, environment: Environment) -> Rulebook:
    folder = shipped_folder() if base == _SHIPPED_WORD else os.path.join(environment.folder, base)
    try:
        return load_rulebook(folder)
    except RulebookError:
        raise
    except Exception as error:
        if os.path.isdir(folder):
            raise
        hint = f"--compare takes the folder of a rule set, or '{_SHIPPED_WORD}'"
        raise UsageError(f"cannot compare with {quote_value(base)}: {error}", None, hint) from None


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


def _share(part: int, whole: int) -> str:
    return f"{part / whole:6.1%}" if whole else "     -"


def _describe_agreement(agreement: Agreement) -> list[str]:
    def row(name: str, tally: Tally) -> str:
        strict, lenient = _share(tally.strict, tally.total), _share(tally.lenient, tally.total)
        return f"  {name:<24} {tally.total:>5}   {strict}   {lenient}"

    lines = ["Casebook                  cases   strict  lenient", row("all", agreement.total)]
    lines += [row(f"published {option}", tally) for option, tally in agreement.by_outcome().items()]
    lines += [row(f"evidence {kind}", tally) for kind, tally in agreement.by_evidence().items()]
    lines += ["", "Published (rows) and recommended (columns)"]
    lines.append(" " * 14 + "".join(f"{option.value:>13}" for option in Option))
    confusion = agreement.confusion()
    for published in Option:
        counts = "".join(f"{confusion[published, advised]:>13}" for advised in Option)
        lines.append(f"  {published.value:<12}{counts}")
    return lines


def _describe_reliability(reliability: Reliability) -> list[str]:
    lines = ["Share of the readings that the advice holds in, against agreement"]
    for each in reliability.by_share():
        name = f"stated {each.low:.0%} to {each.high:.0%}"
        strict, lenient = (_share(part, each.tally.total) for part in (each.tally.strict, each.tally.lenient))
        mean = f"{each.stated:6.1%}" if each.tally.total else "     -"
        lines.append(f"  {name:<24} {each.tally.total:>5}   {strict}   {lenient}   mean stated {mean}")
    firm, count = reliability.firm, len(reliability.stated)
    lines.append(f"Brier score of the shares {reliability.brier:.3f} (0.750 for a uniform guess)")
    lines.append(
        f"Firm (settled, or a share over {FIRM_SHARE:g}): {firm.total} of {count} cases, "
        f"lenient{_share(firm.lenient, firm.total)}"
    )
    return lines


def _describe_misses(agreement: Agreement) -> list[str]:
    lines = ["Misses"]
    for verdict in agreement.misses():
        kind = "acceptable" if verdict.lenient else "wrong"
        lines.append(
            f"  {verdict.case.id}: published {verdict.case.outcome}, recommended {verdict.option} ({kind})"
        )
    return lines


def _changed(book: Rulebook, other: Rulebook) -> list[tuple[Verdict, Verdict]]:
    before = {verdict.case.id: verdict for verdict in measure_agreement(other).verdicts}
    pairs = [(before.get(verdict.case.id), verdict) for verdict in measure_agreement(book).verdicts]
    return [(old, new) for old, new in pairs if old is not None and old.option is not new.option]


def _describe_changes(book: Rulebook, other: Rulebook) -> list[str]:
    old, new = measure_agreement(other).total, measure_agreement(book).total
    lines = [
        f"Compared with {other.name} {other.version} ({other.digest[:19]})",
        f"  strict {old.strict} -> {new.strict} of {new.total}, lenient {old.lenient} -> {new.lenient}",
    ]
    for before, after in _changed(book, other):
        moved = f"{before.option} -> {after.option}"
        lines.append(
            f"  {_judge_change(before, after):<7} {after.case.id}: {moved}, published {after.case.outcome}"
        )
    for name in sorted({*book.rules, *other.rules}):
        mine, theirs = book.rules.get(name), other.rules.get(name)
        if mine is None or theirs is None:
            lines.append(f"  {'added' if theirs is None else 'removed':<7} rule {name}")
        elif mine != theirs:
            lines.append(f"  changed rule {name}")
    return lines


def _judge_change(before: Verdict, after: Verdict) -> str:
    if after.strict and not before.strict:
        return "hit"
    if before.strict and not after.strict:
        return "miss"
    return "neither" if before.lenient == after.lenient else ("better" if after.lenient else "worse")


def _tally_json(tally: Tally) -> dict[str, int]:
    return {"total": tally.total, "strict": tally.strict, "lenient": tally.lenient}


def _test_json(
    book: Rulebook,
    tests: tuple[int, tuple[FailedTest, ...]],
    sentences: tuple[int, tuple[FailedSentence, ...]],
    agreement: Agreement,
    other: Rulebook | None,
) -> dict[str, object]:
    count, failed = tests
    reliability = measure_reliability(book)
    described: dict[str, object] = {
        "tests": {
            "total": count,
            "failed": [
                {
                    "rule": test.rule.id,
                    "name": test.sentence,
                    "expected": test.expected,
                    "state": test.state.value,
                }
                for test in failed
            ],
        },
        "phrase_tests": {
            "total": sentences[0],
            "failed": [
                {
                    "phrase": test.phrase.id,
                    "text": test.text,
                    "expected": test.expected,
                    "values": test.values,
                }
                for test in sentences[1]
            ],
        },
        "casebook": {
            "all": _tally_json(agreement.total),
            "by_outcome": {
                option.value: _tally_json(tally) for option, tally in agreement.by_outcome().items()
            },
            "by_evidence": {kind: _tally_json(tally) for kind, tally in agreement.by_evidence().items()},
            "misses": [
                {
                    "case": verdict.case.id,
                    "published": verdict.case.outcome.value,
                    "recommended": verdict.option.value,
                    "acceptable": verdict.lenient,
                }
                for verdict in agreement.misses()
            ],
        },
        "reliability": {
            "brier": reliability.brier,
            "firm": _tally_json(reliability.firm),
            "by_share": [
                {"low": each.low, "high": each.high, "stated": each.stated, **_tally_json(each.tally)}
                for each in reliability.by_share()
            ],
        },
    }
    if other is not None:
        described["compared_with"] = {
            "digest": other.digest,
            "casebook": {"all": _tally_json(measure_agreement(other).total)},
        }
    return described
