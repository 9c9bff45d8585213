"""What in a document addresses this program: its comments, its block, and blocks that mean it but cannot be read.

A block that is disguised or misplaced is told, because a reader of the document would take it for one that counts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from ragortune.evidence.documents.blocks import BLOCK, UNSEEN
from ragortune.model.documents import Line
from ragortune.support.text import is_misspelt

_REMARK = re.compile(r"<!--+\s*(?=ragortune\s*(?::|ignore\b))", re.IGNORECASE)
_ADDRESSED = re.compile(
    r"(?i)<!--(?! ragortune check -->)[^\w<>]*+(\w[\w-]{0,39}?)(?:-(?:ignore|disable|suppress))?(?![\w-])"
)
"""The first word of a comment, which may be the name of this program, but not at the top of one of its reports."""
_IGNORES = re.compile(r"ragortune[\s:]*ignore\s*[\[(]", re.IGNORECASE)
_NO_COMMENT = re.compile(rf"(?!\W*<!--)[^\w`]*(?:comment[^\w`]+)?{_IGNORES.pattern}", re.IGNORECASE)
"""A suppression in a comment of another markup."""
_LAST_NAMED = re.compile(r"(?:=([\"']?)|[\s{.:,;|])rag[-_ ]?or[-_ ]?tune(?(1)\1)(?=[\s{}]|$)", re.IGNORECASE)
"""The name behind another language of a fence, as in `yaml ragortune`, `yaml:ragortune` or `{.yaml .ragortune}`."""
_TITLE = re.compile(r"=\"(?=[^\"\s]*\s)[^\"]*+\"|='(?=[^'\s]*\s)[^']*+'")
"""Words behind a fence that are a value in quotes, and no language."""
_OWN_NAME = re.compile("".join(f"[{letter}{letter.upper()}][-_ ]?" for letter in "agortun") + "[eE]")
"""What is in every text that addresses this program, even where its name is disguised."""
_NAMED = re.compile(r"[{.:\s]*rag[-_ ]?or[-_ ]?tune\b", re.IGNORECASE)
"""Words behind a fence that mean this program, but are not its name alone."""
_MISPLACED = re.compile(
    r"[\s>*+-]*(?:(?:[`~:]{3,}+|\.\.\s(?:\s*(?:code|code-block|sourcecode)::)?|<|\[(?:source,|[!.])|[!?]{3}\+?\s"
    r"|\{[{%][<%-]?(?:\s*highlight\s)?|\#\+(?:begin_(?:src\s)?)?|\\begin\{(?:\w{1,20}\}[\[{](?:language=)?)?)"
    rf"{_NAMED.pattern}|(?:<pre>\s*)?<(?:pre|code)\b[^<>]{{0,200}}[\"'=-]ragortune[\"'\s>]"
    r"|(?:\{\s*)?[\"']?ragortune[\"']?\s*[:=]\s*(?:\{|$)|ragortune\.[a-z_.]{1,40}\s*[:=]"
    r"|\[{1,2}[\"'\s]*(?:[\w-]{1,40}\.)*ragortune[\"'\s]*(?:\.[\w.\"'-]{1,80}\s*)?\]{1,2}\s*(?:\#|$))",
    re.IGNORECASE,
)
"""A block of any markup or a key of front matter in a text where neither is one."""
_ESCAPED = re.compile(r"&#?\w{1,8};")


def may_address(text: str) -> bool:
    """Tell whether a text may address this program; one without its name does not."""
    return bool(_OWN_NAME.search(text if text.isascii() else UNSEEN.sub("", text)))


def read_remark(comment: str) -> str | None:
    """Return what a comment says to this program, None where it is no remark."""
    comment = UNSEEN.sub("", comment)
    found = _REMARK.match(comment)
    end = comment.find("-->", found.end()) if found else -1
    return comment[found.end() : end].rstrip("-").strip() if found and end >= 0 else None


def is_addressed(comment: str) -> bool:
    """Tell whether a comment addresses this program, whatever it says and however it spells the name."""
    word = _ADDRESSED.match(comment)
    return bool((word and is_misspelt(word[1], BLOCK)) or _IGNORES.search(comment))


def find_unread(lines: Iterable[Line]) -> list[int]:
    """Return the numbers of lines with a suppression outside of HTML comments, where none is read."""
    return [line.number for line in lines if _NO_COMMENT.match(UNSEEN.sub("", line.text))]


def is_named(marker: str) -> bool:
    """Tell whether the words behind a fence begin with the name of a block."""
    return marker.casefold().split(" ")[0] == BLOCK


def is_misnamed(marker: str) -> bool:
    """Tell whether the words behind a fence mean this program, but are not its name alone."""
    marker = _TITLE.sub("", UNSEEN.sub("", html.unescape(marker.replace("\\", ""))))
    language = marker.casefold().split(" ")[0]
    return bool(_NAMED.match(marker) or _LAST_NAMED.search(marker)) or is_misspelt(language, BLOCK)


def find_misplaced(lines: Iterable[Line]) -> list[int]:
    """Return the numbers of lines that begin a block, or are a key of front matter, where neither can be read."""
    return [line.number for line in lines if any(map(_MISPLACED.match, _show_lines(line.text)))]


def _show_lines(text: str) -> list[str]:
    """Return a line with its escaped letters as a page shows them; an escaped `<` begins no tag, so that signs stay.

    Editors and YAML break lines at more characters than Markdown does, so there can be several lines.
    """
    text = UNSEEN.sub("", text).removeprefix("<!--")

    def show(found: re.Match[str]) -> str:
        letter = html.unescape(found[0])
        return letter if letter.isalpha() else found[0]

    return (_ESCAPED.sub(show, text) if "&" in text else text).splitlines()
