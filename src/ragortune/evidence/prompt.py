"""The prompt from which a language model reads a design document: made from the criteria of a rule set and its text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec

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


class Part(msgspec.Struct, frozen=True):
    """A stretch of a document that is read in one go."""

    first: int
    """Its first line, from 1."""
    last: int
    """Its last line."""


def split_document(lines: Sequence[str]) -> list[Part]:
    """Return the parts in which a document is read; they begin at headings where they can, and overlap.

    Raises UsageError where there would be too many.
    """
    sizes = [min(len(line), _LONGEST_LINE) + 8 for line in lines]
    parts: list[Part] = []
    first = 0
    while first < len(lines):
        last, size = first, 0
        while last < len(lines) and (size + sizes[last] <= PART_CHARACTERS or last == first):
            size += sizes[last]
            last += 1
        if last < len(lines):
            last = _find_border(lines, (first + last) // 2, last)
        parts.append(Part(first + 1, last))
        if len(parts) > MOST_PARTS:
            limit = PART_CHARACTERS * MOST_PARTS
            raise UsageError(f"a document for a model has at most {limit:,} characters")
        if last >= len(lines):
            break
        first = max(first + 1, _begin_overlap(sizes, last))
    return parts


def _find_border(lines: Sequence[str], least: int, most: int) -> int:
    """Return the last index in a range at which a section begins, or a blank line stands; the end of the range if none."""
    for border in (_HEADING, _BLANK):
        for index in range(most, least, -1):
            if border.match(lines[index]):
                return index
    return most


def _begin_overlap(sizes: Sequence[int], last: int) -> int:
    size, first = 0, last
    while first > 0 and size + sizes[first - 1] <= OVERLAP_CHARACTERS:
        first -= 1
        size += sizes[first]
    return first


def write_prompts(lines: Sequence[str], criteria: Iterable[Criterion]) -> list[str]:
    """Return the prompts for a document, one for each part. What readers of it do not see, such as comments, is left out."""
    seen = [line.replace("\0", "")[:_LONGEST_LINE] for line in blank_hidden(lines)]
    questions = "\n".join(_describe_criterion(criterion) for criterion in criteria)
    parts = split_document(lines)
    return [
        fill_template(
            "prompt.md",
            criteria=questions,
            mark=_choose_mark(seen),
            part=_word_part(index, parts, lines) if len(parts) > 1 else "",
            document="\n".join(
                f"{number}| {seen[number - 1]}" for number in range(part.first, part.last + 1)
            ),
        )
        for index, part in enumerate(parts)
    ]


def write_correction(prompt: str, answer: str, problems: Sequence[str]) -> str:
    """Return the prompt that names what was wrong with an answer."""
    return fill_template(
        "correction.md", prompt=prompt, answer=answer, problems="\n".join(f"- {text}" for text in problems)
    )


def fill_template(name: str, **values: str) -> str:
    """Return a prompt file of the shipped rule set with its places filled; what is filled in is not read again."""
    text = (shipped_folder() / "language" / name).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def _describe_criterion(criterion: Criterion) -> str:
    extras = []
    if criterion.unit:
        extras.append(f"or a number of {criterion.unit}")
    if criterion.several:
        extras.append("several can hold at once")
    extra = f" ({'; '.join(extras)})" if extras else ""
    levels = "\n".join(f"  - `{level.id}`: {level.means}" for level in criterion.levels)
    return f"- `{criterion.id}`: {criterion.question}{extra} {criterion.help}\n{levels}"


def _word_part(index: int, parts: Sequence[Part], lines: Sequence[str]) -> str:
    part = parts[index]
    return (
        f", of which this is part {index + 1} of {len(parts)} (lines {part.first} to {part.last} of {len(lines)}); "
        "report what this part states"
    )


def _choose_mark(lines: Iterable[str]) -> str:
    """Return a mark that the document cannot hold, because it is made from its text."""
    digest = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
    return f"<<<{digest[:16]}>>>"
