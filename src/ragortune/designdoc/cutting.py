"""Inside one block: where sentences end, which label opens one, and where words stand again in the source."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from ragortune.designdoc.inline import Words
from ragortune.statements import Form, Piece

_LONGEST_LABEL = 60
_SENTENCE_END = re.compile(
    r"(?<=[.!?\u2026])[\"')\]\u201d\u2019\u00bb]{0,3} (?=[^a-z\s])|(?<=[\u3002\uff01\uff1f\uff1b])(?=\S)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|resp|approx|incl|excl|ca|no|fig|sec|dr|mr|ms|st|z\. ?b|d\. ?h|bzw|örn|p\. ?ej|par ex)|^\W{0,4}\d{1,3}|(?:^|[\s(])[A-Z])\.$",
    re.IGNORECASE,
)
_PLAIN_LABEL = re.compile(
    r"(?:[^\w\s]{0,4}\s?)?([^\W\d_][^\n:.;|`]{0,58}?) ?[:\uff1a](?=\s|$|[\u4e00-\u9fff])"
)


def split_sentences(words: Words) -> Iterator[tuple[int, int, bool]]:
    """Yield first and last offset of each sentence, and whether a label may open it."""
    start, fresh = 0, True
    text = words.text
    stops = [stop for stop in words.breaks if 0 < stop < len(text)]
    stops.append(len(text))
    for stop in stops:
        for mark in _SENTENCE_END.finditer(text, start, stop):
            if _ABBREVIATION.search(text, max(start, mark.start() - 12), mark.start()):
                continue
            yield start, mark.end(), fresh
            start, fresh = mark.end(), False
        if text[start:stop].strip():
            yield start, stop, fresh
        start, fresh = stop, True


def find_label(words: Words, first: int, last: int, form: Form) -> str | None:
    """Return the label that opens a sentence: a bold phrase, or a few words before a colon."""
    text = words.text
    opening = text[first : min(last, first + _LONGEST_LABEL)]
    begin = first + len(opening) - len(opening.lstrip(" \t-*•→✅❌⚠️🔴🟢🟡"))
    at = bisect_left(words.bold, (max(first, begin - 1), 0))
    bold = words.bold[at] if at < len(words.bold) and words.bold[at][0] <= begin + 2 else None
    if bold and bold[1] <= last and bold[1] - bold[0] <= _LONGEST_LABEL:
        inside = text[bold[0] : bold[1]].strip()
        after = text[bold[1] : bold[1] + 4].lstrip()
        if (
            inside.endswith((":", "：", "."))
            or after[:1] in set(":：–—-")
            or (form is Form.BULLET and not after)
        ):
            return inside.rstrip(" :：.") or None
    found = _PLAIN_LABEL.match(text, first, min(last, first + _LONGEST_LABEL))
    if found and len(found[1].split()) <= 6:
        return found[1].strip()
    return None


def cut_runs(words: Words, start: int, end: int) -> Iterator[Piece]:
    """Yield the runs between two offsets, counted from the first."""
    runs = words.runs
    low, high = 0, len(runs)
    while low < high:
        middle = (low + high) // 2
        if runs[middle].offset + runs[middle].length <= start:
            low = middle + 1
        else:
            high = middle
    while low < len(runs) and runs[low].offset < end:
        run = runs[low]
        first, last = max(start, run.offset), min(end, run.offset + run.length)
        if first < last:
            yield Piece(first - start, last - first, run.line, run.column + first - run.offset)
        low += 1


def cut_ranges(ranges: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what of sorted ranges lies between two offsets, counted from the first."""
    at = max(0, bisect_left(ranges, (start, 0)) - 1)
    while at < len(ranges) and ranges[at][0] < end:
        first, last = max(start, ranges[at][0]), min(end, ranges[at][1])
        if first < last:
            yield first - start, last - start
        at += 1


def find_words(source: str, words: str) -> int | None:
    """Return where the words of a line begin; the end is nearly always the end of the line."""
    if not words:
        return None
    at = len(source.rstrip(" \t\r")) - len(words)
    if at >= 0 and source.startswith(words, at):
        return at
    at = source.find(words)
    return at if at >= 0 else _find_spaced(source, words)


def _find_spaced(source: str, words: str) -> int | None:
    """Find words in which the parser has written a tab or a return as spaces."""
    plain = source.replace("\t", " ").replace("\r", " ")
    at = plain.find(words)
    return at if at >= 0 else None


def find_cell(line: str, content: str, cursor: int) -> tuple[int, str]:
    """Return offset and text of a cell; a cell whose pipes were escaped is found with them."""
    for text in (content, content.replace("|", "\\|")):
        at = line.find(text, cursor)
        if at >= 0:
            return at, text
    return min(cursor, len(line)), ""
