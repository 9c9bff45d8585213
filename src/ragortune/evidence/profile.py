"""Reads profiles: mappings and files, checked against the criteria and quantities of a rule set.

Missing, null and `unknown` all mean unknown. A list or a range means that the answer is one of several levels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ragortune.evidence.amounts import read_amount
from ragortune.evidence.entries import UNKNOWN, Entry, read_details
from ragortune.evidence.quantities import check_agreement, read_quantities, shorten_number
from ragortune.model import Answer, Criterion, Profile, Provenance, QuantityKind, QuantityValue
from ragortune.model.profiles import LARGEST_NUMBER
from ragortune.support.errors import AnswerError, ProfileError, RagortuneError
from ragortune.support.reading import Document
from ragortune.support.record import NOTHING
from ragortune.support.text import join_words, quote_value, suggest_name

_TEXT_KEYS = ("project", "description", "notes")
_RESERVED_KEYS = ("components", "extends")
_VALUE_KEYS = ("value", "evidence", "source", "as_of")
_TOP_KEYS = (*_TEXT_KEYS, "quantities")
OWN_KEYS = (*_TOP_KEYS, *_RESERVED_KEYS)
"""Keys at the top of a profile that are not groups of criteria."""

_Levels = dict[str, tuple[str, ...]]
_Answers = dict[str, Answer]


class Vocabulary:
    """The criteria and quantities of a rule set, indexed for reading profiles."""

    def __init__(
        self, criteria: Mapping[str, Criterion], quantities: Mapping[str, QuantityKind] = NOTHING
    ) -> None:
        """Take criteria and quantities by id."""
        self._criteria = criteria
        self._quantities = quantities
        self._groups = {criterion.group for criterion in criteria.values()}

    def read_profile(self, data: object, document: Document | None = None) -> Profile:
        """Return the profile in a mapping, or one of another rule set; raises ProfileError with all problems and their places."""
        if isinstance(data, Profile):  # what was derived from quantities held for one rule set and day
            given = {name: levels for name, levels in data.levels.items() if not name.startswith("derived.")}
            return data.replace(levels=self.read_profile(given).levels)
        return self.read_entry(Entry(data, (), document))

    def read_entry(self, top: Entry) -> Profile:
        """Return the profile at an entry of a document; raises ProfileError as `read_profile` does."""
        if not isinstance(top.value, Mapping):
            raise top.fail(f"a profile is a mapping of criteria to answers, not {quote_value(top.value)}")
        levels: _Levels = {}
        answers: _Answers = {}
        texts: dict[str, str | None] = {}
        quantities: dict[str, QuantityValue] = {}

        def read_answer(entry: Entry, name: str) -> None:
            if name not in self._criteria:
                raise self._unknown_name(entry, name)
            if name in levels:
                raise entry.fail(f"'{name}' is given twice, nested and flat", key=True)
            levels[name] = self._read_answer(self._criteria[name], entry, answers)

        def read_key(entry: Entry) -> None:
            key = entry.key
            if key in self._groups:
                if entry.value is not None and not isinstance(entry.value, Mapping):
                    raise entry.fail(f"'{key}' must hold criteria, not {quote_value(entry.value)}")
                ProfileError.for_each(entry, lambda child: read_answer(child, f"{key}.{child.key}"))
            elif key in self._criteria:
                read_answer(entry, key)
            elif key in _TEXT_KEYS:
                texts[key] = entry.text()
            elif key == "quantities":
                quantities.update(read_quantities(entry, self._quantities))
            else:
                self._refuse_key(entry)

        ProfileError.for_each(top, read_key)
        levels = {name: possible for name, possible in levels.items() if possible}
        self._share_numbers(quantities, levels, answers)
        return Profile(levels, answers=answers, quantities=quantities, **texts)

    def allows_several(self, criterion_id: str) -> bool:
        """Return whether several levels of a criterion can hold at once."""
        return self._criteria[criterion_id].several

    def _share_numbers(
        self, quantities: Mapping[str, QuantityValue], levels: _Levels, answers: _Answers
    ) -> None:
        """Answer the criteria that ask for the same number as a quantity, or check that both agree."""
        for name, quantity in quantities.items():
            criterion = self._criteria.get(quantity.criterion or "")
            if criterion is None:
                continue
            known, answer = levels.get(criterion.id), answers.get(criterion.id)
            if known is not None:
                number = answer.number if answer else None
                check_agreement(criterion, number, known, self._quantities[name], quantity)
                continue
            low, high = map(shorten_number, quantity.ends)
            value = low if low == high else {"from": low, "to": high}
            levels[criterion.id] = criterion.levels_between(*quantity.ends)
            answers[criterion.id] = Answer(levels[criterion.id], value, Provenance.DERIVED)

    def _refuse_key(self, entry: Entry) -> None:
        name = entry.key
        if name in _RESERVED_KEYS:
            message = f"'{name}' is reserved for a later version and cannot be used yet"
            raise entry.fail(message, key=True)
        if name == "derived" or name.startswith("derived."):
            message = "'derived' is computed from quantities and never read from a profile"
            raise entry.fail(message, key=True)
        if name != "$schema" or not isinstance(entry.value, str):
            raise self._unknown_name(entry, name)

    def _unknown_name(self, entry: Entry, name: str) -> RagortuneError:
        what, known = "criterion", (*self._criteria, *_TOP_KEYS)
        if "." not in name:
            what, known = "key", (*known, *self._groups)
        return entry.unknown(what, known, name)

    # --- one answer -----------------------------------------------------------------------------------------------

    def _read_answer(self, criterion: Criterion, entry: Entry, answers: _Answers) -> tuple[str, ...]:
        """Return the levels of a value, empty for unknown, and add the answer as it was given to `answers`."""
        value = entry.value
        if isinstance(value, str) and value in criterion.level_ids:
            return (value,)
        details: tuple[Any, ...] = ()
        if isinstance(value, Mapping) and not value.keys() & {"from", "to"}:
            entry.allow_keys((*_VALUE_KEYS, "from", "to"), criterion.id)
            if "value" not in value:
                raise entry.fail(f"'{criterion.id}' has no 'value'")
            details, entry = read_details(entry), entry["value"]
        levels = self._read_levels(criterion, entry)
        if len(levels) == len(criterion.levels) and not criterion.several:
            return ()  # one of all levels: unknown
        if levels:
            answers[criterion.id] = Answer(levels, entry.value, *details)
        return levels

    def _read_levels(self, criterion: Criterion, entry: Entry) -> tuple[str, ...]:
        value = entry.value
        if isinstance(value, str) and value in criterion.level_ids:
            return (value,)
        if entry.is_unknown:
            return ()
        if isinstance(value, Mapping):
            return self._read_range(criterion, entry)
        if isinstance(value, (list, tuple)):
            return self._read_list(criterion, entry)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and criterion.unit:
            _check_number(criterion, entry, value)
            return criterion.levels_between(value, value)
        raise _wrong_level(criterion, entry)

    def _read_list(self, criterion: Criterion, entry: Entry) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for part in entry:
            if part.is_unknown or isinstance(part.value, (list, tuple, Mapping)):
                message = f"'{criterion.id}' lists {quote_value(part.value)}; a list holds levels or numbers"
                raise part.fail(message)
            found.update(dict.fromkeys(self._read_levels(criterion, part)))
        order = found if criterion.several else criterion.level_ids
        return tuple(level for level in order if level in found)

    def _read_range(self, criterion: Criterion, entry: Entry) -> tuple[str, ...]:
        for part in entry:
            if part.key not in ("from", "to"):
                message = f"a range has 'from' and 'to', not {quote_value(part.key)}"
                raise part.fail(message, key=True)
        if criterion.nominal:
            message = f"the levels of '{criterion.id}' have no order, so there is no range; list them instead"
            raise entry.fail(message)
        ends = [part for part in (entry["from"], entry["to"]) if part.value is not None]
        numbers = [part.value for part in ends if isinstance(part.value, (int, float))]
        order = criterion.level_ids
        if criterion.unit and numbers:
            order = tuple(band.level for band in criterion.bands)
        places = {"from": 0, "to": len(order) - 1}
        for part in ends:
            levels = self._read_levels(criterion, part)
            if len(levels) != 1 or levels[0] not in order:
                raise part.fail(f"'{part.key}' of a range must be one level or one number")
            places[part.key] = order.index(levels[0])
        if places["from"] > places["to"] or numbers != sorted(numbers):
            raise entry.fail("the range ends before it begins")
        inside = order[places["from"] : places["to"] + 1]
        return tuple(level for level in criterion.level_ids if level in inside)


def _check_number(criterion: Criterion, entry: Entry, number: float) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise entry.fail(f"'{criterion.id}' must be a finite number")
    low = -LARGEST_NUMBER if criterion.minimum is None else criterion.minimum
    high = LARGEST_NUMBER if criterion.maximum is None else criterion.maximum
    entry.limit(number, low, high, criterion)


def _wrong_level(criterion: Criterion, entry: Entry) -> RagortuneError:
    value, names = entry.value, criterion.level_ids
    allowed, hint = join_words(names, "or"), None
    if isinstance(value, bool) and set(names) == {"yes", "no"}:
        allowed = "yes or no"
        hint = f"write {'yes' if value else 'no'} (as text in quotes in JSON and TOML)"
    elif isinstance(value, str) and names:
        hint = (
            _hint_at_number(criterion, value)
            or _hint_at_level(criterion, value)
            or suggest_name(value, names)
        )
    if criterion.unit:
        allowed += f", or a number of {criterion.unit}"
    return entry.fail(f"'{criterion.id}' must be {allowed}, not {quote_value(value)}", hint)


_NUMBERS = "write a number alone, or {from: 200, to: 800} for a range"


def _hint_at_number(criterion: Criterion, value: str) -> str | None:
    """Return a hint with the number of an amount such as `300 pages`; None for other words."""
    try:
        number = read_amount(criterion, value.strip().replace("_", "").casefold(), _NUMBERS)
    except AnswerError as error:
        return error.hint
    if number is None:
        return None
    fits = (criterion.minimum or 0) <= number <= (criterion.maximum or LARGEST_NUMBER)
    return f"write the number of {criterion.unit} alone: {number:.12g}" if fits else _NUMBERS


def _hint_at_level(criterion: Criterion, words: str) -> str | None:
    """Return a hint with the level that words such as `annually` mean where `ask` asks; None for other words."""
    from ragortune.evidence.answers import SeveralLevelsError, read_answer  # noqa: PLC0415  (it needs the words of profiles)

    if not any(map(str.isalpha, words)):  # only `ask` numbers the levels
        return None
    try:
        level = read_answer(criterion, words)
    except AnswerError as error:
        return error.message if isinstance(error, SeveralLevelsError) else None
    return f"did you mean '{level}'?" if isinstance(level, str) else None


def join_levels(criterion: Criterion, levels: Iterable[str]) -> str:
    """Return levels in words, joined by "and" if several can hold at once, else by "or"."""
    return join_words(levels, "and" if criterion.several else "or")


def describe_answer(profile: Profile, criterion: Criterion) -> str:
    """Return an answer in a few words: its levels, the number if one was given, and whether it was measured."""
    levels = profile.levels.get(criterion.id)
    if not levels:
        return UNKNOWN
    answer = profile.answers.get(criterion.id)
    number = f", {answer.value:,}" if answer and answer.number is not None else ""
    source = ", measured" if answer and answer.source is Provenance.MEASURED else ""
    return f"{join_levels(criterion, levels)}{number}{source}"


def find_declined(criteria: Iterable[Criterion], data: object) -> tuple[str, ...]:
    """Return the criteria that a profile explicitly answers by `unknown`.

    The engine treats them like missing ones; a questionnaire does not ask them again.
    """
    if not isinstance(data, Mapping):
        return ()
    declined = []
    for criterion in criteria:
        group = data.get(criterion.group)
        value = group.get(criterion.name) if isinstance(group, Mapping) else data.get(criterion.id)
        if isinstance(value, Mapping):
            value = value.get("value")
        if value == UNKNOWN:
            declined.append(criterion.id)
    return tuple(declined)
