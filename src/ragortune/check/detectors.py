"""What each kind of finding rule looks at. A detector is a pure function of rule and case; it yields what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from ragortune.check.argument import (
    DECISION_WORDS,
    argue_against,
    cite_source,
    show_answer,
    show_decision,
    show_flips,
)
from ragortune.check.case import AuditCase, Hit
from ragortune.check.evidence import find_gone
from ragortune.check.genre import decides_plainly, is_decision_record, is_titled, speaks_of
from ragortune.check.places import find_sentence, find_title, span_of
from ragortune.check.questions import choose_questions, show_questions, word_questions, write_questions
from ragortune.check.wording import compares_models
from ragortune.engine import decide_option
from ragortune.engine.compile import compile_conditions
from ragortune.evidence.profile import describe_answer
from ragortune.evidence.quotes import Passage
from ragortune.model import (
    Direction,
    Evidence,
    Need,
    Option,
    Recommendation,
    has_need,
    pair_option,
)
from ragortune.model.documents import (
    DocumentStatus,
    SectionKind,
    Span,
    StatedFact,
)
from ragortune.model.findings import AuditFinding, Detector, FindingRule, Severity, Step, StepKind
from ragortune.support.text import clean_text, join_words, quote_value, shorten_text

_LONGEST_QUOTE = 160
_NOTE = len(Severity)
"""So many steps down that a finding is a note, because the reader of prose may have erred."""


Detect = Callable[[FindingRule, AuditCase], Iterator[Hit]]


def run_rule(rule: FindingRule, case: AuditCase) -> Iterator[AuditFinding]:
    """Yield what one finding rule finds in one document. Rules about suppressions find nothing here."""
    detect = _DETECTORS.get(rule.detector)
    if detect is None:
        return
    for hit in detect(rule, case):
        sentence = find_sentence(case.reading, hit.span)
        evidence = () if any(step.kind is StepKind.EVIDENCE for step in hit.argument) else rule.sources
        yield AuditFinding(
            rule,
            rule.severity.step_down(hit.doubts),
            rule.confidence,
            hit.message,
            hit.span,
            sentence.headings if sentence else (),
            hit.subject or (sentence.text if sentence else ""),
            (*hit.argument, *cite_source(case.advice.rulebook, evidence)),
            hit.whole,
            hit.block,
        )


# --- the decision against the advice ------------------------------------------------------------------------------


def _detect_disagreement(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    decision, advice = case.decision, case.advice
    if decision is None or not case.firm or decision.option is advice.option:
        return
    steps, rules = argue_against(decision.option, advice, case.answers)
    because = f": {join_words(other.title[:1].lower() + other.title[1:] for other in rules)}" if rules else ""
    how_firm = (
        "whatever the open answers are" if advice.settled else f"at {advice.probability[advice.option]:.0%}"
    )
    message = (
        f"{rule.title}: it decides for {DECISION_WORDS[decision.option]}, and its facts speak for "
        f"{DECISION_WORDS[advice.option]}, {how_firm}{because}"
    )
    argument = (*show_decision(decision), *steps, *show_flips(advice, decision.option))
    pillar = _find_lone_pillar(case)
    if pillar is not None:
        message += f"; all of it rests on how {pillar} was read"
    doubts = _doubt_caution(case) if _is_carried_by_statements(case) else _NOTE
    yield Hit(message, case.decided_at, argument, doubts=doubts)


def _is_carried_by_statements(case: AuditCase) -> bool:
    """Return whether a disagreement stands on what the team itself states, without what was read from prose."""
    book, decided = case.advice.rulebook, case.decision
    assert decided is not None
    if decided.how != "explicit":
        return False
    if not case.answers.read:
        return True
    outcome = decide_option(
        book,
        {name: own for name, own in case.answers.profile.levels.items() if name not in case.answers.read},
    )
    firm = outcome.probability[outcome.option] >= book.scale.firm_from
    return firm and not outcome.default and outcome.option is not decided.option


def _doubt_caution(case: AuditCase) -> int:
    """Return by how many steps a disagreement matters less because the decision only leaves tuning for later.

    What is not tuned yet can still be tuned: to begin without is the cautious way, and no error.
    """
    decision = case.decision
    assert decision is not None
    tuned = pair_option(rag=has_need(decision.option, Need.RAG), fine_tuning=True)
    return int(decision.option is not tuned and case.advice.option is tuned)


def _find_lone_pillar(case: AuditCase) -> str | None:
    """Return a criterion read from prose that carries the whole disagreement by itself, or None.

    One statement in four or so is read otherwise than its author meant it, and what is misread once is misread twice,
    so that a document must not be called wrong on the strength of one criterion.
    """
    book, levels, decided = case.advice.rulebook, case.answers.profile.levels, case.decision
    assert decided is not None
    for criterion in case.answers.read:
        left = {name: own for name, own in levels.items() if name != criterion}
        outcome = decide_option(book, left)
        if outcome.default or outcome.option is decided.option:
            return criterion
        if outcome.probability[decided.option] > 1 - book.scale.firm_from:
            return criterion
    return None


def _detect_unsupported(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    decision, advice = case.decision, case.advice
    if decision is None or case.firm or not _speaks_against(advice, decision.option):
        return
    questions = choose_questions(advice, _list_presumed(rule, case))
    steps, _ = argue_against(decision.option, advice, case.answers)
    if not steps or not questions or not decides_plainly(case.reading):
        return
    message = (
        f"{rule.title}: so far it speaks for {DECISION_WORDS[advice.option]} rather than "
        f"{DECISION_WORDS[decision.option]}; what would tell is not stated: {word_questions(questions)}"
    )
    argument = (*show_decision(decision), *steps, *show_questions(advice, questions))
    yield Hit(message, case.decided_at, argument, block=write_questions(case.reading, questions))


def _list_presumed(rule: FindingRule, case: AuditCase) -> tuple[str, ...]:
    """Return the criteria that are not asked for, because the prose answers them by what it decides.

    A `ragortune` block is complete by itself, so that everything is asked that it leaves out.
    """
    decision = case.decision
    if decision is None or decision.declared or any(fact.declared for fact in case.reading.facts):
        return ()
    return rule.presumed.get(decision.option, ())


def _speaks_against(advice: Recommendation, decided: Option) -> bool:
    """Return whether what is known makes another option more likely than not."""
    return advice.option is not decided and not advice.default and not advice.too_little_known


def _detect_open_answers(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    decision, advice = case.decision, case.advice
    if decision is None or case.firm or _speaks_against(advice, decision.option):
        return
    if not decides_plainly(case.reading) or is_titled(case.reading, rule):
        return
    questions = choose_questions(advice, _list_presumed(rule, case))
    if questions:
        message = f"{rule.title}: {word_questions(questions)}"
        steps = (*show_decision(decision), *show_questions(advice, questions))
        block = write_questions(case.reading, questions)
        yield Hit(message, case.decided_at, steps, "open answers", whole=True, block=block)


def _detect_one_need(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    decision, advice = case.decision, case.advice
    if decision is None or decision.option is not Option.BOTH:
        return
    if case.firm and advice.option is not Option.BOTH:
        return
    spoken = {
        need: bool(advice.needs[need].required_by)
        or any(reason.need is need and reason.effect is Direction.FOR for reason in advice.reasons)
        for need in Need
    }
    silent = [need for need, speaks in spoken.items() if not speaks]
    if len(silent) == 1:
        name = "retrieval" if silent[0] is Need.RAG else "tuning"
        message = f"{rule.title}: nothing that is stated speaks for {name}"
        questions = show_questions(advice, choose_questions(advice))
        yield Hit(message, case.decided_at, (*show_decision(decision), *questions))


# --- answers ------------------------------------------------------------------------------------------------------


def _detect_answers(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    decision = case.decision
    if decision is None or (rule.decisions and decision.option not in rule.decisions):
        return
    conditions = compile_conditions(case.advice.rulebook, rule.when, rule.unless)
    if not conditions.hold(case.answers.profile.levels):
        return
    criteria = case.advice.rulebook.readable
    said = join_words(
        f"{name} is {describe_answer(case.answers.profile, criteria[name])}" for name in rule.when
    )
    facts = [case.answers.fact_for(name) for name in rule.when]
    span = next((fact.span for fact in facts if fact is not None and fact.span is not None), case.decided_at)
    message = f"{rule.title}: {DECISION_WORDS[decision.option]} is decided, and {said}"
    steps = [show_answer(case.answers, case.advice.rulebook, name) for name in rule.when]
    argument = (
        *show_decision(decision),
        *steps,
        Step(StepKind.RULE, f"{rule.code} {rule.title}: {rule.because}"),
    )
    stated = decision.how == "explicit" and not any(name in case.answers.read for name in rule.when)
    yield Hit(message, span, argument, doubts=0 if stated else _NOTE)


def _detect_contradictions(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    if case.reading.status is not DocumentStatus.JUDGED:
        return
    yield from _compare_decisions(rule, case)
    criteria = case.advice.rulebook.readable
    for conflict in case.answers.conflicts:
        if not conflict.resolved:
            continue
        said = join_words(_word_statement(fact) for fact in conflict.facts)
        placed = [fact.span for fact in conflict.facts if fact.span is not None]
        message = f"{rule.title} about {conflict.criterion}: {said}; the explicit one is taken"
        steps = tuple(
            Step(StepKind.FACT, f"{criteria[conflict.criterion].id}: {_word_statement(fact)}", fact.span)
            for fact in conflict.facts
        )
        yield Hit(message, placed[-1] if placed else None, steps, f"contradiction {conflict.criterion}")


def _compare_decisions(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    """Yield where the prose plainly decides something else than the document's own block."""
    declared, told = case.decision, case.reading.prose_decision
    if declared is None or told is None or told.how != "explicit" or told.option is declared.option:
        return
    span = next((cited.span for cited in told.evidence if cited.role == "for"), None)
    if span is None:
        return
    words = tuple(DECISION_WORDS[decision.option] for decision in (declared, told))
    at = f" (line {case.decided_at.line})" if case.decided_at else ""
    message = f"{rule.title} about the decision: its own block says {words[0]}{at}, line {span.line} says {words[1]}"
    steps = (*show_decision(declared), *show_decision(told))
    yield Hit(f"{message}; the explicit one is taken", span, steps, "contradiction decision")


def _word_statement(fact: StatedFact) -> str:
    value = join_words(map(str, fact.value), "or") if isinstance(fact.value, tuple) else fact.value
    where = f"line {fact.span.line}" if fact.span else "the profile"
    return f"{quote_value(value)} ({where})"


# --- what is not there --------------------------------------------------------------------------------------------


def _detect_absence(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    decision = case.decision
    if decision is None or not is_decision_record(case.reading):
        return
    if SectionKind.REJECTED in rule.sections and any(part.role == "against" for part in decision.evidence):
        return
    if not speaks_of(case.reading, rule):
        yield Hit(rule.title, find_title(case.reading), tuple(show_decision(decision)), rule.id, whole=True)


def _detect_unplanned(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    decision = case.decision
    if decision is None or decision.option not in rule.decisions or not is_decision_record(case.reading):
        return
    if any(name in case.answers.profile.levels for name in rule.asks) or speaks_of(case.reading, rule):
        return
    yield Hit(rule.title, case.decided_at, tuple(show_decision(decision)), rule.id, whole=True)


def _detect_cost(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    if case.decision is None:
        return
    for sentence in case.reading.sentences:
        models = compares_models(sentence, rule.words)
        if models:
            message = f"{rule.title}: {join_words(quote_value(model) for model in models)}"
            yield Hit(message, span_of(case.reading, sentence))


def _detect_gone_evidence(rule: FindingRule, case: AuditCase) -> Iterator[Hit]:
    for gone in find_gone(case.reading, case.sources):
        evidence, place = gone.quoted.evidence, gone.quoted.evidence.place
        where = evidence.document or case.reading.path
        written = f" ({place})" if gone.quoted.span is None and place is not None else ""
        message = (
            f"{rule.title}: {gone.quoted.carries}{written} rests on {_word_quote(evidence.quote)}, which is no longer "
            f"in {clean_text(where)}"
        )
        steps = [Step(StepKind.FACT, f"{gone.quoted.carries} was read from {_word_quote(evidence.quote)}")]
        if gone.nearest is not None:
            near = f"line {gone.nearest.line}: {_word_quote(gone.nearest.text)}"
            message += f"; nearest is {near}"
            steps.append(
                Step(StepKind.SENTENCE, f"nearest is {near}", _span_in(case, evidence, gone.nearest))
            )
        yield Hit(message, gone.quoted.span, tuple(steps), f"evidence {gone.quoted.carries}")


def _word_quote(text: str) -> str:
    return f'"{shorten_text(" ".join(clean_text(text).split()), _LONGEST_QUOTE)}"'


def _span_in(case: AuditCase, evidence: Evidence, passage: Passage) -> Span | None:
    own = evidence not in case.sources.finders
    return Span(passage.line, passage.column, passage.text) if own else None


_DETECTORS: Mapping[Detector, Detect] = MappingProxyType(
    {
        Detector.ADVICE: _detect_disagreement,
        Detector.UNSUPPORTED: _detect_unsupported,
        Detector.OPEN_ANSWER: _detect_open_answers,
        Detector.CONTRADICTION: _detect_contradictions,
        Detector.ANSWERS: _detect_answers,
        Detector.ONE_NEED: _detect_one_need,
        Detector.ABSENCE: _detect_absence,
        Detector.UNPLANNED: _detect_unplanned,
        Detector.COST: _detect_cost,
        Detector.EVIDENCE: _detect_gone_evidence,
    }
)
