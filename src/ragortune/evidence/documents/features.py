"""Documents as numbers, from which fitted models tell what is decided.

They count what the reader finds: topics, cues, wordings of approaches by where they are, kinds of section and of block,
what is said for and against each approach, and what the words of sentences tell about it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter

from ragortune.evidence.documents.assertion import Analysis, Marked
from ragortune.evidence.documents.decision import Ledger
from ragortune.evidence.documents.language import Topic
from ragortune.evidence.documents.sections import ASIDE, DECIDING
from ragortune.model import Option
from ragortune.model.documents import Block, SectionKind

_shape_of = attrgetter("analysis", "sentence.kind", "sentence.block")
_FRONT = frozenset((SectionKind.TITLE, SectionKind.SUMMARY, SectionKind.DECISION))


def measure_features(sentences: Sequence[Marked], ledgers: Mapping[Option, Ledger]) -> dict[str, float]:
    """Return the features of a document by name; those that are left out are 0."""
    alike: Counter[tuple[Analysis, SectionKind, Block]] = Counter(map(_shape_of, sentences))
    heading, title = Block.HEADING, SectionKind.TITLE
    counts: Counter[str] = Counter()
    front: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    titled: set[Topic] = set()
    for (analysis, kind, block), count in alike.items():
        shapes[f"section {kind}"] += count
        shapes[f"block {block}"] += count
        for name in analysis.features:
            counts[name] += count
            if kind in _FRONT or block is heading:
                front[name] += count
        if kind is title:
            titled |= analysis.topics
    shared = {name: count for name, count in counts.items() if name.startswith("topic")} | shapes
    total = max(1, len(sentences))
    features = {"sentences": math.log1p(len(sentences))}
    features |= {f"topic {topic} in title": 1.0 for topic in titled}
    features |= {name: math.log1p(count) for name, count in counts.items()}
    features |= {f"{name} in front": math.log1p(count) for name, count in front.items()}
    features |= {f"{name} share": count / total for name, count in shared.items()}
    return features | _measure_told(alike) | measure_ledgers(ledgers)


def _measure_told(alike: Counter[tuple[Analysis, SectionKind, Block]]) -> dict[str, float]:
    """Return what the words of sentences tell about approaches as features, by what their section is about."""
    sums: Counter[str] = Counter()
    most: dict[str, float] = {}
    total = 0.0
    told: Counter[tuple[Analysis, str]] = Counter()
    for (analysis, kind, block), count in alike.items():
        if analysis.sides:
            told[analysis, _part_of(kind, block)] += count
    for (analysis, part), count in told.items():
        for side, share in analysis.sides.items() if part else ():
            total += count * share
            sums.update({f"told {side}": count * share, f"told {side} {part}": count * share})
            most[f"told {side} {part} at most"] = max(share, most.get(f"told {side} {part} at most", 0))
    features = {name: math.log1p(value) for name, value in sums.items()} | most
    return features | {"told share": total / max(1, alike.total())}


def _part_of(kind: SectionKind, block: Block) -> str:
    """Return what the section of a sentence is about: what is decided or is not, or the rest; empty for code."""
    if block is Block.CODE:
        return ""
    if kind in ASIDE or kind is SectionKind.REFERENCE:
        return "aside"
    return "front" if kind in _FRONT or kind in DECIDING else "main"


def measure_ledgers(ledgers: Mapping[Option, Ledger]) -> dict[str, float]:
    """Return what is said for and against each approach as features."""
    features: dict[str, float] = {}
    for option, ledger in ledgers.items():
        values = {
            "for": math.log1p(ledger.total),
            "for at most": ledger.best,
            "against": math.log1p(ledger.against),
            "against at most": ledger.worst,
            "wordings": math.log1p(ledger.kinds),
            "open": math.log1p(ledger.open),
            "decided": float(ledger.decided),
        }
        features |= {f"{option} {name}": value for name, value in values.items() if value}
    return features
