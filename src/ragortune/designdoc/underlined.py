"""Headings of reStructuredText, rewritten so that a parser of Markdown knows them. Lines keep their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGNS = re.compile(r"^(?:\.\. [\w-]+::|\.\. _|:[A-Z][\w -]{1,40}:\s)")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+:.<>_])\1{2,}\s*$")
_DIRECTIVE = re.compile(r"\.\. [\w-]+::")
_FIELD = re.compile(r":([A-Z][\w -]{1,40}):(?=\s)")
_LEVELS = 6
_SEARCHED = 200


def plain_headings(lines: Sequence[str]) -> list[str]:
    """Return the lines as Markdown: unchanged, unless the document is reStructuredText.

    An underlined title becomes `# Title` with its underline blank, a field `:Status: accepted` a line of its own. What is
    changed has other columns than the source, which is why places are looked up in the source.
    """
    if not any(_SIGNS.match(line) for line in lines[:_SEARCHED]):
        return list(lines)
    changed = list(lines)
    order: list[str] = []
    for number in range(1, len(lines)):
        mark = _UNDERLINE.match(lines[number])
        title = lines[number - 1].strip()
        if not mark or not title or _UNDERLINE.match(title) or len(title) > len(lines[number].strip()) + 2:
            continue
        over = number > 1 and _UNDERLINE.match(lines[number - 2]) is not None
        style = mark[1] * (2 if over else 1)
        if style not in order:
            order.append(style)
        level = min(_LEVELS, order.index(style) + 1)
        changed[number - 1] = "#" * level + " " + title
        changed[number] = ""
        if over:
            changed[number - 2] = ""
    return [_plain_line(line) for line in changed]


def _plain_line(line: str) -> str:
    if _DIRECTIVE.match(line):
        return ""
    return _FIELD.sub(r"\1:", line) + "  " if _FIELD.match(line) else line
