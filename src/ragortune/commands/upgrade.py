"""`rules diff`: what changes for a project when it moves from one rule set to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from ragortune.commands.shared import choose_format, rules_folder
from ragortune.model.findings import read_finding_rules
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.record import Record
from ragortune.support.rulefolder import shipped_folder
from ragortune.support.text import clean_text, dump_json, quote_value

FORMATS = ("text", "json")
SHIPPED_WORD = "shipped"
_KINDS: Mapping[str, str] = MappingProxyType(
    {"criterion": "criteria", "rule": "rules", "finding": "finding rules"}
)
_QUIET = frozenset({"tests", "sources"})
"""Fields whose change alone changes no outcome."""


class Change(Record, frozen=True):
    """One record that differs between two rule sets."""

    kind: str
    """`criterion`, `rule` or `finding`."""
    id: str
    change: str
    """`added`, `removed` or `changed`."""
    fields: tuple[str, ...] = ()
    """What differs, where it was changed."""
    outcome: bool = True
    """Whether it can change an outcome; tests and sources cannot."""


def diff_rule_sets(base: str, rules: str | None, form: str, environment: Environment) -> ExitCode:
    """Print what differs between the rule set that holds here and another one."""
    form = choose_format(form, FORMATS)
    folder = rules_folder(rules, environment)
    other = shipped_folder() if base == SHIPPED_WORD else Path(environment.folder, base)
    if base != SHIPPED_WORD and not other.is_dir():
        hint = f"BASE is the folder of a rule set, or '{SHIPPED_WORD}'"
        raise UsageError(f"cannot compare with {quote_value(base)}: no such folder", None, hint)
    changes = list(_compare(other, folder))
    old, new = load_rulebook(other), load_rulebook(folder)
    if form == "json":
        described = {
            "from": {"name": old.name, "version": old.version, "digest": old.digest},
            "to": {"name": new.name, "version": new.version, "digest": new.digest},
            "changes": [{name: getattr(change, name) for name in Change.field_names()} for change in changes],
        }
        environment.write(dump_json(described) + "\n")
        return ExitCode.OK
    environment.write(f"From {_word_set(old.name, old.version, old.digest)}\n")
    environment.write(f"to   {_word_set(new.name, new.version, new.digest)}\n")
    for change in changes:
        environment.write(_word_change(change) + "\n")
    counts = ", ".join(
        f"{sum(change.kind == kind for change in changes)} {name}" for kind, name in _KINDS.items()
    )
    environment.write(f"changed: {counts}\n" if changes else "nothing differs\n")
    return ExitCode.OK


def _word_set(name: str, version: str, digest: str) -> str:
    return clean_text(f"{name} {version} ({digest[:19]})")


def _word_change(change: Change) -> str:
    fields = f" ({', '.join(change.fields)})" if change.fields else ""
    quiet = "" if change.outcome else "; no outcome changes"
    return clean_text(f"  {change.change:<8} {change.kind} {change.id}{fields}{quiet}")


def _compare(old: Path, new: Path) -> Iterator[Change]:
    before, after = load_rulebook(old), load_rulebook(new)
    pairs: tuple[tuple[str, Mapping[str, Record], Mapping[str, Record]], ...] = (
        ("criterion", before.criteria, after.criteria),
        ("rule", before.rules, after.rules),
        ("finding", read_finding_rules(before), read_finding_rules(after)),
    )
    for kind, mine, theirs in pairs:
        for name in sorted({*mine, *theirs}):
            if name not in mine:
                yield Change(kind, name, "added")
            elif name not in theirs:
                yield Change(kind, name, "removed")
            elif mine[name] != theirs[name]:
                fields = tuple(
                    field
                    for field in mine[name].field_names()
                    if getattr(mine[name], field) != getattr(theirs[name], field)
                )
                yield Change(kind, name, "changed", fields, not set(fields) <= _QUIET)
