"""Build hook: put the compiled form of the shipped rule set into the wheel, so that the first start is fast, too.

The compiled file is named after the digest of the YAML files beside it, so it is used only as long as they are
unchanged.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRulebook(BuildHookInterface[Any]):
    """Compiles `rules/` while a wheel is built; editable installs use the user's cache instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the compiled rule set and have it included."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from ragortune import rulebook, rulefiles, rulefolder

        folder = rulefolder.shipped_folder()
        compiled = rulefiles.compile_folder(folder)
        key = rulebook.compiled_name(folder)
        target = root / "build" / "compiled"
        target.mkdir(parents=True, exist_ok=True)
        parts: dict[str, Any] = {kind: {kind: compiled.pop(kind)} for kind in rulebook.SEPARATE_KINDS}
        parts["rules"] = compiled
        for name, data in parts.items():
            path = target / f"{name}-{key}.json"
            path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
            build_data["force_include"][str(path)] = f"ragortune/compiled/{path.name}"
