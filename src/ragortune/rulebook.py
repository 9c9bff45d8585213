"""Rule sets from a folder: found, hashed, compiled once, and read fast from then on.

The YAML files are the only source of truth. What is compiled from them is plain JSON, kept under the digest of their
content, so that it can never be stale: a changed file has another digest and is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import lru_cache

from ragortune.errors import Place, RulebookError
from ragortune.evidence.documents.language import LanguageData, build_language
from ragortune.evidence.documents.records import SectionKind
from ragortune.findings import Certainty, Detector, FindingExample, FindingRule, FindingTests, Severity
from ragortune.model import (
    AnswerCount,
    Bound,
    Case,
    Condition,
    Confidence,
    Criterion,
    Direction,
    Effect,
    Example,
    Finding,
    Gate,
    GateKind,
    Level,
    Main,
    Need,
    NoticeKind,
    Option,
    OptionGuide,
    PriceRow,
    PriceValue,
    Quality,
    Rule,
    Rulebook,
    RuleTests,
    Sample,
    Scale,
    Source,
    Strength,
    Technique,
)
from ragortune.rulefolder import digest_files, read_files, shipped_folder

_FORMAT = 3
_KEPT_SETS = 12
SEPARATE_KINDS = ("cases", "language", "prices", "findings")
"""Parts of a rule set that most runs do not need; each is compiled to a file of its own."""


def load_rulebook(path: str | os.PathLike[str] | None = None) -> Rulebook:
    """Return the rule set in a folder, or the shipped one.

    A folder whose `rulebook.yaml` says `extends: ragortune` adds to the shipped set, overrides rules by id and
    disables rules with a reason. Raises RulebookError or UnreadableError with file, line and column.
    """
    folder = os.path.abspath(os.fspath(path)) if path is not None else shipped_folder()
    return _load_files(folder, digest_files(read_files(folder)))


@lru_cache(maxsize=8)
def _load_files(folder: str, content: str) -> Rulebook:
    """Return the rule set of a folder whose files have this digest, compiled before or now."""
    base = "" if folder == shipped_folder() else digest_files(read_files(shipped_folder()))
    key = hashlib.sha256(f"{_FORMAT}\0{content}\0{base}".encode()).hexdigest()[:32]
    book = _read_compiled(f"rules-{key}.json")
    if book is None:
        from ragortune import rulefiles  # brings in pydantic, which a compiled set does without

        compiled = rulefiles.compile_folder(folder)
        for kind in SEPARATE_KINDS:
            _write_compiled(f"{kind}-{key}.json", {kind: compiled.pop(kind)})
        _write_compiled(f"rules-{key}.json", compiled)
        book = compiled
    return build_rulebook(
        book,
        lambda: build_cases(_read_separate("cases", folder, key)),
        lambda: build_language(_read_separate("language", folder, key)),
        lambda: build_prices(_read_separate("prices", folder, key)),
    )


def _read_separate(kind: str, folder: str, key: str) -> object:
    found = _read_compiled(f"{kind}-{key}.json")
    if found is None:
        from ragortune import rulefiles

        found = rulefiles.compile_folder(folder)
    return found[kind]


def load_language(path: str | os.PathLike[str] | None = None) -> LanguageData:
    """Return the language of the rule set in a folder, or of the shipped one; raises as `load_rulebook` does."""
    return load_rulebook(path).read_language()  # type: ignore[return-value]


def load_finding_rules(path: str | os.PathLike[str] | None = None) -> dict[str, FindingRule]:
    """Return the finding rules of the rule set in a folder, or of the shipped one, by id in order of their codes.

    Raises RulebookError or UnreadableError with file, line and column.
    """
    folder = os.path.abspath(os.fspath(path)) if path is not None else shipped_folder()
    load_rulebook(folder)
    rules = build_findings(_read_separate("findings", folder, compiled_name(folder)))
    return {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.code)}


def compiled_folders() -> list[str]:
    """Return the folders in which compiled rule sets are looked for: the package's own, then the user's cache."""
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compiled")
    return [own, cache_folder()]


def cache_folder() -> str:
    """Return the folder for compiled rule sets of this user."""
    chosen = os.environ.get("RAGORTUNE_CACHE_DIR")
    if chosen:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return os.path.join(base or os.path.join(os.path.expanduser("~"), ".cache"), "ragortune")


def compiled_name(folder: str) -> str:
    """Return the key under which the compiled form of a rule set is kept."""
    base = "" if folder == shipped_folder() else digest_files(read_files(shipped_folder()))
    content = digest_files(read_files(folder))
    return hashlib.sha256(f"{_FORMAT}\0{content}\0{base}".encode()).hexdigest()[:32]


def _read_compiled(name: str) -> dict[str, object] | None:
    import json

    for folder in compiled_folders():
        try:
            with open(os.path.join(folder, name), "rb") as stream:
                found = json.load(stream)
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return None


def _write_compiled(name: str, data: Mapping[str, object]) -> None:
    """Keep a compiled rule set for the next start, if the cache can be written; nothing depends on it."""
    import json
    import tempfile

    folder = cache_folder()
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".writing-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(data, stream, ensure_ascii=False, separators=(",", ":"))
        os.replace(temporary, os.path.join(folder, name))
        _drop_oldest(folder)
    except OSError:
        return


def _drop_oldest(folder: str) -> None:
    """Remove the compiled rule sets that were written longest ago, each with all its files."""
    written: dict[str, float] = {}
    names = [name for name in os.listdir(folder) if name.endswith(".json")]
    for name in names:
        key = name.rpartition("-")[2]
        written[key] = max(written.get(key, 0.0), os.path.getmtime(os.path.join(folder, name)))
    dropped = set(sorted(written, key=lambda key: written[key])[:-_KEPT_SETS])
    for name in names:
        if name.rpartition("-")[2] in dropped:
            os.unlink(os.path.join(folder, name))


# --- compiled data back to records --------------------------------------------------------------------------------


def build_rulebook(
    book: Mapping[str, object],
    read_cases: Callable[[], tuple[Case, ...]],
    read_language: Callable[[], object] = tuple,
    read_prices: Callable[[], tuple[PriceRow, ...]] = tuple,
) -> Rulebook:
    """Return the rule set that compiled data describes; the data is trusted to be what was compiled."""
    scale = dict(_mapping(book["scale"]))
    scale["ask_first"] = tuple(scale["ask_first"])
    criteria = [_build_criterion(record) for record in _records(book["criteria"])]
    derived = [_build_criterion(record) for record in _records(book["derived"])]
    rules = [_build_rule(record) for record in _records(book["rules"])]
    sources = [
        Source(**{**record, "quality": Quality(record["quality"])}) for record in _records(book["sources"])
    ]
    options = [OptionGuide(**{**record, "id": Option(record["id"])}) for record in _records(book["options"])]
    try:
        return Rulebook(
            name=str(book["name"]),
            version=str(book["version"]),
            digest=str(book["digest"]),
            scale=Scale(**scale),
            criteria={criterion.id: criterion for criterion in criteria},
            rules={rule.id: rule for rule in rules},
            sources={source.id: source for source in sources},
            options={guide.id: guide for guide in options},
            recheck_days=int(str(book["recheck_days"])),
            disabled=_mapping(book["disabled"]),
            read_cases=read_cases,
            read_language=read_language,
            derived={criterion.id: criterion for criterion in derived},
            read_prices=read_prices,
            answer_counts={
                name: tuple(AnswerCount(tuple(levels), count) for levels, count in counts)
                for name, counts in _mapping(book["answer_counts"]).items()
            },
        )
    except (KeyError, TypeError) as error:
        raise RulebookError(f"the compiled rule set is damaged ({error})", Place(cache_folder())) from None


def _mapping(value: object) -> dict[str, Any]:
    return value  # type: ignore[return-value]


def _records(value: object) -> list[dict[str, Any]]:
    return value  # type: ignore[return-value]


def _build_criterion(record: dict[str, Any]) -> Criterion:
    levels = tuple(Level(**level) for level in record["levels"])
    raises = tuple(Need(need) for need in record["raises"])
    asked_when = _build_conditions(record["asked_when"])
    return Criterion(**{**record, "levels": levels, "raises": raises, "asked_when": asked_when})


def _build_conditions(record: Mapping[str, Any]) -> dict[str, Condition]:
    built: dict[str, Condition] = {}
    for criterion, wanted in record.items():
        if isinstance(wanted, dict) and "main" in wanted:
            main = wanted["main"]
            built[criterion] = Main(main if isinstance(main, str) else tuple(main))
        elif isinstance(wanted, dict):
            built[criterion] = Bound(**wanted)
        else:
            built[criterion] = wanted if isinstance(wanted, str) else tuple(wanted)
    return built


def _build_rule(record: dict[str, Any]) -> Rule:
    technique = record["technique"]
    tests = record["tests"]
    return Rule(
        id=record["id"],
        code=record["code"],
        title=record["title"],
        when=_build_conditions(record["when"]),
        because=record["because"],
        sources=tuple(Finding(**finding) for finding in record["sources"]),
        exceptions=tuple(record["exceptions"]),
        remedy=record["remedy"],
        tests=RuleTests(
            tuple(Example(**example) for example in tests["fires"]),
            tuple(Example(**example) for example in tests["silent"]),
        ),
        unless=_build_conditions(record["unless"]),
        effects=tuple(
            Effect(Need(effect["need"]), Direction(effect["effect"]), Strength(effect["strength"]))
            for effect in record["effects"]
        ),
        gates=tuple(Gate(Need(gate["need"]), GateKind(gate["gate"])) for gate in record["gates"]),
        notice=NoticeKind(record["notice"]) if record["notice"] else None,
        technique=Technique(
            **{**technique, "options": tuple(Option(option) for option in technique["options"])}
        )
        if technique
        else None,
        recheck_days=record["recheck_days"],
    )


def build_cases(records: object) -> tuple[Case, ...]:
    """Return the casebook that compiled data describes."""
    return tuple(
        Case(
            **{
                **record,
                "sample": Sample(record["sample"]),
                "outcome": Option(record["outcome"]),
                "acceptable": tuple(Option(option) for option in record["acceptable"]),
            }
        )
        for record in _records(records)
    )


def build_prices(records: object) -> tuple[PriceRow, ...]:
    """Return the price data that compiled data describes."""
    return tuple(
        PriceRow(
            **{
                **record,
                "confidence": Confidence(record["confidence"]),
                "values": {name: _build_value(value) for name, value in record["values"].items()},
            }
        )
        for record in _records(records)
    )


def _build_value(record: dict[str, Any]) -> PriceValue:
    confidence = record["confidence"]
    return PriceValue(**{**record, "confidence": Confidence(confidence) if confidence else None})


def build_findings(records: object) -> tuple[FindingRule, ...]:
    """Return the finding rules that compiled data describes."""
    return tuple(_build_finding(record) for record in _records(records))


def _build_finding(record: dict[str, Any]) -> FindingRule:
    tests = {
        side: tuple(
            FindingExample(
                **{**example, "decision": Option(example["decision"]) if example["decision"] else None}
            )
            for example in record["tests"][side]
        )
        for side in ("fires", "silent")
    }
    return FindingRule(
        **{
            **record,
            "severity": Severity(record["severity"]),
            "confidence": Certainty(record["confidence"]),
            "detector": Detector(record["detector"]),
            "exceptions": tuple(record["exceptions"]),
            "tests": FindingTests(**tests),
            "sources": tuple(Finding(**finding) for finding in record["sources"]),
            "decisions": tuple(Option(option) for option in record["decisions"]),
            "when": _build_conditions(record["when"]),
            "unless": _build_conditions(record["unless"]),
            "asks": tuple(record["asks"]),
            "words": tuple(record["words"]),
            "sections": tuple(SectionKind(kind) for kind in record["sections"]),
        }
    )


TYPE_CHECKING = False  # importing `typing` would cost a fifth of a start
if TYPE_CHECKING:
    from typing import Any
