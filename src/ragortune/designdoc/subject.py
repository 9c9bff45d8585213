"""What a document is about: an application of language models, advice to readers, access to models, or none of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from ragortune.designdoc.approaches import Approach, Mention, speaks_to_reader
from ragortune.designdoc.weights import AFFIRMED, DECISIVE, Ledger, names_a_lesson
from ragortune.designdoc.wordings import compile_words
from ragortune.statements import Form, Sentence, Zone

_READ = 2_000
"""Characters of a sentence that are searched for words about models."""
_MODEL_WORDS = compile_words(
    r"(?-i:\bLLMs?\b|\bGPT\b|\bSLMs?\b)|\blanguage[\s-]models?\b|\bgpt-?[345]\w*|\bchatgpt\b|\bclaude\b|\bgemini\b|\bllama\b|\bllama[\s-]?[234]|\bqwen|\bmistral\b|\bmixtral\b|\bgemma\b|\bdeepseek|(?<![._:/])\b(?:openai|anthropic|bedrock)\b(?![._/]\w)|\bvertex ai\b|\bamazon q\b|\bollama\b|\bvllm\b|\blangchain\b|\bllamaindex\b|\blanggraph\b|\bchat-?bots?\b"
    r"|\b(?:ai|virtual|coding|support|documentation|voice)[\s-](?:assistants?|copilots?|agents?|coach)\b|(?<!github )(?<!microsoft )\bcopilot\b|\bgen(?:erative[\s-])?ai\b|\bhallucinat\w+|\bfoundation models?\b|\bai-powered\b|\bagentic\b|\b(?:system|user|the|our|each|every) prompts?\b|\bprompt (?:engineering|caching|template)|\b(?:few|zero)-shot\b|\bcontext window\b|\b\d+k tokens\b|\bmodel (?:writes|answers|replies|drafts|summari[sz]es|translates|hallucinates|rewrites|explains)\b|\b(?:haiku|sonnet|opus) (?:[34]|classif|draft|writes|reviews|answers)|\bbert\b|\btransformer (?:model|encoder)|\bsprachmodell|\bmodèles? de langage|\bmodelos? de lenguaje|\bdil modeli|大模型|语言模型|大语言模型",
)
_OTHER_MODELS = re.compile(
    r"\b(?:speech|whisper|asr|transcription|xgboost|random forest|lstms?|bi-?lstm|cnns?|rnns?|lightgbm|catboost|yolo\w*|vgg\w*|mobilenet\w*|u-?net|arima|svms?|k-means|scikit-learn|sklearn|time[\s-]series|gradient boosting|decision trees?|logistic regression|object detection|computer vision|image classif\w+|recommender|churn|resnet|efficientnet|bilderkennung|bildern|spracherkennung|görüntü\w*|ses tanıma|konuşma tanıma|reconocimiento de (?:voz|imágenes)|reconnaissance (?:vocale|d.images)|forecast\w*)\b",
    re.IGNORECASE,
)
_TUNED_WORD = re.compile(r"\bfine[\s-]?tun\w+|\blora\b", re.IGNORECASE)
_AGENT_TITLE = re.compile(r"\b(?:agents?|assistants?|copilots?|(?:chat)?bots?)\b", re.IGNORECASE)
_ANSWERER = re.compile(r"\b(?:assistants?|chat-?bots?|bots?|copilots?)\b", re.IGNORECASE)
_READING_PART = re.compile(r"re-?rank|chunk|passage", re.IGNORECASE)
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
    r"\b(?:policy|logging|logs|observability|tracing|telemetry|monitoring|rate limit\w*|guardrails?|security|gateway|quotas?|billing|cost tracking|outage|incident|post-?mortem|benchmark\w*)\b",
    re.IGNORECASE,
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
_DESIGN_TITLE = re.compile(
    r"\b(?:llms?|ai|gpt\S*|claude|gemini|prompt\w*|language models?|agents?|genai)\b.{0,40}"
    r"\b(?:design|integration|strategy|pipeline|workflow|architecture|approach|usage|feature|generation|implementation|processing|evaluation|report|classifier|guidelines|library)\b|^\W*(?:system |technical |software |high-level )?(?:architecture|design|how it works)\W*$",
    re.IGNORECASE,
)
_READ_BY_MODEL = re.compile(
    r"\b(?:chunks?|passages?|retrievers?|re-?rank\w*|ground(?:ed|ing)|top-?k|citations?|recall@\d+|generation|assistant|(?:support|chat|help|docs?|slack|teams|faq|policy) bot|bot answers|re-?index\w*|answers? (?:\w+ ){0,3}from)\b",
    re.IGNORECASE,
)
_MANY_PARTS = 3
"""So many different words of the trade tell of a model that reads passages, even where no model is named."""
_CUT_AND_FOUND = frozenset(("chunk", "retrie"))
"""Chunks and a retriever belong together in no other trade."""
_VECTORS = re.compile(r"\b(?:embeddings?|vectors?|vector\w*)\b|向量|嵌入", re.IGNORECASE)
_GUIDE_SHARE = 0.2
_GUIDE_TITLE = re.compile(
    r"\b(?:guide|tutorial|how[\s-]to|walkthrough|getting started|quick ?start|bring(?:ing)? your own|cookbook|handbook"
    r"|blueprint|(?:prd|rfc|adr|design(?: doc)?|spec) template|checklist|playbook|worksheet)\b",
    re.IGNORECASE,
)
_FEW_ADDRESSES = 2
"""A document that calls itself a guide speaks to its reader mostly in commands, which do not say `you`."""
OURS = compile_words(
    r"\b(?:we|our|ours|us|i|my|this (?:repo|repository|project|system|service|schema|application|app|design|adr|document|proposal|kep|rfc))\b",
)


def is_about_models(
    sentences: Sequence[Sentence],
    mentions: Sequence[Mention],
    ledgers: dict[Approach, Ledger],
    *,
    foreign: bool,
) -> bool:
    """Tell whether a document is about an application of language models."""
    prose = [s for s in sentences if s.zone not in {Zone.CODE, Zone.TEMPLATE}]
    strong = {m.approach for m in mentions if m.strong and m.approach is not Approach.PLAIN}
    parts = {m.words for m in mentions if m.approach is Approach.RETRIEVAL and not m.strong}
    clear = strong or len(parts) >= _MANY_PARTS
    naming = (s for s in prose if _MODEL_WORDS.search(s.text[:_READ]))
    named = list(islice(naming, 1 if clear else None))
    if named and (clear or _are_weighty(named, prose)):
        return True
    meant = any(_VECTORS.search(part) for part in parts) and _says(_ANSWERER, prose)
    if (meant or (_is_titled_part(mentions) and _says(_ANSWERS, prose))) and not _has_other_models(prose):
        return True
    if any(_AGENT_TITLE.search(s.text) for s in prose if s.zone is Zone.TITLE):
        words = {m.words for m in mentions if m.strong}
        if strong or len(words) > 1 or any(_VECTORS.search(part) for part in parts):
            return True
    tuned = [m for m in mentions if m.approach is Approach.TUNING and m.strong]
    if tuned and _is_tuning_weighty(tuned, ledgers[Approach.TUNING]):
        return not _has_other_models(prose)
    titled = any(_TUNED_WORD.search(s.text) for s in prose if s.zone is Zone.TITLE)
    if (titled and _mentions_prompt(sentences)) or (tuned and (parts or Approach.RETRIEVAL in strong)):
        return True
    return _is_about_passages(prose, parts, named=Approach.RETRIEVAL in strong, foreign=foreign)


def _says(words: re.Pattern[str], prose: Sequence[Sentence]) -> bool:
    return any(words.search(s.text[:_READ]) for s in prose)


def _is_titled_part(mentions: Sequence[Mention]) -> bool:
    """Tell whether the title names a part that only a model reading passages needs."""
    titled = (m for m in mentions if m.sentence.zone is Zone.TITLE and m.approach is Approach.RETRIEVAL)
    return any(_READING_PART.search(m.words) for m in titled)


def _is_tuning_weighty(tuned: Sequence[Mention], ledger: Ledger) -> bool:
    """Tell whether a document speaks of tuning where it matters, or of a model with its size."""
    sized = any(m.mood in AFFIRMED and _SIZED.search(m.sentence.text[:_READ]) for m in tuned)
    return sized or ledger.best >= DECISIVE or any(m.sentence.zone is Zone.TITLE for m in tuned)


def _is_about_passages(prose: Sequence[Sentence], parts: set[str], *, named: bool, foreign: bool) -> bool:
    """Tell whether a document that names no language model still tells of one that reads passages."""
    vectors = any(_VECTORS.search(s.text[:_READ]) for s in prose)
    if named:
        return bool(vectors or parts or foreign or any("ugmented" in s.text for s in prose))
    signs = {
        found.lower().removesuffix("s")[:6] for s in prose for found in _READ_BY_MODEL.findall(s.text[:_READ])
    }
    if len(signs) >= _MANY_PARTS or signs >= _CUT_AND_FOUND:
        return True
    answers = any(_ANSWERS.search(s.text[:_READ]) for s in prose)
    return vectors and len(parts) >= _MANY_PARTS and answers and not _has_other_models(prose)


def _has_other_models(prose: Sequence[Sentence]) -> bool:
    return any(_OTHER_MODELS.search(s.text[:_READ]) for s in prose)


def is_classic_learning(sentences: Sequence[Sentence]) -> bool:
    """Tell whether a document names models of another kind, such as an LSTM, and no language model, in any language."""
    prose = [s for s in sentences if s.zone not in {Zone.CODE, Zone.TEMPLATE}]
    return _has_other_models(prose) and not any(_MODEL_WORDS.search(s.text[:_READ]) for s in prose)


def _are_weighty(named: Sequence[Sentence], prose: Sequence[Sentence]) -> bool:
    """Tell whether language models are named where it matters, or often enough."""
    places = {Zone.TITLE, Zone.SUMMARY, Zone.DECISION}
    if any(s.zone in places or s.form is Form.HEADING for s in named):
        return True
    return len(named) >= 3 or len(named) >= 0.05 * len(prose)


def is_lesson(sentences: Sequence[Sentence]) -> bool:
    """Tell whether a document weighs approaches in general: by its title, or by headings such as `When to use it`."""
    headings = [s for s in sentences if s.form is Form.HEADING]
    return has_lesson_title(sentences) or sum(bool(_LESSON.search(s.text)) for s in headings) >= _MANY_LESSONS


def has_lesson_title(sentences: Sequence[Sentence]) -> bool:
    """Tell whether the title says that approaches are weighed in general, so that a conclusion is general, too."""
    titles = [s for s in sentences if s.form is Form.HEADING and s.zone is Zone.TITLE]
    return any(names_a_lesson(s) or _LESSON_TITLE.search(s.text) for s in titles)


def is_llm_design(sentences: Sequence[Sentence]) -> bool:
    """Tell whether the title says that this is how a project uses a language model."""
    titles = [s.text for s in sentences if s.zone is Zone.TITLE]
    return any(_DESIGN_TITLE.search(title) or _AGENT_TITLE.search(title) for title in titles)


def _mentions_prompt(sentences: Sequence[Sentence]) -> bool:
    return any(
        _PROMPT.search(sentence.text[:_READ]) for sentence in sentences if sentence.zone is not Zone.CODE
    )


def is_plumbing(sentences: Sequence[Sentence]) -> bool:
    """Tell whether a document is about access to models as such: a client, a gateway, a library, a policy."""
    places = {Zone.TITLE, Zone.SUMMARY}
    front = [s for s in sentences if s.zone in places or s.form is Form.HEADING][:_FRONT]
    if any(_PLUMBING_TITLE.search(s.text[:_READ]) for s in front if s.zone is Zone.TITLE):
        return True
    return any(_PLUMBING.search(s.text[:_READ]) for s in front)


def is_guide(sentences: Sequence[Sentence]) -> bool:
    """Tell whether a document mostly addresses its reader and hardly speaks of a project of its own."""
    prose = [s for s in sentences if s.form in {Form.PROSE, Form.BULLET, Form.QUOTE}]
    addressed = sum(speaks_to_reader(s) for s in prose)
    own = sum(bool(OURS.search(s.text)) for s in prose)
    titled = any(_GUIDE_TITLE.search(s.text) for s in sentences if s.zone is Zone.TITLE)
    enough = _FEW_ADDRESSES if titled else _GUIDE_SHARE * len(prose)
    return addressed > enough and addressed > own
