"""A document cut into sentences: each with its section, label, lead-in, column, and the way back to its lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec

from ragortune.evidence.documents.addressed import (
    find_misplaced,
    find_unread,
    is_addressed,
    is_misnamed,
    is_named,
    may_address,
    read_remark,
)
from ragortune.evidence.documents.blocks import BLOCK, BlockKind, RawBlock, read_blocks, split_lines
from ragortune.evidence.documents.cutting import split_cells, split_sentences
from ragortune.evidence.documents.inline import MAX_MARKED, plain_words, read_words
from ragortune.evidence.documents.language import Language, Place
from ragortune.evidence.documents.sections import BOLD_LEVEL, SectionNames, inherit_kind, measure_sections
from ragortune.model.documents import (
    RUN_FIELDS,
    Block,
    Line,
    Remark,
    Section,
    SectionKind,
    Sentence,
    Span,
    Words,
)
from ragortune.support import errors
from ragortune.support.text import is_misspelt

MAX_SENTENCES = 100_000
"""More than five megabytes of prose have. What is made of smaller pieces takes far longer to read than its size says."""
MAX_LINES = 1_000_000
"""Five megabytes with a word on each line have fewer; each line takes far more memory than a word."""

_LONGEST_BOLD = 80
_LONGEST_LABEL = 60
_LONGEST_CONTEXT = 300
_MAX_LABEL_WORDS = 5
_PLAIN_LABEL = re.compile(r"\W{0,3}+([^\W\d_][^:.;!?()\u2014]{1,58}+):(?=\s|$)")
_AFTER_LABEL = re.compile(r"\s{0,3}(?:[:\u2014\u2013]|-{1,2}(?=\s)|\((?=[^()]{1,40}\)))")
_FRONT_KEY = re.compile(r"(\s*(?:-\s+)?)([\w][\w .-]{0,60}?)\s*:(?:\s+|$)(.*)")
_FIRST_KEY = re.compile(r"[{\s]*+\?\s+(.{1,40})$|(?![\s#-])[{\s]*+[\"']?([^:\"']{1,40})[\"']?\s*+:")
"""What could be a key at the top of front matter, however it is written."""
RST = ".rst"
"""Ending of reStructuredText, where what `..` begins is a comment if it is no target, footnote or directive."""
_RST_COMMENT = re.compile(
    r"(?m)^\.\.(?:[ \t]++(?!_|\[|\||[^\W_]++(?:[-._+:][^\W_]++)*+[ ]?::(?=\s|$))\S.*+|[ \t]*+(?=\n[ \t]++\S))"
    r"(?:\n(?:[ \t]++\S.*+|[ \t]*+(?=\n)))*+"
)
_RST_OVERLINE = re.compile(r"(?m)(?:\A|(?<=\n\n))(([=#^\"'.:])\2{2,}+)[ \t]*+(?=\n[ \t]*+\S.*+\n\1[ \t]*+$)")
"""The line above a title of reStructuredText that has an equal one below; other signs are a rule or a fence in Markdown."""
_SUMMARY, _HEADING = SectionKind.SUMMARY, Place.HEADING
_TITLE_KINDS = frozenset(
    (SectionKind.REJECTED, SectionKind.OTHER_SYSTEM, SectionKind.EXAMPLE, SectionKind.DECISION)
)
"""What a title can say of the whole document."""


class DeclaredText(msgspec.Struct, frozen=True):
    """What a `ragortune` block holds, not yet read."""

    lines: tuple[Line, ...]
    """In the front matter from the line of its key on."""
    key_line: int
    """Physical line of the fence or of the key in the front matter."""
    inside: bool = False
    """True for the front matter, where the block is below its key."""


class DesignText(msgspec.Struct, frozen=True):
    """A document taken apart."""

    lines: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    remarks: tuple[Remark, ...]
    declared: tuple[DeclaredText, ...]
    misplaced: tuple[int, ...]
    """Physical lines that begin a block that says something to this program, where or as none can be read."""
    unread: tuple[int, ...]
    """Physical lines that begin such a block in a comment or in code, where it is let be."""
    title: str | None


def read_sentences(text: str, language: Language, path: str = "the document") -> DesignText:
    """Take a document apart. Any text is a document; raises UnreadableError where it has more pieces than any team writes."""
    lines = read_lines(text, path)
    if len(lines) + text.count("\r") - text.count("\r\n") > MAX_LINES:
        raise _too_many(f"{MAX_LINES:,} lines", path)
    reader = _Reader(SectionNames(language), path, speaks=may_address(text))
    for number, block in enumerate(read_blocks(lines)):
        reader.read_block(block)
        reader.refuse_many(number, block.lines)
    remarks = tuple(measure_sections(reader.remarks, reader.headings, len(lines)))
    read = tuple(reader.sentences), remarks, tuple(reader.declared)
    return DesignText(lines, *read, tuple(reader.misplaced), tuple(reader.unread), reader.title)


def read_lines(text: str, path: str) -> tuple[str, ...]:
    """Return the physical lines of a document, in reStructuredText without overlines and what comments do not tell this program."""
    lines = split_lines(text)
    if not path.lower().endswith(RST):
        return lines

    def blank(found: re.Match[str]) -> str:
        return found[0] if may_address(found[0]) else "\n" * found[0].count("\n")

    return tuple(_RST_OVERLINE.sub("", _RST_COMMENT.sub(blank, "\n".join(lines))).split("\n"))


def _too_many(what: str, path: str, line: int | None = None) -> errors.UnreadableError:
    return errors.UnreadableError(f"has more than {what}, the limit for a document", errors.Place(path, line))


class _List(msgspec.Struct, frozen=True, gc=False):
    """A list or table that is being read: the sentence in front of it, and what that makes of its items."""

    lead: str = ""
    kind: SectionKind | None = None


_NO_LIST = _List()
_IN_LISTS = frozenset((BlockKind.ITEM, BlockKind.CODE))
"""What does not end a list."""
_TEXTS = frozenset((BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ITEM))


class _Reader:
    """Collects the sentences of a document block by block."""

    def __init__(self, names: SectionNames, path: str, *, speaks: bool) -> None:
        self.names = names
        self.path = path
        self.speaks = speaks
        """Whether the document may say something to this program."""
        self.sentences: list[Sentence] = []
        self.remarks: list[tuple[Span, str, tuple[str, ...]]] = []
        self.declared: list[DeclaredText] = []
        self.misplaced: list[int] = []
        self.unread: list[int] = []
        self.left = MAX_MARKED
        self.headings: list[tuple[Line, int]] = []
        """Line and level of every section."""
        self.title: str | None = None
        self.section = Section("", 0, SectionKind.SUMMARY, 1)
        self.lead = ""
        """The last sentence outside of lists."""
        self.lists: list[_List] = []
        """One for each depth of the list that is being read."""
        self.header: list[str] = []

    def read_block(self, block: RawBlock) -> None:
        if self.lists and block.kind not in _IN_LISTS:
            self.lists.clear()
        if self.speaks and block.kind in _TEXTS:
            self.misplaced += find_misplaced(block.lines)
            self.unread += find_unread(block.lines)
        self._readers[block.kind](self, block)

    def refuse_many(self, blocks: int, lines: Sequence[Line]) -> None:
        """Raise UnreadableError at lines up to which there are more pieces than a document has."""
        if max(blocks, len(self.sentences) + len(self.remarks)) > MAX_SENTENCES:
            raise _too_many(f"{MAX_SENTENCES:,} sentences, items and cells", self.path, lines[0].number)

    # Sections --------------------------------------------------------------------------------------------------------

    def _read_heading(self, block: RawBlock) -> None:
        words = self._words(block.lines)
        if words.text and not words.text.isspace():
            self._open_section(words, block.level, block.lines[0])

    def _open_section(self, words: Words, level: int, line: Line) -> None:
        text = words.text.strip()[:_LONGEST_CONTEXT]
        first = self.title is None and (level == 1 or not self.headings)
        parent: Section | None = self.section
        while parent and parent.level >= level:
            parent = parent.parent
        above = parent.kind if parent else None
        own = self.names.kind_of(text, _HEADING)
        if first:
            self.title = text
            kind = own if own in _TITLE_KINDS else SectionKind.SUMMARY
        else:
            kind = inherit_kind(own, None if level > 1 and above is _SUMMARY else above)
        self.section = Section(text, level, kind, line.number, parent)
        self.headings.append((line, level))
        self.lead = text if level == BOLD_LEVEL else ""
        heading = Section("", 0, kind, line.number) if parent is None else parent
        own_kind = SectionKind.TITLE if first else kind
        self._add(words, Block.HEADING, own_kind, section=heading, label=self._find_label(words))

    # Paragraphs and items --------------------------------------------------------------------------------------------

    def _read_text(self, block: RawBlock) -> None:
        words = self._words(block.lines)
        if not words.text or words.text.isspace():
            return
        if block.level:
            self._enter_list(block)
        elif words.bold and self._is_bold_heading(words, block):
            self._open_section(words, BOLD_LEVEL, block.lines[0])
            return
        held = self.lists[-1] if self.lists else _NO_LIST
        form = Block.BULLET if self.lists else Block.QUOTE if block.quoted else Block.PROSE
        label = self._find_label(words)
        kind = self._kind_of(label, held)
        for place in split_sentences(words.text):
            self._add(words, form, kind, place, label=label, lead=held.lead)
        last = self.sentences[-1].text[-_LONGEST_CONTEXT:] if self.sentences else ""
        if block.level:
            self.inner = last
        else:
            self.lead = last

    def _enter_list(self, block: RawBlock) -> None:
        """Keep one record for each depth; what introduces an inner list is the item above it."""
        del self.lists[block.level :]
        while len(self.lists) < block.level:
            lead = self.inner if self.lists else self.lead
            above = self.lists[-1].kind if self.lists else None
            self.lists.append(_List(lead, self.names.kind_of(lead, Place.LABEL) or above))

    inner = ""
    """The last sentence of the last item."""

    def _kind_of(self, label: str, held: _List) -> SectionKind:
        kind = self.section.kind
        if held.kind:
            kind = inherit_kind(held.kind, kind)
        if label and (own := self.names.kind_of(label, Place.LABEL)):
            kind = inherit_kind(own, kind)
        return kind

    @staticmethod
    def _is_bold_heading(words: Words, block: RawBlock) -> bool:
        text = words.text.strip()
        if block.quoted or len(text) > _LONGEST_BOLD or text[-1] in ".!?":
            return False
        start, end = words.bold[0]
        return not (words.text[:start] + words.text[end:]).strip(" :*_#0123456789.")

    @staticmethod
    def _find_label(words: Words) -> str:
        """Return what is in bold before a colon or dash, or a few words before a colon."""
        text = words.text
        if words.bold:
            start, end = words.bold[0]
            if end - start <= _LONGEST_LABEL and not text[:start].strip(
                " \u2022\u2705\u274c\U0001f6ab0123456789.)"
            ):
                label = text[start:end].strip()
                if label.endswith((":", ".", "\u2014")) or _AFTER_LABEL.match(text, end):
                    return label.strip(" :.\u2014")
        found = _PLAIN_LABEL.match(text) if ":" in text else None
        if found and len(found[1].split()) <= _MAX_LABEL_WORDS:
            return found[1].strip()
        return ""

    # Tables ----------------------------------------------------------------------------------------------------------

    def _read_row(self, block: RawBlock) -> None:
        cells = [self._words((cell,)) for cell in split_cells(block.lines[0])]
        if block.level == 0 or not self.header:
            self.header = [words.text.strip()[:_LONGEST_CONTEXT] for words in cells]
            return
        texts = [words.text.strip() for words in cells]
        kind = inherit_kind(self.names.kind_of(self.lead, Place.LABEL), self.section.kind)
        for position, words in enumerate(cells):
            if texts[position]:
                header = self.header[position] if position < len(self.header) else ""
                row = texts[0][:_LONGEST_CONTEXT] if position else ""
                self._add(words, Block.CELL, kind, lead=self.lead, header=header, row=row)

    # Code, comments, front matter ------------------------------------------------------------------------------------

    def _read_code(self, block: RawBlock) -> None:
        first = block.lines[0].number
        if is_named(block.marker):
            self.declared.append(DeclaredText(block.lines, max(1, first - 1)))
            return
        if is_misnamed(block.marker):
            self.misplaced.append(max(1, first - 1))
        self.unread += find_misplaced(block.lines)
        for line in block.lines:
            text = line.text.strip()
            if text:
                column = line.column + len(line.text) - len(line.text.lstrip())
                words = plain_words(text, line.number, column)
                self._add(words, Block.CODE, self.section.kind, lead=self.lead)
                self.refuse_many(0, (line,))

    def _note_remark(self, lines: Sequence[Line]) -> None:
        text = "\n".join(line.text for line in lines).strip()
        if remark := read_remark(text):
            first = lines[0]
            begin = len(first.text) - len(first.text.lstrip())
            span = Span(first.number, first.column + begin, first.text.strip())
            self.remarks.append((span, remark, self.section.headings))
        elif is_addressed(text):
            self.unread.append(lines[0].number)
        else:
            self.unread += find_misplaced(lines)

    def _read_front_matter(self, block: RawBlock) -> None:
        own: list[Line] | None = None
        declared: list[list[Line]] = []
        for line in block.lines:
            found = _FRONT_KEY.match(line.text)
            if found and not found[1].strip() and not line.text[:1].isspace():
                own = None
                if found[2].casefold() == BLOCK:
                    declared.append(own := [])
            if own is not None:
                own.append(line)
                continue
            key = _FIRST_KEY.match(line.text)
            if key and is_misspelt(key[1] or key[2], BLOCK):
                self.misplaced.append(line.number)
            self.misplaced += find_misplaced((line,))
            if found:
                self._add_field(line, found)
                self.refuse_many(0, (line,))
        self.declared += [DeclaredText(tuple(lines), lines[0].number, inside=True) for lines in declared]
        texts = [line.text for line in block.lines]
        if self.speaks or any("\\" in text for text in texts):  # an escape can spell any name
            from ragortune.support.yaml_reader import find_keys  # noqa: PLC0415  (brings in PyYAML)

            found_at = {block.lines[at - 1].number for at in find_keys(texts, BLOCK)}
            self.misplaced += sorted(found_at.difference(lines[0].number for lines in declared))

    def _add_field(self, line: Line, found: re.Match[str]) -> None:
        key, value = found[2].strip(), found[3].strip().strip("\"'")
        if not value:
            return
        begin = line.text.index(value, found.start(3))
        words = plain_words(value, line.number, begin + 1)
        if key.casefold() == "title":
            self._open_section(words, 1, line)
        else:
            self._add(words, Block.FIELD, self.section.kind, label=key)

    # Sentences -------------------------------------------------------------------------------------------------------

    def _words(self, lines: tuple[Line, ...]) -> Words:
        words = read_words(lines, self.left)
        if words is None:
            raise _too_many(f"{MAX_MARKED:,} words set apart by markup", self.path, lines[0].number)
        self.left -= max(0, len(words.runs) // RUN_FIELDS - len(lines))
        for comment in words.comments:
            self._note_remark(comment)
        return words

    def _add(  # noqa: PLR0913  (what a sentence consists of)
        self,
        words: Words,
        block: Block,
        kind: SectionKind,
        place: tuple[int, int] | None = None,
        *,
        section: Section | None = None,
        label: str = "",
        lead: str = "",
        header: str = "",
        row: str = "",
    ) -> None:
        """Keep a part of a block that has a place as a sentence of the current section, unless another is given."""
        start = place[0] if place else 0
        part = words.text[slice(*place)] if place else words.text
        text = part.strip()
        begin = start + part.find(text)
        if text and words.has_place(begin, begin + len(text)):
            above = section or self.section
            own = Sentence(text, words, begin, block, kind, above, label, lead, header, row)
            self.sentences.append(own)

    _readers: ClassVar[Mapping[BlockKind, Callable[[_Reader, RawBlock], None]]] = {
        BlockKind.FRONT_MATTER: _read_front_matter,
        BlockKind.HEADING: _read_heading,
        BlockKind.PARAGRAPH: _read_text,
        BlockKind.ITEM: _read_text,
        BlockKind.ROW: _read_row,
        BlockKind.CODE: _read_code,
        BlockKind.COMMENT: lambda self, block: self._note_remark(block.lines),
    }
