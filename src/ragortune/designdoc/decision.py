"""What a design document decides, on which lines, and whether there is anything to judge.

Every mention of an approach is weighed by where it stands: a decision section or label, then title and first paragraphs,
then what is in use today, then the description of the architecture. Counting words alone reads a rejected alternative as a
choice, so rejections are weighed against affirmations, and two options need two affirmed statements of that weight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ragortune.designdoc.approaches import (
    Approach,
    Mention,
    compares_alike,
    find_mentions,
    is_core,
    speaks_to_reader,
)
from ragortune.designdoc.moods import mood_at
from ragortune.designdoc.reader import span_of, zone_below_title
from ragortune.model import Option
from ragortune.record import Record
from ragortune.statements import Cited, DocumentStatus, Form, Mood, Sentence, Span, StatedDecision, Zone

_AFFIRMED = frozenset((Mood.AFFIRMED, Mood.GOAL, Mood.MEASURED))
_ZONE_WEIGHTS = {
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
_PART_SHARE = 0.4
"""Share of the weight for words that name only a part, such as an embedding model."""
_CORE_SHARE = 0.7
"""Share of the weight for the denial of a part that retrieval cannot do without."""
_CHOICE_FACTOR = 1.5
_REJECTED_WEIGHT = 3.0
_LISTED_WEIGHT = 2.0
"""Of an option that stands among the alternatives without being chosen."""
_CAP = 2.5
"""All mentions in one zone count at most this many times the heaviest of them."""
_DECISIVE = 2.9
_CLEAR = 1.5
_IMPLIED_NAMED = 2.5
_IMPLIED = 4.5
"""Weight of the signs of plain prompting times their number that make an application without retrieval and tuning."""
_TELLING = 1.7
"""Weight of a part that a summary says is used; with others of its kind it is a statement."""
_NOTICED = 0.8
_SINGLE = 1.2
"""Weight from which one word for a part that retrieval cannot do without is enough."""
_OPTIONAL_SHARE = 0.3
"""What is left of mentions of an approach that the title itself calls optional, planned or not done."""
_MOST_CITED = 3
_LONGEST_QUOTE = 240
_OPENING = 40
"""Characters at the beginning of an alternative in which its name stands."""
_READ = 2_000
"""Characters of a sentence that are searched for words about models."""

_CURRENT = re.compile(
    r"\bcurrent(?:ly)?\b|\btoday\b|\bin production\b|\bshipped\b|\bnow\b|\bas.is\b|\bstatus quo\b|\bwhat works\b|\bwhat we (?:have|do|run)\b|\bin use\b|\baktuell\w*\b|\bactuel\w*\b|\bactual(?:mente)?\b|\bmevcut\b|当前|现状",
    re.IGNORECASE,
)
_CHOICE = re.compile(
    r"\b(?:we will \w+|we (?:use|keep|ship|chose|choose|adopt|selected|build|built|deploy|train|trained|go with|went with|are using|decided)|chosen|selected|decided (?:on|to)|adopt(?:s|ed|ing)?|setzen auf|apostamos por|opté pour|default(?:s)? to|is built (?:on|with|around)|uses?|leverages?|relies on|based on|implements?|built with|current approach|our approach|approach|proposes?|goal)\b"
    r"|采用|使用|kullan|utilis|verwende|usar(?:emos)?\b|se usa",
    re.IGNORECASE,
)
_MODEL_WORDS = re.compile(
    r"(?-i:\bLLMs?\b|\bGPT\b|\bSLMs?\b)|\blanguage[\s-]models?\b|\bgpt-?[345]\w*|\bchatgpt\b|\bclaude\b|\bgemini\b|\bllama\b|\bllama[\s-]?[234]|\bqwen|\bmistral\b|\bmixtral\b|\bgemma\b|\bdeepseek|(?<![._:/])\b(?:openai|anthropic|bedrock)\b(?![._/]\w)|\bvertex ai\b|\bollama\b|\bvllm\b|\blangchain\b|\bllamaindex\b|\blanggraph\b|\bchat-?bots?\b"
    r"|\b(?:ai|virtual|coding|support|documentation|voice)[\s-](?:assistants?|copilots?|agents?|coach)\b|(?<!github )(?<!microsoft )\bcopilot\b|\bgen(?:erative[\s-])?ai\b|\bhallucinat\w+|\bfoundation models?\b|\bai-powered\b|\bagentic\b|\b(?:system|user|the|our|each|every) prompts?\b|\bprompt (?:engineering|caching|template)|\b(?:few|zero)-shot\b|\bcontext window\b|\b\d+k tokens\b|\bbert\b|\btransformer (?:model|encoder)|\bsprachmodell|\bmodèles? de langage|\bmodelos? de lenguaje|\bdil modeli|大模型|语言模型|大语言模型",
    re.IGNORECASE,
)
_OTHER_MODELS = re.compile(
    r"\b(?:speech|whisper|asr|transcription|xgboost|random forest|lstms?|bi-?lstm|cnns?|rnns?|lightgbm|catboost|yolo\w*|vgg\w*|mobilenet\w*|u-?net|arima|svms?|k-means|scikit-learn|sklearn|time[\s-]series|gradient boosting|decision trees?|logistic regression|object detection|computer vision|image classif\w+|recommender|churn|resnet|efficientnet|bilderkennung|bildern|spracherkennung|görüntü\w*|ses tanıma|konuşma tanıma|reconocimiento de (?:voz|imágenes)|reconnaissance (?:vocale|d.images)|forecast\w*)\b",
    re.IGNORECASE,
)
_TUNED_WORD = re.compile(r"\bfine[\s-]?tun\w+|\blora\b", re.IGNORECASE)
_PROMPT = re.compile(r"\bprompts?\b|\bmodel temperature\b|\bchunk sizes?\b", re.IGNORECASE)
_ANSWERS = re.compile(
    r"\b(?:answer\w*|questions?|documents?|chunk\w*|passages?|prompts?|assistant|chat\w*|quer(?:y|ies))\b",
    re.IGNORECASE,
)
_FRONT = 30
_PLUMBING = re.compile(
    r"\b(?:unified|common|single|provider-agnostic) (?:interface|api|client|abstraction)\b|\b(?:llm|model|provider|ai) (?:client|wrapper|sdk|gateway|library|package|proxy|router|registry|abstraction|interface|providers?)\b|\bprovider (?:interface|factory|layer)\b|\bmodel (?:routing|mix|registry)\b|\bllm routing\b",
    re.IGNORECASE,
)
_SIZED = re.compile(r"\b\d+(?:\.\d+)? ?[MB]\b")
_PLUMBING_TITLE = re.compile(
    r"\b(?:policy|logging|logs|observability|rate limit\w*|guardrails?|security)\b", re.IGNORECASE
)
_LESSON_TITLE = re.compile(
    r"\b(?:rag|retrieval\S*|tuning|lora|prompt\w*)\b.{0,30}\b(?:vs\.?|versus|or)\b.{0,30}\b(?:rag|retrieval|tuning|prompt\w*)",
    re.IGNORECASE,
)
_LESSON = re.compile(
    r"\b(?:when (?:not )?to|advantages|disadvantages|best use cases?|use cases? for|how to choose|which (?:one )?to choose|what is)\b",
    re.IGNORECASE,
)
_MANY_LESSONS = 4
_VECTORS = re.compile(r"\b(?:embeddings?|vectors?|vector\w*)\b|向量|嵌入", re.IGNORECASE)
_POINTED = re.compile(
    r"\b(?:option|alternative|approach|variant|plan|path|choice|candidate|opción|variante|seçenek|方案)[\s#]*([A-H]|\d{1,2})\b",
    re.IGNORECASE,
)
_CHOSEN_NUMBER = re.compile(
    r"\W*(?:chosen|selected|decision|choice|we (?:chose|choose|pick|picked|go with|take))\W{0,5}(?:is |number |no\. ?|#)?([A-H]|\d{1,2})(?=[.:;,)]|\s*$)",
    re.IGNORECASE,
)
_OPTION_NAME = re.compile(
    r"\W*(?:(?:option|alternative|approach|variant|plan|path|choice|candidate|opción|variante|seçenek|方案)[\s#]*([A-H]|\d{1,2})\b|([A-H]|\d{1,2})[):.]\s)",
    re.IGNORECASE,
)
_TRIED = re.compile(
    r"\b(?:tried|attempted|got|reached|scored|improved|came to|experiment\w*)\b", re.IGNORECASE
)
_SHIPPED = re.compile(
    r"\b(?:we (?:\w+ )?(?:ship|shipped|use|keep|kept|chose|stay|settled|went|run)|is what we|in production|goes live|went live)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b(?:phase|step|part|stage|chapter|milestone|v) ?\d", re.IGNORECASE)
_ANSWERED = re.compile(r"\W*(?:(no|not|nein|non|hayır)|(yes|ja|oui|sí|evet))\b", re.IGNORECASE)
_STATUS_WORD = re.compile(
    r"\W*(?:\w+[ :]+){0,3}?\b(accepted|approved|proposed|proposal|draft|rejected|superseded|deprecated|implemented|in review|under review|open|final|active|archived|withdrawn|provisional|implementable|living|done|in progress|accept[éeè]e?|angenommen|akzeptiert|vorgeschlagen|entwurf|aceptad[oa]|propuest[oa]|kabul edildi|yürürlükte|taslak|önerildi|已接受|提议|草案)",
    re.IGNORECASE,
)
_STATUS_LABEL = re.compile(r"^\W*(?:status|state|statut|estado|durum|状态)\W*$", re.IGNORECASE)
_STATUS_HEADING = re.compile(r"^[\W\d]*(?:status|statut|estado|durum|状态)\W*$", re.IGNORECASE)
_DEFAULTS = re.compile(r"\b(?:ships? with|by default|is (?:built|trained)|the default)\b", re.IGNORECASE)
_GUIDE_SHARE = 0.2
_OURS = re.compile(
    r"\b(?:we|our|ours|us|i|my|this (?:repo|repository|project|system|service|schema|application|app|design|adr|document|proposal|kep|rfc))\b",
    re.IGNORECASE,
)


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
        return _sum_capped(self.pro)

    @property
    def kinds(self) -> int:
        """How many different words affirm it."""
        return len({item.mention.words for item in self.pro})

    @property
    def named(self) -> bool:
        """Whether an affirmation names the approach itself."""
        return any(item.mention.strong for item in self.pro)


def read_status_word(sentences: Sequence[Sentence]) -> str | None:
    """Return the document's own status (`accepted`, `proposed`, ...) in lower case, or None."""
    for sentence in sentences:
        text = sentence.text
        if sentence.label and _STATUS_LABEL.match(sentence.label):
            text = text.removeprefix(sentence.label)
        elif sentence.columns and _STATUS_LABEL.match(sentence.columns[1]):
            if _STATUS_LABEL.match(text):
                continue
        elif sentence.form is Form.HEADING or not (
            sentence.headings and _STATUS_HEADING.match(sentence.headings[-1])
        ):
            continue
        found = _STATUS_WORD.match(text[:_LONGEST_QUOTE])
        if found:
            return found[1].lower()
    return None


def read_decision(
    sentences: Sequence[Sentence], language: str = "en"
) -> tuple[DocumentStatus, StatedDecision | None]:
    """Return whether a document can be judged, and what it decides."""
    mentions = [mention for sentence in sentences for mention in find_mentions(sentence)]
    ledgers = weigh_mentions(mentions, sentences)
    foreign = language != "en"
    if not _is_about_models(sentences, mentions, ledgers, foreign=foreign):
        return (DocumentStatus.UNSUPPORTED_LANGUAGE if foreign else DocumentStatus.NOTHING_TO_JUDGE), None
    option = _choose_option(ledgers)
    if (
        option is Option.NEITHER
        and _is_plumbing(sentences)
        and ledgers[Approach.PLAIN].best < _ZONE_WEIGHTS[Zone.DECISION]
    ):
        option = None
    general = _is_guide(sentences) or _is_lesson(sentences)
    if option is not None and general and not _speaks_for_itself(option, ledgers):
        option = None
    decision = _state_decision(option, ledgers, sentences) if option else None
    if foreign and (decision is None or not _is_clear(decision.option, ledgers)):
        return DocumentStatus.UNSUPPORTED_LANGUAGE, None
    if decision is None:
        return DocumentStatus.NO_DECISION, None
    return DocumentStatus.JUDGED, decision


# --- Weights ----------------------------------------------------------------------------------------------------------


def weigh_mentions(mentions: Sequence[Mention], sentences: Sequence[Sentence]) -> dict[Approach, Ledger]:
    """Return what speaks for and against each approach."""
    chosen = _find_pointed(sentences)
    mentions = [m for m in mentions if not _names_a_lesson(m.sentence)]
    titled = [m for m in mentions if m.sentence.zone is Zone.TITLE and m.strong]
    alike = compares_alike(titled)
    doubtful = {m.approach for m in titled if m.mood not in _AFFIRMED and not alike and not _is_numbered(m)}
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


def _is_numbered(mention: Mention) -> bool:
    """Tell whether a title is one part of a numbered series, such as `Fine-tuning (phase 5)`: that is no plan."""
    return mention.mood is Mood.FUTURE and bool(_NUMBERED.search(mention.sentence.text))


def _names_a_lesson(sentence: Sentence) -> bool:
    """Tell whether a title names what the document teaches or weighs, not what a project does."""
    return sentence.zone is Zone.TITLE and zone_below_title(sentence.text) is Zone.OTHER_SYSTEM


def _find_answered(sentences: Sequence[Sentence]) -> dict[int, float]:
    """Return for each heading that asks, and is answered yes or no at once, what that counts."""
    found: dict[int, float] = {}
    for asked, reply in pairwise(sentences):
        if asked.form is Form.HEADING and asked.text.endswith("?"):
            answer = _ANSWERED.match(reply.text)
            if answer:
                found[id(asked)] = _ZONE_WEIGHTS[Zone.TITLE] * (-1 if answer[1] else 1)
    return found


def _weigh(mention: Mention, chosen: frozenset[str]) -> float:
    sentence = mention.sentence
    ticked = sentence.checked is True and sentence.zone is Zone.REJECTED
    if (ticked or _option_of(sentence) in chosen) and mention.mood is not Mood.NEGATED:
        return _ZONE_WEIGHTS[Zone.DECISION] * (1 if mention.strong else _PART_SHARE)
    place = _weigh_place(sentence)
    if mention.mood in _AFFIRMED or (sentence.zone is Zone.TITLE and _is_numbered(mention)):
        weight = place * (1 if mention.strong else _PART_SHARE)
        if _TRIED.search(sentence.text) and not _SHIPPED.search(sentence.text):
            return weight * _PART_SHARE
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
    weight = _ZONE_WEIGHTS.get(sentence.zone, _PLAIN_WEIGHT)
    if sentence.form is Form.HEADING and sentence.zone is not Zone.TITLE and weight:
        weight += 1
    heading = sentence.headings[-1] if sentence.headings else ""
    own = sentence.text if sentence.form is Form.HEADING else heading
    if sentence.zone not in {Zone.DECISION, Zone.REJECTED, Zone.OTHER_SYSTEM} and (
        _CURRENT.search(own) or (sentence.label and _CURRENT.search(sentence.label))
    ):
        return max(weight, _CURRENT_WEIGHT)
    return weight


def _is_choice(mention: Mention) -> bool:
    """Tell whether a verb of choosing or using stands near the words."""
    text = mention.sentence.text
    return bool(_CHOICE.search(text, max(0, mention.start - 80), mention.end + 20))


def _find_pointed(sentences: Sequence[Sentence]) -> frozenset[str]:
    """Return the names of options that a decision only points at, such as `B` in `we go with option B`."""
    names: set[str] = set()
    for sentence in sentences:
        if sentence.zone is not Zone.DECISION or sentence.form is Form.HEADING:
            continue
        for found in _POINTED.finditer(sentence.text[:_LONGEST_QUOTE]):
            if mood_at(sentence, *found.span()) in _AFFIRMED:
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


def _sum_capped(items: Iterable[Weighed]) -> float:
    by_zone: dict[Zone, list[float]] = {}
    for item in items:
        by_zone.setdefault(item.mention.sentence.zone, []).append(item.weight)
    return sum(min(sum(weights), _CAP * max(weights, key=abs), key=abs) for weights in by_zone.values())


# --- Options ----------------------------------------------------------------------------------------------------------


def _choose_option(ledgers: dict[Approach, Ledger]) -> Option | None:
    retrieval, tuning, plain = (ledgers[one] for one in (Approach.RETRIEVAL, Approach.TUNING, Approach.PLAIN))
    searches, tunes = _is_affirmed(retrieval), _is_affirmed(tuning)
    if searches and tunes:
        return _weigh_both(retrieval, tuning)
    decided = plain.named and plain.best >= _ZONE_WEIGHTS[Zone.DECISION]
    if tunes and decided and tuning.best < _ZONE_WEIGHTS[Zone.TITLE]:
        return Option.NEITHER
    if searches or tunes:
        return Option.RAG if searches else Option.FINE_TUNING
    return Option.NEITHER if _does_without(ledgers) else None


def _is_affirmed(ledger: Ledger) -> bool:
    """Tell whether an approach is taken: something affirms it, and no rejection weighs more."""
    single = ledger.total >= _SINGLE and any(is_core(item.mention) for item in ledger.pro)
    if ledger.total < _NOTICED or not (ledger.named or ledger.kinds > 1 or single):
        return False
    denied = (item for item in ledger.contra if item.mention.strong or not ledger.pro)
    worst = max((-item.weight for item in denied), default=0.0)
    return ledger.best > worst or (ledger.best == worst and ledger.total > -_sum_capped(ledger.contra))


def _weigh_both(retrieval: Ledger, tuning: Ledger) -> Option:
    """Two options need two statements of weight; a passing word beside a clear decision is not one."""
    strong_search = (retrieval.named and retrieval.best >= _DECISIVE) or (
        retrieval.kinds > 1 and retrieval.total >= _DECISIVE and retrieval.best >= _TELLING
    )
    strong_tuning = tuning.named and tuning.best >= _DECISIVE
    if strong_search and strong_tuning:
        return Option.BOTH
    if strong_search != strong_tuning:
        return Option.RAG if strong_search else Option.FINE_TUNING
    return Option.RAG if retrieval.total >= tuning.total else Option.FINE_TUNING


def _does_without(ledgers: dict[Approach, Ledger]) -> bool:
    """Tell whether a document says that it does without retrieval and tuning."""
    plain, retrieval, tuning = (
        ledgers[Approach.PLAIN],
        ledgers[Approach.RETRIEVAL],
        ledgers[Approach.TUNING],
    )
    if plain.named and plain.best >= _DECISIVE and plain.best > plain.worst:
        return True
    if retrieval.worst >= _DECISIVE and (plain.pro or tuning.contra):
        return True
    if retrieval.worst >= _ZONE_WEIGHTS[Zone.TITLE] and any(item.mention.strong for item in retrieval.contra):
        return True
    return plain.total * plain.kinds >= (_IMPLIED_NAMED if plain.named else _IMPLIED)


# --- Status -----------------------------------------------------------------------------------------------------------


def _is_about_models(
    sentences: Sequence[Sentence],
    mentions: Sequence[Mention],
    ledgers: dict[Approach, Ledger],
    *,
    foreign: bool,
) -> bool:
    """Tell whether a document is about an application of language models."""
    prose = [s for s in sentences if s.zone not in {Zone.CODE, Zone.TEMPLATE}]
    named = [s for s in prose if _MODEL_WORDS.search(s.text[:_READ])]
    vectors = any(_VECTORS.search(s.text[:_READ]) for s in prose)
    strong = {m.approach for m in mentions if m.strong and m.approach is not Approach.PLAIN}
    parts = {m.words for m in mentions if m.approach is Approach.RETRIEVAL and not m.strong}
    if named and (strong or len(parts) >= 3 or _are_weighty(named, prose)):
        return True
    tuned = [m for m in mentions if m.approach is Approach.TUNING and m.strong]
    sized = any(m.mood in _AFFIRMED and _SIZED.search(m.sentence.text[:_READ]) for m in tuned)
    if (
        sized
        or any(m.sentence.zone is Zone.TITLE for m in tuned)
        or ledgers[Approach.TUNING].best >= _DECISIVE
    ):
        return not any(_OTHER_MODELS.search(s.text[:_READ]) for s in prose)
    if any(_TUNED_WORD.search(s.text) for s in prose if s.zone is Zone.TITLE) and _mentions_prompt(sentences):
        return True
    if tuned and (parts or Approach.RETRIEVAL in strong):
        return True
    if Approach.RETRIEVAL in strong:
        return bool(vectors or parts or foreign or any("ugmented" in s.text for s in prose))
    answers = any(_ANSWERS.search(s.text[:_READ]) for s in prose)
    return (
        vectors
        and len(parts) >= 3
        and answers
        and not any(_OTHER_MODELS.search(s.text[:_READ]) for s in prose)
    )


def _are_weighty(named: Sequence[Sentence], prose: Sequence[Sentence]) -> bool:
    """Tell whether language models are named where it matters, or often enough."""
    places = {Zone.TITLE, Zone.SUMMARY, Zone.DECISION}
    if any(s.zone in places or s.form is Form.HEADING for s in named):
        return True
    return len(named) >= 3 or len(named) >= 0.05 * len(prose)


def _is_lesson(sentences: Sequence[Sentence]) -> bool:
    """Tell whether a document weighs approaches in general: by its title, or by headings such as `When to use it`."""
    headings = [s for s in sentences if s.form is Form.HEADING]
    if any(_names_a_lesson(s) or _LESSON_TITLE.search(s.text) for s in headings if s.zone is Zone.TITLE):
        return True
    return sum(bool(_LESSON.search(s.text)) for s in headings) >= _MANY_LESSONS


def _mentions_prompt(sentences: Sequence[Sentence]) -> bool:
    return any(
        _PROMPT.search(sentence.text[:_READ]) for sentence in sentences if sentence.zone is not Zone.CODE
    )


def _is_plumbing(sentences: Sequence[Sentence]) -> bool:
    """Tell whether a document is about access to models as such: a client, a gateway, a library, a policy."""
    places = {Zone.TITLE, Zone.SUMMARY}
    front = [s for s in sentences if s.zone in places or s.form is Form.HEADING][:_FRONT]
    if any(_PLUMBING_TITLE.search(s.text[:_READ]) for s in front if s.zone is Zone.TITLE):
        return True
    return any(_PLUMBING.search(s.text[:_READ]) for s in front)


def _is_guide(sentences: Sequence[Sentence]) -> bool:
    """Tell whether a document mostly addresses its reader and hardly speaks of a project of its own."""
    prose = [s for s in sentences if s.form in {Form.PROSE, Form.BULLET, Form.QUOTE}]
    addressed = sum(speaks_to_reader(s) for s in prose)
    own = sum(bool(_OURS.search(s.text)) for s in prose)
    return addressed > _GUIDE_SHARE * len(prose) and addressed > own


def _speaks_for_itself(option: Option, ledgers: dict[Approach, Ledger]) -> bool:
    """Tell whether a guide says what its own project does, and not only what a reader could do."""
    for approach in _approaches_of(option):
        for item in (*ledgers[approach].pro, *ledgers[Approach.RETRIEVAL].contra):
            sentence = item.mention.sentence
            above = " ".join((*sentence.headings[-1:], sentence.label or ""))
            if speaks_to_reader(sentence):
                continue
            own = _OURS.search(sentence.text) or _DEFAULTS.search(sentence.text)
            if own or _CURRENT.search(above) or sentence.zone is Zone.DECISION:
                return True
    return False


def _is_clear(option: Option, ledgers: dict[Approach, Ledger]) -> bool:
    """Tell whether a document in another language names its approach where it counts."""
    return any(
        item.mention.strong and item.weight >= _CLEAR
        for approach in _approaches_of(option)
        for item in ledgers[approach].pro
    )


# --- Evidence ---------------------------------------------------------------------------------------------------------


def _approaches_of(option: Option) -> tuple[Approach, ...]:
    return {
        Option.RAG: (Approach.RETRIEVAL,),
        Option.FINE_TUNING: (Approach.TUNING,),
        Option.BOTH: (Approach.RETRIEVAL, Approach.TUNING),
        Option.NEITHER: (Approach.PLAIN,),
    }[option]


def _state_decision(
    option: Option, ledgers: dict[Approach, Ledger], sentences: Sequence[Sentence]
) -> StatedDecision:
    wanted = _approaches_of(option)
    most = _MOST_CITED if len(wanted) == 1 else 2
    cited = [cite for approach in wanted for cite in _cite(ledgers[approach].pro, "for", most)]
    for approach in (Approach.RETRIEVAL, Approach.TUNING):
        if approach not in wanted:
            cited += _cite(ledgers[approach].contra, "against", 2)
    return StatedDecision(option, _read_how(option, ledgers, sentences), _sort_cited(cited))


def _read_how(option: Option, ledgers: dict[Approach, Ledger], sentences: Sequence[Sentence]) -> str:
    """Tell a written choice from an approach that is taken for granted or only follows from the rest."""
    wanted = [ledgers[approach] for approach in _approaches_of(option)]
    if option is Option.NEITHER:
        wanted.append(ledgers[Approach.RETRIEVAL])
    if any(_is_explicit(item) for ledger in wanted for item in (*ledger.pro, *ledger.contra)):
        return "explicit"
    decides = any(s.zone is Zone.DECISION and s.form is not Form.HEADING for s in sentences)
    return "assumed" if decides or any(ledger.named for ledger in wanted) else "implied"


def _is_explicit(item: Weighed) -> bool:
    return item.mention.strong and abs(item.weight) >= _DECISIVE


def _cite(items: Sequence[Weighed], role: str, most: int) -> list[Cited]:
    """Return the heaviest lines; a rejection is cited only where it is one in so many words."""
    ranked = sorted(items, key=_rank_line)
    if ranked and not ranked[0].mention.strong:
        most = min(most, 2)
    least = abs(ranked[0].weight) * _PART_SHARE if ranked else 0.0
    spans: dict[int, Span] = {}
    for item in ranked:
        if abs(item.weight) >= least and len(spans) < most:
            span = _quote_line(item.mention)
            spans.setdefault(span.line, span)
    return [Cited(span, role) for span in spans.values()]


def _rank_line(item: Weighed) -> tuple[float, bool, int]:
    """Order evidence: the heaviest first, the name of a product only after what is done with it."""
    mention = item.mention
    product = mention.sentence.text[mention.start : mention.end][:1].isupper() and not mention.strong
    return -abs(item.weight), product, mention.sentence.pieces[0].line


def _quote_line(mention: Mention) -> Span:
    """Return what the line of a mention has of its sentence, cut around the mention where that is long."""
    sentence = mention.sentence
    line = span_of(sentence, mention.start, mention.end).line
    pieces = [piece for piece in sentence.pieces if piece.line == line]
    start, end = pieces[0].offset, pieces[-1].offset + pieces[-1].length
    if end - start > _LONGEST_QUOTE:
        start = max(start, mention.start - _LONGEST_QUOTE // 2)
        end = min(end, max(mention.end, start + _LONGEST_QUOTE))
    return span_of(sentence, start, end)


def _sort_cited(cited: Iterable[Cited]) -> tuple[Cited, ...]:
    by_line = {cite.span.line: cite for cite in reversed(list(cited))}
    return tuple(by_line[line] for line in sorted(by_line))
