"""Rule sets from a folder: found, hashed, compiled once, and read fast from then on.

The YAML files are the only source of truth.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ragortune.model import Rulebook
from ragortune.model.findings import FindingRule
from ragortune.ruleset.compiled import CompiledRules, CompiledSet, compiled_name, read_part, write_parts
from ragortune.support.rulefolder import shipped_folder


def load_rulebook(path: str | os.PathLike[str] | None = None) -> Rulebook:
    """Return the rule set in a folder, or the shipped one.

    A folder whose `rulebook.yaml` says `extends: ragortune` adds to the shipped set, overrides rules by id and
    disables rules with a reason. Raises RulebookError or UnreadableError with file, line and column.
    """
    folder = Path(path).absolute() if path is not None else shipped_folder()
    return _load_files(folder, compiled_name(folder))


@lru_cache(maxsize=8)
def _load_files(folder: Path, key: str) -> Rulebook:
    """Return the rule set of a folder whose files have this key, compiled before or now."""
    rules = read_part("rules", key)
    if not isinstance(rules, CompiledRules):
        compiled = _compile(folder)
        write_parts(compiled, key)
        rules = compiled.rules
    return build_rulebook(rules, lambda name: _read_part(name, folder, key))


def build_rulebook(rules: CompiledRules, read: Callable[[str], Any]) -> Rulebook:
    """Return a rule set.

    Args:
        rules: what is compiled of it.
        read: returns another part of it by name, when it is first asked for.

    """
    return Rulebook(
        name=rules.name,
        version=rules.version,
        digest=rules.digest,
        scale=rules.scale,
        criteria={criterion.id: criterion for criterion in rules.criteria},
        rules={rule.id: rule for rule in rules.rules},
        sources={source.id: source for source in rules.sources},
        options={guide.id: guide for guide in rules.options},
        recheck_days=rules.recheck_days,
        disabled=rules.disabled,
        derived={criterion.id: criterion for criterion in rules.derived},
        quantities={kind.id: kind for kind in rules.quantities},
        answer_counts=rules.answer_counts,
        read_cases=lambda: read("cases"),
        read_language=lambda: read("language"),
        read_prices=lambda: read("prices"),
    )


def _read_part(name: str, folder: Path, key: str) -> Any:
    found = read_part(name, key)
    return getattr(_compile(folder), name) if found is None else found


def _compile(folder: Path) -> CompiledSet:
    from ragortune.ruleset import files  # noqa: PLC0415  (brings in pydantic, which a compiled set does without)

    return files.compile_folder(folder)


def load_finding_rules(path: str | os.PathLike[str] | None = None) -> dict[str, FindingRule]:
    """Return the finding rules of the rule set in a folder, or of the shipped one, by id in order of their codes.

    Raises RulebookError or UnreadableError with file, line and column.
    """
    folder = Path(path).absolute() if path is not None else shipped_folder()
    key = compiled_name(folder)
    _load_files(folder, key)
    rules: tuple[FindingRule, ...] = _read_part("findings", folder, key)
    return {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.code)}
