"""Writes profile files: every criterion with its levels, answered or left to fill in."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping

from ragortune.evidence.entries import describe_details
from ragortune.evidence.profile import UNKNOWN
from ragortune.evidence.quantities import format_quantity
from ragortune.evidence.round_trip import escape_unseen, write_answers
from ragortune.model import Answer, Criterion, Profile, Provenance, Rulebook
from ragortune.support.record import NOTHING
from ragortune.support.text import clean_text


def write_profile(
    criteria: Iterable[Criterion],
    profile: Profile | None = None,
    declined: Collection[str] = (),
    quantities: Mapping[str, object] = NOTHING,
) -> str:
    """Return a profile file with all criteria: answered ones filled in, the others as comments with their levels.

    Criteria in `declined` are written as `unknown`, `quantities` as they were read, without the answers derived from them.
    """
    texts: dict[str, object] = {"project": "Name of the project"}
    if profile:
        known = {name: getattr(profile, name) for name in ("project", "description", "notes")}
        texts = {name: text for name, text in known.items() if text}
    lines = [
        "# What is known about one project. Leave out what nobody knows: unknown is an answer too.",
        "# A list means 'one of these', for instance volatility: [weekly, monthly]; of a question that says so, all that",
        "# hold, the main one first, for instance access_path: [by_meaning, by_key].",
        *(() if "project" in texts else ("# project: Name of the project",)),
        *(f"{name}:" for name in texts),
    ]
    group = ""
    for criterion in criteria:
        lines += ["", f"{criterion.group}:"] if criterion.group != group else [""]
        group = criterion.group
        lines += [*_ask_criterion(criterion), f"  # {criterion.name}:"]
    entries = texts | dict.fromkeys(declined, UNKNOWN)
    if profile:
        entries |= {
            name: _describe_answer(answer)
            for name, answer in profile.known.items()
            if not (quantities and answer.source is Provenance.DERIVED)
        }
    entries |= {f"quantities.{name}": value for name, value in quantities.items()}
    return escape_unseen(write_answers("\n".join(lines) + "\n", entries))


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
    question, means = _one_line(criterion.question), [_one_line(level.means) for level in criterion.levels]
    lines = [f"  # {question}", *map("  #   {}: {}".format, criterion.level_ids, means)]
    if criterion.unit:
        lines.append(f"  #   or a number of {_one_line(criterion.unit)}")
    text = f"How to find out: {_one_line(criterion.help)}"
    return lines + textwrap.wrap(text, 110, initial_indent="  # ", subsequent_indent="  #   ")


def _describe_answer(answer: Answer) -> object:
    """Return an answer for a profile file: its value, with its details if there are any."""
    if answer.source is Provenance.STATED and not (answer.evidence or answer.as_of):
        return answer.value
    return {"value": answer.value, **describe_details(answer)}


def _one_line(text: str) -> str:
    return " ".join(clean_text(text).split())
