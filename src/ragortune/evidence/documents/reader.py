"""Design documents read: what they decide, and what plain sentences state about their project.

First sentences with places, then what each of them means and whom it is about, then the decision, the facts last. What
a document says in its own `ragortune` block wins over its prose; facts from prose are kept beside it, so that
contradictions can be found.
"""

from __future__ import annotations

import gc
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ragortune.evidence.documents.assertion import Marked, Marker
from ragortune.evidence.documents.decision import decide, measure_features, state_decision, tally_mentions
from ragortune.evidence.documents.declared import read_declared
from ragortune.evidence.documents.facts import FactReader
from ragortune.evidence.documents.language import Language, Topic, read_language
from ragortune.evidence.documents.options import resolve_options
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.model import Rulebook
from ragortune.model.documents import (
    Block,
    DesignReading,
    DocumentStatus,
    SectionKind,
    Sentence,
    StatedDecision,
    StatedFact,
)

_STATUS = "status"
_SCRIPTS: Mapping[str, str] = {
    "ja": r"[\u3040-\u30ff]",
    "zh": r"[\u4e00-\u9fff]",
    "ko": r"[\uac00-\ud7af]",
    "ru": r"[\u0400-\u04ff]",
    "el": r"[\u0370-\u03ff]",
    "ar": r"[\u0600-\u06ff]",
    "he": r"[\u0590-\u05ff]",
    "hi": r"[\u0900-\u097f]",
    "th": r"[\u0e00-\u0e7f]",
}
_SCRIPT_SHARE = 0.12
"""From this share of its characters on, a text is written in that script; foreign names are among others."""
ENGLISH = "en"
_FEW_WORDS = 3
_MAX_CHARACTERS, _MAX_SENTENCES = 200_000, 1_000
"""So much tells the language."""


def read_design(
    text: str, path: str, rulebook: Rulebook, *, prose: bool = True, undecided: bool = False
) -> DesignReading:
    """Read one design document; without `prose` only its own `ragortune` block, and its status word.

    What a document states is read where it decides something; with `undecided` also where it does not.

    Raises UnreadableError or ProfileError, with the line, where its own `ragortune` block cannot be used, or where it has
    more sentences than can be read; any other text is a document.
    """
    reader = reader_for(rulebook)
    collects = gc.isenabled()
    gc.disable()  # a document makes very many objects, and none in cycles
    try:
        return _read_design(text, path, rulebook, prose=prose, undecided=undecided)
    finally:
        reader.marker.forget()
        if collects:
            gc.enable()


def _read_design(text: str, path: str, rulebook: Rulebook, *, prose: bool, undecided: bool) -> DesignReading:
    reader = reader_for(rulebook)
    document = read_sentences(text, reader.marker.language, path)
    declared = read_declared(document, path, rulebook)
    marked = resolve_options(reader.mark(document.sentences), document.lines)
    language = reader.language_of(marked)
    status, decision = DocumentStatus.NO_DECISION, None
    if prose:
        status, decision = reader.decide(marked, document.lines, language)
    in_prose = None
    if declared.decision is not None:
        status, decision, in_prose = DocumentStatus.JUDGED, declared.decision, decision
    facts: tuple[StatedFact, ...] = ()
    if prose and (undecided or status is DocumentStatus.JUDGED) and language == ENGLISH:
        facts = reader.read_facts(marked, document.lines)
    return DesignReading(
        path=path,
        status=status,
        decision=decision,
        facts=tuple(sorted((*declared.facts, *facts), key=lambda fact: (fact.place, fact.criterion))),
        prose_decision=in_prose,
        quantities=declared.quantities,
        declined=declared.declined,
        sentences=document.sentences,
        lines=document.lines,
        remarks=document.remarks,
        unread=document.unread,
        accepted=_find_status(marked),
        title=document.title,
        language=language,
    )


class DesignReader:
    """The language of a rule set, ready to read documents."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Compile the language of a rule set."""
        self.marker = Marker(Language(read_language(rulebook)))
        self.facts = FactReader(self.marker, rulebook.criteria)
        ways = (rf"{name.partition('.')[2]}(?<=\b{re.escape(name)})" for name in rulebook.criteria)
        # Dots are few and found fast: to try every id at every word takes forty times as long.
        self._cited = re.compile(rf"\.(?:{'|'.join(ways)})\b")

    def mark(self, sentences: Sequence[Sentence]) -> list[Marked]:
        """Return the sentences that are not code, each with everything that is found in it."""
        code = Block.CODE
        return self.marker.mark([sentence for sentence in sentences if sentence.block is not code])

    def read_facts(self, marked: Sequence[Marked], lines: Sequence[str]) -> tuple[StatedFact, ...]:
        """Return what sentences state, but for those that cite a criterion by its id.

        They repeat an answer, as a decision record of ours does, and the words around it are those of a rule.
        """
        return self.facts.read([one for one in marked if not self._cited.search(one.sentence.text)], lines)

    def language_of(self, marked: Sequence[Marked]) -> str:
        """Return the code of the language in which most sentences are written."""
        text = "".join(one.sentence.text for one in marked)[:_MAX_CHARACTERS]
        words = itertools.chain.from_iterable(one.tokens.words for one in marked[:_MAX_SENTENCES])
        return detect_language(text, words, self.marker.language.common_words)

    def decide(
        self, marked: Sequence[Marked], lines: Sequence[str], language: str
    ) -> tuple[DocumentStatus, StatedDecision | None]:
        """Return whether a document can be judged, and what it decides."""
        if language != ENGLISH:
            return DocumentStatus.UNSUPPORTED_LANGUAGE, None
        tallies = tally_mentions(marked)
        if not any(tally.decided for tally in tallies.values()) and any(
            Topic.UNDECIDED in one.analysis.topics and one.sentence.kind is SectionKind.DECISION
            for one in marked
        ):
            return DocumentStatus.NO_DECISION, None
        status, option = decide(
            self.marker.language.document_models, measure_features(marked, tallies), tallies
        )
        return status, state_decision(option, tallies, lines) if option else None


@lru_cache(maxsize=4)
def reader_for(rulebook: Rulebook) -> DesignReader:
    """Return what reads documents with the language of a rule set, compiled once for many documents."""
    return DesignReader(rulebook)


def _find_status(marked: Sequence[Marked]) -> str | None:
    """Return the document's own status word in lower case, such as `accepted`, if it has one."""
    status = Topic.STATUS
    for one in marked:
        if status not in one.analysis.topics:
            continue
        sentence = one.sentence
        named = (
            sentence.label
            or sentence.row
            or ("" if sentence.block is Block.HEADING else sentence.section.title)
        )
        if named.casefold().strip(" :*") == _STATUS and (place := one.place_of(status)):
            return sentence.text[slice(*place)].lower()
    return None


def detect_language(text: str, words: Iterable[str], common_words: Mapping[str, frozenset[str]]) -> str:
    """Return the code of the language of a text, `en` where it cannot be told.

    Args:
        text: the text.
        words: its words, case folded.
        common_words: those of each language by its code.

    """
    for code, script in _SCRIPTS.items() if not text.isascii() else ():
        if len(re.findall(script, text)) > _SCRIPT_SHARE * len(text):
            return code
    counts = Counter(words)
    counted = {code: sum(counts[word] for word in common) for code, common in common_words.items()}
    best = max(counted, key=lambda code: (counted[code], code == ENGLISH), default=ENGLISH)
    return best if counted.get(best, 0) >= _FEW_WORDS else ENGLISH
