"""Profile files as they are written: every criterion with its levels, answered ones filled in, the others to fill in."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping

from ragortune.evidence.entries import describe_details
from ragortune.evidence.profile import UNKNOWN
from ragortune.evidence.quantities import format_quantity
from ragortune.model import Criterion, Profile, Provenance, Rulebook
from ragortune.support.text import clean_text

_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_NO_WORDS = ("true", "false", "null")
"""Words that YAML 1.2 reads as something else."""


def write_profile(
    criteria: Iterable[Criterion],
    profile: Profile | None = None,
    declined: Collection[str] = (),
    quantities: Mapping[str, object] | None = None,
) -> str:
    """Return a profile file with every criterion: answered ones filled in, the others as comments with their levels.

    Args:
        criteria: the vocabulary, in the order in which it is written.
        profile: what is known; a file to fill in without it.
        declined: criteria that are written as `unknown`.
        quantities: what is under `quantities`, as it was read; answers derived from it are not written.

    """
    lines = [
        "# What is known about one project. Leave out what nobody knows: unknown is an answer too.",
        "# A list means 'one of these', for instance volatility: [weekly, monthly]; of a question that says so, all that",
        "# hold, the main one first, for instance access_path: [by_meaning, by_key].",
    ]
    title = _yaml_text(profile.project) if profile and profile.project else "Name of the project"
    lines.append(f"project: {title}" if not profile or profile.project else f"# project: {title}")
    texts = {"description": profile.description, "notes": profile.notes} if profile else {}
    lines += [f"{key}: {_yaml_text(text)}" for key, text in texts.items() if text]
    group = ""
    for criterion in criteria:
        lines += ["", f"{criterion.group}:"] if criterion.group != group else [""]
        group = criterion.group
        lines += _ask_criterion(criterion)
        lines += _write_answer(criterion, profile, declined, derived=bool(quantities))
    if quantities:
        lines += ["", "quantities:"]
        lines += [f"  {yaml_value(key)}: {yaml_value(value)}" for key, value in quantities.items()]
    return "\n".join(lines) + "\n"


def write_template(rulebook: Rulebook, schema: str | None = None) -> str:
    """Return a profile file to fill in, with the quantities that no criterion asks for; `schema` is for editors."""
    own = (kind for kind in rulebook.quantities.values() if not kind.criterion)
    lines = [
        "# Numbers for `ragortune cost`, as far as they are known; the others have defaults.",
        "# quantities:",
        *(f"#   {kind.id}:  # {format_quantity(kind)}" for kind in own),
    ]
    head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return head + write_profile(rulebook.criteria.values()) + "\n" + "\n".join(lines) + "\n"


def _ask_criterion(criterion: Criterion) -> list[str]:
    """Return the question, the levels, and how to find out, as comments that no text can leave."""
    question, means = _one_line(criterion.question), [_one_line(level.means) for level in criterion.levels]
    lines = [f"  # {question}", *map("  #   {}: {}".format, criterion.level_ids, means)]
    if criterion.unit:
        lines.append(f"  #   or a number of {_one_line(criterion.unit)}")
    lead = "  # How to find out: "
    return lines + textwrap.wrap(
        _one_line(criterion.help), 110, initial_indent=lead, subsequent_indent="  #   "
    )


def _write_answer(
    criterion: Criterion, profile: Profile | None, declined: Collection[str], *, derived: bool
) -> list[str]:
    name = criterion.name
    answer = profile.answers.get(criterion.id) if profile else None
    computed = derived and answer is not None and answer.source is Provenance.DERIVED
    if profile is None or computed or not profile.levels.get(criterion.id):
        return [f"  {name}: {UNKNOWN}" if criterion.id in declined else f"  # {name}:"]
    value = yaml_value(given_value(profile, criterion.id))
    if answer is None or not (answer.evidence or answer.as_of or answer.source is not Provenance.STATED):
        return [f"  {name}: {value}"]
    details = {
        key: _yaml_text(part) if isinstance(part, str) else yaml_value(part)
        for key, part in describe_details(answer).items()
    }
    return [f"  {name}:", f"    value: {value}", *(f"    {key}: {part}" for key, part in details.items())]


def given_value(profile: Profile, criterion: str) -> object:
    """Return the answer to a criterion as a profile file holds it: as it was given, a level, several, or None if unknown."""
    answer, levels = profile.answers.get(criterion), profile.levels.get(criterion, (None,))
    return answer.value if answer else levels[0] if len(levels) == 1 else levels


def _one_line(text: str) -> str:
    return " ".join(clean_text(text).split())


def yaml_value(value: object) -> str:
    """Return a value on one line, in a form that reads back the same."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{yaml_value(key)}: {yaml_value(value)}' for key, value in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(yaml_value, value))}]"
    if isinstance(value, str):
        return value if _PLAIN_WORD.fullmatch(value) and value.lower() not in _NO_WORDS else _yaml_text(value)
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _yaml_text(text: str) -> str:
    """Return text as a double-quoted YAML scalar, which any text can be."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(own if own.isprintable() else f"\\U{ord(own):08x}" for own in quoted)
