"""What a team says about its project, checked against the vocabulary: mappings and files in, `Profile` out.

Left out, null and `unknown` are the same: unknown. A list or a range says that the answer is one of several levels.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ragortune.evidence import workload
from ragortune.evidence.amounts import read_amount
from ragortune.evidence.citations import describe_evidence, read_evidence
from ragortune.model import Answer, Criterion, GivenQuantity, Level, Profile, Provenance
from ragortune.support.errors import AnswerError, Place, ProfileError
from ragortune.support.reading import Document, KeyPath
from ragortune.support.record import NOTHING
from ragortune.support.text import clean_text, join_words, quote_value, suggest_name

UNKNOWN = "unknown"
_TEXT_KEYS = ("project", "description", "notes")
_RESERVED_KEYS = ("components", "extends")
_VALUE_KEYS = ("value", "evidence", "source", "as_of")
_TOP_KEYS = (*_TEXT_KEYS, "quantities")
_DATE_FORM = "YYYY-MM-DD"
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_NO_WORDS = ("true", "false", "null")
"""Words that YAML 1.2 reads as something else."""


class _Entry:
    """A criterion as the reader looks it up."""

    __slots__ = ("criterion", "exact", "id")

    def __init__(self, criterion: Criterion) -> None:
        self.criterion = criterion
        self.id = criterion.id
        self.exact: dict[str, tuple[str, ...]] = {level: (level,) for level in criterion.level_ids}
        """Levels by the word for them; `unknown` stands for none."""
        self.exact.setdefault(UNKNOWN, ())


class Vocabulary:
    """The criteria of a rule set, prepared for reading many profiles."""

    def __init__(self, criteria: Mapping[str, Criterion]) -> None:
        """Take the criteria by id."""
        self._criteria = criteria
        self._groups: dict[str, dict[str, _Entry]] = {}
        self._flat: dict[str, _Entry] = {}
        for criterion in criteria.values():
            entry = _Entry(criterion)
            self._groups.setdefault(criterion.group, {})[criterion.name] = entry
            self._flat[criterion.id] = entry

    def read_profile(self, data: object, document: Document | None = None) -> Profile:
        """Return the profile that a mapping holds; raises ProfileError naming place and nearest valid word."""
        if type(data) is not dict:
            data = self._plain_mapping(data, document)
        levels: dict[str, tuple[str, ...]] = {}
        answers: dict[str, Answer] = {}
        texts: dict[str, str | None] = {}
        for key, value in data.items():
            if key in self._groups:
                self._read_group(key, value, document, levels, answers)
            elif key in self._flat:
                entry = self._flat[key]
                if key in levels:
                    raise self._given_twice(key, (key,), document)
                levels[key] = self._read_value(entry, value, (key,), document, answers)
            else:
                self._read_other(key, value, texts, document)
        given: Mapping[str, GivenQuantity] = NOTHING
        quantities = data.get("quantities")
        if isinstance(quantities, dict) and quantities:
            given = self._read_quantities(quantities, document, levels, answers)
        elif () in levels.values():
            levels = {name: possible for name, possible in levels.items() if possible}
        return Profile(
            levels, texts.get("project"), texts.get("description"), texts.get("notes"), answers, given
        )

    def allows_several(self, criterion_id: str) -> bool:
        """Return whether several levels of a criterion can hold at once."""
        return self._flat[criterion_id].criterion.several

    def _read_group(
        self,
        group: str,
        given: object,
        document: Document | None,
        levels: dict[str, tuple[str, ...]],
        answers: dict[str, Answer],
    ) -> None:
        """Read the answers of one group; a plain level is looked up at once, because most answers are one."""
        if type(given) is not dict:
            if given is None:
                return
            message = f"'{group}' must hold criteria, not {quote_value(given)}"
            raise ProfileError(message, _place(document, (group,)))
        entries = self._groups[group]
        for name, value in given.items():
            entry = entries.get(name)
            if entry is None:
                raise self._unknown_name(f"{group}.{name}", (group, name), document)
            exact = entry.exact.get(value) if type(value) is str else None
            if exact is None:
                exact = self._read_value(entry, value, (group, name), document, answers)
            if entry.id in levels:
                raise self._given_twice(entry.id, (group, name), document)
            levels[entry.id] = exact

    def _read_quantities(
        self,
        data: Mapping[str, object],
        document: Document | None,
        levels: dict[str, tuple[str, ...]],
        answers: dict[str, Answer],
    ) -> dict[str, GivenQuantity]:
        """Return the numbers for the cost model, and answer the criteria that ask for the same numbers."""
        given = workload.read_quantities(data, document)
        for name in [name for name, possible in levels.items() if not possible]:
            del levels[name]
        for criterion_id, name in workload.FOR_CRITERION.items():
            entry, quantity = self._flat.get(criterion_id), given.get(name)
            if entry is None or quantity is None:
                continue
            criterion = entry.criterion
            known = levels.get(criterion_id)
            if known is not None:
                answer = answers.get(criterion_id)
                place = _place(document, ("quantities", name))
                workload.check_agreement(criterion, answer.given if answer else None, known, quantity, place)
            else:
                ends = [workload.shorten_number(end) for end in quantity.stated]
                number = ends[0] if ends[0] == ends[1] else {"from": ends[0], "to": ends[1]}
                levels[criterion_id] = workload.levels_between(criterion, *quantity.stated)
                answers[criterion_id] = Answer(levels[criterion_id], number, Provenance.DERIVED)
        return given

    def _plain_mapping(self, data: object, document: Document | None) -> dict[str, object]:
        if isinstance(data, Mapping):
            return {
                str(key): dict(value) if isinstance(value, Mapping) else value for key, value in data.items()
            }
        message = f"a profile is a mapping of criteria to answers, not {quote_value(data)}"
        raise ProfileError(message, _place(document, ()))

    def _read_other(
        self, key: object, value: object, texts: dict[str, str | None], document: Document | None
    ) -> None:
        name = str(key)
        if name in _TEXT_KEYS:
            if isinstance(value, (dict, list, bool)):
                message = f"'{name}' must be text, not {quote_value(value)}"
                raise ProfileError(message, _place(document, (name,)))
            texts[name] = None if value is None else str(value)
        elif name in _RESERVED_KEYS:
            message = f"'{name}' is reserved for a later version and cannot be used yet"
            raise ProfileError(message, _place(document, (name,), key=True))
        elif name == "derived" or name.startswith("derived."):
            message = "'derived' is computed from quantities and never read from a profile"
            raise ProfileError(message, _place(document, (name,), key=True))
        elif name == "quantities":
            if value is not None and not isinstance(value, dict):
                message = f"'quantities' must be a mapping, not {quote_value(value)}"
                raise ProfileError(message, _place(document, (name,)))
        elif not (name == "$schema" and isinstance(value, str)):
            raise self._unknown_name(name, (name,), document)

    def _read_value(
        self,
        entry: _Entry,
        given: object,
        path: KeyPath,
        document: Document | None,
        answers: dict[str, Answer],
    ) -> tuple[str, ...]:
        """Return the levels that a value allows, empty for unknown, and note how it was given."""
        criterion = entry.criterion
        details: dict[str, Any] = {}
        written = given
        if isinstance(given, Mapping) and not set(given) & {"from", "to"}:
            given, details = self._read_details(criterion, given, path, document)
            path = (*path, "value")
        levels = self._read_levels(entry, given, path, document)
        if len(levels) == len(criterion.levels) and not criterion.several:
            levels = ()
        if levels and (details or not (isinstance(written, str) and written == levels[0])):
            answers[criterion.id] = Answer(
                levels,
                given,
                Provenance(details.get("source", Provenance.STATED)),
                details.get("evidence"),
                details.get("as_of"),
            )
        return levels

    def _read_details(
        self, criterion: Criterion, given: Mapping[str, object], path: KeyPath, document: Document | None
    ) -> tuple[object, dict[str, Any]]:
        for key in given:
            if key not in _VALUE_KEYS:
                message = f"'{criterion.id}' has no {quote_value(key)}"
                hint = suggest_name(key, (*_VALUE_KEYS, "from", "to"))
                raise ProfileError(message, _place(document, (*path, key), key=True), hint)
        if "value" not in given:
            raise ProfileError(f"'{criterion.id}' has no 'value'", _place(document, path))
        evidence = read_evidence(given.get("evidence"), (*path, "evidence"), document)
        details: dict[str, Any] = {} if evidence is None else {"evidence": evidence}
        for key in _VALUE_KEYS[2:]:
            text = given.get(key)
            if text is None:
                continue
            place = _place(document, (*path, key))
            if isinstance(text, (dict, list, bool)):
                raise ProfileError(f"'{key}' must be text, not {quote_value(text)}", place)
            if key == "source" and text not in tuple(Provenance):
                hint = suggest_name(text, tuple(Provenance))
                message = f"'source' must be {join_words(Provenance, 'or')}, not {quote_value(text)}"
                raise ProfileError(message, place, hint)
            if key == "as_of" and not _is_date(str(text)):
                message = f"'as_of' must be a date, {_DATE_FORM}, not {quote_value(str(text))}"
                raise ProfileError(message, place)
            details[key] = str(text)
        return given["value"], details

    def _read_levels(
        self, entry: _Entry, given: object, path: KeyPath, document: Document | None
    ) -> tuple[str, ...]:
        criterion = entry.criterion
        if given is None:
            return ()
        if isinstance(given, str) and given in entry.exact:
            return entry.exact[given]
        if isinstance(given, Mapping):
            return self._read_range(entry, given, path, document)
        if isinstance(given, (list, tuple)):
            found: dict[str, None] = {}
            for index, part in enumerate(given):
                at = (*path, index)
                if part is None or part == UNKNOWN or isinstance(part, (list, tuple, Mapping)):
                    message = f"'{criterion.id}' lists {quote_value(part)}; a list holds levels or numbers"
                    raise ProfileError(message, _place(document, at))
                found.update(dict.fromkeys(self._read_levels(entry, part, at, document)))
            return tuple(
                found if criterion.several else (level for level in criterion.level_ids if level in found)
            )
        if isinstance(given, (int, float)) and not isinstance(given, bool) and criterion.unit:
            return (self._level_of(criterion, given, _place(document, path)),)
        raise self._wrong_level(criterion, given, _place(document, path))

    def _read_range(
        self, entry: _Entry, given: Mapping[str, object], path: KeyPath, document: Document | None
    ) -> tuple[str, ...]:
        criterion = entry.criterion
        for key in given:
            if key not in ("from", "to"):
                message = f"a range has 'from' and 'to', not {quote_value(key)}"
                raise ProfileError(message, _place(document, (*path, key), key=True))
        if criterion.nominal:
            message = f"the levels of '{criterion.id}' have no order, so there is no range; list them instead"
            raise ProfileError(message, _place(document, path))
        order = criterion.level_ids
        if criterion.unit and any(isinstance(end, (int, float)) for end in given.values()):
            order = tuple(level.id for level in _by_number(criterion))
        ends = [0, len(order) - 1]
        for index, key in enumerate(("from", "to")):
            if given.get(key) is None:
                continue
            levels = self._read_levels(entry, given[key], (*path, key), document)
            if len(levels) != 1 or levels[0] not in order:
                message = f"'{key}' of a range must be one level or one number"
                raise ProfileError(message, _place(document, (*path, key)))
            ends[index] = order.index(levels[0])
        low, high = given.get("from"), given.get("to")
        backwards = isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high
        if ends[0] > ends[1] or backwards:
            raise ProfileError("the range ends before it begins", _place(document, path))
        inside = order[ends[0] : ends[1] + 1]
        return tuple(level for level in criterion.level_ids if level in inside)

    def _level_of(self, criterion: Criterion, number: float, place: Place | None) -> str:
        low, high = criterion.minimum, criterion.maximum
        if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124  (that is how NaN is told)
            raise ProfileError(f"'{criterion.id}' must be a finite number", place)
        if (low is not None and number < low) or (high is not None and number > high):
            limits = f"at least {low:g}" if high is None else f"from {low or 0:g} to {high:g}"
            message = f"'{criterion.id}' must be {limits} ({criterion.unit}), not {quote_value(number)}"
            raise ProfileError(message, place)
        if criterion.whole and number != int(number):
            message = (
                f"'{criterion.id}' must be a whole number of {criterion.unit}, not {quote_value(number)}"
            )
            raise ProfileError(message, place)
        reached = [level.id for level in _by_number(criterion) if (level.starts_at or 0) <= number]
        return reached[-1]

    def _wrong_level(self, criterion: Criterion, given: object, place: Place | None) -> ProfileError:
        names = criterion.level_ids
        allowed = join_words(names, "or")
        if isinstance(given, bool) and set(names) == {"yes", "no"}:
            word = "yes" if given else "no"
            message = f"'{criterion.id}' must be yes or no, not {quote_value(given)}"
            return ProfileError(message, place, f"write {word} (as text in quotes in JSON and TOML)")
        hint = suggest_name(given, names) if isinstance(given, str) else None
        if criterion.unit:
            allowed += f", or a number of {criterion.unit}"
            hint = hint or _hint_at_number(criterion, given)
        message = f"'{criterion.id}' must be {allowed}, not {quote_value(given)}"
        return ProfileError(message, place, hint)

    def _unknown_name(self, name: str, path: KeyPath, document: Document | None) -> ProfileError:
        known = (*self._flat, *self._groups, *_TOP_KEYS)
        hint = suggest_name(name, (*self._flat, *_TOP_KEYS) if "." in name else known)
        what = "criterion" if "." in name else "key"
        return ProfileError(f"there is no {what} {quote_value(name)}", _place(document, path, key=True), hint)

    def _given_twice(self, criterion_id: str, path: KeyPath, document: Document | None) -> ProfileError:
        message = f"'{criterion_id}' is given twice, nested and flat"
        return ProfileError(message, _place(document, path, key=True))


def _hint_at_number(criterion: Criterion, given: object) -> str | None:
    """Return the number that an amount in words such as `300 pages` stands for, as a hint; None for other words."""
    if not isinstance(given, str):
        return None
    try:
        number = read_amount(criterion, given.strip().replace("_", "").casefold())
    except AnswerError as error:
        return error.hint
    return None if number is None else f"write the number of {criterion.unit} alone: {number:.12g}"


def _by_number(criterion: Criterion) -> list[Level]:
    """Return the levels that a number can give, smallest first."""
    numbered = [level for level in criterion.levels if level.starts_at is not None]
    return sorted(numbered, key=lambda level: level.starts_at or 0)


def _place(document: Document | None, path: KeyPath, *, key: bool = False) -> Place | None:
    return document.place_of(path, key=key) if document else None


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len(_DATE_FORM)


def join_levels(criterion: Criterion, levels: Iterable[str]) -> str:
    """Return levels in words: joined by "and" where several can hold, by "or" where it is one of them."""
    return join_words(levels, "and" if criterion.several else "or")


def describe_answer(profile: Profile, criterion: Criterion) -> str:
    """Return an answer in a few words: the level with the number behind it, the levels it may be, or all that hold."""
    levels = profile.levels.get(criterion.id)
    if not levels:
        return UNKNOWN
    words = join_levels(criterion, levels)
    answer = profile.answers.get(criterion.id)
    if answer and isinstance(answer.given, (int, float)):
        return f"{words}, {answer.given:,}"
    return words


def find_declined(criteria: Iterable[Criterion], data: object) -> tuple[str, ...]:
    """Return the criteria for which a profile says in so many words that nobody knows: the value is `unknown`.

    To the engine that is the same as leaving them out; a questionnaire does not ask them again.
    """
    if not isinstance(data, Mapping):
        return ()
    declined = []
    for criterion in criteria:
        group = data.get(criterion.group)
        given = group.get(criterion.name) if isinstance(group, Mapping) else data.get(criterion.id)
        if isinstance(given, Mapping):
            given = given.get("value")
        if given == UNKNOWN and UNKNOWN not in criterion.level_ids:
            declined.append(criterion.id)
    return tuple(declined)


def write_profile(
    criteria: Iterable[Criterion],
    profile: Profile | None = None,
    schema: str | None = None,
    declined: Collection[str] = (),
    quantities: Mapping[str, object] | None = None,
) -> str:
    """Return a profile file with every criterion: answered ones filled in, the others as comments with their levels.

    Args:
        criteria: the vocabulary, in the order in which it is written.
        profile: what is known; a file to fill in without it.
        schema: address of the schema for editors.
        declined: criteria that are written as `unknown`.
        quantities: what stands under `quantities`, as it was read; answers derived from it are not written.

    """
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    lines += [
        "# What is known about one project. Leave out what nobody knows: unknown is an answer too.",
        "# A list means 'one of these', for instance volatility: [weekly, monthly]; of a question that says so, all that",
        "# hold, the main one first, for instance access_path: [by_meaning, by_key].",
    ]
    title = _yaml_text(profile.project) if profile and profile.project else "Name of the project"
    lines.append(f"project: {title}" if not profile or profile.project else f"# project: {title}")
    if profile and profile.description:
        lines.append(f"description: {_yaml_text(profile.description)}")
    if profile and profile.notes:
        lines.append(f"notes: {_yaml_text(profile.notes)}")
    group = ""
    for criterion in criteria:
        if criterion.group != group:
            group = criterion.group
            lines += ["", f"{group}:"]
        else:
            lines.append("")
        lines += _write_criterion(criterion, profile, declined, derived=bool(quantities))
    if quantities:
        lines += ["", "quantities:"]
        lines += [f"  {yaml_value(key)}: {yaml_value(value)}" for key, value in quantities.items()]
    elif profile is None:
        lines += _list_quantities()
    return "\n".join(lines) + "\n"


def _list_quantities() -> list[str]:
    """Return the quantities that no criterion asks for, as comments to fill in."""
    lines = [
        "",
        "# Numbers for `ragortune cost`, as far as they are known; the others have defaults.",
        "# quantities:",
    ]
    return lines + [
        f"#   {rule.name}:  # {workload.word_quantity(rule)}"
        for rule in workload.RULES.values()
        if not rule.criterion
    ]


def _write_criterion(
    criterion: Criterion, profile: Profile | None, declined: Collection[str], *, derived: bool
) -> list[str]:
    lines = [f"  # {_one_line(criterion.question)}"]
    lines += [f"  #   {level.id}: {_one_line(level.means)}" for level in criterion.levels]
    if criterion.unit:
        lines.append(f"  #   or a number of {_one_line(criterion.unit)}")
    lines += _write_help(criterion)
    levels = profile.levels.get(criterion.id) if profile else None
    answer = profile.answers.get(criterion.id) if profile else None
    if (
        profile is None
        or not levels
        or (derived and answer is not None and answer.source is Provenance.DERIVED)
    ):
        lines.append(f"  {criterion.name}: unknown" if criterion.id in declined else f"  # {criterion.name}:")
        return lines
    value = yaml_value(given_value(profile, criterion.id))
    extras = []
    if answer and (answer.evidence or answer.as_of or answer.source is not Provenance.STATED):
        evidence = None if answer.evidence is None else describe_evidence(answer.evidence)
        extras = [("evidence", evidence), ("source", answer.source.value), ("as_of", answer.as_of)]
    lines.append(f"  {criterion.name}: {value}" if not extras else f"  {criterion.name}:")
    if extras:
        lines.append(f"    value: {value}")
        lines += [
            f"    {key}: {_yaml_text(part) if isinstance(part, str) else yaml_value(part)}"
            for key, part in extras
            if part
        ]
    return lines


def given_value(profile: Profile, criterion: str) -> object:
    """Return the answer to a criterion as a profile file holds it: as it was given, a level, or several."""
    answer, levels = profile.answers.get(criterion), profile.levels[criterion]
    return answer.given if answer else levels[0] if len(levels) == 1 else levels


def _write_help(criterion: Criterion) -> list[str]:
    """Return how to find out, as a comment."""
    lead = "  # How to find out: "
    return textwrap.wrap(_one_line(criterion.help), 110, initial_indent=lead, subsequent_indent="  #   ")


def _one_line(text: str) -> str:
    """Return text that cannot leave the comment it stands in."""
    return " ".join(clean_text(text).split())


def yaml_value(given: object) -> str:
    """Return a value on one line, in a form that reads back the same."""
    if isinstance(given, Mapping):
        return (
            "{" + ", ".join(f"{yaml_value(key)}: {yaml_value(value)}" for key, value in given.items()) + "}"
        )
    if isinstance(given, (list, tuple)):
        return "[" + ", ".join(yaml_value(part) for part in given) + "]"
    if isinstance(given, str):
        return given if _PLAIN_WORD.fullmatch(given) and given.lower() not in _NO_WORDS else _yaml_text(given)
    if given is None or isinstance(given, bool):
        return {None: "null", True: "true", False: "false"}[given]
    return str(given)


def _yaml_text(text: str) -> str:
    """Return text as a double-quoted YAML scalar, which any text can be."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(own if own.isprintable() else f"\\U{ord(own):08x}" for own in quoted)
