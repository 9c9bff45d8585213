"""Wording of the house: what outputs share with each other, and hardly with the documents and what is asked.

An answer taken from documents speaks as they do. A letter, a card or a persona has words of its own, few of which need to
stand in every output. So words are learnt from one half of the outputs and looked for in the other half, and the other way
round. In 60 public sets of plain answers at most 0.21 of the outputs had two such words; of letters, cards, memos and
personas at least 0.95.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.intervals import LEAST, bound_share
from ragortune.evidence.measurements.sampling import draw_sample
from ragortune.evidence.measurements.shape import Pair
from ragortune.model.measurements import Measurement
from ragortune.support.text import clean_line

LEAST_OWN = 0.6
"""Share of outputs with wording of their own from which on it is wanted."""
_MOST_OUTPUTS = 600
_MOST_CHARACTERS = 1_000_000
"""So much of the documents is read to know their words."""
_LEAST_SHARE, _LEAST_USES = 0.04, 3
"""Outputs of which a word has to stand in such a share and number."""
_BESIDE_DOCUMENTS, _BESIDE_INPUTS = 20, 5
"""So many times as often as there a word has to stand in outputs. Inputs are few, and of the same language."""
_WORDS = 2
_SHOWN = 12


def count_background(texts: Iterable[str]) -> Counter[str]:
    """Return the words of documents with their uses, of the first million characters."""
    words: Counter[str] = Counter()
    left = _MOST_CHARACTERS
    for text in texts:
        words.update(split_words(text[:left]))
        left -= len(text)
        if left <= 0:
            break
    return words


def measure_wording(pairs: Sequence[Pair], background: Counter[str], part: str) -> Measurement | None:
    """Return how many outputs have wording of their own; None where there are too few to tell.

    Args:
        pairs: inputs and outputs.
        background: words of the documents, with their uses.
        part: first part of the probe's name, `examples` or `questions`.

    """
    sample = draw_sample(pairs, _MOST_OUTPUTS)
    if len(sample) < LEAST:
        return None
    inputs = Counter(word for given, _ in sample for word in split_words(given))
    outputs = [split_words(wanted) for _, wanted in sample]
    halves = outputs[::2], outputs[1::2]
    own = [_find_own(half, background, inputs) for half in halves]
    count = sum(
        len(words.intersection(output)) >= _WORDS
        for words, half in zip(own, reversed(halves), strict=True)
        for output in half
    )
    share = count / len(sample)
    uses = Counter(word for output in outputs for word in set(output))
    named = sorted(own[0] & own[1], key=lambda word: (-uses[word], word))[:_SHOWN]
    return Measurement(
        f"{part}.wording",
        f"{share:.0%} of the outputs have words of their own, which the documents and what is asked hardly have",
        f"at least {_WORDS} words that are {_BESIDE_DOCUMENTS} times as frequent as in the documents and {_BESIDE_INPUTS} "
        "times as in the inputs, learnt from one half of the outputs and looked for in the other",
        len(sample),
        "outputs",
        answers={"data.teaches": "facts_and_form"} if part == "examples" and share >= LEAST_OWN else {},
        figures={"own_wording": round(share, 4)},
        interval=bound_share(count, len(sample)),
        examples=(clean_line(", ".join(named), 80),) if named and share >= LEAST_OWN else (),
    )


def _find_own(outputs: Sequence[Sequence[str]], background: Counter[str], inputs: Counter[str]) -> set[str]:
    """Return words of several outputs that are much more frequent there than in the background and the inputs."""
    uses = Counter(word for output in outputs for word in output)
    owners = Counter(word for output in outputs for word in set(output))
    total, beside, asked = (max(1, counts.total()) for counts in (uses, background, inputs))
    least = max(_LEAST_USES, _LEAST_SHARE * len(outputs))
    return {
        word
        for word, count in owners.items()
        if count >= least
        and uses[word] / total >= _BESIDE_DOCUMENTS * (background[word] + 0.5) / beside
        and uses[word] / total >= _BESIDE_INPUTS * inputs[word] / asked
    }
