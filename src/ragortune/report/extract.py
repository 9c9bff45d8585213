"""The profile that a document states, as a profile file in which each answer quotes its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ragortune.check.answers import StatedAnswers
from ragortune.check.case import find_sentence
from ragortune.evidence.entries import describe_details
from ragortune.evidence.quantities import describe_quantity
from ragortune.evidence.quotes import QuoteFinder
from ragortune.evidence.round_trip import dump_yaml, flow
from ragortune.model import Evidence
from ragortune.model.documents import DesignReading, Span, StatedFact
from ragortune.report.checks import STATUS_NAMES
from ragortune.support.text import clean_line, clean_text

_LONGEST_EVIDENCE = 300

Json = dict[str, Any]


def describe_profile(answers: StatedAnswers) -> Json:
    """Return the profile as the data of a profile file, answers nested by group."""
    groups: dict[str, Json] = {}
    for criterion in answers.profile.levels:
        group, _, name = criterion.partition(".")
        groups.setdefault(group, {})[name] = describe_entry(answers, criterion, answers.reading.path)
    path = answers.reading.path
    for name, quantity in answers.profile.quantities.items():
        evidence = quantity.evidence and _name_document(quantity.evidence, path)
        groups.setdefault("quantities", {})[name] = describe_quantity(quantity.replace(evidence=evidence))
    return {"project": clean_text(answers.profile.project or path), **groups}


def describe_entry(answers: StatedAnswers, criterion: str, document: str | None = None) -> Json:
    """Return one answer as plain data: value, evidence, source and date.

    `document` is the path to name in quotes from the document itself.
    """
    answer, fact = answers.profile.answers[criterion], answers.fact_for(criterion)
    cited = _cite_fact(answers.reading, fact) if fact else None
    evidence = cited and _name_document(cited, document)
    return {"value": answer.plain, **describe_details(answer.replace(evidence=evidence))}


def _name_document(evidence: str | Evidence, document: str | None) -> str | Evidence:
    """Return evidence that names the document it is from, if it is a quote that names none."""
    if isinstance(evidence, str) or evidence.document:
        return evidence
    return evidence.replace(document=document)


def _cite_fact(reading: DesignReading, fact: StatedFact) -> str | Evidence | None:
    """Return the evidence for a fact: the quote that its block gives, its sentence, or the line of its block."""
    if fact.quoted is not None or fact.span is None:
        return fact.quoted
    if fact.declared:
        words = f"{reading.path}:{fact.span.line}: {fact.span.quote}"
        return clean_line(words, _LONGEST_EVIDENCE)
    return quote_sentence(reading, fact.span)


def quote_sentence(reading: DesignReading, span: Span) -> Evidence:
    """Return a quote of the whole sentence around a span, over all its lines, so that edits to it are noticed."""
    sentence = find_sentence(reading, span)
    found = QuoteFinder(reading.lines).find(sentence.text, span.line) if sentence else ()
    quote = " ".join(part.quote for part in found)
    rests = any(part.line == span.line and span.quote in part.quote for part in found)
    if rests and len(quote) <= _LONGEST_EVIDENCE:
        return Evidence(quote, line=found[0].line)
    return Evidence(span.quote, line=span.line)


def write_profile(answers: StatedAnswers) -> str:
    """Return the profile as YAML; contradictions are comments."""
    remarks = "".join(f"# {clean_line(line, 4 * _LONGEST_EVIDENCE)}\n" for line in _remark(answers))
    parts = [
        "\n" * isinstance(value, dict) + dump_yaml({key: _lay_out(value, 2)}) + "\n"
        for key, value in describe_profile(answers).items()
    ]
    return remarks + "".join(parts)


def _lay_out(value: object, depth: int) -> object:
    """Return data of which `depth` levels are laid out as blocks and the rest in flow style."""
    if depth and isinstance(value, dict):
        return {key: _lay_out(part, depth - 1) for key, part in value.items()}
    return flow(value)


def _remark(answers: StatedAnswers) -> Iterator[str]:
    reading = answers.reading
    yield f"What {reading.path} states. Anything left out is unknown; check the lines before relying on them."
    decision = reading.decision
    if decision is None:
        yield f"It is {STATUS_NAMES[reading.status]}."
    else:
        at = f", line {decision.evidence[0].span.line}" if decision.evidence else ""
        yield f"It decides {decision.option} ({decision.how}{at})."
    for conflict in answers.conflicts:
        if not conflict.resolved:
            statements = []
            for fact in conflict.facts:
                quoted = (
                    f"line {fact.span.line}: {clean_line(fact.span.quote)}" if fact.span else "the profile"
                )
                statements.append(f"{clean_line(str(fact.value))} ({quoted})")
            yield f"missing: {conflict.criterion}, because lines contradict each other: {'; '.join(statements)}"
