"""Compiles an authored rule set into the `Rulebook` that the engine reads, and caches it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import starmap
from pathlib import Path

import msgspec

from ragortune.evidence.documents.language import compile_language
from ragortune.evidence.profile import Vocabulary
from ragortune.model import AnswerCount, Criterion, Rulebook, Sample
from ragortune.model.rules import CodedCase
from ragortune.ruleset.author import Authored, read_folder, read_shipped
from ragortune.ruleset.references import check_references
from ragortune.support.errors import RulebookError
from ragortune.support.rulefolder import shipped_folder
from ragortune.support.writing import replace_file

_KEPT_SETS = 12


def compile_folder(folder: Path) -> Rulebook:
    """Return the rule set in a folder, checked; raises RulebookError with all problems."""
    authored = read_folder(folder)
    check_references(authored)
    RulebookError.raise_all(authored.problems)
    return compile_authored(authored)


def compile_authored(authored: Authored) -> Rulebook:
    """Return the compiled form of an authored rule set without problems."""
    manifest, records = authored.manifest, authored.records
    assert manifest.scale is not None
    findings = sorted(records["findings"].values(), key=lambda rule: str(rule.code))
    criteria, cases = records["criteria"], records["cases"].values()
    vocabulary = Vocabulary(criteria)
    coded_cases = tuple((case, vocabulary.read_profile(case.profile).levels) for case in cases)
    return Rulebook(
        name=manifest.name,
        version=manifest.version,
        digest=authored.digest,
        scale=manifest.scale,
        disabled=authored.disabled,
        criteria=criteria,
        derived=records["derived"],
        quantities=records["quantities"],
        rules=records["rules"],
        sources=records["sources"],
        options={guide.id: guide for guide in records["options"].values()},
        casebook=msgspec.Raw(msgspec.msgpack.encode(coded_cases, enc_hook=dict)),
        price_kinds=records["price_kinds"],
        prices=records["prices"],
        answer_counts=count_answers(criteria, coded_cases),
        fitted=count_fitted(authored),
        language=msgspec.Raw(msgspec.msgpack.encode(compile_language(authored.language), enc_hook=dict)),
        findings=msgspec.Raw(msgspec.msgpack.encode(findings, enc_hook=dict)),
    )


def count_fitted(authored: Authored) -> int:
    """Return how many systems a rule set was fitted to: those of the shipped set if it decides like that one, else 0."""
    shipped = authored if authored.folder == shipped_folder() else authored.base or read_shipped()
    kinds = ("rules", "criteria", "derived")
    is_same = authored.manifest.scale == shipped.manifest.scale and all(
        authored.records[kind] == shipped.records[kind] for kind in kinds
    )
    return is_same * sum(case.sample is Sample.FIELD for case in shipped.records["cases"].values())


def encode_rulebook(rulebook: Rulebook) -> bytes:
    """Return a rule set as MessagePack."""
    return msgspec.msgpack.encode(rulebook, enc_hook=dict)


def keep_compiled(rulebook: Rulebook, place: Path) -> None:
    """Write a compiled rule set into the cache, and remove the oldest ones; raises OSError."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(place, encode_rulebook(rulebook))
    kept = sorted(place.parent.glob("rules-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_KEPT_SETS:]:
        path.unlink()


def count_answers(
    criteria: Mapping[str, Criterion], coded_cases: Iterable[CodedCase]
) -> dict[str, tuple[AnswerCount, ...]]:
    """Return the frequencies of the answers to each criterion in the field sample.

    An answer that is one of several levels counts in equal parts for each.
    """
    counts: dict[str, dict[tuple[str, ...], float]] = {}
    for case, answers in coded_cases:
        if case.sample is not Sample.FIELD:
            continue
        for name, levels in answers.items():
            tally = counts.setdefault(name, {})
            parts = [levels] if criteria[name].several else [(level,) for level in levels]
            for part in parts:
                tally[part] = tally.get(part, 0.0) + 1 / len(parts)
    return {name: tuple(starmap(AnswerCount, sorted(tally.items()))) for name, tally in counts.items()}
