"""JSON for programs: the shapes are a promise, keys are added and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ragortune.casebook import NearCase
from ragortune.engine import Outcome, decide_option, pair_probabilities
from ragortune.model import (
    Flip,
    Need,
    NeedState,
    OpenQuestion,
    Option,
    Recommendation,
    Refusal,
    Rule,
    Rulebook,
    RuleHit,
    RuleTrace,
    is_undecided,
)

SCHEMA = "ragortune/recommendation/2"

Json = dict[str, object]
_NEEDS = tuple((index, need.value) for index, need in enumerate(Need))
_OPTIONS = tuple(option.value for option in Option)
_DIGITS = 6
"""Decimals of probabilities and expected gains; log-odds are exact to thousandths."""


def describe_recommendation(
    recommendation: Recommendation,
    cases: tuple[NearCase, ...] | None,
    origin: Json | None = None,
    trace: tuple[RuleTrace, ...] | None = None,
    refusal: Refusal | None = None,
) -> Json:
    """Return a recommendation as JSON data. `cases` is null in a batch, `origin` says which input it answers."""
    book = recommendation.rulebook
    described: Json = {
        "schema": SCHEMA,
        "project": recommendation.profile.project,
        "option": recommendation.option.value,
        "default": recommendation.default,
        "too_little_known": recommendation.too_little_known,
        "runner_up": recommendation.runner_up.value,
        "probability": show_probability(recommendation.probability),
        "base_rates": show_probability(decide_option(book, {}).probability),
        "firm": recommendation.firm,
        "settled": recommendation.settled,
        "needs": describe_needs(recommendation.needs),
        "reasons": [
            {
                "rule": reason.rule.id,
                "code": reason.rule.code,
                "need": reason.need.value,
                "effect": reason.effect.value,
                "strength": reason.strength.value,
                "weight": reason.weight,
                "because": reason.rule.because,
                "answers": show_levels(reason.answers),
                "sources": list_addresses(book, reason.rule),
            }
            for reason in recommendation.reasons
        ],
        "gates": [
            {
                "rule": hit.rule.id,
                "code": hit.rule.code,
                "need": hit.need.value,
                "gate": hit.gate.value,
                "because": hit.rule.because,
                "answers": show_levels(hit.answers),
                "sources": list_addresses(book, hit.rule),
            }
            for hit in recommendation.gates
        ],
        "notices": [_describe_notice(book, hit) for hit in recommendation.notices],
        "techniques": [_describe_technique(book, hit) for hit in recommendation.techniques],
        "flips": describe_flips(recommendation.flips),
        "unknowns": describe_questions(recommendation.unknowns),
        "tornado": _describe_levers(recommendation),
        "unanswered": list(recommendation.unanswered),
        "cases": None if cases is None else [_describe_case(near) for near in cases],
        "rulebook": {"name": book.name, "version": book.version, "digest": book.digest},
    }
    if trace is not None:
        described["trace"] = [
            {
                "rule": entry.rule.id,
                "code": entry.rule.code,
                "state": entry.state.value,
                "answers": show_levels(entry.answers),
                "waiting_for": list(entry.waiting_for),
            }
            for entry in trace
        ]
    if refusal is not None:
        described["why_not"] = _describe_refusal(refusal)
    if origin is not None:
        described["profile"] = origin
    return described


def describe_needs(needs: Mapping[Need, NeedState]) -> Json:
    """Return both needs as JSON data."""
    return {
        need.value: {
            "probability": round(state.probability, _DIGITS),
            "score": state.score,
            "needed": state.needed,
            "confirmed": state.confirmed,
            "blocked_by": list(state.blocked_by),
            "required_by": list(state.required_by),
            "tied": state.tied,
        }
        for need, state in needs.items()
    }


def describe_flips(flips: Iterable[Flip] | None) -> list[Json] | None:
    """Return changes of the advice as JSON data; null where they were not looked for."""
    if flips is None:
        return None
    return [{"change": dict(flip.change), "option": flip.option.value} for flip in flips]


def describe_questions(unknowns: Iterable[OpenQuestion] | None) -> list[Json] | None:
    """Return open questions as JSON data; null where they were not weighed."""
    if unknowns is None:
        return None
    return [
        {
            "criterion": question.criterion,
            "could_give": [option.value for option in question.could_give],
            "expected_gain": round(question.expected_gain, _DIGITS),
            "alone": question.alone,
        }
        for question in unknowns
    ]


def _describe_levers(recommendation: Recommendation) -> Json | None:
    if recommendation.sensitivities is None or recommendation.decisive_rules is None:
        return None
    return {
        "answers": [
            {
                "criterion": lever.criterion,
                "need": lever.need.value,
                "low": lever.low,
                "high": lever.high,
                "now": lever.now,
                "without": lever.without.value,
            }
            for lever in recommendation.sensitivities
        ],
        "rules": [
            {"rule": pillar.rule.id, "code": pillar.rule.code, "without": pillar.without.value}
            for pillar in recommendation.decisive_rules
        ],
    }


def _describe_refusal(refusal: Refusal) -> Json:
    nearest = refusal.nearest
    return {
        "option": refusal.option.value,
        "reasons": [reason.rule.id for reason in refusal.reasons],
        "gates": [hit.rule.id for hit in refusal.gates],
        "nearest": None if nearest is None else dict(nearest.change),
        "fixed": list(refusal.fixed),
    }


def describe_outcome(project: str | None, outcome: Outcome, origin: Json | None = None) -> Json:
    """Return the verdict alone as JSON data: option, probability and needs."""
    needs = outcome.needs
    probability = pair_probabilities(*needs)
    described: Json = {
        "schema": SCHEMA,
        "project": project,
        "option": outcome.option.value,
        "default": outcome.default,
        "too_little_known": is_undecided(probability, default=outcome.default),
        "probability": show_probability(probability),
        "needs": {
            need: {
                "probability": round(needs[index], _DIGITS),
                "score": outcome.scores[index] / 1000,
                "needed": outcome.needed[index],
                "blocked_by": outcome.blocked_by[index],
            }
            for index, need in _NEEDS
        },
    }
    if origin is not None:
        described["profile"] = origin
    return described


def show_probability(probability: Mapping[Option, float]) -> Json:
    """Return the probabilities of the options as JSON."""
    return {name: round(share, _DIGITS) for name, share in zip(_OPTIONS, probability.values(), strict=True)}


def show_levels(answers: object) -> Json:
    """Return answers as JSON: a level, or a list where the team is between several."""
    assert isinstance(answers, dict)
    return {name: levels[0] if len(levels) == 1 else list(levels) for name, levels in answers.items()}


def list_addresses(book: Rulebook, rule: Rule) -> list[str]:
    """Return the addresses of a rule's sources."""
    return [book.sources[finding.source].address for finding in rule.sources]


def _describe_notice(book: Rulebook, hit: RuleHit) -> Json:
    return {
        "rule": hit.rule.id,
        "code": hit.rule.code,
        "kind": hit.rule.notice.value if hit.rule.notice else None,
        "title": hit.rule.title,
        "because": hit.rule.because,
        "remedy": hit.rule.remedy,
        "answers": show_levels(hit.answers),
        "sources": list_addresses(book, hit.rule),
    }


def _describe_technique(book: Rulebook, hit: RuleHit) -> Json:
    technique = hit.rule.technique
    assert technique is not None
    return {
        "rule": hit.rule.id,
        "code": hit.rule.code,
        "begin_with": technique.begin_with,
        "look_again": technique.look_again,
        "baseline": technique.baseline,
        "sources": list_addresses(book, hit.rule),
    }


def _describe_case(near: NearCase) -> Json:
    return {
        "id": near.case.id,
        "title": near.case.title,
        "outcome": near.case.outcome.value,
        "verdict": near.verdict.value,
        "sample": near.case.sample.value,
        "evidence": near.case.evidence,
        "result": near.case.result,
        "source": near.case.address,
        "shared": list(near.shared),
        "differing": list(near.differing),
        "shared_gates": list(near.shared_gates),
    }
