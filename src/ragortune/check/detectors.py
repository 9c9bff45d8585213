"""What each kind of finding rule looks at: one pure function of rule and case for each, which yields what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ragortune.check.argument import (
    argue_against,
    choose_telling,
    cite_source,
    format_questions,
    show_answers,
    show_decision,
    show_flips,
    show_questions,
    write_questions,
)
from ragortune.check.case import AuditCase, compile_words, find_sentence, list_headings, span_of
from ragortune.check.evidence import find_gone
from ragortune.check.suppression import Flaw
from ragortune.engine import decide_option
from ragortune.engine.compile import compile_conditions
from ragortune.evidence.profile import describe_answer
from ragortune.model import OPTION_NAMES, Criterion, Direction, Need, Option, has_need, pair_option
from ragortune.model.documents import Block, SectionKind, StatedFact
from ragortune.model.findings import AuditFinding, Detector, FindingRule, Severity, Step, StepKind
from ragortune.support.text import clean_line, clean_text, join_words, quote_value

Detect = Callable[[FindingRule, AuditCase], Iterator[AuditFinding]]

_LONGEST_QUOTE = 160
_LONGEST_COMPARISON = 2_000
_NOT_ARGUED = frozenset({Block.HEADING, Block.CODE})
_NOT_THIS_PROJECT = frozenset({SectionKind.OTHER_SYSTEM, SectionKind.EXAMPLE})
_MONEY = re.compile(r"[$€£¥]\s?\d|\b(?:\d[\d.,]*\s?(?:usd|eur|gbp|dollars?|euros?|cents?)|cheaper|costs?)\b")
_TUNED = re.compile(r"\b(?:fine[- ]?tun(?:e|ed|ing)|q?lora|distilled)\b")
_NOT_TUNED = re.compile(r"\b(?:rag|retriev(?:al|ed|es|ing)|prompt(?:s|ed|ing)?|few-?shot|base model)\b")


def run_rule(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Yield what one finding rule finds in one document: nothing, where it is about suppressions or other decisions."""
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
    """Yield a finding for each flaw of a suppression whose rule is among `rules`."""
    by_detector = {rule.detector: rule for rule in rules}
    for detector, remark, text in flaws:
        if rule := by_detector.get(detector):
            sentence = find_sentence(case.reading, remark.span)
            subject = sentence.text if sentence else remark.text
            finding = case.find(rule, f": {text}", (), remark.span, subject=subject, sentence=sentence)
            yield finding.replace(headings=remark.headings)


# --- the decision against the advice ------------------------------------------------------------------------------


def detect_disagreement(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision against firm advice."""
    decision, advice = case.decision, case.advice
    if decision.option is advice.option or not case.firm or case.only_guessed:
        return
    steps, rules = argue_against(decision.option, advice, case.answers)
    titles = join_words(other.title[:1].lower() + other.title[1:] for other in rules)
    how_firm = (
        "whatever the open answers are"
        if case.outlook.settled
        else f"at {advice.probability[advice.option]:.0%}"
    )
    message = (
        f": {OPTION_NAMES[decision.option]} is chosen, but the facts support "
        f"{OPTION_NAMES[advice.option]}, {how_firm}{f': {titles}' if rules else ''}"
    )
    lone = _find_lone_reason(case, decision.option)
    if lone is not None:
        message += f"; this depends entirely on how {lone} was read"
    argument = (*show_decision(decision), *steps, *show_flips(case.outlook, decision.option))
    severity = rule.severity
    if decision.how != "explicit" or not _is_carried_by_statements(case, decision.option):
        severity = Severity.NOTE
    elif _only_waits(case, decision.option):
        severity = min(severity, Severity.WARNING, key=lambda grade: grade.rank)
    yield case.find(rule, message, argument, case.decided_at, severity=severity)


def _is_carried_by_statements(case: AuditCase, decided: Option) -> bool:
    """Return whether a disagreement rests on what the team itself states, without what was read from prose."""
    if not case.answers.read:
        return True
    book = case.advice.rulebook
    levels = case.answers.profile.levels
    outcome = decide_option(
        book, {name: own for name, own in levels.items() if name not in case.answers.read}
    )
    firm = outcome.probability[outcome.option] >= book.scale.firm_from
    return firm and not outcome.default and outcome.option is not decided


def _only_waits(case: AuditCase, decided: Option) -> bool:
    """Return whether a decision only leaves tuning for later: to begin without is the cautious way, and no error."""
    tuned = pair_option(rag=has_need(decided, Need.RAG), fine_tuning=True)
    return decided is not tuned and case.advice.option is tuned


def _find_lone_reason(case: AuditCase, decided: Option) -> str | None:
    """Return a criterion read from prose that carries the whole disagreement by itself, or None.

    One statement in four or so is read otherwise than its author meant it, and what is misread once is misread twice,
    so that a document must not be called wrong on the strength of one criterion.
    """
    book, levels = case.advice.rulebook, case.answers.profile.levels
    for criterion in case.answers.read:
        outcome = decide_option(book, {name: own for name, own in levels.items() if name != criterion})
        likely = outcome.probability[decided] > 1 - book.scale.firm_from
        if outcome.default or outcome.option is decided or likely:
            return criterion
    return None


def detect_unsupported(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision against advice that is not firm, and ask what would make it so."""
    decided, advice = case.decision.option, case.advice
    questions = _list_questions(case)
    steps, _ = argue_against(decided, advice, case.answers)
    if not questions or not steps or not case.speaks_against(decided):
        return
    message = (
        f": so far they support {OPTION_NAMES[advice.option]} rather than {OPTION_NAMES[decided]}; what would settle it "
        f"is not stated: {format_questions(questions)}"
    )
    argument = (*show_decision(case.decision), *steps, *show_questions(case.outlook, questions))
    finding = case.find(rule, message, argument, case.decided_at)
    yield finding.replace(block=write_questions(case.reading, questions))


def _list_questions(case: AuditCase) -> tuple[Criterion, ...]:
    """Return what to ask of a plain decision that firm advice does not settle."""
    if not case.decides_plainly or case.firm:
        return ()
    return tuple(own for own in choose_telling(case.outlook) if own.id not in case.reading.declined)


def detect_open_answers(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision that open answers could still turn."""
    questions = _list_questions(case)
    if questions and not case.speaks_against(case.decision.option):
        argument = (*show_decision(case.decision), *show_questions(case.outlook, questions))
        message = f": {format_questions(questions)}"
        finding = case.find(rule, message, argument, case.decided_at, subject="open answers", whole=True)
        yield finding.replace(block=write_questions(case.reading, questions))


def detect_one_need(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find `both` where nothing that is stated speaks for one of the two needs."""
    decision, advice = case.decision, case.advice
    if decision.option is not Option.BOTH or (case.firm and advice.option is not Option.BOTH):
        return
    argued = {reason.need for reason in advice.reasons if reason.effect is Direction.FOR}
    unargued = [need for need in Need if need not in argued and not advice.needs[need].required_by]
    if len(unargued) == 1:
        name = "retrieval" if unargued[0] is Need.RAG else "tuning"
        argument = (*show_decision(decision), *show_questions(case.outlook, choose_telling(case.outlook)))
        message = f": no stated fact supports {name}"
        yield case.find(rule, message, argument, case.decided_at)


# --- answers ------------------------------------------------------------------------------------------------------


def detect_answers(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision together with answers that a rule names, unless the advice weighs them and agrees."""
    decision, answers = case.decision, case.answers
    book = case.advice.rulebook
    agrees = case.advice.option is decision.option and not case.advice.too_little_known
    if agrees or case.only_guessed:
        return
    if not compile_conditions(book, rule.when, rule.unless).hold(answers.profile.levels):
        return
    said = join_words(
        f"{name} is {describe_answer(answers.profile, book.readable[name])}" for name in rule.when
    )
    spans = [fact.span for name in rule.when if (fact := answers.fact_for(name)) and fact.span]
    argument = (
        *show_decision(decision),
        *show_answers(answers, book, rule.when),
        Step(StepKind.RULE, f"{rule.code} {rule.title}: {rule.because}"),
    )
    message = f": {OPTION_NAMES[decision.option]} is chosen, and {said}"
    stated = decision.how == "explicit" and not any(name in answers.read for name in rule.when)
    span = spans[0] if spans else case.decided_at
    yield case.find(rule, message, argument, span, severity=None if stated else Severity.NOTE)


def detect_contradictions(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find prose that contradicts the document's own block, or a document that contradicts the profile."""
    yield from _compare_decisions(rule, case)
    for conflict in case.answers.conflicts:
        if conflict.resolved:
            name = conflict.criterion
            said = join_words(f"{_format_value(fact)} ({_format_origin(fact)})" for fact in conflict.facts)
            spans = [fact.span for fact in conflict.facts if fact.span is not None]
            steps = [
                Step(StepKind.FACT, f"{name} is {_format_value(fact)}", fact.span) for fact in conflict.facts
            ]
            message = f" about {name}: {said}; the explicit one is taken"
            span = spans[-1] if spans else None
            yield case.find(rule, message, steps, span, subject=f"contradiction {name}")


def _compare_decisions(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Yield where the prose plainly decides something else than the document's own block."""
    declared, told = case.decision, case.reading.prose_decision
    if told is None or told.how != "explicit" or told.option is declared.option:
        return
    span = next((cited.span for cited in told.evidence if cited.role == "for"), None)
    if span is None:
        return
    at = f" (line {case.decided_at.line})" if case.decided_at else ""
    message = (
        f" about the decision: its own block says {OPTION_NAMES[declared.option]}{at}, line {span.line} says "
        f"{OPTION_NAMES[told.option]}; the explicit one is taken"
    )
    steps = (*show_decision(declared), *show_decision(told))
    yield case.find(rule, message, steps, span, subject="contradiction decision")


def _format_value(fact: StatedFact) -> str:
    return quote_value(
        join_words(map(str, fact.value), "or") if isinstance(fact.value, (list, tuple)) else fact.value
    )


def _format_origin(fact: StatedFact) -> str:
    return f"line {fact.span.line}" if fact.span else "the profile"


# --- what is not there --------------------------------------------------------------------------------------------


def detect_absence(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find a decision record that does not speak of something, and leaves the questions on it open."""
    if not case.is_record or not case.told.isdisjoint(rule.asks):
        return
    rejects = any(part.role == "against" for part in case.decision.evidence)
    if case.speaks_of(rule) or (rejects and SectionKind.REJECTED in rule.sections):
        return
    title = span_of(case.reading, list_headings(case.reading))
    span = case.decided_at if rule.decisions else title
    yield case.find(rule, "", show_decision(case.decision), span, subject=rule.id, whole=True)


def detect_cost(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find comparisons of cost in which technique and model change together."""
    compared = {text: models for text in case.texts if (models := _compared_models(text, rule.words))}
    for sentence in case.reading.sentences if compared else ():
        argues = sentence.block not in _NOT_ARGUED and sentence.kind not in _NOT_THIS_PROJECT
        if argues and sentence.text in compared:
            span = span_of(case.reading, (sentence,))
            yield case.find(rule, f": {compared[sentence.text]}", (), span, sentence=sentence)


def _compared_models(sentence: str, families: tuple[str, ...]) -> str:
    """Return the models that a cost comparison sets against each other while the technique changes, too, in words.

    Only a single sentence or table cell that names money, a tuned model, an untuned alternative and two families of
    models counts; anything wider would take a table of prices for an argument.
    """
    text = sentence.casefold()
    if not ("tun" in text or "lora" in text or "lled" in text):  # one is in whatever matches _TUNED
        return ""
    if len(text) > _LONGEST_COMPARISON or not all(
        pattern.search(text) for pattern in (_TUNED, _MONEY, _NOT_TUNED)
    ):
        return ""
    named = dict.fromkeys(compile_words(families).findall(text))
    return join_words(map(quote_value, named)) if len(named) > 1 else ""


def detect_gone_evidence(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Find quotes that the documents they name no longer have."""
    for quoted, nearest in find_gone(case.reading, case.sources):
        evidence, carries = quoted.evidence, quoted.carries
        words = _format_quote(evidence.quote)
        document = clean_text(evidence.document or case.reading.path)
        written = f" ({evidence.place})" if quoted.span is None and evidence.place is not None else ""
        message = f": {carries}{written} rests on {words}, which is no longer in {document}"
        steps = [Step(StepKind.FACT, f"{carries} was read from {words}")]
        if nearest is not None:
            near = f"nearest is line {nearest.line}: {_format_quote(nearest.quote)}"
            message += f"; {near}"
            own = evidence not in case.sources.finders
            steps.append(
                Step(StepKind.SENTENCE, "nearest passage", nearest) if own else Step(StepKind.SENTENCE, near)
            )
        yield case.find(rule, message, steps, quoted.span, subject=f"evidence {carries}")


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
    Detector.EVIDENCE: detect_gone_evidence,
}
"""What looks for the rules of each detector; suppressions are looked at elsewhere."""
