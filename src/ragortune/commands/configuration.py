"""Settings in `ragortune.yaml` or `[tool.ragortune]`, looked for upwards to the root of the repository.

A pull request can change the settings, and the rule pack, baseline and profile that they name. `--config-from REF` reads
all of them from the merge base with REF, so that a pull request cannot switch off its own check.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ragortune.commands.requests import CONFIDENCES, FAILS_ON, CheckRequest
from ragortune.evidence.entries import Entry
from ragortune.support.environment import Environment
from ragortune.support.errors import ConfigurationError, Place, RagortuneError, UsageError
from ragortune.support.git import Repository
from ragortune.support.reading import (
    PROFILE_BYTES,
    YAML_ENDINGS,
    find_repository,
    lies_inside,
    parse_toml,
    parse_yaml,
    read_bytes,
    read_text,
    walk_up,
)
from ragortune.support.record import Record
from ragortune.support.rulefolder import list_rule_files
from ragortune.support.text import quote_value

FILE = "ragortune.yaml"
PROJECT_FILE = "pyproject.toml"
_MISNAMED = "ragortune.yml"
_PROJECT_BYTES = PROFILE_BYTES * 4
_NAMED = re.compile(rb"tool\W*(?:ragortune|[\]=])")
"""Matches every project file with settings, in a hundredth of the time that parsing takes."""
_Path = Annotated[str, Meta(pattern=r"^[^\0]+$")]
_Version = Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){0,4}$")]
_Rules = list[str], "a list of names or codes of rules"
SETTINGS: Mapping[str, tuple[Any, str | tuple[str, ...]]] = {
    "rules": (_Path, "a folder"),
    "rules-version": (_Version, 'a version such as "2026.11"'),
    "fail-on": (Literal[FAILS_ON], FAILS_ON),
    "min-confidence": (Literal[CONFIDENCES], CONFIDENCES),
    "select": _Rules,
    "ignore": _Rules,
    "require-decision": (bool, "true or false"),
    "baseline": (_Path, "a file"),
    "profile": (_Path, "a file"),
}
"""Type of each setting, and its allowed values in words."""
_OUTER = ("rules", "rules-version", "check")
"""Keys at the top level; the other settings are under `check`."""
_INNER = [name for name in SETTINGS if name not in _OUTER]
_PATHS = ("rules", "baseline", "profile")


class _Setting(Entry):
    """A value of a settings file."""

    error = ConfigurationError


class Configuration(Record, frozen=True):
    """Settings for a folder and everything below it; None leaves a setting to flags and defaults."""

    path: str | None = None
    """The settings file."""
    rules: Path | None = None
    """Folder of the rule set to use, as an absolute path."""
    rules_version: str | None = None
    """Pinned version of the rule set: findings of newer rules are notes."""
    fail_on: str | None = None
    """Lowest severity at which `check` fails: error, warning, note or never."""
    min_confidence: str | None = None
    """Lowest confidence of the findings shown: low, medium or high."""
    select: tuple[str, ...] = ()
    """Names or codes of the finding rules to run; empty for all."""
    ignore: tuple[str, ...] = ()
    """Names or codes of the finding rules to skip."""
    require_decision: bool = False
    """Whether a document without a decision ends the run with exit code 3."""
    baseline: Path | None = None
    """File with known findings, as an absolute path."""
    profile: Path | None = None
    """Profile file with facts from outside the documents, as an absolute path."""
    moved: tuple[Path, Path] | None = None
    """Temporary folder with the files of an earlier commit, and the root of the repository that they belong to."""
    base: str | None = None
    """That commit."""

    def origin_of(self, path: Path) -> Path:
        """Return the path in the repository of a file that the settings name."""
        if self.moved and path.is_relative_to(self.moved[0]):
            return self.moved[1] / path.relative_to(self.moved[0])
        return path


def find_configuration(folder: str | Path) -> Configuration:
    """Return the nearest settings, from a folder upwards to the root of the repository; raises RagortuneError."""
    found = _find_settings(Path(folder))
    return _keep_inside(_read_settings(*found)) if found else Configuration()


def _list_named_files(folder: Path) -> list[Path]:
    """Return the files and folders that the nearest settings name, whether or not they exist."""
    found = _find_settings(folder)
    if found is None or not isinstance(found[0].value, dict):
        return []
    top, file = found
    entries = [entry.value for entry in (*top, *top["check"]) if entry.path[-1] in _PATHS]
    names = [name for name in entries if isinstance(name, str) and "\0" not in name]
    return [Path(os.path.normpath(Path(file).parent / name)) for name in names]


def _find_settings(folder: Path) -> tuple[Entry, str] | None:
    """Return the nearest settings and the file that holds them."""
    for current in walk_up(folder):
        file = current / FILE
        if os.path.lexists(file):
            _refuse_outside(file, file, "--config FILE")
            return _parse_settings(file)
        if os.path.exists(other := current / _MISNAMED):
            raise ConfigurationError(f"settings are read from {FILE}", Place(str(other)), "rename this file")
        project = current / PROJECT_FILE
        if os.path.exists(project) and _NAMED.search(read_bytes(project, _PROJECT_BYTES)):
            _refuse_outside(project, project, "--config FILE")
            if (found := _parse_settings(project)) is not None:
                return found
    return None


def _parse_settings(path: Path) -> tuple[Entry, str] | None:
    """Return the settings of a file, which in TOML are a table; None without that table."""
    shown = str(path)
    if path.suffix.lower() != ".toml":
        document = parse_yaml(read_text(path, PROFILE_BYTES, shown), shown)
        return _Setting(document.data, (), document), shown
    document = parse_toml(read_text(path, _PROJECT_BYTES, shown), shown)
    tools = document.data.get("tool") if isinstance(document.data, dict) else None
    table = tools.get("ragortune") if isinstance(tools, dict) else None
    return None if table is None else (_Setting(table, ("tool", "ragortune"), document), shown)


def _keep_inside(configuration: Configuration) -> Configuration:
    """Return the settings unchanged; raises ConfigurationError if they name a file outside their repository."""
    file = Path(configuration.path or "")
    for name in _PATHS:
        named = getattr(configuration, name)
        if named is not None:
            refuse = partial(_refuse_outside, file=file, flag=f"--{name} PATH", what=f"'{name}' ")
            refuse(named)
            for inner in list_rule_files(named) if name == "rules" else ():
                refuse(named / inner)
    return configuration


def _refuse_outside(path: Path, file: Path, flag: str, what: str = "") -> None:
    """Raise ConfigurationError if a path, links resolved, leads out of the repository of a settings file.

    A pull request could otherwise have any file of the machine quoted in an error.
    """
    if not lies_inside(path, find_repository(file.parent)):
        message = f"{what}points outside the repository"
        raise ConfigurationError(message, Place(str(file)), f"name it on the command line: {flag}")


def _read_settings(top: Entry, file: str) -> Configuration:
    """Return the settings of a file; raises ConfigurationError with all problems."""
    problems: list[RagortuneError] = []
    settings = {}
    for name, known in (("settings are", _OUTER), ("'check' is", _INNER)):
        table = top if known is _OUTER else top["check"]
        if table.value is not None and not isinstance(table.value, Mapping):
            raise table.fail(f"{name} a mapping, not {quote_value(table.value)}")
        for entry in table:
            try:
                if entry.key not in known:
                    raise entry.unknown("setting", known)
                if entry.key in SETTINGS and entry.value is not None:
                    settings[entry.key.replace("-", "_")] = _read_setting(entry, file)
            except ConfigurationError as error:
                ConfigurationError.collect(problems, error)
    ConfigurationError.raise_all(problems)
    return Configuration(file, **settings)


def _read_setting(entry: Entry, file: str) -> Any:
    """Return the value of a setting, paths resolved from its file; raises ConfigurationError."""
    kind, allowed = SETTINGS[entry.key]
    try:
        value = msgspec.convert(entry.value, kind)
    except msgspec.ValidationError:
        error = entry.must_be(allowed)
        if entry.key == "rules-version" and isinstance(entry.value, (int, float)):
            error.hint = "write the version in quotes"
        raise error from None
    if entry.key not in _PATHS:
        return tuple(value) if isinstance(value, list) else value
    named = Path(os.path.normpath(Path(file).absolute().parent / value))
    if entry.key == "rules" and not os.path.isdir(named):
        raise entry.fail(f"'rules' names no folder: {quote_value(value)}")
    return named


# --- effective settings --------------------------------------------------------------------------------------------


def choose_configuration(request: CheckRequest, environment: Environment, stack: ExitStack) -> Configuration:
    """Return the settings without those that `--without` names or a flag replaces.

    `stack` owns the temporary folder with the files of an earlier commit. Raises UsageError if more than one source of
    settings is named or git fails, RagortuneError if the settings cannot be read.
    """
    flags = {
        "--config": request.config, "--config-from": request.config_from, "--no-config": request.no_config
    }  # fmt: skip
    chosen = [flag for flag, value in flags.items() if value]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} cannot be combined")
    given = [name for name in SETTINGS if getattr(request, name.replace("-", "_"), None)]
    configuration, empty = _read_configuration(request, environment, stack), Configuration()
    for name in (*given, *request.without):
        if name not in SETTINGS:
            raise UsageError.unknown("setting", name, SETTINGS, where="for --without")
        field = name.replace("-", "_")
        configuration = configuration.replace(**{field: getattr(empty, field)})
    return configuration


def _read_configuration(request: CheckRequest, environment: Environment, stack: ExitStack) -> Configuration:
    if request.no_config:
        return Configuration()
    if request.config is not None:
        found = _parse_settings(Path(environment.folder, request.config))
        if found is None:
            raise ConfigurationError("holds no [tool.ragortune]", Place(request.config))
        return _read_settings(*found)
    if request.config_from is None:
        return find_configuration(environment.folder)
    from tempfile import TemporaryDirectory  # noqa: PLC0415  (hardly ever needed)

    repository = Repository(environment.folder, "--config-from")
    base = repository.find_base(request.config_from)
    try:
        target = Path(stack.enter_context(TemporaryDirectory()))
    except OSError as error:
        raise UsageError(
            f"--config-from needs a temporary folder ({error})", None, "TMPDIR names one"
        ) from None
    stack.enter_context(_name_origin(target, base))
    return _read_earlier(repository, base, environment.folder, target)


@contextmanager
def _name_origin(folder: Path, base: str) -> Iterator[None]:
    """Make errors about files in a temporary folder name their path in the repository and the commit."""
    try:
        yield
    except RagortuneError as error:
        for problem in error.problems:
            path = Path(problem.place.path or "") if problem.place else None
            if problem.place and path and path.is_relative_to(folder):
                problem.place = problem.place.replace(path=path.relative_to(folder).as_posix())
                problem.message += f" (at {base[:12]})"
        raise


def _read_earlier(repository: Repository, base: str, folder: str, target: Path) -> Configuration:
    """Return the settings for a folder at a commit; they and the files that they name are copied to another folder."""
    top = Path(os.path.realpath(repository.top))

    def extract(paths: Iterable[PurePosixPath]) -> None:
        names = [str(path) for path in paths]
        for file in repository.list_files(base, names):
            if file.is_plain:
                place = target / file.name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(os.fsencode(repository.ask("cat-file", "blob", file.blob)))
            elif file.name in names or file.name.lower().endswith(YAML_ENDINGS):
                # The target of a link may have changed since, and leaving it out would change the settings.
                message = f"--config-from: {quote_value(file.name)} is a link, not a file, at {base[:12]}"
                raise UsageError(message, None, "settings, and what they name, have to be files")

    (target / ".git").mkdir()  # ends the search for settings
    here = PurePosixPath(Path(os.path.realpath(folder)).relative_to(top).as_posix())
    (target / here).mkdir(parents=True, exist_ok=True)
    extract(above / name for above in (here, *here.parents) for name in (FILE, _MISNAMED, PROJECT_FILE))
    named = [path for path in _list_named_files(target / here) if path.is_relative_to(target)]
    if named:
        extract(PurePosixPath(path.relative_to(target).as_posix()) for path in named)
    found = find_configuration(target / here)
    file = found.path and str(top / Path(found.path).relative_to(target))
    return found.replace(path=file, moved=(target, top), base=base)
