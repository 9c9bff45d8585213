"""The HTML writer: blocks as one self-contained file without scripts, for meetings, mail and print."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from jinja2 import Template as _Template
from markupsafe import Markup

from ragortune.report.blocks import CODE, Block, Heading, Inline, Style, split_sections, split_styles
from ragortune.support.text import clean_text

_DRAWN = 96
"""Columns of drawings."""


def write_html(blocks: Iterable[Block]) -> str:
    """Return a page as HTML; all text is escaped, and only http(s) addresses become links."""
    (_, head), *sections = split_sections(blocks, (2,))
    style = _read("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    titles = [block.text for block in head if isinstance(block, Heading)]
    page = _template().render(
        title=clean_text(titles[0]) if titles else "ragortune",
        head=head,
        sections=sections,
        style=Markup(style),  # noqa: S704  (our own file)
        digest=digest,
    )
    return page.lstrip()


@lru_cache(maxsize=1)
def _template() -> _Template:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"pieces": _list_pieces, "kind": lambda block: type(block).__name__}
    environment.globals |= {"is_link": lambda address: address.startswith(("https://", "http://"))}
    environment.globals |= {"drawn": _DRAWN, "clean": clean_text}
    return environment.get_template("page.html.jinja")


def _read(name: str) -> str:
    return (files("ragortune.report") / name).read_text("utf-8")


def _list_pieces(text: Inline, style: Style | None = None) -> Iterator[tuple[str, str, bool]]:
    """Yield the pieces of a text: the words, the name of the style, and whether it is code."""
    for words, own in split_styles(text, style):
        for number, piece in enumerate(CODE.split(clean_text(words))):
            if piece:
                yield piece, own.value if own else "", number % 2 == 1 or own is Style.NAME
