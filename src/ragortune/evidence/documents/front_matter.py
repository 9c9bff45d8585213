"""Where the front matter of a document ends: YAML between two lines of dashes at its top."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

_LINE = re.compile(r"\s|$|[^:]*+:|[][{}#?-]|.*[],}]\s*$")
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
        if not _LINE.match(line):
            return 0
        first = first or line.strip().partition("#")[0]
    return 0
