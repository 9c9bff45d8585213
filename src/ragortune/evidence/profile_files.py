"""Profile files to fill in: every criterion with its question and levels, as comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from ragortune.evidence.quantities import format_quantity
from ragortune.model import Criterion, Rulebook
from ragortune.support.text import clean_line

_LONGEST = 2_000
"""Characters of a comment."""


def write_profile(criteria: Iterable[Criterion]) -> str:
    """Return a profile file to fill in: every criterion as a comment with its levels."""
    lines = [
        "# What is known about one project. Leave out what nobody knows: unknown is an answer too.",
        "# A list means 'one of these', for instance volatility: [weekly, monthly]; of a question that says so, all that",
        "# hold, the main one first, for instance access_path: [by_meaning, by_key].",
        "# project: Name of the project",
    ]
    group = ""
    for criterion in criteria:
        lines += ["", f"{criterion.group}:"] if criterion.group != group else [""]
        group = criterion.group
        lines += [*_ask_criterion(criterion), f"  # {criterion.name}:"]
    return "\n".join(lines) + "\n"


def write_template(rulebook: Rulebook, schema: str | None = None) -> str:
    """Return a profile file to fill in, with the quantities that no criterion asks for; `schema` is for editors."""
    kinds = (kind for kind in rulebook.quantities.values() if not kind.criterion)
    lines = [
        "# Numbers for `ragortune cost`, as far as they are known; the others have defaults.",
        "# quantities:",
        *(f"#   {kind.id}:  # {format_quantity(kind)}" for kind in kinds),
    ]
    head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return head + write_profile(rulebook.criteria.values()) + "\n" + "\n".join(lines) + "\n"


def _ask_criterion(criterion: Criterion) -> list[str]:
    """Return the question, the levels, and how to find out, as comments; each text stays on one line."""
    notes = [f"{level.id}: {level.means}" for level in criterion.levels]
    notes += [f"or a number of {criterion.unit}"] * bool(criterion.unit)
    lines = [
        f"  # {clean_line(criterion.question, _LONGEST)}",
        *(f"  #   {clean_line(note, _LONGEST)}" for note in notes),
    ]
    text = clean_line(f"How to find out: {criterion.help}", _LONGEST)
    return lines + textwrap.wrap(text, 110, initial_indent="  # ", subsequent_indent="  #   ")
