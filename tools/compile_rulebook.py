"""Build hook: adds the compiled rule set to the wheel, so that the first start is fast as well.

The compiled file is named after the digest of the YAML files, so it is used only while they are unchanged.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRulebook(BuildHookInterface[Any]):
    """Compiles `rules/` for wheels; editable installs use the user's cache instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the compiled rule set and have it included."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from ragortune.ruleset.compile import compile_folder, encode_rulebook
        from ragortune.ruleset.load import compiled_name
        from ragortune.support.rulefolder import shipped_folder

        rules = shipped_folder()
        path = root / "build" / "compiled" / compiled_name(rules)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_rulebook(compile_folder(rules)))
        build_data["force_include"][str(path)] = f"ragortune/compiled/{path.name}"
