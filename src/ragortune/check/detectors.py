"""Detectors: one pure function of rule and case for each kind of finding rule, which yields its findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ragortune.check.argument import (
    argue_against,
    choose_questions,
    cite_source,
    format_questions,
    show_answers,
    show_decision,
    show_flips,
    show_questions,
    write_questions,
)
from ragortune.check.case import AuditCase, compile_words, find_sentence, list_headings
from ragortune.check.evidence import find_lost_quotes
from ragortune.check.suppression import Flaw
from ragortune.engine import decide_option
from ragortune.engine.compile import compile_conditions
from ragortune.evidence.documents.cutting import quote_line
from ragortune.evidence.profile import describe_answer
from ragortune.model import OPTION_NAMES, Criterion, Direction, Need, Option, has_need, pair_option
from ragortune.model.documents import Block, SectionKind, StatedFact
from ragortune.model.findings import AuditFinding, Detector, FindingRule, Severity, Step, StepKind
from ragortune.support.text import clean_line, clean_text, join_words, quote_value

Detect = Callable[[FindingRule, AuditCase], Iterator[AuditFinding]]

_LONGEST_QUOTE = 160
_LONGEST_COMPARISON = 2_000
_NOT_PROSE = frozenset({Block.HEADING, Block.CODE})
_NOT_THIS_PROJECT = frozenset({SectionKind.OTHER_SYSTEM, SectionKind.EXAMPLE})
_MONEY = re.compile(r"[$€£¥]\s?\d|\b(?:\d[\d.,]*\s?(?:usd|eur|gbp|dollars?|euros?|cents?)|cheaper|costs?)\b")
_TUNED = re.compile(r"\b(?:fine[- ]?tun(?:e|ed|ing)|q?lora|distilled)\b")
_NOT_TUNED = re.compile(r"\b(?:rag|retriev(?:al|ed|es|ing)|prompt(?:s|ed|ing)?|few-?shot|base model)\b")


def run_rule(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Yield the findings of one rule in one document; none for rules on suppressions or on other decisions."""
    detect = _DETECTORS.get(rule.detector)
    decided = case.reading.decision and case.reading.decision.option
    if detect is None or (rule.decisions and decided not in rule.decisions):
        return
    if rule.declared and not case.has_declared:
        return
    source = tuple(cite_source(case.advice.rulebook, rule.sources))
    for finding in detect(rule, case):
        cites = any(step.kind is StepKind.EVIDENCE for step in finding.argument)
        yield finding if cites else finding.replace(argument=(*finding.argument, *source))


def report_flaws(
    flaws: Iterable[Flaw], case: AuditCase, rules: Iterable[FindingRule]
) -> Iterator[AuditFinding]:
    """Yield a finding for each flaw and each of the `rules` that reports such flaws."""
    reporting = [rule for rule in rules if rule.detector.about_comments]
    for detector, remark, text in flaws:
        for rule in (rule for rule in reporting if rule.detector is detector):
            sentence = find_sentence(case.reading, remark.span)
            subject = sentence.text if sentence else remark.text
            finding = case.report(rule, f": {text}", (), remark.span, subject=subject, sentence=sentence)
            yield finding.replace(headings=remark.headings)


# --- the decision against the advice ------------------------------------------------------------------------------


def detect_disagreement(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision against firm advice."""
    decision, advice = case.decision, case.advice
    if decision.option is advice.option or not case.firm or case.rests_on_inference:
        return
    steps, rules = argue_against(decision.option, advice, case.answers)
    titles = join_words(other.title[:1].lower() + other.title[1:] for other in rules)
    how_firm = (
        "however open questions are answered"
        if case.outlook.settled
        else f"at {advice.probability[advice.option]:.0%}"
    )
    message = (
        f": {OPTION_NAMES[decision.option]} is chosen, but the facts support "
        f"{OPTION_NAMES[advice.option]}, {how_firm}{f': {titles}' if rules else ''}"
    )
    argument = (*show_decision(decision), *steps, *show_flips(case.outlook, decision.option))
    severity = rule.severity
    if decision.how != "explicit" or not _is_firm_without_prose(case, decision.option):
        severity = Severity.NOTE
    elif _only_defers_tuning(case, decision.option):
        severity = min(severity, Severity.WARNING, key=lambda grade: grade.rank)
    yield case.report(rule, message, argument, case.decision_span, severity=severity)


def _is_firm_without_prose(case: AuditCase, decided: Option) -> bool:
    """Return whether a disagreement remains firm without the answers that were read from prose."""
    if not case.answers.read:
        return True
    book = case.advice.rulebook
    levels = case.answers.profile.levels
    outcome = decide_option(
        book, {name: known for name, known in levels.items() if name not in case.answers.read}
    )
    firm = outcome.probability[outcome.option] >= book.scale.firm_from
    return firm and not outcome.default and outcome.option is not decided


def _only_defers_tuning(case: AuditCase, decided: Option) -> bool:
    """Return whether a decision only defers tuning: to begin without it is cautious, not an error."""
    tuned = pair_option(rag=has_need(decided, Need.RAG), fine_tuning=True)
    return decided is not tuned and case.advice.option is tuned


def detect_unsupported(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision against advice that is not firm, with the questions that would make it firm."""
    decided, advice = case.decision.option, case.advice
    questions = _list_questions(case)
    steps, _ = argue_against(decided, advice, case.answers)
    if not questions or not steps or not case.advises_against(decided):
        return
    message = (
        f": so far they support {OPTION_NAMES[advice.option]} rather than {OPTION_NAMES[decided]}; what would settle it "
        f"is not stated: {format_questions(questions)}"
    )
    argument = (*show_decision(case.decision), *steps, *show_questions(case.outlook, questions))
    finding = case.report(rule, message, argument, case.decision_span)
    yield finding.replace(block=write_questions(case.reading, questions))


def _list_questions(case: AuditCase) -> tuple[Criterion, ...]:
    """Return the questions on an explicit decision for which the advice is not firm."""
    if not case.decides_explicitly or case.firm:
        return ()
    return tuple(asked for asked in choose_questions(case.outlook) if asked.id not in case.reading.declined)


def detect_open_answers(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision for which open answers could still change the advice."""
    questions = _list_questions(case)
    if questions and not case.advises_against(case.decision.option):
        argument = (*show_decision(case.decision), *show_questions(case.outlook, questions))
        message = f": {format_questions(questions)}"
        finding = case.report(rule, message, argument, case.decision_span, subject="open answers", whole=True)
        yield finding.replace(block=write_questions(case.reading, questions))


def detect_one_need(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find the decision `both` if no stated fact supports one of the two needs."""
    decision, advice = case.decision, case.advice
    if decision.option is not Option.BOTH or (case.firm and advice.option is not Option.BOTH):
        return
    argued = {reason.need for reason in advice.reasons if reason.effect is Direction.FOR}
    unargued = [need for need in Need if need not in argued and not advice.needs[need].required_by]
    if len(unargued) == 1:
        name = "retrieval" if unargued[0] is Need.RAG else "tuning"
        argument = (*show_decision(decision), *show_questions(case.outlook, choose_questions(case.outlook)))
        message = f": no stated fact supports {name}"
        yield case.report(rule, message, argument, case.decision_span)


# --- answers ------------------------------------------------------------------------------------------------------


def detect_answers(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision together with answers that a rule names, unless the advice agrees with the decision."""
    decision, answers = case.decision, case.answers
    book = case.advice.rulebook
    agrees = case.advice.option is decision.option and not case.advice.too_little_known
    if agrees or case.rests_on_inference:
        return
    if not compile_conditions(book, rule.when, rule.unless).hold(answers.profile.levels):
        return
    stated = join_words(
        f"{name} is {describe_answer(answers.profile, book.readable[name])}" for name in rule.when
    )
    spans = [fact.span for name in rule.when if (fact := answers.fact_for(name)) and fact.span]
    argument = (
        *show_decision(decision),
        *show_answers(answers, book, rule.when),
        Step(StepKind.RULE, f"{rule.code} {rule.title}: {rule.because}"),
    )
    message = f": {OPTION_NAMES[decision.option]} is chosen, and {stated}"
    certain = decision.how == "explicit" and not any(name in answers.read for name in rule.when)
    span = spans[0] if spans else case.decision_span
    yield case.report(rule, message, argument, span, severity=None if certain else Severity.NOTE)


def detect_contradictions(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find prose that contradicts the document's own block, or a document that contradicts the profile."""
    yield from _compare_decisions(rule, case)
    for conflict in case.answers.conflicts:
        if conflict.resolved:
            name = conflict.criterion
            sides = join_words(
                f"{_format_value(fact)} ({f'line {fact.span.line}' if fact.span else 'the profile'})"
                for fact in conflict.facts
            )
            steps = [
                Step(StepKind.FACT, f"{name} is {_format_value(fact)}", fact.span) for fact in conflict.facts
            ]
            taken = "block" if all(fact.span for fact in conflict.facts) else "profile"
            message = f" about {name}: {sides}; the {taken} takes precedence"
            span = next((fact.span for fact in reversed(conflict.facts) if fact.span), None)
            severity = None if all(fact.declared for fact in conflict.facts) else Severity.NOTE
            yield case.report(rule, message, steps, span, subject=f"contradiction {name}", severity=severity)


def _compare_decisions(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision in the prose that contradicts the one in the document's block."""
    declared, prose = case.decision, case.reading.prose_decision
    if prose is None or prose.how != "explicit" or prose.option is declared.option:
        return
    span = next((cited.span for cited in prose.evidence if cited.role == "for"), None)
    if span is None:
        return
    at = f" (line {case.decision_span.line})" if case.decision_span else ""
    message = (
        f" about the decision: its own block says {OPTION_NAMES[declared.option]}{at}, line {span.line} says "
        f"{OPTION_NAMES[prose.option]}; the block takes precedence"
    )
    steps = (*show_decision(declared), *show_decision(prose))
    yield case.report(rule, message, steps, span, subject="contradiction decision", severity=Severity.NOTE)


def _format_value(fact: StatedFact) -> str:
    return quote_value(
        join_words(map(str, fact.value), "or") if isinstance(fact.value, (list, tuple)) else fact.value
    )


# --- absence and cost ---------------------------------------------------------------------------------------------


def detect_absence(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision record that does not mention a subject, and leaves the questions on it open."""
    if not case.is_record or not case.covered.isdisjoint(rule.asks):
        return
    rejects = any(part.role == "against" for part in case.decision.evidence)
    if case.mentions(rule) or (rejects and SectionKind.REJECTED in rule.sections):
        return
    titles = (quote_line(heading, 0, 1, case.reading.lines) for heading in list_headings(case.reading))
    span = case.decision_span if rule.decisions else next(titles, None)
    yield case.report(rule, "", show_decision(case.decision), span, subject=rule.id, whole=True)


def detect_cost(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find comparisons of cost in which technique and model change together."""
    for sentence in case.reading.sentences:
        argues = sentence.block not in _NOT_PROSE and sentence.kind not in _NOT_THIS_PROJECT
        if argues and (models := _compared_models(sentence.text, rule.words)):
            span = quote_line(sentence, 0, 1, case.reading.lines)
            yield case.report(rule, f": {models}", (), span, sentence=sentence)


def _compared_models(sentence: str, families: tuple[str, ...]) -> str:
    """Return the models in a cost comparison that changes the technique as well, as text; empty if it is none.

    One sentence or table cell must name money, a tuned model, an untuned alternative and two families of models; a wider
    scope would mistake a table of prices for an argument.
    """
    text = sentence.casefold()
    if len(text) > _LONGEST_COMPARISON or not all(
        pattern.search(text) for pattern in (_TUNED, _MONEY, _NOT_TUNED)
    ):
        return ""
    named = dict.fromkeys(compile_words(families).findall(text))
    return join_words(map(quote_value, named)) if len(named) > 1 else ""


def detect_missing_quotes(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find quotes that are no longer in the documents that they cite."""
    for quoted, nearest in find_lost_quotes(case.reading, case.sources):
        evidence, claim = quoted.evidence, quoted.claim
        words = _format_quote(evidence.quote)
        document = clean_text(evidence.document or case.reading.path)
        written = f" ({evidence.place})" if quoted.span is None and evidence.place is not None else ""
        message = f": {claim}{written} rests on {words}, which is no longer in {document}"
        steps = [Step(StepKind.FACT, f"{claim} was read from {words}")]
        if nearest:
            near = f"nearest is line {nearest[0].line}: {_format_quote(' '.join(part.quote for part in nearest))}"
            message += f"; {near}"
            here = None if evidence in case.sources.finders else nearest[0]
            steps.append(Step(StepKind.SENTENCE, "nearest passage" if here else near, here))
        yield case.report(rule, message, steps, quoted.span, subject=f"evidence {claim}")


def _format_quote(text: str) -> str:
    return f'"{clean_line(text, _LONGEST_QUOTE)}"'


_DETECTORS: Mapping[Detector, Detect] = {
    Detector.ADVICE: detect_disagreement,
    Detector.UNSUPPORTED: detect_unsupported,
    Detector.OPEN_ANSWER: detect_open_answers,
    Detector.ONE_NEED: detect_one_need,
    Detector.ANSWERS: detect_answers,
    Detector.CONTRADICTION: detect_contradictions,
    Detector.ABSENCE: detect_absence,
    Detector.COST: detect_cost,
    Detector.EVIDENCE: detect_missing_quotes,
}
"""Function of each kind of finding rule; rules on suppressions are handled by `report_flaws`."""
