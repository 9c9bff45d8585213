"""What a document is about: an application of language models, advice to readers, access to models, or none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from ragortune.evidence.documents.approaches import Mention
from ragortune.evidence.documents.assertion import Marked
from ragortune.evidence.documents.decision import Ledger, is_decided
from ragortune.evidence.documents.language import Topic, Weight
from ragortune.model import Option
from ragortune.model.documents import Block, SectionKind

_FRONT = frozenset((SectionKind.TITLE, SectionKind.SUMMARY, SectionKind.DECISION))
_OWN_PLACES = frozenset((SectionKind.DECISION, SectionKind.CURRENT))
_REFUSED = 3.0
_PLAINLY_WITHOUT = 2.5
_SILENT = frozenset((Block.CODE, Block.COMMENT))
_FEW = 2
_MANY = 4
_MANY_PARTS = 3
_TELLING = 2.0
_MODEL_SHARE = 0.03
_LARGE_SHARE = 0.08
_ENOUGH = 2.5
_ENOUGH_SHORT = 1.5
_SHORT = 15
"""Fewer sentences than these say a thing once."""
_READER_SHARE = 0.15
_POLITE = 2
"""So often any description of a product says `your documents`."""


class Subject(msgspec.Struct):
    """How often a document speaks of what."""

    counts: Counter[Topic]
    """Sentences that speak of a topic."""
    front: Counter[Topic]
    """Among them those in title, summary and decision, and headings."""
    titled: set[Topic]
    """Topics of the title; in the summary a document can call itself an article, too."""
    questions: int = 0
    """Headings in the form of a question."""
    prose: int = 0
    """Sentences in all."""
    undecided: bool = False
    """Whether the decision is said to be yet to be taken."""


def read_subject(sentences: Sequence[Marked]) -> Subject:
    """Count what a document speaks of."""
    subject = Subject(Counter(), Counter(), set())
    for marked in sentences:
        sentence = marked.sentence
        if sentence.block in _SILENT:
            continue
        subject.prose += 1
        topics = marked.topics()
        if sentence.kind is SectionKind.REFERENCE:
            topics.discard(Topic.READER)
        subject.counts.update(topics)
        if sentence.block is Block.HEADING and Topic.QUESTION in topics:
            subject.questions += 1
        if sentence.kind in _FRONT or sentence.block is Block.HEADING:
            subject.front.update(topics)
        if sentence.kind is SectionKind.TITLE:
            subject.titled |= topics
        elif sentence.kind is SectionKind.SUMMARY and sentence.block is not Block.HEADING:
            subject.titled |= topics & {Topic.ARTICLE}
        elif sentence.kind is SectionKind.DECISION and sentence.block is not Block.HEADING:
            subject.undecided |= Topic.UNDECIDED in topics
    return subject


def is_about_models(subject: Subject, mentions: Sequence[Mention], ledgers: Mapping[Option, Ledger]) -> bool:
    """Tell whether a document is about an application of language models: the evidence for it, added up."""
    counts = subject.counts
    models, others = counts[Topic.LANGUAGE_MODEL], counts[Topic.OTHER_MODEL]
    named = {mention.option for mention in mentions if mention.words is Weight.NAME}
    long = subject.prose >= _SHORT
    plainly = _is_named_plainly(Option.RAG, mentions)
    retrieval, tuning = ledgers[Option.RAG], ledgers[Option.FINE_TUNING]
    prompts = sum(mention.option is Option.NEITHER and mention.words is Weight.PART for mention in mentions)
    asked = not long or models > 0 or counts[Topic.ACCESS] > 0
    signs = (
        (1.0, models > 0),
        (1.0, models >= _FEW and models >= _MODEL_SHARE * subject.prose),
        (1.0, models >= _LARGE_SHARE * subject.prose and models > 0),
        (0.5, subject.front[Topic.LANGUAGE_MODEL] > 0),
        (1.0, counts[Topic.MODEL_USE] > 0),
        (1.5, plainly),
        (0.5, Option.RAG in named),
        (1.0, plainly and (retrieval.kinds > 1 or bool(tuning.denied))),
        (1.5, tuning.named and Option.FINE_TUNING in named),
        (1.0, any(mention.words is Weight.NAME for mention in tuning.denied)),
        (1.0, ledgers[Option.NEITHER].named and asked),
        (0.5, retrieval.kinds >= _FEW),
        (1.0, retrieval.named and retrieval.kinds >= _MANY_PARTS),
        (1.0, retrieval.named and retrieval.best >= _TELLING),
        (0.5, prompts > 0 and asked),
        (0.5, counts[Topic.ASSISTANT] > 0),
        (1.0, prompts >= _MANY_PARTS and asked),
        (-1.0, long and not (models or prompts or plainly or counts[Topic.ASSISTANT])),
        (-1.0, others > 0 and not models),
        (-2.0, others > max(models, 1)),
    )
    enough = _ENOUGH if long else _ENOUGH_SHORT
    return sum(weight for weight, holds in signs if holds) >= enough


def _is_named_plainly(option: Option, mentions: Sequence[Mention]) -> bool:
    """Tell whether a document names an approach more than once in passing."""
    named = [mention for mention in mentions if mention.words is Weight.NAME and mention.option is option]
    prominent = any(
        mention.marked.sentence.kind in _FRONT or mention.marked.sentence.block is Block.HEADING
        for mention in named
    )
    return prominent or len({id(mention.marked) for mention in named}) >= _FEW


def may_decide(option: Option, subject: Subject, ledgers: Mapping[Option, Ledger]) -> bool:
    """Tell whether a document decides for its own project, and is not a guide or about access to models as such."""
    if option in ledgers and _is_plumbing(subject) and ledgers[option].best < _PLAINLY_WITHOUT:
        return False
    if subject.undecided and not _decides(ledgers):
        return False
    if _is_article(subject):
        return _decides(ledgers)
    if option is Option.BOTH and not (subject.counts[Topic.OWN] or _decides(ledgers)):
        return False
    return not _is_guide(subject) or _speaks_for_itself(option, ledgers)


def _decides(ledgers: Mapping[Option, Ledger]) -> bool:
    return any(is_decided(mention) for ledger in ledgers.values() for mention in ledger.affirmed)


def _is_plumbing(subject: Subject) -> bool:
    """Tell whether a document is about access to models as such: a client, a gateway, a library."""
    return Topic.ACCESS in subject.titled or subject.front[Topic.ACCESS] >= _FEW


def _is_article(subject: Subject) -> bool:
    """Tell whether a document compares approaches for anybody, or presents a method or library of its own."""
    return bool({Topic.ARTICLE, Topic.LESSON} & subject.titled) or subject.counts[Topic.ARTICLE] >= _FEW


def _is_guide(subject: Subject) -> bool:
    """Tell whether a document mostly addresses its reader and hardly speaks of a project of its own."""
    reader, own = subject.counts[Topic.READER], subject.counts[Topic.OWN]
    if Topic.GUIDE in subject.titled or subject.questions >= _MANY:
        return reader > own or not own or bool(subject.counts[Topic.ARTICLE])
    return reader > own + _POLITE and reader > _READER_SHARE * subject.prose


def _speaks_for_itself(option: Option, ledgers: Mapping[Option, Ledger]) -> bool:
    """Tell whether a guide says what its own project does, and not only what a reader could do."""
    wanted = (Option.RAG, Option.FINE_TUNING) if option is Option.BOTH else (option,)
    told = [mention for one in wanted for mention in ledgers[one].affirmed]
    if option is Option.NEITHER:
        if max(ledgers[Option.RAG].worst, ledgers[Option.FINE_TUNING].worst) >= _REFUSED:
            return True
        told += ledgers[Option.RAG].denied + ledgers[Option.FINE_TUNING].denied
    return any(
        mention.words is not Weight.PART
        and mention.marked.sentence.block is not Block.HEADING
        and (mention.marked.sentence.kind in _OWN_PLACES or Topic.OWN in mention.marked.topics())
        and Topic.ARTICLE not in mention.marked.topics()
        for mention in told
    )
