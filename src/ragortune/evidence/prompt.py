"""The prompt from which a language model reads a design document: made from the criteria of a rule set and its text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from ragortune.evidence.quotes import blank_hidden
from ragortune.model import Criterion
from ragortune.support.errors import UsageError
from ragortune.support.rulefolder import shipped_folder

PART_CHARACTERS = 60_000
"""Characters of a document in one prompt: about 15,000 tokens."""
OVERLAP_CHARACTERS = 4_000
MOST_PARTS = 40
"""A document that needs more is refused: it would cost more than anyone expects."""
_LONGEST_LINE = 8_000
_HEADING = re.compile(r"#{1,6}\s")
_BLANK = re.compile(r"\s*$")


def split_document(lines: Sequence[str]) -> list[range]:
    """Return the parts in which a document is read, as indexes of lines; they overlap, and begin at headings if they can.

    Raises UsageError where there would be too many.
    """
    sizes = [min(len(line), _LONGEST_LINE) + 8 for line in lines]
    parts: list[range] = []
    first = 0
    while first < len(lines):
        last, size = first, 0
        while last < len(lines) and (size + sizes[last] <= PART_CHARACTERS or last == first):
            size += sizes[last]
            last += 1
        if last < len(lines):
            last = _find_border(lines, (first + last) // 2, last)
        parts.append(range(first, last))
        if len(parts) > MOST_PARTS:
            limit = PART_CHARACTERS * MOST_PARTS
            raise UsageError(f"a document for a model has at most {limit:,} characters")
        if last >= len(lines):
            break
        begin, size = last, 0
        while begin > first + 1 and size + sizes[begin - 1] <= OVERLAP_CHARACTERS:
            begin -= 1
            size += sizes[begin]
        first = begin
    return parts


def _find_border(lines: Sequence[str], least: int, most: int) -> int:
    """Return the last index in a range where a section begins or a line is blank; the end of the range if none."""
    for border in (_HEADING, _BLANK):
        for index in range(most, least, -1):
            if border.match(lines[index]):
                return index
    return most


def write_prompts(lines: Sequence[str], criteria: Iterable[Criterion]) -> list[str]:
    """Return the prompts for a document, one for each part. What readers of it do not see, such as comments, is left out."""
    seen = [line.replace("\0", "")[:_LONGEST_LINE] for line in blank_hidden(lines)]
    # The document cannot hold the mark around it, because the mark is made from its text.
    digest = hashlib.sha256("\n".join(seen).encode("utf-8", "surrogatepass")).hexdigest()
    questions = "\n".join(_describe_criterion(criterion) for criterion in criteria)
    prompts = []
    parts = split_document(lines)
    for number, part in enumerate(parts, 1):
        which = (
            f", of which this is part {number} of {len(parts)} (lines {part.start + 1} to {part.stop} of {len(lines)}); "
            "report what this part states"
        )
        prompts.append(
            fill_template(
                "prompt.md",
                criteria=questions,
                mark=f"<<<{digest[:16]}>>>",
                part=which if len(parts) > 1 else "",
                document="\n".join(f"{index + 1}| {seen[index]}" for index in part),
            )
        )
    return prompts


def fill_template(name: str, **values: str) -> str:
    """Return a prompt file of the shipped rule set with its places filled; what is filled in is not read again."""
    text = (shipped_folder() / "language" / name).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def _describe_criterion(criterion: Criterion) -> str:
    extras = [f"or a number of {criterion.unit}"] * bool(criterion.unit)
    extras += ["several can hold at once"] * criterion.several
    extra = f" ({'; '.join(extras)})" if extras else ""
    levels = "\n".join(f"  - `{level.id}`: {level.means}" for level in criterion.levels)
    return f"- `{criterion.id}`: {criterion.question}{extra} {criterion.help}\n{levels}"
