"""Markdown to sentences: each with its place in the source, its headings, label, lead-in, column and zone.

Blocks are found by a CommonMark parser; what stands inside them is scanned in `inline`, because the parser knows only
the lines of a paragraph. Physical lines end at line feeds and carriage returns with line feeds; nothing else ends one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ragortune.designdoc.cutting import (
    cut_ranges,
    cut_runs,
    find_cell,
    find_label,
    find_words,
    split_sentences,
)
from ragortune.designdoc.inline import Line, Words, read_words
from ragortune.designdoc.underlined import plain_headings
from ragortune.designdoc.zones import (
    STRONG_ZONES,
    join_zones,
    zone_below_title,
    zone_of_column,
    zone_of_heading,
    zone_of_label,
    zone_of_row,
)
from ragortune.record import Record
from ragortune.statements import Form, Piece, Remark, Sentence, Span, Zone

TYPE_CHECKING = False  # importing `typing` would cost a fifth of a start
if TYPE_CHECKING:
    from markdown_it.token import Token

_BOLD_LEVEL = 7
"""A paragraph that is one bold phrase acts as a heading below all real ones."""
_LONGEST_BOLD_HEADING = 80
_LONGEST_LEAD = 400
_LONGEST_HEADING = 300
_LONGEST_SENTENCE = 2_000
_NESTING = 100

_TASK = re.compile(r"\[([ xX])\]\s+")
_BLANK_TAG = re.compile(r"\W*$")
_PLACEHOLDER = re.compile(
    r"\W*(?:\{[^{}]{3,300}\}|<[a-z][^<>]{3,300}>|\[(?:e\.g|insert|describe|your|name|date|list|short|todo|replace|optional)[^\[\]]{0,300}\]"
    r"|(?:todo|tbd|lorem ipsum)\b.{0,20})\W*$"
    r"|.{0,40}\bthis is a template\b|\W*(?:replace with|describe here|insert here)\b",
    re.IGNORECASE,
)
_FIELD_KEYS = re.compile(
    r"(?:status|date|decision.?makers?|deciders|authors?|owners?|reviewers?|version|last updated|updated|tags|estado|statut|durum|状态|日期)$",
    re.IGNORECASE,
)
_FRONT_KEY = re.compile(r"(\s*(?:-\s+)?)([\w][\w .-]{0,60}?)\s*:(?:\s+|$)(.*)")
_REMARK = re.compile(r"\s*ragortune\s*:")


class DeclaredText(Record):
    """What a `ragortune` block holds, not yet read."""

    text: str
    line: int
    """Physical line of its first line."""
    key_line: int
    """Physical line of the fence or of the key in the front matter."""
    inside: bool = False
    """True for the front matter, where the block stands below its key."""


class DesignText(Record):
    """A document taken apart."""

    lines: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    remarks: tuple[Remark, ...]
    declared: tuple[DeclaredText, ...]
    title: str | None


def read_sentences(text: str) -> DesignText:
    """Take a document apart. Any text is a document; nothing raises."""
    lines = tuple(line.removesuffix("\r") for line in text.removesuffix("\n").split("\n"))
    reader = _Reader(lines)
    reader.read_blocks()
    return DesignText(
        lines,
        tuple(reader.sentences),
        tuple(_measure_sections(reader.remarks, reader.sections, len(lines))),
        tuple(reader.declared),
        reader.title,
    )


def span_of(sentence: Sentence, start: int, end: int) -> Span:
    """Return where a part of a sentence stands; of a part on several lines, the line that holds most of it."""
    held: dict[int, list[tuple[int, int]]] = {}
    for piece in sentence.pieces:
        first, last = max(start, piece.offset), min(end, piece.offset + piece.length)
        if first < last:
            column = piece.column + first - piece.offset
            held.setdefault(piece.line, []).append((column, column + last - first))
    if not held:
        piece = sentence.pieces[0]
        held = {piece.line: [(piece.column, piece.column + piece.length)]}
    line = max(held, key=lambda number: sum(last - first for first, last in held[number]))
    first, last = held[line][0][0], held[line][-1][1]
    return Span(line, first, sentence.source[line - sentence.pieces[0].line][first - 1 : last - 1])


class _List(Record):
    """A list that is being read."""

    lead: str | None
    zone: Zone | None
    number: int | None = None
    """The number of the item that is being read, in a numbered list."""


class _Reader:
    """Walks over the blocks of a document and collects its sentences."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines
        self.sentences: list[Sentence] = []
        self.remarks: list[tuple[Span, str, tuple[str, ...]]] = []
        self.declared: list[DeclaredText] = []
        self.title: str | None = None
        self.sections: list[tuple[int, int]] = []
        """First line and level of every section."""
        self.stack: list[tuple[int, str, Zone]] = []
        self.lists: list[_List] = []
        self.lead: str | None = None
        self.quotes = 0
        self.begun = False

    # Blocks ----------------------------------------------------------------------------------------------------------

    def read_blocks(self) -> None:
        """Read the front matter, then every block."""
        from markdown_it import MarkdownIt  # three starts of the interpreter; only documents need it

        begin = self._read_front_matter()
        source = [*[""] * begin, *self.lines[begin:]]
        parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable("table")
        parser.disable(["inline", "text_join", "reference"])
        tokens = parser.parse("\n".join(plain_headings(source)).replace("\r", " "))
        index = 0
        while index < len(tokens):
            index = self._read_block(tokens, index)

    def _read_block(self, tokens: Sequence[Token], index: int) -> int:
        """Read the block that begins at a token; return the index behind it."""
        token = tokens[index]
        kind = token.type
        if kind == "heading_open":
            self._read_heading(tokens[index + 1], int(token.tag[1]))
            return index + 3
        if kind == "inline":
            self._read_paragraph(token)
        elif kind == "table_open":
            return self._read_table(tokens, index)
        elif kind in {"fence", "code_block"}:
            self._read_code(token)
        elif kind == "html_block":
            self._read_html(token)
        elif kind in {"bullet_list_open", "ordered_list_open"}:
            zone = zone_of_label(self.lead) if self.lead else None
            self.lists.append(_List(self.lead, zone or (self.lists[-1].zone if self.lists else None)))
        elif kind in {"bullet_list_close", "ordered_list_close"}:
            self.lists.pop()
            self.lead = None
        elif kind == "list_item_open":
            self.lead = None
            number = int(token.info) if token.info else None
            self.lists[-1] = self.lists[-1].replace(number=number)
        elif kind in {"blockquote_open", "blockquote_close"}:
            self.quotes += 1 if kind.endswith("open") else -1
        return index + 1

    def _read_heading(self, inline: Token, level: int) -> None:
        lines = self._lines_of(inline)
        words = read_words(lines)
        self._note_comments(words)
        self._open_section(words, level, lines[0].number if lines else 1)

    def _open_section(self, words: Words, level: int, line: int) -> None:
        text = words.text.strip()[:_LONGEST_HEADING]
        while self.stack and self.stack[-1][0] >= level:
            self.stack.pop()
        self.lead = None
        first = not self.begun or (level == 1 and self.title is None)
        parent = self.stack[-1][2] if self.stack and self.stack[-1][2] is not Zone.TITLE else None
        zone = zone_of_heading(text, parent)
        if first and (level == 1 or (level < _BOLD_LEVEL and zone not in STRONG_ZONES)):
            zone = Zone.TITLE
        if zone is Zone.TITLE and self.title is None:
            self.title = text or None
        self.begun = True
        self.stack.append((level, text, zone))
        self.sections.append((line, level))
        self._add(words, 0, len(words.text), Form.HEADING, zone, headings=self._headings()[:-1])

    def _read_paragraph(self, inline: Token) -> None:
        lines = self._lines_of(inline)
        checked = self._take_box(lines) if self.lists else None
        words = read_words(lines)
        self._note_comments(words)
        if not words.text.strip():
            return
        if self._is_bold_heading(words):
            self._open_section(words, _BOLD_LEVEL, words.runs[0].line)
            self.lead = words.text.strip()
            return
        self.begun = True
        form = Form.QUOTE if self.quotes else Form.PROSE
        self._add_sentences(words, Form.BULLET if self.lists else form, checked=checked)
        self.lead = self.sentences[-1].text[-_LONGEST_LEAD:] if self.sentences else None

    def _is_bold_heading(self, words: Words) -> bool:
        """Tell whether a paragraph is one bold phrase: many documents write headings so."""
        text = words.text.strip()
        if self.lists or self.quotes or not words.bold or len(text) > _LONGEST_BOLD_HEADING:
            return False
        start, end = words.bold[0]
        outside = words.text[:start] + words.text[end:]
        return not _BLANK_TAG.sub("", outside) and not text.endswith((".", "!", "?"))

    @staticmethod
    def _take_box(lines: list[Line]) -> bool | None:
        """Take the box off an item of a task list; return whether it is ticked."""
        task = _TASK.match(lines[0].text) if lines else None
        if not task:
            return None
        lines[0] = Line(lines[0].text[task.end() :], lines[0].number, lines[0].column + task.end())
        return task[1] != " "

    def _add_sentences(self, words: Words, form: Form, *, checked: bool | None = None) -> None:
        """Add the sentences of a paragraph or of an item of a list."""
        label: str | None = None
        for first, last, fresh in split_sentences(words):
            if fresh:
                label = find_label(words, first, last, form)
            field = label is not None and fresh and _FIELD_KEYS.match(label)
            self._add(words, first, last, Form.FIELD if field else form, None, label=label, checked=checked)

    # Tables ----------------------------------------------------------------------------------------------------------

    def _read_table(self, tokens: Sequence[Token], index: int) -> int:
        """Read a table: the header says what a column means, the first cell what a row is about."""
        headers: list[str] = []
        row: list[Words] = []
        lead = zone_of_label(self.lead) if self.lead else None
        while tokens[index].type != "table_close":
            token = tokens[index]
            if token.type == "tr_open":
                row = self._read_row(tokens, index)
                if not headers:
                    headers = [words.text.strip() for words in row]
                else:
                    self._add_row(headers, row, lead)
            index += 1
        self.begun = True
        self.lead = None
        return index + 1

    def _read_row(self, tokens: Sequence[Token], index: int) -> list[Words]:
        number = (tokens[index].map or [0])[0]
        line = self.lines[number]
        cursor = len(line) - len(line.lstrip(" \t>|")) if "|" in line else 0
        row = []
        while tokens[index].type != "tr_close":
            if tokens[index].type == "inline":
                content = tokens[index].content
                start, text = find_cell(line, content, cursor)
                row.append(read_words([Line(text, number + 1, start + 1)]))
                cursor = line.find("|", start + len(text)) + 1 or len(line)
            index += 1
        return row

    def _add_row(self, headers: list[str], row: list[Words], lead: Zone | None) -> None:
        texts = tuple(words.text.strip() for words in row)
        zone = zone_of_row(texts) or lead
        if zone is None:
            zone = next(filter(None, (zone_of_column(header) for header in headers[1:])), None)
        for position, words in enumerate(row):
            self._note_comments(words)
            if texts[position]:
                header = headers[position] if position < len(headers) else ""
                own = join_zones(self._zone(None), zone_of_label(header), zone)
                columns = (header[:_LONGEST_HEADING], texts[0][:_LONGEST_HEADING])
                self._add(words, 0, len(words.text), Form.CELL, own, columns=columns)

    # Code, comments, front matter -----------------------------------------------------------------------------------

    def _read_code(self, token: Token) -> None:
        first, last = token.map or (0, 0)
        if token.type == "fence":
            if token.info.split(None, 1)[:1] == ["ragortune"]:
                self.declared.append(DeclaredText(token.content, first + 2, first + 1))
                return
            first += 1
            last = first + token.content.count("\n")
        headings = self._headings()
        for number in range(first, min(last, len(self.lines))):
            line = self.lines[number]
            text = line.strip()
            if text:
                column = len(line) - len(line.lstrip()) + 1
                piece = Piece(0, len(text), number + 1, column)
                self.sentences.append(
                    Sentence(text, (piece,), Form.CODE, Zone.CODE, headings, source=(line,))
                )
        self.begun = True
        self.lead = None

    def _read_html(self, token: Token) -> None:
        words = read_words(self._lines_of(token))
        self._note_comments(words)
        if words.text.strip():
            self._add_sentences(words, Form.PROSE)

    def _note_comments(self, words: Words) -> None:
        """Keep comments as text of a template, and those that speak to this program as remarks."""
        for text, line, column in words.comments:
            source = self.lines[line - 1]
            if _REMARK.match(text):
                end = source.find("-->", column)
                quote = source[column - 1 : end + 3 if end >= 0 else len(source)]
                self.remarks.append((Span(line, column, quote), text.strip(), self._headings()))
                continue
            self._add_comment(text, line, column + 4)

    def _add_comment(self, text: str, line: int, column: int) -> None:
        for number, part in enumerate(text.split("\n")):
            words = part.strip()
            source = self.lines[line - 1 + number]
            at = source.find(words, column - 1 if number == 0 else 0)
            if words and at >= 0:
                piece = Piece(0, len(words), line + number, at + 1)
                found = Sentence(
                    words, (piece,), Form.COMMENT, Zone.TEMPLATE, self._headings(), source=(source,)
                )
                self.sentences.append(found)

    def _read_front_matter(self) -> int:
        """Read what stands between two lines of dashes at the top; return how many lines that are."""
        if self.lines[0].rstrip() != "---":
            return 0
        last = next((n for n, line in enumerate(self.lines[1:400], 1) if line.rstrip() in {"---", "..."}), 0)
        own: list[str] | None = None
        for number in range(1, last):
            line = self.lines[number]
            if line[:1] not in {" ", "\t", "", "#", "-", "}"}:
                own = None
            if re.match(r"ragortune\s*:", line):
                own = []
                self.declared.append(DeclaredText("", number + 1, number + 1, inside=True))
            if own is not None:
                own.append(line)
                self.declared[-1] = self.declared[-1].replace(text="\n".join(own))
                continue
            self._read_front_line(number, line)
        return last + 1 if last else 0

    def _read_front_line(self, number: int, line: str) -> None:
        found = _FRONT_KEY.match(line)
        value = found[3].strip() if found else line.strip(" -")
        if not value:
            return
        key = found[2] if found else None
        words = value.strip("\"'")
        zone = Zone.TITLE if key and key.lower() == "title" else Zone.CONTEXT
        if zone is Zone.TITLE:
            self.title = words
        piece = Piece(0, len(words), number + 1, line.find(words, found.end(2) if found else 0) + 1)
        self.sentences.append(Sentence(words, (piece,), Form.FIELD, zone, label=key, source=(line,)))

    # Sentences -------------------------------------------------------------------------------------------------------

    def _headings(self) -> tuple[str, ...]:
        return tuple(text for _, text, _ in self.stack)

    def _zone(self, label: str | None) -> Zone:
        """Return the zone of text under the headings, list and label that stand above it."""
        section = self.stack[-1][2] if self.stack else Zone.SUMMARY
        if section is Zone.TITLE:
            section = zone_below_title(self.title or "")
        listed = self.lists[-1].zone if self.lists else None
        return join_zones(section, listed, zone_of_label(label) if label else None)

    def _add(  # noqa: PLR0913  (one call for each form of a sentence)
        self,
        words: Words,
        start: int,
        end: int,
        form: Form,
        zone: Zone | None,
        *,
        headings: tuple[str, ...] | None = None,
        label: str | None = None,
        columns: tuple[str, ...] = (),
        checked: bool | None = None,
    ) -> None:
        """Add the sentence that stands between two offsets of a block, outer blanks left off.

        What is longer than any sentence is cut, so that the cost of a mention never depends on the length of a line.
        """
        while end - start > _LONGEST_SENTENCE:
            cut = words.text.rfind(" ", start + 1, start + _LONGEST_SENTENCE)
            cut = cut if cut > 0 else start + _LONGEST_SENTENCE
            self._add(
                words,
                start,
                cut,
                form,
                zone,
                headings=headings,
                label=label,
                columns=columns,
                checked=checked,
            )
            start = cut
        text = words.text[start:end]
        start += len(text) - len(text.lstrip())
        text = text.strip()
        pieces = tuple(cut_runs(words, start, start + len(text)))
        if not pieces:
            return
        zone = zone or self._zone(label)
        if _PLACEHOLDER.match(text):
            zone = Zone.TEMPLATE
        struck = tuple(cut_ranges(words.struck, start, start + len(text)))
        lead = self.lists[-1].lead if self.lists else None
        number = self.lists[-1].number if self.lists and form is Form.BULLET else None
        source = self.lines[pieces[0].line - 1 : pieces[-1].line]
        above = self._headings() if headings is None else headings
        self.sentences.append(
            Sentence(text, pieces, form, zone, above, label, columns, lead, struck, checked, source, number)
        )

    def _lines_of(self, token: Token) -> list[Line]:
        """Return the lines of a block with their places, found again in the source."""
        first = (token.map or [0])[0]
        found = []
        for number, content in enumerate(token.content.split("\n"), first):
            if number >= len(self.lines):
                break
            words = content.strip(" \t")
            source = self.lines[number]
            at = find_words(source, words)
            if at is not None:
                tail = "  " if source.endswith("  ") and words else ""
                found.append(Line(source[at : at + len(words)] + tail, number + 1, at + 1))
        return found


def _measure_sections(
    remarks: list[tuple[Span, str, tuple[str, ...]]], sections: list[tuple[int, int]], count: int
) -> Iterator[Remark]:
    """Give every remark the lines of the section it stands in."""
    ends = [count] * len(sections)
    following: list[tuple[int, int]] = []
    for place in range(len(sections) - 1, -1, -1):
        line, level = sections[place]
        while following and following[-1][1] > level:
            following.pop()
        ends[place] = following[-1][0] - 1 if following else count
        following.append((line, level))
    for span, text, headings in remarks:
        place = bisect_right(sections, (span.line, _BOLD_LEVEL)) - 1
        if place < 0:
            yield Remark(span, text, headings, 1, sections[0][0] - 1 if sections else count)
        else:
            yield Remark(span, text, headings, sections[place][0], ends[place])
