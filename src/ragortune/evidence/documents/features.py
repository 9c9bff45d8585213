"""Features of a document, from which fitted models predict its status and what it decides.

They count topics, cues and wordings of approaches by section, kinds of section and of block, and sum the tallies of
approaches and the predicted stances of sentences. Words are counted beside that, whatever they mean.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter

from ragortune.evidence.documents.assertion import Analysis, Marked
from ragortune.evidence.documents.classifiers import WORD
from ragortune.evidence.documents.decision import Tally
from ragortune.evidence.documents.language import Topic
from ragortune.evidence.documents.patterns import is_plain
from ragortune.evidence.documents.sections import ASIDE, DECIDING
from ragortune.model import Option
from ragortune.model.documents import Block, SectionKind

_shape_of = attrgetter("analysis", "sentence.kind", "sentence.block")
_MIN_LENGTH = 8.0
"""Length from which on a vector of words is scaled to 1, reached by some 50 words: few words alone predict little."""
_FRONT = frozenset((SectionKind.TITLE, SectionKind.SUMMARY, SectionKind.DECISION))


def measure_features(sentences: Sequence[Marked], tallies: Mapping[Option, Tally]) -> dict[str, float]:
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
    return features | _measure_stances(alike) | measure_tallies(tallies) | _measure_words(alike)


def _measure_stances(alike: Counter[tuple[Analysis, SectionKind, Block]]) -> dict[str, float]:
    """Return features of the predicted stances of sentences, by group of sections."""
    sums: Counter[str] = Counter()
    most: dict[str, float] = {}
    total = 0.0
    grouped: Counter[tuple[Analysis, str]] = Counter()
    for (analysis, kind, block), count in alike.items():
        if analysis.stances:
            grouped[analysis, _part_of(kind, block)] += count
    for (analysis, part), count in grouped.items():
        for stance, share in analysis.stances.items() if part else ():
            total += count * share
            sums.update({f"stance {stance}": count * share, f"stance {stance} {part}": count * share})
            name = f"stance {stance} {part} at most"
            most[name] = max(share, most.get(name, 0))
    features = {name: math.log1p(value) for name, value in sums.items()} | most
    return features | {"stance share": total / max(1, alike.total())}


def _measure_words(alike: Counter[tuple[Analysis, SectionKind, Block]]) -> dict[str, float]:
    """Return one feature for each word outside of code: the logarithm of its count, in a vector of at most length 1."""
    counts: Counter[str] = Counter()
    for (analysis, _, block), count in alike.items():
        if block is not Block.CODE:
            for word in analysis.words:
                counts[word] += count
    features = {WORD + word: 1 + math.log(count) for word, count in counts.items() if is_plain(word)}
    length = max(_MIN_LENGTH, math.hypot(*features.values()))
    return {name: value / length for name, value in features.items()}


def _part_of(kind: SectionKind, block: Block) -> str:
    """Return the group of sections: `front` decides or sums up, `aside` is not the project's, else `main`; empty for code."""
    if block is Block.CODE:
        return ""
    if kind in ASIDE or kind is SectionKind.REFERENCE:
        return "aside"
    return "front" if kind in _FRONT or kind in DECIDING else "main"


def measure_tallies(tallies: Mapping[Option, Tally]) -> dict[str, float]:
    """Return the tallies of approaches as features."""
    features: dict[str, float] = {}
    for option, tally in tallies.items():
        values = {
            "for": math.log1p(tally.total),
            "for at most": tally.best,
            "against": math.log1p(tally.against),
            "against at most": tally.worst,
            "wordings": math.log1p(tally.kinds),
            "open": math.log1p(tally.open),
            "decided": float(tally.decided),
        }
        features |= {f"{option} {name}": value for name, value in values.items() if value}
    return features
