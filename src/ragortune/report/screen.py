"""Rows of a screen that fits a terminal: what matters least is shortened first, then left out."""

from __future__ import annotations

from collections.abc import Iterable

from ragortune.report.blocks import Inline, Span, Style, Table, terms
from ragortune.support.record import Record
from ragortune.support.text import cut_text

LONG, SHORT = 240, 58
"""Characters of a row; a short one takes one line of 80 columns."""
_DROPS_AFTER = 8
_CITED = 6
"""Weight from which a row keeps what it rests on."""
SCREENS = 20
"""How many forms a screen has."""
KEPT = SCREENS
"""Weight of what is never left out."""


class Row(Record, frozen=True):
    """One thing that a screen says."""

    label: str
    text: str
    weight: int
    """Form from which it is short; eight forms later it is left out."""
    code: str = ""
    """Rule that says it."""
    rests_on: str = ""
    """Answers or criterion."""
    gone: int = 0
    """Form from which it is left out, where that is sooner."""
    brief: str = ""
    """Said in place of a text that would have to be cut."""

    def say(self, most: int) -> Inline:
        """Return it in so many characters; what it rests on is left out where it would take the room of the rest."""
        tail = cut_text(self.rests_on, most // 2)
        room = most - len(self.code) - 1
        if len(self.text) + len(tail) + 3 > room and self.weight < _CITED:
            tail = ""
        room -= len(tail) + 3 * bool(tail)
        text = self.brief if self.brief and len(self.text) > room else cut_text(self.text, room)
        lead = (Span(self.code, Style.NAME), " ") if self.code else ()
        return (*lead, text, *((" ", Span(f"({tail})", Style.ASIDE)) if tail else ()))


def show_rows(rows: Iterable[Row], form: int) -> Table:
    """Return the rows that one form of a screen has room for, each label once."""
    kept = [row for row in rows if form < (row.gone or row.weight + _DROPS_AFTER)]
    labels = ["", *(row.label for row in kept)]
    return terms(
        (
            ("" if row.label == above else row.label, row.say(LONG if row.weight > form else SHORT))
            for above, row in zip(labels, kept, strict=False)
        ),
        None,
    )
