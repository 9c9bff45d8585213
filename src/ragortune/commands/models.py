"""`--model`: documents read by a language model that the user names, and what that took, on stderr."""

from __future__ import annotations

import msgspec

from ragortune.evidence.backends import Backend, open_backend
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.model_reader import Bill, ModelReading, read_by_model, replace_prose
from ragortune.model import Rulebook
from ragortune.model.documents import DesignReading
from ragortune.ruleset.load import cache_folder
from ragortune.support.environment import Environment
from ragortune.support.text import clean_text, count_words


class DocumentReader(msgspec.Struct, frozen=True):
    """What turns the text of a document into statements: the local reader, or a model."""

    rulebook: Rulebook
    environment: Environment
    name: str | None = None
    """The model, as the user named it; None for the local reader."""
    backend: Backend | None = None

    def read(self, text: str, shown: str) -> DesignReading:
        """Return what a document states; raises RagortuneError where its block or the model cannot be used."""
        reading = read_design(text, shown, self.rulebook)
        if self.backend is None:
            return reading
        read = read_by_model(reading.lines, self.rulebook.criteria, self.backend)
        for line in _word_reading(read, shown, self.name or ""):
            self.environment.note(clean_text(line))
        return replace_prose(reading, read)


def open_reader(
    rulebook: Rulebook, model: str | None, environment: Environment, *, cache: bool = True
) -> DocumentReader:
    """Return what reads documents; raises UsageError where the model cannot be used."""
    if model is None:
        return DocumentReader(rulebook, environment)
    backend = open_backend(model, environment.folder, cache_folder() if cache else None)
    return DocumentReader(rulebook, environment, model, backend)


def _word_reading(read: ModelReading, shown: str, model: str) -> list[str]:
    """Return in a line or two what a model made of a document."""
    facts = count_words(len(read.facts), "fact")
    lines = [f"note: {shown} was read by {model} in {_word_bill(read.bill)}: {facts} hold"]
    if read.dropped:
        dropped = ", ".join(f"{number} {reason}" for reason, number in sorted(read.dropped.items()))
        lines.append(f"note: left out: {dropped}")
    if read.failed:
        lines.append(f"warning: no answer on {read.failed} of {read.bill.parts} parts could be read")
    return lines


def _word_bill(bill: Bill) -> str:
    parts = [count_words(bill.parts, "part")]
    if bill.kept:
        parts.append(f"{bill.kept} answers kept from before")
    if bill.input_tokens or bill.output_tokens:
        parts.append(f"{bill.input_tokens:,} tokens in and {bill.output_tokens:,} out")
    if bill.dollars is not None:
        parts.append(f"${bill.dollars:.4f}")
    return ", ".join(parts)
