"""What a design document says: sentences, facts, the decision. Frozen records, no input or output.

Readers of documents fill these records; findings, reports and profiles are made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ragortune.model import Evidence, GivenQuantity, Option
from ragortune.record import NOTHING, Record


class Zone(StrEnum):
    """In which part of a document a sentence stands, and so whom or what it speaks about."""

    TITLE = "title"
    """Title, first heading, or the title in the front matter."""
    SUMMARY = "summary"
    """The paragraphs before the first section, or a section that sums the document up."""
    DECISION = "decision"
    """What is decided: a decision section, a chosen option, a row marked as chosen."""
    CONTEXT = "context"
    """The situation of the project: the default for a section about the project itself."""
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
    """What may come later."""
    OTHER_SYSTEM = "other_system"
    """Competitors, research, systems of others, examples."""
    TEMPLATE = "template"
    """Text of a template that nobody filled in, and comments."""
    CODE = "code"
    """A code block."""


class Mood(StrEnum):
    """How a statement is meant."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"
    """If, could, might, would, for example; advice to a reader; a question."""
    FUTURE = "future"
    """Later, planned, phase 2."""
    GOAL = "goal"
    """A target that is not reached yet. It still speaks about the project."""
    MEASURED = "measured"
    """A figure that was measured."""
    STRUCK = "struck"
    """Struck out, or superseded."""


class Modality(StrEnum):
    """What kind of statement a fact rests on, as the output names it."""

    STATED = "stated"
    FACT = "fact"
    MEASURED = "measured"
    ESTIMATE = "estimate"
    GOAL = "goal"


class Standing(StrEnum):
    """How directly a wording answers a question."""

    STATED = "stated"
    VAGUE = "vague"
    """It says something, and gives way to whatever says more."""
    CONCLUDED = "concluded"
    """It follows from what is described; it gives way to every statement and is kept apart from them."""


class Form(StrEnum):
    """What kind of block a sentence comes from."""

    HEADING = "heading"
    PROSE = "prose"
    BULLET = "bullet"
    CELL = "cell"
    """One cell of a table."""
    QUOTE = "quote"
    CODE = "code"
    COMMENT = "comment"
    FIELD = "field"
    """A key and value of the front matter, or a `Status: accepted` line."""


class Span(Record):
    """Where something stands: an exact piece of one physical line."""

    line: int
    """Counts from 1; lines end at line feeds and carriage returns only."""
    column: int
    """Counts from 1, in characters."""
    quote: str
    """The characters themselves."""


class Piece(Record):
    """A run of characters of a sentence that stands unbroken in the source."""

    offset: int
    """Where it begins in the text of the sentence, from 0."""
    length: int
    """How many characters it has."""
    line: int
    """Physical line, from 1."""
    column: int
    """Column of its first character, from 1."""


class Sentence(Record):
    """A sentence as it reads once wrapping and markup are undone, with the way back to the lines."""

    text: str
    """Words without markup; hard-wrapped lines joined by one space."""
    pieces: tuple[Piece, ...]
    """Runs of the text, in order; what lies between two of them (a joining space) has no place of its own."""
    form: Form
    zone: Zone
    headings: tuple[str, ...] = ()
    """Texts of the headings above it, outermost first."""
    label: str | None = None
    """The bold label, list lead-in or field name that says what it is about, if there is one."""
    columns: tuple[str, ...] = ()
    """For a table cell: the header of its column, then the first cell of its row."""
    lead: str | None = None
    """The sentence that introduces the list it stands in."""
    struck: tuple[tuple[int, int], ...] = ()
    """Ranges of the text that are struck out."""
    checked: bool | None = None
    """For an item of a task list, whether it is ticked."""
    source: tuple[str, ...] = ()
    """The physical lines from its first piece to its last, whole."""
    number: int | None = None
    """For an item of a numbered list, its number."""


class Cited(Record):
    """A line on which the reading of the decision rests."""

    span: Span
    role: str
    """`for` the stated option or `against` another (a rejection)."""


class StatedDecision(Record):
    """What the document says the project does."""

    option: Option
    how: str
    """`explicit`, `assumed` (taken for granted) or `implied`."""
    evidence: tuple[Cited, ...]
    """The lines it rests on; empty only where it comes from outside the document."""
    declared: bool = False
    """True where it stands in the document's own `ragortune` block."""
    quoted: Evidence | None = None
    """The quote that its block gives for it."""


class StatedFact(Record):
    """One answer that the document states."""

    criterion: str
    value: object
    """The level, the number in the criterion's unit, or a list of levels."""
    modality: Modality
    span: Span | None
    """Where; None for a fact from outside the document."""
    headings: tuple[str, ...] = ()
    declared: bool = False
    """True where it stands in the document's own `ragortune` block, or came from a profile file."""
    phrase: str | None = None
    """Id of the phrase that was recognised, if it was one."""
    form: Form | None = None
    """What kind of block it stands in, if that is known."""
    standing: Standing = Standing.STATED
    """How directly it is said."""
    zone: Zone | None = None
    """In which part of the document it stands, if that is known."""
    quoted: Evidence | None = None
    """The quote that a block or a profile file gives for it."""


class Remark(Record):
    """A comment in a document that speaks to this program: `ragortune: ignore[...] until ... because ...`."""

    span: Span
    text: str
    """What stands inside the comment, without `<!--` and `-->`."""
    headings: tuple[str, ...] = ()
    first_line: int = 0
    """First line of the section under the nearest heading above it."""
    last_line: int = 0
    """Last line of that section."""


class DocumentStatus(StrEnum):
    """Whether there is something to judge."""

    JUDGED = "judged"
    NO_DECISION = "no_decision"
    NOTHING_TO_JUDGE = "nothing_to_judge"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


class DesignReading(Record):
    """Everything that was read from one design document."""

    path: str
    """As the user gave it."""
    status: DocumentStatus
    decision: StatedDecision | None
    """What it decides: its own `ragortune` block wins over its prose."""
    facts: tuple[StatedFact, ...]
    """Facts about the project, in the order of their lines."""
    conclusions: tuple[StatedFact, ...] = ()
    """Answers that follow from what is described, where nothing states them: the kind of task, whether facts are missing."""
    conflicts: Mapping[str, tuple[StatedFact, ...]] = NOTHING
    """For each criterion on which lines contradict each other, those lines, which stand among the facts, too; such a
    criterion is unknown."""
    prose_decision: StatedDecision | None = None
    """What its prose decides, where its own block says what it decides."""
    quantities: Mapping[str, GivenQuantity] = NOTHING
    """Numbers for the cost model, from the document's own `ragortune` block."""
    sentences: tuple[Sentence, ...] = ()
    """All of the document, for rules that look for what is not there (alternatives, consequences, an owner)."""
    lines: tuple[str, ...] = ()
    """Physical lines."""
    remarks: tuple[Remark, ...] = ()
    """Comments that speak to this program."""
    accepted: str | None = None
    """The document's own status word (`accepted`, `proposed`, `superseded`, ...) in lower case, if it has one."""
    title: str | None = None
    language: str = "en"
