"""Rows of a screen: from form to form, the least important ones are shortened and then left out."""

from __future__ import annotations

from collections.abc import Iterable

from ragortune.report.blocks import Inline, Span, Style, Table, terms
from ragortune.support.record import Record
from ragortune.support.text import cut_text

LONG, SHORT = 240, 58
"""Characters of a row; a short row takes one line of 80 columns."""
_DROPS_AFTER = 8
_CITED = 9
"""Lowest weight at which a row keeps its basis."""
SCREENS = 20
"""Number of forms of a screen."""
KEPT = SCREENS
"""Weight of a row that is never left out."""


class Row(Record, frozen=True):
    """One row of a screen."""

    label: str
    text: str
    weight: int
    """First form in which it is short; it is left out `_DROPS_AFTER` forms later."""
    code: str = ""
    """Code of its rule."""
    basis: str = ""
    """The answers or the criterion that it is based on."""
    gone: int = 0
    """First form in which it is left out, if that is earlier."""

    def render(self, most: int) -> Inline:
        """Return the row in at most so many characters; the basis of an unimportant row goes first."""
        tail = cut_text(self.basis, most // 2)
        room = most - len(self.code) - 1
        if len(self.text) + len(tail) + 3 > room and self.weight < _CITED:
            tail = ""
        room -= len(tail) + 3 * bool(tail)
        lead = (Span(self.code, Style.NAME), " ") if self.code else ()
        return (*lead, cut_text(self.text, room), *((" ", Span(f"({tail})", Style.ASIDE)) if tail else ()))


def show_rows(rows: Iterable[Row], form: int) -> Table:
    """Return the rows of one form of a screen; repeated labels are shown once."""
    kept = [row for row in rows if form < (row.gone or row.weight + _DROPS_AFTER)]
    labels = ["", *(row.label for row in kept)]
    return terms(
        (
            ("" if row.label == above else row.label, row.render(LONG if row.weight > form else SHORT))
            for above, row in zip(labels, kept, strict=False)
        ),
        None,
    )
