"""Design documents read: what they decide, and on which stated facts.

Sentences with places first, then the document's own block, the facts and the decision. The own block wins over prose;
facts from prose are kept beside it, so that contradictions can be found.
"""

from __future__ import annotations

from functools import lru_cache

from ragortune.designdoc.decision import read_decision, read_status_word
from ragortune.designdoc.declared import read_declared
from ragortune.designdoc.facts import Listener, Settled, find_facts, place_key, settle_facts
from ragortune.designdoc.languages import detect_language
from ragortune.designdoc.reader import read_sentences, span_of
from ragortune.model import Rulebook
from ragortune.phrases.records import PhraseBook
from ragortune.statements import DesignReading, DocumentStatus, Standing

__all__ = ["read_design", "span_of"]


def read_design(text: str, path: str, rulebook: Rulebook) -> DesignReading:
    """Read one design document.

    Raises UnreadableError or ProfileError, with the line, where its own `ragortune` block cannot be used; any other text
    is a document.
    """
    document = read_sentences(text)
    language = detect_language(document.sentences)
    declared = read_declared(document.declared, path, document.lines, rulebook.criteria)
    status, decision = read_decision(document.sentences, language)
    in_prose = None
    if declared.decision is not None:
        status, decision, in_prose = DocumentStatus.JUDGED, declared.decision, decision
    heard = Settled()
    if status is DocumentStatus.JUDGED:
        listener = _listen_for(rulebook)
        heard = settle_facts(find_facts(document.sentences, listener), listener)
    told = (*heard.answers.values(), *heard.conflicts.values())
    read = sorted((fact for facts in told for fact in facts), key=place_key)
    stated = (fact for fact in read if fact.standing is not Standing.CONCLUDED)
    return DesignReading(
        path=path,
        status=status,
        decision=decision,
        facts=tuple(sorted((*declared.facts, *stated), key=place_key)),
        conclusions=tuple(fact for fact in read if fact.standing is Standing.CONCLUDED),
        conflicts=heard.conflicts,
        prose_decision=in_prose,
        quantities=declared.quantities,
        sentences=document.sentences,
        lines=document.lines,
        remarks=document.remarks,
        accepted=read_status_word(document.sentences),
        title=document.title,
        language=language,
    )


@lru_cache(maxsize=4)
def _listen_for(rulebook: Rulebook) -> Listener:
    """Return the phrases of a rule set, compiled once for many documents."""
    book = rulebook.read_phrases()
    return Listener(book if isinstance(book, PhraseBook) else PhraseBook((), {}), rulebook.criteria)
