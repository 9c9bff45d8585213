"""The profile that a document states, as a profile file: each answer with the line that it was read from."""

from __future__ import annotations

from collections.abc import Iterator

from ragortune.check.answers import StatedAnswers
from ragortune.check.places import find_sentence
from ragortune.evidence.entries import describe_evidence
from ragortune.evidence.profile_files import yaml_value
from ragortune.evidence.quantities import describe_quantity
from ragortune.model import Answer, Evidence
from ragortune.model.documents import DesignReading, Span, StatedFact
from ragortune.model.findings import StepKind
from ragortune.report.checks import STATUS_NAMES, STEP_NAMES
from ragortune.support.text import clean_text, dump_json, shorten_text

_LONGEST_EVIDENCE = 300

Json = dict[str, object]


def describe_profile(reading: DesignReading, answers: StatedAnswers) -> Json:
    """Return the profile as plain data that a profile file may hold, answers nested by group."""
    described: Json = {"project": clean_text(answers.profile.project or reading.path)}
    groups: dict[str, Json] = {}
    for criterion in answers.profile.levels:
        group, _, name = criterion.partition(".")
        groups.setdefault(group, {})[name] = describe_answer(reading, answers, criterion)
    if answers.profile.quantities:
        groups["quantities"] = {
            name: describe_quantity(given) for name, given in answers.profile.quantities.items()
        }
    return {**described, **groups}


def describe_answer(reading: DesignReading, answers: StatedAnswers, criterion: str) -> Json:
    """Return one answer as plain data: its value, what supports it, and where it comes from."""
    levels = answers.profile.levels[criterion]
    answer = answers.profile.answers[criterion]
    fact = answers.fact_for(criterion)
    described: Json = {"value": show_value(answer, levels)}
    evidence = None if fact is None else cite_fact(reading, fact)
    if isinstance(evidence, Evidence):
        described["evidence"] = describe_evidence(
            evidence.replace(document=evidence.document or reading.path)
        )
    elif evidence is not None:
        described["evidence"] = evidence
    described["source"] = answer.source.value
    return described


def cite_fact(reading: DesignReading, fact: StatedFact) -> str | Evidence | None:
    """Return what supports a fact: the quote in its block, the words of its sentence, or the line of its block."""
    if fact.quoted is not None or fact.span is None:
        return fact.quoted
    if fact.declared:
        words = f"{clean_text(reading.path)}:{fact.span.line}: {clean_text(fact.span.quote)}"
        return shorten_text(" ".join(words.split()), _LONGEST_EVIDENCE)
    return Evidence(quote_sentence(reading, fact.span), line=fact.span.line)


def quote_sentence(reading: DesignReading, span: Span) -> str:
    """Return what the sentence around a place has on its line, so that a change anywhere in it is seen."""
    sentence = find_sentence(reading, span)
    pieces = [piece for piece in sentence.pieces if piece.line == span.line] if sentence else []
    if pieces:
        first = min(piece.column for piece in pieces)
        last = max(piece.column + piece.length for piece in pieces)
        if first <= span.column and span.column + len(span.quote) <= last <= first + _LONGEST_EVIDENCE:
            return reading.lines[span.line - 1][first - 1 : last - 1]
    return span.quote


def show_value(answer: Answer, levels: tuple[str, ...]) -> object:
    """Return an answer as a profile holds it: a number, a level, or several."""
    if isinstance(answer.given, (int, float)) and not isinstance(answer.given, bool):
        return answer.given
    return levels[0] if len(levels) == 1 else list(levels)


def render_profile_json(reading: DesignReading, answers: StatedAnswers) -> str:
    """Return the profile as JSON, which is a profile file as well."""
    return dump_json(describe_profile(reading, answers)) + "\n"


def render_profile_yaml(reading: DesignReading, answers: StatedAnswers) -> str:
    """Return the profile as YAML, with what was not taken over as comments."""
    lines = [f"# {line}" for line in _remark(reading, answers)]
    for key, value in describe_profile(reading, answers).items():
        if isinstance(value, dict):
            lines += ["", f"{key}:"]
            for name, answer in value.items():
                if not isinstance(answer, dict):
                    lines.append(f"  {name}: {yaml_value(answer)}")
                    continue
                lines.append(f"  {name}:")
                lines += [f"    {part}: {yaml_value(text)}" for part, text in answer.items()]
        else:
            lines.append(f"{key}: {yaml_value(value)}")
    return "\n".join(lines) + "\n"


def _remark(reading: DesignReading, answers: StatedAnswers) -> Iterator[str]:
    yield f"What {_one_line(reading.path)} states. What is left out is unknown; look the lines up before you rely on them."
    decision = reading.decision
    if decision is None:
        yield f"It is {STATUS_NAMES[reading.status]}."
    else:
        at = f", line {decision.evidence[0].span.line}" if decision.evidence else ""
        yield f"It decides {decision.option} ({decision.how}{at})."
    for conflict in answers.conflicts:
        if not conflict.resolved:
            said = "; ".join(_word_fact(fact) for fact in conflict.facts)
            yield f"{STEP_NAMES[StepKind.MISSING]}: {conflict.criterion}, because lines contradict each other: {said}"


def _word_fact(fact: StatedFact) -> str:
    where = f"line {fact.span.line}: {_one_line(fact.span.quote)}" if fact.span else "the profile"
    return f"{_one_line(str(fact.value))} ({where})"


def _one_line(text: str) -> str:
    return shorten_text(" ".join(clean_text(text).split()), _LONGEST_EVIDENCE)
