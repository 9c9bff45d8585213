"""Sanitising of untrusted text: no terminal escapes, no invisible characters, limited length; and JSON output."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef"
"""Ranges of invisible characters that Python calls printable: fillers, joiners, variation selectors other than of emoji."""
INVISIBLE = (
    f"{_BLANK}\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Ranges, for a character class, of characters without width: soft hyphens, joiners, directional marks, tags."""
YAML_BREAKS = dict.fromkeys(map(ord, "\x85\u2028\u2029"), " ")
"""Blanks by characters that end a line in YAML only."""
_UNSEEN = re.compile(f"[{_BLANK}]")
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_BRACKETED = re.compile(r"##(?=\w*\[)")
"""`##[name]` of GitHub, `##vso[name]` of Azure, `##teamcity[name]`, anywhere in a line."""
_OBEYED = re.compile("(?!\x1b\\[[0-9;]*m)[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters that a terminal interprets, except for the beginnings of colours."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_plain(text: str) -> bool:
    """Return whether a text has visible characters only, and no line break."""
    return text.isprintable() and (text.isascii() or not _UNSEEN.search(text))


def clean_text(text: str, *, keep_breaks: bool = False) -> str:
    """Return `text` with everything escaped that a terminal could interpret or a reader cannot see.

    Control characters, bidirectional overrides, private-use, unassigned and zero-width characters become Python escapes.
    Line breaks and tabs become spaces, unless `keep_breaks`.
    """
    if is_plain(text):
        return text
    text = text.replace("\r", "") if keep_breaks else text
    shown = []
    for character in text:
        if is_plain(character) or (keep_breaks and character in "\n\t"):
            shown.append(character)
        else:
            shown.append(" " if character.isspace() else ascii(character)[1:-1])
    return "".join(shown)


def disarm_commands(text: str) -> str:
    """Return text without workflow commands of CI runners: neither `::name::` at the start of a line nor `##name[`."""
    # Few texts contain these characters, and a search for them is much faster than the patterns.
    text = _COMMAND.sub(r"\1: ", text) if "::" in text else text
    return _BRACKETED.sub("## ", text) if "##" in text else text


def guard_terminal(text: str) -> str:
    """Return a whole page without control sequences other than colours, and without workflow commands.

    The last line of defence, after the writers, which sanitise each untrusted text.
    """
    return disarm_commands(_OBEYED.sub(lambda found: ascii(found[0])[1:-1], text))


def shorten_text(text: str, width: int) -> str:
    """Return `text` cut to `width` characters, with an ellipsis where something was cut."""
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def cut_text(text: str, most: int) -> str:
    """Return the sentences of `text` that fit `most` characters, or else the words that do and an ellipsis."""
    if len(text) <= most:
        return text
    end = max(text.rfind(f"{sign} ", 0, most) for sign in ".?!") + 1
    if end:
        return text[:end]
    words = text[: max(most - 3, 0)].rpartition(" ")[0]
    words = words if words.count("(") <= words.count(")") else words.rpartition("(")[0].rstrip()
    return words.rstrip(",:;-") + " ..."


def clean_line(text: str, width: int = 200) -> str:
    """Return untrusted text on one line, sanitised and cut to `width` characters."""
    return shorten_text(" ".join(clean_text(text).split()), width)


def quote_value(value: object) -> str:
    """Return a value from the input for an error message, sanitised and shortened."""
    if isinstance(value, str):
        return f"'{shorten_text(clean_text(value), 60)}'"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return shorten_text(clean_text(str(value)), 60)


def hide_password(address: str) -> str:
    """Return the address of a service without user, password and query; a path as it is."""
    if "://" not in address:
        return address
    scheme, separator, rest = address.partition("?")[0].partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def join_words(words: Iterable[str], last: str = "and", most: int | None = None) -> str:
    """Return `a, b and c`, or `a, b and 7 more` if there are more than `most` words."""
    listed = list(words)
    if most is not None and len(listed) > most:
        listed[most:] = [f"{len(listed) - most} more"]
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def count_words(number: int, singular: str, plural: str | None = None) -> str:
    """Return `1 finding` or `2 findings`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def is_misspelt(word: str, name: str) -> bool:
    """Return whether a word is probably a misspelling of a name in lower case: lookalike or one or two wrong letters."""
    written = unicodedata.normalize("NFKC", word[:40]).casefold()
    if abs(len(written) - len(name)) > 2 or len(set(written) & set(name)) < len(set(name)) - 2:
        return False
    return difflib.SequenceMatcher(None, written, name, autojunk=False).ratio() > 0.8


def suggest_name(word: object, names: Iterable[str], near: float = 0.55) -> str | None:
    """Return the hint with the valid name nearest to `word`, None if none is as alike as `near`, from 0 to 1."""
    return _suggest(str(word)[:80].lower().replace(" ", "_").replace("-", "_"), tuple(names), near)


@lru_cache(maxsize=64)  # all lines of a batch may have the same mistake
def _suggest(wanted: str, choices: tuple[str, ...], cutoff: float) -> str | None:
    by_form = {name.lower().replace("-", "_"): name for name in choices}
    without_group = [form for form in by_form if form.rpartition(".")[2] == wanted]
    near = without_group or difflib.get_close_matches(wanted, by_form, n=1, cutoff=cutoff)
    if not near:
        tails = {form.rpartition(".")[2]: form for form in by_form}
        near = [
            tails[tail] for tail in difflib.get_close_matches(wanted, tails, n=1, cutoff=max(cutoff, 0.7))
        ]
    if not near and len(wanted) > 2:
        near = sorted((form for form in by_form if wanted in form), key=len)
    return f"did you mean '{by_form[near[0]]}'?" if near else None


def dump_json(data: object, *, indent: int = 2) -> str:
    """Return records and plain data as JSON; on one line if `indent` is 0.

    Characters that would mislead a terminal or a reader are escaped; undecodable bytes of file names are written as
    `clean_text` shows them.
    """
    try:
        packed = msgspec.json.encode(data, enc_hook=_simplify)
    except UnicodeEncodeError:  # undecodable bytes of a file name; strict readers refuse surrogate escapes
        text = json.dumps(msgspec.to_builtins(data, enc_hook=_simplify), ensure_ascii=False)
        packed = _SURROGATE.sub(lambda found: "\\" + ascii(found[0])[1:-1], text).encode()
    text = packed.decode()
    plain = is_plain(text)
    if "##" in text:  # could be a workflow command of a CI runner
        packed = _BRACKETED.sub(r"#\\u0023", text).encode()
    del text  # saves memory for large documents
    packed = msgspec.json.format(packed, indent=indent)
    text = packed.decode()
    if plain:
        return text
    return "".join(
        character if is_plain(character) or character == "\n" else json.dumps(character)[1:-1]
        for character in text
    )


def plain_data(value: object) -> Any:
    """Return a value with records, mappings and sequences as a JSON decoder returns them."""
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=_simplify))


def _simplify(value: Any) -> object:
    return str(value) if isinstance(value, str) else dict(value)
