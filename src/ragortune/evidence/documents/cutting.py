"""Text cut up: where front matter ends, sentences, cells of rows, and the places of a part of a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from ragortune.model.documents import Line, Sentence, Span

_LONGEST_QUOTE = 400
_SENTENCE_END = re.compile(r"[.!?][\"'\u201d)\]]{0,2}\s+(?=[\"'\u201c(\[]?[A-Z0-9\u2022])")
_NO_END = re.compile(
    r"(?:(?<=\b[A-Z])|(?<=\b(?:vs|no|ca|cf|dr|mr|ms|st))|(?<=\b(?:etc|fig))|(?<=\b(?:resp|incl))|(?<=\bapprox))\.",
    re.IGNORECASE,
)
"""A full stop behind a single letter, as in `e.g.`, or another abbreviation; those of one length are found together."""
_LONGEST_NUMBER = 8
_BAR = re.compile(r"(?<!\\)\|")
_FRONT_MATTER = re.compile(r"\s|$|[^:]*+:|[][{}#?-]|.*[],}]\s*$")
"""A line of front matter: it has a key or a sign of YAML, or belongs to the one above."""


def front_matter_end(lines: Sequence[str]) -> int:
    """Return the index of the first line behind the front matter, 0 where there is none.

    Texts and items of a list between two rules of a page are no front matter, which has keys.
    """
    if not lines or lines[0].strip() != "---":
        return 0
    first = ""
    for at, line in enumerate(islice(lines, 1, None), 2):
        if line.rstrip() in ("---", "..."):
            return 0 if first.startswith(("-", "*")) else at
        if not _FRONT_MATTER.match(line):
            return 0
        first = first or line.strip().partition("#")[0]
    return 0


def find_span(sentence: Sentence, start: int, end: int, lines: Sequence[str]) -> Span:
    """Return where a part of a sentence is; of a part on several lines, the line that holds most of it."""
    held: dict[int, list[tuple[int, int]]] = {}
    for piece in sentence.cut(start, end) or sentence.pieces[:1]:
        held.setdefault(piece.line, []).append((piece.column, piece.column + piece.length))
    line = max(held, key=lambda number: sum(last - first for first, last in held[number]))
    first, last = held[line][0][0], held[line][-1][1]
    return Span(line, first, lines[line - 1][first - 1 : last - 1])


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the range of each sentence of a text."""
    ranges = []
    begin = end = 0
    while found := _SENTENCE_END.search(text, end):
        at, end = found.span()
        if not _NO_END.match(text, at) and not (at <= _LONGEST_NUMBER and text[:at].isdecimal()):
            ranges.append((begin, end))
            begin = end
    ranges.append((begin, len(text)))
    return ranges


def split_cells(line: Line) -> Iterator[Line]:
    """Yield the cells of a row."""
    text, at = line.text, len(line.text) - len(line.text.lstrip())
    if text[at : at + 1] == "|":
        at += 1
    end = len(text.rstrip())
    if text[:end].endswith("|") and not text[:end].endswith("\\|"):
        end -= 1
    for cell in _BAR.split(text[at:end]) if at <= end else ():
        begin = len(cell) - len(cell.lstrip())
        yield Line(cell.strip(), line.number, line.column + at + begin)
        at += len(cell) + 1


def quote_line(sentence: Sentence, first: int, last: int, lines: Sequence[str]) -> Span:
    """Return what one line has of a sentence, cut around a range of characters where that is long.

    Args:
        sentence: the sentence.
        first: the first character of the range; its line counts.
        last: the character behind the range.
        lines: the physical lines of the document.

    """
    line = find_span(sentence, first, last, lines).line
    # What is farther away than the longest quote cannot be quoted, and a line can have very many pieces.
    begin, behind = max(0, first - 2 * _LONGEST_QUOTE), min(len(sentence.text), last + 2 * _LONGEST_QUOTE)
    pieces = [piece for piece in sentence.cut(begin, behind) if piece.line == line]
    if not pieces:  # where the range has no place, the line is that of the first piece
        begin, pieces = 0, [piece for piece in sentence.pieces if piece.line == line]
    start, end = begin + pieces[0].offset, begin + pieces[-1].offset + pieces[-1].length
    if end - start > _LONGEST_QUOTE:
        start = max(start, first - _LONGEST_QUOTE // 2)
        end = min(end, max(last, start + _LONGEST_QUOTE))
    return find_span(sentence, start, end, lines)
