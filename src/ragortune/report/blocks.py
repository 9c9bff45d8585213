"""What a page is made of, and how it is laid out as text and as Markdown."""

from __future__ import annotations

from rich.text import Text

from ragortune.report.text import Sheet

Block = tuple[str, str]
"""What a paragraph is (`heading`, `text`, `item`, `term`, `code`), and its text; terms hold `name\\ttext`."""
_TERM_CELLS = 11
"""Least width of the column in which terms stand."""


def page_text(blocks: list[Block], *, width: int, color: bool) -> str:
    """Return a page as text."""
    sheet = Sheet(width=width, color=color)
    room = max(_TERM_CELLS, *(len(text.partition("\t")[0]) for kind, text in blocks if kind == "term"), 0)
    for index, (kind, text) in enumerate(blocks):
        if kind == "heading":
            sheet.add_wrapped(Text(text, style="bold"))
        elif kind == "subheading":
            sheet.add_heading(text)
        elif kind == "term":
            name, _, rest = text.partition("\t")
            if blocks[index - 1][0] == "heading":
                sheet.add_line()
            sheet.add_wrapped(rest, Text(f"  {name:<{room}} ", style="cyan"))
        elif kind == "item":
            sheet.add_wrapped(text, "  - ")
        elif kind in ("note", "address"):
            indent = " " * 4 if kind == "note" or blocks[index - 1][0] == "note" else ""
            if kind == "note":
                sheet.add_wrapped(text, indent, style="dim")
            else:
                shipped = text.startswith("docs/")
                sheet.add_line(indent + (f"ragortune explain {text}" if shipped else text), "dim")
        else:
            sheet.add_wrapped(text)
    return sheet.getvalue()


def page_markdown(blocks: list[Block], *, level: int = 1) -> str:
    """Return a page as Markdown; `level` is the level of its heading."""
    lines: list[str] = []
    for kind, text in blocks:
        shown = " ".join(text.replace("\t", " ").split()).replace("<", "&lt;")
        if kind == "heading":
            lines += [f"{'#' * level} {shown}", ""]
        elif kind == "subheading":
            lines += ["", f"{'#' * (level + 1)} {shown}", ""]
        elif kind == "term":
            name, _, rest = text.partition("\t")
            lines.append(f"- **{name}:** {' '.join(rest.split())}")
        elif kind == "item":
            lines.append(f"- {shown}")
        elif kind == "note":
            lines.append(f"  {shown},")
        elif kind == "address":
            indent = "  " if lines and lines[-1].startswith("  ") else ""
            lines.append(f"{indent}<{shown}>" if "://" in shown else f"{indent}`{shown}`")
        else:
            lines += [shown, ""] if lines and not lines[-1].startswith("- ") else ["", shown, ""]
    return "\n".join(lines).replace("\n\n\n", "\n\n").strip() + "\n"
