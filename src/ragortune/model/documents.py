"""What a design document says: sentences, facts, the decision. Frozen records, no input or output.

The reader fills these records; findings, reports and profiles are made from them. The words for how a statement is meant
are those of ConText (Harkema and others 2009, https://doi.org/10.1016/j.jbi.2009.05.002).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from ragortune.model import Evidence, Option, QuantityValue
from ragortune.support.record import NOTHING, Record


class SectionKind(StrEnum):
    """What a section of a document is for, and so whom or what its sentences are about."""

    TITLE = "title"
    """Title, first heading, or the title in the front matter."""
    SUMMARY = "summary"
    """The paragraphs before the first section, or a section that sums the document up."""
    DECISION = "decision"
    """What is decided: a decision section, a chosen option."""
    CURRENT = "current"
    """What is in use today."""
    CONTEXT = "context"
    """The situation of the project: the default."""
    REQUIREMENTS = "requirements"
    """What the system must do."""
    ARCHITECTURE = "architecture"
    """How the system is built."""
    CONSEQUENCES = "consequences"
    """What follows from the decision."""
    REJECTED = "rejected"
    """Alternatives that are weighed or were turned down."""
    NON_GOAL = "non_goal"
    """What is left out on purpose."""
    FUTURE = "future"
    """What may come later, and questions that are open."""
    OTHER_SYSTEM = "other_system"
    """Competitors, research, systems of others, advice in general."""
    EXAMPLE = "example"
    """Examples and sample output."""
    REFERENCE = "reference"
    """Links, set-up commands, history: nothing about the project's needs."""


class Block(StrEnum):
    """What kind of block a sentence comes from."""

    HEADING = "heading"
    PROSE = "prose"
    BULLET = "bullet"
    CELL = "cell"
    """One cell of a table."""
    QUOTE = "quote"
    CODE = "code"
    FIELD = "field"
    """A key and value of the front matter."""


class Meaning(StrEnum):
    """What a cue says about the words in its scope: their assertion status, or whom they are about."""

    NEGATED = "negated"
    REJECTED = "rejected"
    """Said of an option that is not taken."""
    HYPOTHETICAL = "hypothetical"
    """If, could, might, would; a question."""
    FUTURE = "future"
    """Later, planned, a further release."""
    PAST = "past"
    """Superseded, no longer so."""
    OTHER_SYSTEM = "other_system"
    """About systems or teams in general, or those of others."""
    GUIDELINE = "guideline"
    """Advice to the reader."""
    EXAMPLE = "example"
    COMPONENT = "component"
    """About one part of the system, such as the embedding model."""
    GOAL = "goal"
    """A target. It still speaks about the project."""
    MEASURED = "measured"
    """A figure that was measured. It still speaks about the project."""
    ESTIMATE = "estimate"
    """A figure that is expected. It still speaks about the project."""
    CHOICE = "choice"
    """What is used or was chosen. It still speaks about the project."""
    NONE = "none"
    """A longer wording that only looks like a cue, such as `not only`."""


class Modality(StrEnum):
    """What kind of statement a fact rests on, as the output names it."""

    STATED = "stated"
    FACT = "fact"
    MEASURED = "measured"
    ESTIMATE = "estimate"
    GOAL = "goal"


class Span(msgspec.Struct, frozen=True, gc=False):
    """Where something is: an exact piece of one physical line."""

    line: int
    """Counts from 1; lines end at line feeds and carriage returns only."""
    column: int
    """Counts from 1, in characters."""
    quote: str
    """The characters themselves."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A run of characters of a sentence that is unbroken in the source."""

    offset: int
    """Where it begins in the text of the sentence, from 0."""
    length: int
    """How many characters it has."""
    line: int
    """Physical line, from 1."""
    column: int
    """Column of its first character, from 1."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """A physical line, or the part of it that belongs to a block."""

    text: str
    number: int
    """Counts from 1."""
    column: int
    """Column of the first character of `text`, from 1."""


RUN_FIELDS = len(Piece.__struct_fields__)


class Words(msgspec.Struct, frozen=True, gc=False):
    """The words of a block without markup, lines joined by one space, with the way back to them."""

    text: str
    runs: Sequence[int]
    """The fields of each `Piece` of the text, in order; as bare numbers, because a document can have very many lines."""
    bold: tuple[tuple[int, int], ...] = ()
    """Ranges of the text that are set in bold."""
    comments: tuple[tuple[Line, ...], ...] = ()
    """Comments inside the block, marks included."""

    def cut_pieces(self, start: int, end: int) -> tuple[Piece, ...]:
        """Return the runs of a part of the text; what has no character in the source has none."""
        places = range(0, len(self.runs), RUN_FIELDS)
        first = bisect_right(places, start, key=self.runs.__getitem__) - 1
        last = bisect_left(places, end, key=self.runs.__getitem__)
        pieces = []
        for at in places[max(0, first) : last]:
            offset, length, line, column = self.runs[at : at + RUN_FIELDS]
            begin, stop = max(offset, start), min(offset + length, end)
            if begin < stop:
                pieces.append(Piece(begin - start, stop - begin, line, column + begin - offset))
        return tuple(pieces)

    def has_place(self, start: int, end: int) -> bool:
        """Tell whether a part of the text has a character in the source."""
        if self.runs and self.runs[0] < end and start < self.runs[0] + self.runs[1]:
            return True  # in the first run, as most
        places = range(0, len(self.runs), RUN_FIELDS)
        last = bisect_left(places, end, key=self.runs.__getitem__) - 1
        return last >= 0 and sum(self.runs[places[last] : places[last] + 2]) > start


class Section(msgspec.Struct, frozen=True, gc=False):
    """A heading with what is below it."""

    title: str
    """The heading, without markup; empty for what is before the first heading."""
    level: int
    """1 for the outermost headings."""
    kind: SectionKind
    line: int
    """Physical line of the heading."""
    parent: Section | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        """Return the headings from the outermost to this one."""
        above = self.parent.headings if self.parent else ()
        return (*above, self.title) if self.title else above


class Sentence(msgspec.Struct, frozen=True, gc=False):
    """A sentence as it reads once wrapping and markup are undone, with the way back to the lines."""

    text: str
    """Words without markup; hard-wrapped lines joined by one space."""
    words: Words
    """Those of its block."""
    start: int
    """Where it begins in them."""
    block: Block
    kind: SectionKind
    """What it is about: that of its section, unless its list or label says more."""
    section: Section
    """The section in which it is; a heading is in the section above it."""
    label: str = ""
    """The bold label or field name in front of it."""
    lead: str = ""
    """The sentence that introduces the list or table in which it is."""
    header: str = ""
    """For a table cell, the header of its column."""
    row: str = ""
    """For a table cell, the first cell of its row."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Return runs of the text, in order; what lies between two of them (a joining space) has no place of its own."""
        return self.cut(0, len(self.text))

    @property
    def first(self) -> Piece:
        """Return where its first character is; nothing else of a long sentence is looked up."""
        return (self.cut(0, 1) or self.pieces)[0]

    @property
    def last(self) -> Piece:
        """Return where its last character is."""
        return (self.cut(len(self.text) - 1, len(self.text)) or self.pieces)[-1]

    def cut(self, start: int, end: int) -> tuple[Piece, ...]:
        """Return the runs of a part of the text."""
        return self.words.cut_pieces(self.start + start, self.start + end)

    @property
    def headings(self) -> tuple[str, ...]:
        """Return the headings above it, outermost first."""
        return self.section.headings


class Cited(msgspec.Struct, frozen=True):
    """A line on which the reading of the decision rests."""

    span: Span
    role: str
    """`for` the stated option or `against` another (a rejection)."""


class StatedDecision(msgspec.Struct, frozen=True):
    """What the document says the project does."""

    option: Option
    how: str
    """`explicit`, `assumed` (taken for granted) or `implied`."""
    evidence: tuple[Cited, ...]
    """The lines it rests on; empty only where it comes from outside the document."""
    declared: bool = False
    """True if it is in the document's own `ragortune` block."""
    quoted: Evidence | None = None
    """The quote that its block gives for it."""

    @property
    def cited(self) -> tuple[Cited, ...]:
        """Return the lines it rests on, those for the option first."""
        return tuple(sorted(self.evidence, key=lambda part: part.role != "for"))


class StatedFact(msgspec.Struct, frozen=True):
    """One answer that the document states."""

    criterion: str
    value: Any
    """The level, the number in the criterion's unit, a list of levels, or a range."""
    modality: Modality
    span: Span | None
    """Where; None for a fact from outside the document."""
    headings: tuple[str, ...] = ()
    declared: bool = False
    """True if it is in the document's own `ragortune` block, or came from a profile file."""
    phrase: str | None = None
    """Id of the phrase that was recognised, if it was one."""
    inferred: bool = False
    """True if a fitted model predicts it from all words of a sentence, so that no phrase states it."""
    quoted: Evidence | None = None
    """The quote that a block or a profile file gives for it."""

    @property
    def place(self) -> tuple[int, int]:
        """Return line and column; zeros for a fact from outside the document."""
        return (self.span.line, self.span.column) if self.span else (0, 0)


class Remark(msgspec.Struct, frozen=True):
    """A comment in a document that speaks to this program: `ragortune: ignore[...] until ... because ...`."""

    span: Span
    text: str
    """What is inside the comment, without `<!--` and `-->`."""
    headings: tuple[str, ...] = ()
    begins: tuple[int, int] = (0, 0)
    """Line and column of the text of the nearest heading above it."""
    ends: tuple[int, int] = (0, 0)
    """Line and column of what follows the section under that heading."""


class DocumentStatus(StrEnum):
    """Whether there is something to judge."""

    JUDGED = "judged"
    NO_DECISION = "no_decision"
    NOTHING_TO_JUDGE = "nothing_to_judge"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


class DesignReading(Record, frozen=True):
    """Everything that was read from one design document."""

    path: str
    """As the user gave it."""
    status: DocumentStatus
    decision: StatedDecision | None
    """What it decides: its own `ragortune` block wins over its prose."""
    facts: tuple[StatedFact, ...]
    """Facts about the project, in the order of their lines."""
    prose_decision: StatedDecision | None = None
    """What its prose decides, where its own block says what it decides."""
    quantities: Mapping[str, QuantityValue] = NOTHING
    """Numbers for the cost model, from the document's own `ragortune` block."""
    declined: tuple[str, ...] = ()
    """Criteria for which the block says that nobody knows."""
    sentences: tuple[Sentence, ...] = ()
    """All of the document, for rules that look for what is not there (alternatives, consequences, an owner)."""
    lines: tuple[str, ...] = ()
    """Physical lines."""
    remarks: tuple[Remark, ...] = ()
    """Comments that speak to this program."""
    unread: tuple[int, ...] = ()
    """Lines that begin a `ragortune` block in a comment or in code, which is not read."""
    accepted: str | None = None
    """The document's own status word (`accepted`, `proposed`, `superseded`, ...) in lower case, if it has one."""
    title: str | None = None
    language: str = "en"
