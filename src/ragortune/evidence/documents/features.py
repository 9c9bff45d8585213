"""Documents as numbers, from which fitted models tell what is decided.

They count what the reader finds: topics, cues, wordings of approaches by where they stand, kinds of section and of block,
what is said for and against each approach, and what the words of sentences tell about it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter

from ragortune.evidence.documents.assertion import Marked
from ragortune.evidence.documents.decision import Ledger
from ragortune.evidence.documents.sections import ASIDE, DECIDING
from ragortune.model import Option
from ragortune.model.documents import Block, SectionKind

_features_of = attrgetter("analysis.features")
_shape_of = attrgetter("sentence.kind", "sentence.block")
_FRONT = frozenset((SectionKind.TITLE, SectionKind.SUMMARY, SectionKind.DECISION))
_SILENT_BLOCKS = frozenset((Block.CODE, Block.COMMENT, Block.PROMPT))


def measure_features(sentences: Sequence[Marked], ledgers: Mapping[Option, Ledger]) -> dict[str, float]:
    """Return the features of a document by name; those that are left out are 0."""
    fronts = [
        marked
        for marked in sentences
        if marked.sentence.kind in _FRONT or marked.sentence.block is Block.HEADING
    ]
    counts, front = (
        Counter(chain.from_iterable(map(_features_of, several))) for several in (sentences, fronts)
    )
    shapes = Counter(chain.from_iterable(map(_shape_of, sentences)))
    titled = {
        topic
        for marked in fronts
        if marked.sentence.kind is SectionKind.TITLE
        for topic in marked.analysis.topics
    }
    shared = {name: count for name, count in counts.items() if name.startswith("topic")}
    for shape, count in shapes.items():
        shared[f"{'block' if isinstance(shape, Block) else 'section'} {shape}"] = count
    total = max(1, len(sentences))
    features = {"sentences": math.log1p(len(sentences))}
    features |= {f"topic {topic} in title": 1.0 for topic in titled}
    features |= {name: math.log1p(count) for name, count in counts.items()}
    features |= {f"{name} in front": math.log1p(count) for name, count in front.items()}
    features |= {f"{name} share": count / total for name, count in shared.items()}
    return features | measure_told(sentences) | measure_ledgers(ledgers)


def measure_told(sentences: Sequence[Marked]) -> dict[str, float]:
    """Return what the words of sentences tell about approaches as features, by what their section is about."""
    sums: Counter[str] = Counter()
    most: dict[str, float] = {}
    total = 0.0
    told = Counter((one.analysis, _part_of(one)) for one in sentences if one.analysis.sides)
    for (analysis, part), count in told.items():
        for side, share in analysis.sides.items() if part else ():
            total += count * share
            sums.update({f"told {side}": count * share, f"told {side} {part}": count * share})
            most[f"told {side} {part} at most"] = max(share, most.get(f"told {side} {part} at most", 0))
    features = {name: math.log1p(value) for name, value in sums.items()} | most
    return features | {"told share": total / max(1, len(sentences))}


def _part_of(marked: Marked) -> str:
    """Return what the section of a sentence is about: what is decided or is not, or the rest; empty for code."""
    kind = marked.sentence.kind
    if marked.sentence.block in _SILENT_BLOCKS:
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
