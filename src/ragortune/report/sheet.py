"""Lines of styled text, for the pages that are not yet made of blocks."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text


class Sheet:
    """Lines of styled text with hanging indents, laid out for one width."""

    def __init__(self, *, width: int, color: bool) -> None:
        """Take the width in columns and whether to colour."""
        self.width = width
        self._stream = io.StringIO()
        self._console = Console(
            file=self._stream,
            width=width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def add_line(self, text: str | Text = "", style: str = "") -> None:
        """Add one line as it is; it is never wrapped."""
        line = text if isinstance(text, Text) else Text(text, style=style)
        self._console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)

    def add_heading(self, text: str) -> None:
        """Add a blank line and a heading."""
        self.add_line()
        self.add_line(text.upper(), "bold")

    def add_wrapped(self, text: str | Text, lead: str | Text = "", style: str = "") -> None:
        """Add text wrapped behind a lead; further lines are indented to where the text began."""
        head = lead if isinstance(lead, Text) else Text(lead)
        body = text if isinstance(text, Text) else Text(text, style=style)
        room = max(20, self.width - head.cell_len)
        for number, line in enumerate(body.wrap(self._console, room)):
            line.rstrip()
            self.add_line(Text.assemble(head if number == 0 else " " * head.cell_len, line))

    def getvalue(self) -> str:
        """Return everything that was added."""
        return self._stream.getvalue()
