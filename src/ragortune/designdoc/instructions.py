"""System prompts in code blocks: the one kind of code that states how a system answers.

A design often gives its demand for sources, a tone or a format nowhere but in the prompt it quotes. Such lines are read as
requirements; code, configuration and examples of chats stay silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ragortune.statements import Form, Sentence, Zone

SPEAKING = frozenset({"grounding.citations", "behaviour.style", "behaviour.output", "task.kind"})
"""Criteria on which the lines of a prompt are believed: how to answer, not what the project is like."""
_PERSONA = re.compile(
    r"(?:^|[\"'`:>\s])(?:you are (?:an?|the) [a-z]|your (?:job|task|role|goal) is\b|act as (?:an?|the)\b|respond only\b|answer only\b)",
    re.IGNORECASE,
)
_HEADED = re.compile(r"\b(?:system|answer|generation|user)?[\s-]*prompts?\b", re.IGNORECASE)
_NOT_PROMPTED = re.compile(r"\b(?:few-?shot|example|training|dataset|test)\b", re.IGNORECASE)
_SAID = re.compile(
    r"\W*(?:(?:always|never|only|please|must|and|then|\d+[.)]) )*(?:cite|quote|use|write|answer|reply|respond|return|output|keep|be|include|link|state|give|end|format|produce|you (?:are|must|should)|your|every|each|do not|don't|if)\b|.{0,40}\"content\": \"you are\b",
    re.IGNORECASE,
)
"""How a line of instructions begins; everything else in such a block is a place holder or an example."""
_LONGEST_LINE = 400


def read_instructions(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Yield the lines of quoted prompts as sentences about the project."""
    block: list[Sentence] = []
    for sentence in sentences:
        follows = block and sentence.pieces and sentence.pieces[0].line <= block[-1].pieces[0].line + 2
        if sentence.form is Form.CODE and sentence.pieces and (follows or not block):
            block.append(sentence)
            continue
        yield from _speak(block)
        block = [sentence] if sentence.form is Form.CODE and sentence.pieces else []
    yield from _speak(block)


def _speak(block: list[Sentence]) -> Iterator[Sentence]:
    if not block:
        return
    heading = next(iter(block[0].headings[-1:]), "")
    if _NOT_PROMPTED.search(heading):
        return
    if not any(_PERSONA.search(line.text[:_LONGEST_LINE]) for line in block) and not _HEADED.search(heading):
        return
    for line in block:
        if len(line.text) <= _LONGEST_LINE and _SAID.match(line.text):
            yield line.replace(form=Form.PROSE, zone=Zone.REQUIREMENTS)
