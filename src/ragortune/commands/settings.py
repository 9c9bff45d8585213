"""Which settings hold for a run of `check`: the nearest, a file that is named, none, or those of an earlier commit.

A pull request can change `ragortune.yaml`, the rule pack, the baseline and the profile that it names. With `--config-from REF`
all of them are read as they stand where the branch left REF, so that what is under review cannot switch off its own check.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from ragortune.commands.configuration import (
    FILE,
    PROJECT_FILE,
    SETTINGS,
    Configuration,
    find_configuration,
    leave_out,
    list_named_files,
    read_configuration,
)
from ragortune.commands.requests import CheckRequest
from ragortune.support.environment import Environment
from ragortune.support.errors import UsageError
from ragortune.support.git import Repository

_PLAIN_FILES = ("100644", "100755")


def choose_configuration(request: CheckRequest, environment: Environment, stack: ExitStack) -> Configuration:
    """Return the settings that hold, without those that `--without` names and those that have a flag of their own.

    Args:
        request: the flags; they name at most one place of settings.
        environment: the working folder.
        stack: takes the folder into which files of an earlier commit are read; they stay until it is closed.

    Raises:
        UsageError: more than one place is asked for, or git cannot answer.
        RagortuneError: the settings cannot be read or used.

    """
    flags = {
        "--config": request.config, "--config-from": request.config_from, "--no-config": request.no_config
    }  # fmt: skip
    asked = [flag for flag, chosen in flags.items() if chosen]
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(asked)} exclude each other")
    given = [name for name in SETTINGS if getattr(request, name.replace("-", "_"), None)]
    return leave_out(_read_configuration(request, environment, stack), (*given, *request.without))


def _read_configuration(request: CheckRequest, environment: Environment, stack: ExitStack) -> Configuration:
    if request.no_config:
        return Configuration()
    if request.config is not None:
        return read_configuration(Path(environment.folder, request.config))
    if request.config_from is None:
        return find_configuration(environment.folder)
    return _read_earlier(request.config_from, environment, Path(stack.enter_context(TemporaryDirectory())))


def _read_earlier(reference: str, environment: Environment, target: Path) -> Configuration:
    """Return the settings where the branch left a commit, with all files that they name, read into a folder."""
    repository = Repository(environment.folder, "--config-from")
    base, top = repository.find_base(reference), Path(os.path.realpath(repository.top))

    def extract(paths: Iterable[PurePosixPath]) -> None:
        listed = repository.ask("-C", str(top), "ls-tree", "-r", "-z", base, "--", *map(str, paths))
        for line in filter(None, listed.split("\0")):
            about, _, name = line.partition("\t")
            mode, _, blob = about.split()
            if mode in _PLAIN_FILES:  # a link would lead out of the commit
                place = target / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(os.fsencode(repository.ask("cat-file", "blob", blob)))

    (target / ".git").mkdir()  # the search for settings ends at the root of a repository
    here = PurePosixPath(Path(os.path.realpath(environment.folder)).relative_to(top).as_posix())
    (target / here).mkdir(parents=True, exist_ok=True)
    extract(above / name for above in (here, *here.parents) for name in (FILE, PROJECT_FILE))
    named = [path for path in list_named_files(target / here) if path.is_relative_to(target)]
    if named:
        extract(PurePosixPath(path.relative_to(target).as_posix()) for path in named)
    found = find_configuration(target / here)
    if found.path is None:
        return found
    shown = Path(found.path).relative_to(target).as_posix()
    return found.replace(path=f"{shown} at {base[:12]}", moved=(target, top))
