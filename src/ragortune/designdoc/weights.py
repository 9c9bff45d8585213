"""What mentions of an approach weigh: by where they stand, how they are meant, and what was chosen among options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ragortune.designdoc.approaches import Approach, Mention, compares_alike, is_core
from ragortune.designdoc.moods import mood_at
from ragortune.designdoc.wordings import compile_words
from ragortune.designdoc.zones import zone_below_title
from ragortune.record import Record
from ragortune.statements import Form, Mood, Sentence, Zone

AFFIRMED = frozenset((Mood.AFFIRMED, Mood.GOAL, Mood.MEASURED))
ZONE_WEIGHTS = {
    Zone.DECISION: 5.0,
    Zone.TITLE: 4.0,
    Zone.SUMMARY: 3.0,
    Zone.ARCHITECTURE: 1.5,
    Zone.OTHER_SYSTEM: 0.0,
    Zone.TEMPLATE: 0.0,
}
_PLAIN_WEIGHT = 1.0
_CURRENT_WEIGHT = 3.0
"""Of what stands under a heading that says what is in use today."""
PART_SHARE = 0.4
"""Share of the weight for words that name only a part, such as an embedding model."""
_CORE_SHARE = 0.7
"""Share of the weight for the denial of a part that retrieval cannot do without."""
_CHOICE_FACTOR = 1.5
_REJECTED_WEIGHT = 3.0
_LISTED_WEIGHT = 2.0
"""Of an option that stands among the alternatives without being chosen."""
_CAP = 2.5
"""All mentions in one zone count at most this many times the heaviest of them."""
DECISIVE = 2.9
_OPTIONAL_SHARE = 0.3
"""What is left of mentions of an approach that the title itself calls optional, planned or not done."""
LONGEST_QUOTE = 240
_OPENING = 40
"""Characters at the beginning of an alternative in which its name stands."""
CURRENT = compile_words(
    r"\bcurrent(?:ly)?\b|\btoday\b|\bin production\b|\bshipped\b|\bnow\b|\bas.is\b|\bstatus quo\b|\bwhat works\b|\bwhat we (?:have|do|run)\b|\bin use\b|\baktuell\w*\b|\bactuel\w*\b|\bactual(?:mente)?\b|\bmevcut\b|当前|现状",
)
_CHOICE = compile_words(
    r"\b(?:we will \w+|we (?:use|keep|ship|chose|choose|adopt|selected|build|built|deploy|train|trained|go with|went with|are using|decided)|chosen|selected|decided (?:on|to)|adopt(?:s|ed|ing)?|setzen auf|apostamos por|opté pour|default(?:s)? to|is built (?:on|with|around)|uses?|leverages?|relies on|based on|implements?|built with|current approach|our approach|approach|proposes?|goal)\b"
    r"|采用|使用|kullan|utilis|verwende|usar(?:emos)?\b|se usa",
)
_POINTED = re.compile(
    r"\b(?:option|alternative|approach|variant|plan|path|choice|candidate|experiment|attempt|iteration|trial|opción|variante|seçenek|方案)[\s#]*([A-H]|\d{1,2})\b",
    re.IGNORECASE,
)
_EXPERIMENT = re.compile(r"\b(?:experiment|attempt|iteration|trial) ?#?\d", re.IGNORECASE)
_CHOSEN_NUMBER = re.compile(
    r"\W*(?:chosen|selected|decision|choice|we (?:chose|choose|pick|picked|go with|take))\W{0,5}(?:is |number |no\. ?|#)?([A-H]|\d{1,2})(?=[.:;,)]|\s*$)",
    re.IGNORECASE,
)
_OPTION_NAME = re.compile(
    r"\W*(?:(?:option|alternative|approach|variant|plan|path|choice|candidate|experiment|attempt|iteration|trial|opción|variante|seçenek|方案)[\s#]*([A-H]|\d{1,2})\b|([A-H]|\d{1,2})[):.]\s)",
    re.IGNORECASE,
)
_TRIED = re.compile(
    r"\b(?:tried|attempted|got|reached|scored|improved|came to|experiment\w*)\b", re.IGNORECASE
)
_SHIPPED = re.compile(
    r"\b(?:we (?:\w+ )?(?:ship|shipped|use|keep|kept|chose|stay|settled|went|run)|is what we|in production|goes live|went live)\b",
    re.IGNORECASE,
)
_PUT_FIRST = re.compile(
    r"\b(?:start(?:s|ed|ing)?|begin(?:s|ning)?|ship(?:s|ped|ping)?|launch(?:es|ed|ing)?|go(?:es|ing)?|stay(?:s|ing)?|lead(?:s|ing)?) (?:\w+ )?(?:with|on|from)\b"
    r"|\bfirst\b|\bnow\b|\btoday\b|\bfor now\b|\bdefault\b|\bbefore\b|\bcurrent(?:ly)?\b|\bonly\b",
    re.IGNORECASE,
)
_PUT_LATER = re.compile(
    r"\bonly\b.{0,60}\b(?:if|when|once|after|where)\b|\b(?:if|when|once|should|where)\b.{0,80}\b(?:still|not enough|insufficient|demands?|needed|necessary|required|plateaus?|falls short|stalls?|fails?|not (?:reach|met|sufficient))"
    r"|\b(?:later|eventually|reconsider|revisit|evaluate|last resort|deferred?|postponed?)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b(?:phase|step|part|stage|chapter|milestone|v) ?\d", re.IGNORECASE)
_ANSWERED = re.compile(r"\W*(?:(no|not|nein|non|hayır)|(yes|ja|oui|sí|evet))\b", re.IGNORECASE)


class Weighed(Record):
    """A mention with what it counts; positive for the approach, negative against it."""

    mention: Mention
    weight: float


class Ledger(Record):
    """What speaks for and against one approach in a document."""

    pro: tuple[Weighed, ...]
    contra: tuple[Weighed, ...]

    @property
    def best(self) -> float:
        """Weight of the strongest affirmation."""
        return max((item.weight for item in self.pro), default=0.0)

    @property
    def worst(self) -> float:
        """Weight of the strongest rejection."""
        return max((-item.weight for item in self.contra), default=0.0)

    @property
    def total(self) -> float:
        """All affirmations, those of one zone capped."""
        return sum_capped(self.pro)

    @property
    def kinds(self) -> int:
        """How many different words affirm it."""
        return len({item.mention.words for item in self.pro})

    @property
    def named(self) -> bool:
        """Whether an affirmation names the approach itself."""
        return any(item.mention.strong for item in self.pro)


def weigh_mentions(mentions: Sequence[Mention], sentences: Sequence[Sentence]) -> dict[Approach, Ledger]:
    """Return what speaks for and against each approach."""
    chosen = _find_pointed(sentences)
    mentions = [m for m in mentions if not names_a_lesson(m.sentence)]
    titled = [m for m in mentions if m.sentence.zone is Zone.TITLE and m.strong]
    alike = compares_alike(titled)
    doubtful = {m.approach for m in titled if m.mood not in AFFIRMED and not alike and not _is_numbered(m)}
    doubtful |= _find_deferred(mentions, sentences)
    weighed: dict[Approach, list[Weighed]] = {approach: [] for approach in Approach}
    answered = _find_answered(sentences)
    for mention in mentions:
        weight = answered.get(id(mention.sentence), 0.0) if mention.strong else 0.0
        weight = weight or _weigh(mention, chosen)
        if mention.approach in doubtful and weight > 0:
            weight *= _OPTIONAL_SHARE
        if weight:
            weighed[mention.approach].append(Weighed(mention, weight))
    return {
        approach: Ledger(
            tuple(item for item in items if item.weight > 0), tuple(item for item in items if item.weight < 0)
        )
        for approach, items in weighed.items()
    }


def _find_deferred(mentions: Sequence[Mention], sentences: Sequence[Sentence]) -> set[Approach]:
    """Return approaches that the project puts off, as in "Start with retrieval; only if it falls short, tune".

    One approach has to be put first in the same sentence or in the one before: alone, a condition says how it is done.
    """
    before = {id(following): sentence for sentence, following in pairwise(sentences)}
    first: dict[int, set[Approach]] = {}
    for mention in mentions:
        if mention.mood in AFFIRMED and _PUT_FIRST.search(mention.sentence.text):
            first.setdefault(id(mention.sentence), set()).add(mention.approach)
    deferred: set[Approach] = set()
    for mention in mentions:
        sentence = mention.sentence
        if sentence.zone not in {Zone.SUMMARY, Zone.DECISION} or mention.approach is Approach.PLAIN:
            continue
        if not mention.strong or mention.mood not in {Mood.HYPOTHETICAL, Mood.FUTURE}:
            continue
        ahead = first.get(id(sentence), set()) | first.get(id(before.get(id(sentence))), set())
        if ahead - {mention.approach} and _PUT_LATER.search(sentence.text):
            deferred.add(mention.approach)
    return deferred


def _is_numbered(mention: Mention) -> bool:
    """Tell whether a title is one part of a numbered series, such as `Fine-tuning (phase 5)`: that is no plan."""
    return mention.mood is Mood.FUTURE and bool(_NUMBERED.search(mention.sentence.text))


def names_a_lesson(sentence: Sentence) -> bool:
    """Tell whether a title names what the document teaches or weighs, not what a project does."""
    return sentence.zone is Zone.TITLE and zone_below_title(sentence.text) is Zone.OTHER_SYSTEM


def _find_answered(sentences: Sequence[Sentence]) -> dict[int, float]:
    """Return for each heading that asks, and is answered yes or no at once, what that counts."""
    found: dict[int, float] = {}
    for asked, reply in pairwise(sentences):
        if asked.form is Form.HEADING and asked.text.endswith("?"):
            answer = _ANSWERED.match(reply.text)
            if answer:
                found[id(asked)] = ZONE_WEIGHTS[Zone.TITLE] * (-1 if answer[1] else 1)
    return found


def _weigh(mention: Mention, chosen: frozenset[str]) -> float:
    sentence = mention.sentence
    ticked = sentence.checked is True and sentence.zone is Zone.REJECTED
    if (ticked or _option_of(sentence) in chosen) and mention.mood is not Mood.NEGATED:
        return ZONE_WEIGHTS[Zone.DECISION] * (1 if mention.strong else PART_SHARE)
    place = _weigh_place(sentence)
    if mention.mood in AFFIRMED or (sentence.zone is Zone.TITLE and _is_numbered(mention)):
        weight = place * (1 if mention.strong else PART_SHARE)
        if _is_trial(sentence) or (_TRIED.search(sentence.text) and not _SHIPPED.search(sentence.text)):
            return weight * PART_SHARE
        return weight * _CHOICE_FACTOR if _is_choice(mention) else weight
    if mention.strong:
        return -_weigh_rejection(mention, place)
    denied = mention.mood is Mood.NEGATED and is_core(mention)
    return -_CORE_SHARE * _weigh_rejection(mention, place) if denied else 0.0


def _weigh_rejection(mention: Mention, place: float) -> float:
    """Return what words count against an approach that are negated, or that name an option not chosen."""
    zone = mention.sentence.zone
    if mention.mood is Mood.NEGATED:
        if zone in {Zone.SUMMARY, Zone.DECISION}:
            return place * _CHOICE_FACTOR
        return max(place, _REJECTED_WEIGHT if zone in {Zone.NON_GOAL, Zone.REJECTED} else 0.0)
    listed = zone is Zone.REJECTED and mention.start < _OPENING
    return _LISTED_WEIGHT if listed else 0.0


def _weigh_place(sentence: Sentence) -> float:
    weight = ZONE_WEIGHTS.get(sentence.zone, _PLAIN_WEIGHT)
    if sentence.form is Form.HEADING and sentence.zone is not Zone.TITLE and weight:
        weight += 1
    heading = sentence.headings[-1] if sentence.headings else ""
    own = sentence.text if sentence.form is Form.HEADING else heading
    if sentence.zone not in {Zone.DECISION, Zone.REJECTED, Zone.OTHER_SYSTEM} and (
        CURRENT.search(own) or (sentence.label and CURRENT.search(sentence.label))
    ):
        return max(weight, _CURRENT_WEIGHT)
    return weight


def _is_trial(sentence: Sentence) -> bool:
    """Tell whether a sentence stands under `Experiment 2` or the like: what was tried there need not have been kept."""
    own = sentence.text if sentence.form is Form.HEADING else next(iter(sentence.headings[-1:]), "")
    return sentence.zone is not Zone.TITLE and bool(
        _EXPERIMENT.match(own[:LONGEST_QUOTE].lstrip("# *\u2013-"))
    )


def _is_choice(mention: Mention) -> bool:
    """Tell whether a verb of choosing or using stands near the words."""
    text = mention.sentence.text
    return bool(_CHOICE.search(text, max(0, mention.start - 80), mention.end + 20))


def _find_pointed(sentences: Sequence[Sentence]) -> frozenset[str]:
    """Return the names of options that a decision only points at, such as `B` in `we go with option B`."""
    names: set[str] = set()
    for sentence in sentences:
        shipped = _EXPERIMENT.search(sentence.text) and _SHIPPED.search(sentence.text)
        if not (sentence.zone is Zone.DECISION or shipped) or sentence.form is Form.HEADING:
            continue
        for found in _POINTED.finditer(sentence.text[:LONGEST_QUOTE]):
            if mood_at(sentence, *found.span()) in AFFIRMED:
                names.add(found[1].upper())
        pointed = _CHOSEN_NUMBER.match(sentence.text)
        if pointed:
            names.add(pointed[1].upper())
        if names:
            break
    return frozenset(names)


def _option_of(sentence: Sentence) -> str | None:
    """Return the letter or number of the option that a heading or a bullet introduces."""
    found = _OPTION_NAME.match(sentence.text)
    above = sentence.headings[-1] if sentence.headings and not found else ""
    found = found or _OPTION_NAME.match(above)
    if found:
        return (found[1] or found[2]).upper()
    listed = sentence.number is not None and sentence.form is Form.BULLET and sentence.zone is Zone.REJECTED
    return str(sentence.number) if listed else None


def sum_capped(items: Iterable[Weighed]) -> float:
    """Return the sum of weights, those of one zone capped, so that repetition does not decide."""
    by_zone: dict[Zone, list[float]] = {}
    for item in items:
        by_zone.setdefault(item.mention.sentence.zone, []).append(item.weight)
    return sum(min(sum(weights), _CAP * max(weights, key=abs), key=abs) for weights in by_zone.values())
