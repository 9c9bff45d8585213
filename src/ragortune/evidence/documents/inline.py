"""The contents of a block: its words without markup, each run of them with its place, and where words are set apart.

One regular expression without repetitions that could backtrack finds everything that is markup; what lies between is kept.
"""

from __future__ import annotations

import html
import re
from array import array

from ragortune.evidence.documents.blocks import UNSEEN
from ragortune.model.documents import RUN_FIELDS, Line, Words
from ragortune.support.text import INVISIBLE

_MARKUP = re.compile(
    rf"[{INVISIBLE}]+|"
    r"`+|\*{2,3}|(?<!\s)\*(?!\d)|\*(?=[^\s\d])|~~(?:[^~]{1,1000}+~~)?|(?<![^\W_])_{1,3}(?=[^\W_])|(?<=[^\W_])_{1,3}(?![^\W_])|!?\[\[?|\]\(|\]\[(?:[^\s\[\]]{1,80}+ ?){0,3}\]|\]{1,2}"
    r"|<!--|-->|</?[A-Za-z][^<>]{0,300}>|<https?:[^<>\s]{1,300}>|\bhttps?://[^\s|<>)\]]+|\\(?=[!-/:-@\[-`{-~])|&\#?\w{1,8};"
)
MAX_MARKED = 300_000
"""Runs of text between markup, those that end a line aside. What is made of more takes far more memory than its size says."""
_LONGEST_TARGET = 1_000
_DEEPEST_TARGET = 3
_TARGET = re.compile(r"\(\s*(?:<[^<>]*>|[^\s<]\S*)?(?:\s+(?:\".*\"|'.*'|\(.*\)))?\s*\)")
"""The address of a link, and its title; a page shows what else is in its place."""
_BRACKET = re.compile(r"[()]")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SPECIAL = re.compile(rf"[*_`~\[\]<>\\&{INVISIBLE}]")


def read_words(lines: tuple[Line, ...], most: int = MAX_MARKED) -> Words | None:
    """Return the words of a block, lines joined by one space; None where markup makes more runs of them than `most`."""
    texts = [line.text.rstrip() for line in lines]
    text = " ".join(texts)
    if not _SPECIAL.search(text) and "://" not in text and all(texts):
        runs, offset = array("I"), 0
        for part, line in zip(texts, lines, strict=True):
            runs.fromlist([offset, len(part), line.number, line.column])
            offset += len(part) + 1
        return Words(text, runs)
    reader = _Reader(sum("-->" in line.text for line in lines))
    for count, line in enumerate(lines, 1):
        reader.read_line(line)
        if len(reader.runs) > RUN_FIELDS * (count + most):
            return None
    return reader.finish()


def plain_words(text: str, number: int, column: int) -> Words:
    """Return words on one line without markup."""
    return Words(text, (0, len(text), number, column))


class _Reader:
    """Collects words line by line; marks that open on one line may close on a later one."""

    def __init__(self, ends: int) -> None:
        self.ends_below = ends
        """Lines below the current one in which a comment can end."""
        self.last_end = -1
        """Where on the current line one can end at last."""
        self.left_open: list[tuple[Line, ...]] = []
        """The first comment that does not end in the block."""
        self.brackets = 0
        """Brackets that are open."""
        self.parts: list[str] = []
        self.length = 0
        self.runs = array("I")
        self.bold: list[tuple[int, int]] = []
        self.bold_start: int | None = None
        """Offset of bold text that is not closed yet."""
        self.comment: list[Line] | None = None
        self.comments: list[tuple[Line, ...]] = []

    def read_line(self, line: Line) -> None:
        if self.length and self.runs:
            self._add_plain(" ")
        text, at = line.text.rstrip(), 0
        self.last_end = text.rfind("-->")
        self.ends_below -= self.last_end >= 0
        if self.comment is not None:
            at = self._skip_comment(line, 0)
        while found := _MARKUP.search(text, at):
            self._keep(line, at, found.start())
            at = self._take_mark(line, found)
        self._keep(line, at, len(text))

    def _take_mark(self, line: Line, found: re.Match[str]) -> int:
        """Deal with a piece of markup; return where to go on."""
        mark = found[0]
        if mark[0] == "`":
            return self._toggle_code(line, found)
        if mark in ("**", "***", "__", "___"):
            self._toggle_bold()
        elif mark == "\\":
            self._keep(line, found.end(), found.end() + 1)
            return found.end() + 1
        elif mark[-1] == "[":
            self.brackets += 1
        elif mark[0] == "]":
            is_link, self.brackets = self.brackets > 0, max(0, self.brackets - 1)
            if not is_link:
                return found.start() + 1
            return self._skip_target(line, found) if mark == "](" else found.end()
        elif mark == "<!--":
            return self._begin_comment(line, found)
        elif mark[0] == "&":
            self._add_plain(UNSEEN.sub("", html.unescape(mark)))
        elif mark[0] == "<" and _BREAK.match(mark):
            self._add_plain(" ")
        return found.end()

    def _toggle_code(self, line: Line, found: re.Match[str]) -> int:
        """Read code up to the same number of back-ticks on this line; back-ticks that never close are dropped."""
        end = line.text.find(found[0], found.end())
        if end < 0:
            return found.end()
        self._keep(line, found.end(), end)
        return end + len(found[0])

    def _toggle_bold(self) -> None:
        if self.bold_start is None:
            self.bold_start = self.length
            return
        if self.bold_start < self.length:
            self.bold.append((self.bold_start, self.length))
        self.bold_start = None

    def _skip_target(self, line: Line, found: re.Match[str]) -> int:
        """Leave out the address of a link; other brackets, and those that never close, are text."""
        depth = 0
        for bracket in _BRACKET.finditer(line.text, found.end() - 1, found.end() + _LONGEST_TARGET):
            depth += 1 if bracket[0] == "(" else -1
            if depth == 0 and _TARGET.fullmatch(line.text, found.end() - 1, bracket.end()):
                return bracket.end()
            if depth == 0 or depth > _DEEPEST_TARGET:
                break
        self._keep(line, found.end() - 1, found.end())
        return found.end()

    def _begin_comment(self, line: Line, found: re.Match[str]) -> int:
        """Leave out a comment; one that does not end in this block is text, as on a page."""
        at = found.start()
        if not self.ends_below and self.last_end < at:
            self.left_open = self.left_open or [(Line(line.text[at:], line.number, line.column + at),)]
            return found.end()
        self.comment = []
        return self._skip_comment(line, at)

    def _skip_comment(self, line: Line, at: int) -> int:
        assert self.comment is not None
        end = line.text.find("-->", at)
        stop = len(line.text) if end < 0 else end + 3
        self.comment.append(Line(line.text[at:stop], line.number, line.column + at))
        if end >= 0:
            self.comments.append(tuple(self.comment))
            self.comment = None
        return stop

    def _keep(self, line: Line, start: int, end: int) -> None:
        if start < end:
            self.runs.fromlist([self.length, end - start, line.number, line.column + start])
            self.parts.append(line.text[start:end])
            self.length += end - start

    def _add_plain(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def finish(self) -> Words:
        return Words("".join(self.parts), self.runs, tuple(self.bold), (*self.comments, *self.left_open))
