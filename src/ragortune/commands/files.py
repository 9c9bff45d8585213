"""`schema` and `init`: JSON Schemas for editors, and a profile to fill in."""

from __future__ import annotations

import os
from pathlib import Path

from ragortune.commands.profile_file import refuse_other_formats
from ragortune.commands.requests import SchemaRequest, StartRequest
from ragortune.commands.shared import open_rulebook
from ragortune.evidence.profile_files import write_template
from ragortune.ruleset import schemas
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UnreadableError, UsageError
from ragortune.support.reading import read_bytes
from ragortune.support.text import dump_json, quote_value
from ragortune.support.writing import WHATEVER, write_file

SCHEMA_FILE = "ragortune-profile.schema.json"


def print_schema(request: SchemaRequest, environment: Environment) -> ExitCode:
    """Print the JSON Schema of a kind of file."""
    name = request.name
    if name not in schemas.SCHEMAS:
        raise UsageError.expected("the schema", schemas.SCHEMAS, name)
    book = open_rulebook(request.rules, environment)
    environment.write(dump_json(schemas.export_schema(name, book)) + "\n")
    return ExitCode.OK


def write_start(request: StartRequest, environment: Environment) -> ExitCode:
    """Write a commented profile and its JSON Schema; `-` prints the profile."""
    book = open_rulebook(request.rules, environment)
    path = request.path
    if path == "-":
        environment.write(write_template(book))
        return ExitCode.OK
    if Path(path).suffix.lower() in {".json", ".toml"}:  # in which it could not be read back
        refuse_other_formats(path)
    schema = dump_json(schemas.export_schema("profile", book)) + "\n"
    beside = str(Path(path).parent / SCHEMA_FILE)
    files = {path: write_template(book, f"./{SCHEMA_FILE}")}
    if not _holds(Path(environment.folder, beside), schema):
        files[beside] = schema
    for name in files:
        if os.path.lexists(Path(environment.folder, name)) and not request.force:
            raise UsageError(f"{quote_value(name)} exists", None, "--force overwrites it")
    for name, text in files.items():
        write_file(name, text, environment, WHATEVER if request.force else None)
    environment.note(f"wrote {path}, and {SCHEMA_FILE} next to it for completion in editors")
    environment.note(f"fill in what is known, then: ragortune recommend {path}")
    return ExitCode.OK


def _holds(place: Path, text: str) -> bool:
    """Return whether a file exists and holds this text."""
    try:
        return read_bytes(place, len(data := text.encode())) == data
    except UnreadableError:
        return False
