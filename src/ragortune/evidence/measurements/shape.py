"""The shape of a task, from pairs of input and output: labels, JSON, code, teaching form or facts, wording of its own."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ragortune.evidence.measurements.duplicates import digest_words, split_words
from ragortune.evidence.measurements.rows import parse_json
from ragortune.evidence.measurements.sampling import MIN_SAMPLE, bound_share, draw_sample
from ragortune.model.measurements import Measurement
from ragortune.support.record import NOTHING, Record
from ragortune.support.text import clean_line

Pair = tuple[str, str]
"""Input (with the instruction above it) and output."""
Figures = Mapping[str, Mapping[str, Any]]
"""Figures by probe."""

_MAX_PAIRS = 2_000
_MAX_RUNS = 1_000_000
"""Words of all outputs together among which a shared trigram is looked for: of many outputs, only in their beginnings."""
_SEED = 20_240_501
_CLOSED_WORLD_WORDS = 3_000
"""Output words among which new words are counted; their share falls with the number of words, so it is fixed."""
_MAJORITY = 0.5
_NEARLY_ALL = 0.8
_UNSPACED_RUN, _LATIN = 3, "\u024f"
_LABEL_WORDS, _SHORT_WORDS = 6, 8
_ROWS_PER_LABEL = 3

_CODE = re.compile(
    r"^\s*(?:```|(?:select|with|insert|update|delete|create|alter|merge)\s[^.?!]*[\s(*]|#!|#include\b|<\?php|"
    r"(?:import|from|def|class|func|fn|function|public|private|package|using|const|let|var)\s[\w.{*]+.*[:;({=]?$)",
    re.IGNORECASE | re.MULTILINE,
)
_SQL = re.compile(
    r"\s*(?:select|with|insert|update|delete|create|alter|merge)\b.*\b(?:from|into|set|table|as|values)\b",
    re.IGNORECASE | re.DOTALL,
)
_CALL = re.compile(r"\b([A-Za-z_][\w.]{1,40})\(")
_ASKS = re.compile(
    r"(?:what|who|whom|whose|where|when|which|why|how|is|are|was|were|do|does|did|can|could|will|would|should|has|have|may|am|"
    r"what['\u2019]?s|who['\u2019]?s|where['\u2019]?s|how['\u2019]?s|"
    r"wer|wen|wem|wessen|was|wo|wohin|woher|wann|warum|wieso|weshalb|wie|wieviele?|welche[rsnm]?|"
    r"qui|que|quoi|où|quand|pourquoi|comment|quel(?:le)?s?|combien|est-ce|"
    r"qué|quién(?:es)?|dónde|cuándo|cómo|cuál(?:es)?|cuánt[oa]s?|"
    r"chi|cosa|dove|quando|perché|come|quale|quanti|кто|что|где|когда|почему|как|какой|какая|какие|сколько)\b",
    re.IGNORECASE,
)  # fmt: skip
_ASKS_ANYWHERE = re.compile(
    r"[?\uff1f\u061f]\W*$|什么|什麼|谁|誰|哪|几|幾|多少|为何|為何|如何|怎|吗|嗎|呢|か[。\s]*$|何|까[.\s]*$|"
    r"อะไร|ใคร|ไหน|เมื่อไร|เมื่อใด|เท่าไร|เท่าใด|อย่างไร|กี่|ไหม|ใด|ทำไม|क्या|कौन|कहाँ|कब|क्यों|कैसे|कितन"
)
_CUE = re.compile(r"(?:\s(?:[#=>-]+|answer:|a:))+\s*\Z", re.IGNORECASE)
"""What ends a prompt for completion, such as `###` or `Answer:`."""
_OUTPUTS = {
    "label": ("labels", "labels"),
    "json": ("JSON", "structured"),
    "code": ("code or SQL", "code"),
    "tool_call": ("tool calls", "structured"),
    "short_answer": ("short answers", "free_text"),
    "free_text": ("free text", "free_text"),
}
"""The name of each shape in words, and its level of `behaviour.output`."""
_TASKS = {"label": "classification", "tool_call": "function_calling"}
_STRICT = frozenset({"json", "code", "tool_call"})
"""Shapes of reference answers that show that the form matters."""
_FORMAL = frozenset({"label", "code", "tool_call"})
"""Shapes that consist of form alone."""
_CLOSED, OPEN = 0.12, 0.25
"""Shares of new words: below the first, outputs are derived from inputs and each other; from the second on they add facts."""
_TEMPLATE = 0.5
"""Share of outputs with the same trigram from which on the wording counts as wanted: 1 for the greeting of a persona, at
most 0.13 for answers to questions in 40 public sets."""
_ASKED = 0.5
_MIN_PAIRS, _MIN_WORDS = 10, 150
_MIN_OWN = 0.6
"""Share of outputs with a wording of their own from which on the wording counts as wanted."""
_MAX_OUTPUTS = 600
_MAX_CHARACTERS = 1_000_000
"""Characters of the documents from which the frequencies of their words are counted."""
_MIN_SHARE, _MIN_USES = 0.04, 3
"""Minimum share and number of the outputs that have a word of their own wording."""
_OVER_DOCUMENTS, _OVER_INPUTS = 20, 5
"""Minimum ratios of such a word's frequency in outputs to that in documents and in inputs, of which there are few."""
_MIN_OWN_WORDS, _NAMED_WORDS = 2, 12


class Shape(Record, frozen=True):
    """The shape of a sample of pairs."""

    kind: str
    """`label`, `json`, `code`, `tool_call`, `short_answer` or `free_text`."""
    pairs: int
    """Number of pairs in the sample."""
    questions: float
    """Share of inputs that ask a question."""
    new_words: float
    """Share of output words that are neither in their input nor in another output."""
    words_counted: int
    """Number of output words among which they were counted, at most 3,000."""
    template: float
    """Share of outputs with the most frequent trigram."""
    outputs: int
    """Number of distinct outputs, except for case and punctuation."""


def describe_shape(pairs: Sequence[Pair], calls: int = 0) -> Shape:
    """Return the shape of pairs, or of a sample of many; `calls` of them have tool calls in fields of their own."""
    sample = draw_sample(pairs, _MAX_PAIRS, _SEED)
    inputs, outputs = zip(*sample, strict=True) if sample else ((), ())
    words = itertools.chain.from_iterable(map(split_words, outputs))
    run = _UNSPACED_RUN if _mean(len(word) == 1 and word > _LATIN for word in words) > _MAJORITY else 1
    lengths = [len(split_words(text)) / run for text in outputs]

    def split(texts: Iterable[str]) -> Iterator[list[str]]:  # words take many times the memory of a text
        return (_join_runs(split_words(text), run) for text in texts)

    distinct = len(set(map(digest_words, split(outputs))))
    # A function is called as `name(` in the output, and is declared so in the input.
    named = (any(f"{name}(" in given for name in _CALL.findall(wanted)[:5]) for given, wanted in sample)
    called = max(calls / max(len(pairs), 1), _mean(named))
    kind = _detect_kind(sample, called, lengths, distinct)
    questions = _mean(asks(given) for given, _ in sample)
    new_words = _count_new_words(map(set, split(inputs)), split(outputs))
    template = _share_of_wording(split(outputs), len(sample))
    return Shape(kind, len(sample), questions, *new_words, template, distinct)


def _detect_kind(sample: Sequence[Pair], called: float, lengths: list[float], distinct: int) -> str:
    if called >= _MAJORITY:
        return "tool_call"
    if _mean(_is_json(wanted) for _, wanted in sample) >= _NEARLY_ALL:
        return "json"
    if _mean(bool(_SQL.match(wanted) or _CODE.match(wanted)) for _, wanted in sample) >= _MAJORITY:
        return "code"
    if _mean(lengths) <= _LABEL_WORDS and 0 < distinct * _ROWS_PER_LABEL <= len(sample):
        return "label"
    return "short_answer" if statistics.median(lengths or [0.0]) <= _SHORT_WORDS else "free_text"


def asks(text: str) -> bool:
    """Return whether the last line of an input asks a question, in one of the supported languages and scripts."""
    line = _CUE.sub("", text.strip()[-500:]).strip().rpartition("\n")[2][-400:].strip()
    return bool(_ASKS.match(line) or _ASKS_ANYWHERE.search(line))


def _is_json(text: str) -> bool:
    """Return whether a text is a JSON object or list, with or without a Markdown code fence."""
    text = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    return text.startswith(("{", "[")) and parse_json(text) is not None


def _join_runs(words: list[str], run: int) -> list[str]:
    """Return words as they are, or n-grams of characters in scripts without spaces, which are about as long as words."""
    if run == 1:
        return words
    return ["".join(words[at : at + run]) for at in range(max(len(words) - run + 1, 1))]


def _count_new_words(inputs: Iterable[set[str]], outputs: Iterable[list[str]]) -> tuple[float, int]:
    """Return the share of new words, and the number of words among which they were counted."""
    chosen, counted = list[list[str]](), 0
    for words in outputs:
        if counted >= _CLOSED_WORLD_WORDS:
            break
        chosen.append(words)
        counted += len(words)
    owners = Counter(word for words in chosen for word in set(words))
    pairs = zip(inputs, chosen, strict=False)
    new = sum(owners[word] == 1 and word not in given for given, words in pairs for word in words)
    return new / max(counted, 1), counted


def _share_of_wording(outputs: Iterable[list[str]], count: int) -> float:
    """Return the share of `count` outputs with the most frequent trigram of words."""
    most = _MAX_RUNS // max(1, count)
    grams = (set(map(hash, zip(words[:most], words[1:], words[2:], strict=False))) for words in outputs)
    owners = Counter(itertools.chain.from_iterable(grams))
    return max(owners.values(), default=0) / max(1, count)


def _mean(numbers: Iterable[float]) -> float:
    """Return the mean of numbers, or the share of true values; 0 without any."""
    return statistics.fmean([*numbers] or [0])


# --- measurements -------------------------------------------------------------------------------------------------


def measure_form(shape: Shape, part: str = "examples") -> tuple[Measurement, Measurement]:
    """Return the form of outputs and how much of them is new; `part` is `examples`, or `questions`, which train nothing."""
    training = part == "examples"
    name, level = _OUTPUTS[shape.kind]
    known = shape.pairs >= _MIN_PAIRS
    answers: dict[str, object] = {"behaviour.output": level if known else None}
    if known and shape.kind in _TASKS:
        answers["task.kind"] = [_TASKS[shape.kind]]
    teaches, reason = _infer_what_is_taught(shape) if training else (None, "")
    return Measurement(
        probe=f"{part}.shape",
        says=f"outputs are {name}; {shape.questions:.0%} of the inputs ask a question",
        method="form and length of the outputs; questions by sign and question words",
        count=shape.pairs,
        of="pairs",
        answers=answers if training or shape.kind in _STRICT else NOTHING,
        figures={"shape": shape.kind, "questions": round(shape.questions, 4), "outputs": shape.outputs},
        reason="" if known else f"fewer than {_MIN_PAIRS} distinct examples",
    ), Measurement(
        probe=f"{part}.content",
        says=f"{shape.new_words:.0%} of the output words are in neither the input nor another output; "
        f"{shape.template:.0%} of the outputs share a run of three words",
        method=f"words of at most {_CLOSED_WORLD_WORDS:,} output words, drawn with a fixed seed (fewer raise the share); "
        "the commonest run of three words",
        count=shape.words_counted,
        of="output words",
        answers={"data.teaches": teaches} if training else NOTHING,
        figures={
            "new_words": round(shape.new_words, 4), "template": round(shape.template, 4), "shape": shape.kind,
            "questions": round(shape.questions, 4),
        },
        reason=reason,
    )  # fmt: skip


def _infer_what_is_taught(shape: Shape) -> tuple[str | list[str] | None, str]:
    """Return the level of `data.teaches`, several if the figures do not decide between them, or None and the reason.

    Outputs derived from their inputs and from other outputs, or of a fixed form, teach form. New words in answers to
    questions are facts; in other outputs they are style.
    """
    if shape.kind == "json":
        return ("form" if shape.new_words < OPEN else ["form", "facts_and_form"]), ""
    if shape.kind not in _FORMAL and shape.words_counted < _MIN_WORDS:
        return None, "too little output to tell facts from form"
    if shape.kind in _FORMAL or shape.questions < _ASKED or shape.new_words < _CLOSED:
        return "form", ""
    if shape.template >= _TEMPLATE:
        return "facts_and_form", ""
    if shape.new_words >= OPEN:
        return "facts", ""
    between = f"between {_CLOSED:.0%} and {OPEN:.0%} new words in answers to questions"
    return None, f"{between} do not tell facts from form"


def list_behaviour(figures: Figures) -> Iterator[str]:
    """Yield the reasons why the form of outputs matters, the clearest of each file first.

    Reference answers are written for comparison, so only a strict form or a wording of their own counts for them.
    """
    for part in ("examples", "questions"):
        content, examples = figures.get(f"{part}.content"), part == "examples"
        if not content:
            continue
        if content["shape"] in (_STRICT | _FORMAL if examples else _STRICT):
            yield f"the outputs are {_OUTPUTS[content['shape']][0]}"
        if content["template"] >= _TEMPLATE:
            yield f"{content['template']:.0%} of the outputs share the same wording"
        share = figures.get(f"{part}.wording", {}).get("own_wording", 0.0)
        if share >= _MIN_OWN:
            yield f"{share:.0%} of the outputs use words that are rare in the documents"
        if examples and content["new_words"] < _CLOSED:
            yield "the outputs are made of the inputs and of each other"
        if examples and content["questions"] < _ASKED:
            yield "the inputs are not questions"


# --- wording of the outputs ---------------------------------------------------------------------------------------
#
# Answers taken from documents use the words of the documents. A letter, a card or a persona has words of its own, few of
# which are in every output. They are learnt from one half of the outputs and counted in the other, and the other way
# round, so that chance words do not count. In 60 public sets of plain answers at most 0.21 of the outputs had two such
# words; of letters, cards, memos and personas at least 0.95.


def count_background(texts: Iterable[str]) -> Counter[str]:
    """Return the counts of the words in the first million characters of documents."""
    words: Counter[str] = Counter()
    left = _MAX_CHARACTERS
    for text in texts:
        words.update(split_words(text[:left]))
        left -= len(text)
        if left <= 0:
            break
    return words


def measure_wording(pairs: Sequence[Pair], background: Counter[str], part: str) -> Measurement | None:
    """Return the share of outputs with a wording of their own, None of too few; `background` counts words of documents."""
    sample = draw_sample(pairs, _MAX_OUTPUTS)
    if len(sample) < MIN_SAMPLE:
        return None
    inputs = Counter(word for given, _ in sample for word in split_words(given))
    outputs = [split_words(wanted) for _, wanted in sample]
    halves = outputs[::2], outputs[1::2]
    learnt = [_find_own_words(half, background, inputs) for half in halves]
    count = sum(
        len(words.intersection(output)) >= _MIN_OWN_WORDS
        for words, half in zip(learnt, reversed(halves), strict=True)
        for output in half
    )
    share = count / len(sample)
    asked = part == "examples" and sum(asks(given) for given, _ in sample) >= _ASKED * len(sample)
    uses = Counter(word for output in outputs for word in set(output))
    named = sorted(learnt[0] & learnt[1], key=lambda word: (-uses[word], word))[:_NAMED_WORDS]
    return Measurement(
        f"{part}.wording",
        f"{share:.0%} of the outputs use words that are rare in the documents and the inputs",
        f"at least {_MIN_OWN_WORDS} words that are {_OVER_DOCUMENTS} times as frequent as in the documents and {_OVER_INPUTS} "
        "times as in the inputs, learnt from one half of the outputs and looked for in the other",
        len(sample),
        "outputs",
        answers={"data.teaches": "facts_and_form"} if asked and share >= _MIN_OWN else {},
        figures={"own_wording": round(share, 4)},
        interval=bound_share(count, len(sample)),
        examples=(clean_line(", ".join(named), 80),) if named and share >= _MIN_OWN else (),
    )


def _find_own_words(
    outputs: Sequence[Sequence[str]], background: Counter[str], inputs: Counter[str]
) -> set[str]:
    """Return words of several outputs that are much more frequent in them than in the documents and the inputs."""
    uses = Counter(word for output in outputs for word in output)
    owners = Counter(word for output in outputs for word in set(output))
    total, in_documents, in_inputs = (max(1, counts.total()) for counts in (uses, background, inputs))
    least = max(_MIN_USES, _MIN_SHARE * len(outputs))
    return {
        word
        for word, count in owners.items()
        if count >= least
        and uses[word] / total >= _OVER_DOCUMENTS * (background[word] + 0.5) / in_documents
        and uses[word] / total >= _OVER_INPUTS * inputs[word] / in_inputs
    }
