"""Write what is generated from the rule set: its reference pages and the JSON Schemas that YAML files refer to.

usage: python tools/write_docs.py [--check]     (--check writes nothing and fails where a file is out of date)
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ragortune.model import Option, Rulebook
from ragortune.render import pages
from ragortune.rulebook import load_rulebook
from ragortune.rulefiles import SCHEMAS, export_schema
from ragortune.rulefolder import shipped_folder

ROOT = Path(__file__).resolve().parent.parent
_NOTE = "<!-- Generated from rules/ by tools/write_docs.py; change the records, not this page. -->"


def write_rules_page(book: Rulebook) -> str:
    """Return the reference of all rules."""
    parts = [f"# Rules\n\n{_NOTE}\n", pages.page_markdown(pages.scale_page(book), level=2)]
    parts += [pages.page_markdown(pages.rule_page(book, rule), level=2) for rule in book.rules.values()]
    return "\n".join(parts)


def write_criteria_page(book: Rulebook) -> str:
    """Return the reference of all criteria and options."""
    parts = [f"# Criteria and options\n\n{_NOTE}\n"]
    parts += [
        pages.page_markdown(pages.option_page(book, book.options[option]), level=2) for option in Option
    ]
    parts += [
        pages.page_markdown(pages.criterion_page(book, criterion), level=2)
        for criterion in book.criteria.values()
    ]
    return "\n".join(parts)


def list_outputs() -> dict[Path, str]:
    """Return every generated file with its content."""
    book = load_rulebook()
    outputs = {
        ROOT / "docs" / "rules.md": write_rules_page(book),
        ROOT / "docs" / "criteria.md": write_criteria_page(book),
    }
    for name in SCHEMAS:
        schema = export_schema(name, book.criteria)
        text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        outputs[Path(shipped_folder()) / "schema" / f"{name}.schema.json"] = text
    return outputs


def main() -> int:
    """Write the files, or name those that are out of date."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail where a file is out of date"
    )
    check = parser.parse_args().check
    stale = [
        path for path, text in list_outputs().items() if not path.is_file() or path.read_text("utf-8") != text
    ]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date; run python tools/write_docs.py", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(list_outputs()[path], "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
