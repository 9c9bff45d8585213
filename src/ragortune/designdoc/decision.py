"""What a design document decides, on which lines, and whether there is anything to judge.

Every mention of an approach is weighed by where it stands: a decision section or label, then title and first paragraphs,
then what is in use today, then the description of the architecture. Counting words alone reads a rejected alternative as a
choice, so rejections are weighed against affirmations, and two options need two affirmed statements of that weight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ragortune.designdoc.approaches import Approach, Mention, find_mentions, is_core, speaks_to_reader
from ragortune.designdoc.reader import span_of
from ragortune.designdoc.subject import (
    OURS,
    has_lesson_title,
    is_about_models,
    is_classic_learning,
    is_guide,
    is_lesson,
    is_llm_design,
    is_plumbing,
)
from ragortune.designdoc.weights import (
    CURRENT,
    DECISIVE,
    LONGEST_QUOTE,
    PART_SHARE,
    ZONE_WEIGHTS,
    Ledger,
    Weighed,
    sum_capped,
    weigh_mentions,
)
from ragortune.model import Option
from ragortune.statements import Cited, DocumentStatus, Form, Mood, Sentence, Span, StatedDecision, Zone

_CLEAR = 1.5
_IMPLIED_NAMED = 2.5
_IMPLIED = 2.4
"""Weight of the signs of plain prompting times their number that make an application without retrieval and tuning."""
_TELLING = 1.7
"""Weight of a part that a summary says is used; with others of its kind it is a statement."""
_MANY_KINDS = 3
_OVERWHELMING = 2.0
"""A passing `does not train ...` does not count against a document that affirms tuning so many times as much. Documents that
say why they do not retrieve speak of retrieval at length, so that this is no measure for them."""
_NOTICED = 0.8
_LONGEST_NAME = 2
"""Words of a title that is a name."""
_SINGLE = 1.2
"""Weight from which one word for a part that retrieval cannot do without is enough."""
_MOST_CITED = 3
_STATUS_WORD = re.compile(
    r"\W*(?:\w+[ :]+){0,3}?\b(accepted|approved|proposed|proposal|draft|rejected|superseded|deprecated|implemented|in review|under review|open|final|active|archived|withdrawn|provisional|implementable|living|done|in progress|accept[éeè]e?|angenommen|akzeptiert|vorgeschlagen|entwurf|aceptad[oa]|propuest[oa]|kabul edildi|yürürlükte|taslak|önerildi|已接受|提议|草案)",
    re.IGNORECASE,
)
_STATUS_LABEL = re.compile(r"^\W*(?:status|state|statut|estado|durum|状态)\W*$", re.IGNORECASE)
_STATUS_HEADING = re.compile(r"^[\W\d]*(?:status|statut|estado|durum|状态)\W*$", re.IGNORECASE)
_READING_PART = re.compile(r"re-?rank|chunk")
"""Parts that nothing but retrieval for a model needs, though a project can do without them."""
_DEFAULTS = re.compile(r"\b(?:ships? with|by default|is (?:built|trained)|the default)\b", re.IGNORECASE)


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
        found = _STATUS_WORD.match(text[:LONGEST_QUOTE])
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
    if not is_about_models(sentences, mentions, ledgers, foreign=foreign):
        unread = foreign and not is_classic_learning(sentences)
        return (DocumentStatus.UNSUPPORTED_LANGUAGE if unread else DocumentStatus.NOTHING_TO_JUDGE), None
    option = _choose_option(ledgers)
    if option is None and is_llm_design(sentences) and _is_only_prompted(mentions, ledgers):
        option = Option.NEITHER
    if (
        option is Option.NEITHER
        and is_plumbing(sentences)
        and ledgers[Approach.PLAIN].best < ZONE_WEIGHTS[Zone.DECISION]
    ):
        option = None
    general = is_guide(sentences) or is_lesson(sentences)
    if option is not None and general and not _speaks_for_itself(option, ledgers, sentences):
        option = None
    decision = _state_decision(option, ledgers, sentences) if option else None
    if foreign and (decision is None or not _is_clear(decision.option, ledgers)):
        return DocumentStatus.UNSUPPORTED_LANGUAGE, None
    if decision is None:
        return DocumentStatus.NO_DECISION, None
    return DocumentStatus.JUDGED, decision


def _choose_option(ledgers: dict[Approach, Ledger]) -> Option | None:
    retrieval, tuning, plain = (ledgers[one] for one in (Approach.RETRIEVAL, Approach.TUNING, Approach.PLAIN))
    searches, tunes = _is_affirmed(retrieval), _is_affirmed(tuning)
    if searches and tunes:
        return _weigh_both(retrieval, tuning)
    decided = plain.named and plain.best >= ZONE_WEIGHTS[Zone.DECISION]
    if tunes and decided and tuning.best < ZONE_WEIGHTS[Zone.TITLE]:
        return Option.NEITHER
    if searches or tunes:
        return Option.RAG if searches else Option.FINE_TUNING
    return Option.NEITHER if _does_without(ledgers) else None


def _is_affirmed(ledger: Ledger) -> bool:
    """Tell whether an approach is taken: something affirms it, and no rejection weighs more."""
    single = ledger.total >= _SINGLE and any(
        is_core(item.mention) or _READING_PART.search(item.mention.words) for item in ledger.pro
    )
    if ledger.total < _NOTICED or not (ledger.named or ledger.kinds > 1 or single):
        return False
    denied = [item for item in ledger.contra if _counts_against(item, ledger)]
    worst = max((-item.weight for item in denied), default=0.0)
    against = -sum_capped(denied)
    if ledger.best == worst:
        return ledger.total > against
    if any(item.mention.approach is Approach.RETRIEVAL for item in denied):
        return ledger.best > worst
    decided = any(item.mention.sentence.zone in {Zone.DECISION, Zone.TITLE} for item in denied)
    return ledger.best > worst or (not decided and ledger.total > _OVERWHELMING * against)


def _counts_against(item: Weighed, ledger: Ledger) -> bool:
    """Tell whether a rejection counts: a document that tells in many words how it retrieves rejects only a variant."""
    mention = item.mention
    if not mention.strong and ledger.pro:
        return False
    variant = mention.approach is Approach.RETRIEVAL and ledger.kinds >= _MANY_KINDS
    listed = mention.sentence.zone is Zone.REJECTED or (
        mention.sentence.zone is Zone.NON_GOAL and ledger.total >= -2 * item.weight
    )
    return not (variant and listed)


def _weigh_both(retrieval: Ledger, tuning: Ledger) -> Option:
    """Two options need two statements of weight; a passing word beside a clear decision is not one."""
    strong_search = (retrieval.named and retrieval.best >= DECISIVE) or (
        retrieval.kinds > 1 and retrieval.total >= DECISIVE and retrieval.best >= _TELLING
    )
    strong_tuning = tuning.named and tuning.best >= DECISIVE
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
    if plain.named and plain.best >= DECISIVE and plain.best > plain.worst:
        return True
    if retrieval.worst >= DECISIVE and (plain.pro or tuning.contra):
        return True
    if retrieval.worst >= ZONE_WEIGHTS[Zone.TITLE] and any(item.mention.strong for item in retrieval.contra):
        return True
    return plain.total * plain.kinds >= (_IMPLIED_NAMED if plain.named else _IMPLIED)


def _is_only_prompted(mentions: Sequence[Mention], ledgers: dict[Approach, Ledger]) -> bool:
    """Tell whether a design of what a model does names prompting alone, and neither retrieval nor tuning at all."""
    others = [m for m in mentions if m.approach is not Approach.PLAIN and (m.strong or is_core(m))]
    return all(m.mood is Mood.NEGATED for m in others) and ledgers[Approach.PLAIN].total >= _NOTICED


def _speaks_for_itself(
    option: Option, ledgers: dict[Approach, Ledger], sentences: Sequence[Sentence]
) -> bool:
    """Tell whether a guide says what its own project does, and not only what a reader could do.

    What a document concludes whose title weighs approaches in general is taught, not decided; questions and the
    cells of a table of decisions are for its reader to fill in.
    """
    taught, name = has_lesson_title(sentences), _find_own_name(sentences)
    for approach in _approaches_of(option):
        for item in (*ledgers[approach].pro, *ledgers[Approach.RETRIEVAL].contra):
            sentence = item.mention.sentence
            above = " ".join((*sentence.headings[-1:], sentence.label or ""))
            if speaks_to_reader(sentence) or sentence.text.rstrip().endswith("?"):
                continue
            named = name is not None and sentence.text.startswith(name)
            own = named or OURS.search(sentence.text) or _DEFAULTS.search(sentence.text)
            decided = sentence.zone is Zone.DECISION and sentence.form is not Form.CELL
            if own or CURRENT.search(above) or (decided and not taught):
                return True
    return False


def _find_own_name(sentences: Sequence[Sentence]) -> str | None:
    """Return the title where it is no more than a name, by which a product speaks of itself."""
    titles = (s for s in sentences if s.zone is Zone.TITLE)
    title = next(titles, None)
    if title is None or len(title.text.split()) > _LONGEST_NAME or any(find_mentions(title)):
        return None
    return title.text


def _is_clear(option: Option, ledgers: dict[Approach, Ledger]) -> bool:
    """Tell whether a document in another language names its approach where it counts."""
    return any(
        item.mention.strong and item.weight >= _CLEAR
        for approach in _approaches_of(option)
        for item in ledgers[approach].pro
    )


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
    return item.mention.strong and abs(item.weight) >= DECISIVE


def _cite(items: Sequence[Weighed], role: str, most: int) -> list[Cited]:
    """Return the heaviest lines; a rejection is cited only where it is one in so many words."""
    ranked = sorted(items, key=_rank_line)
    if ranked and not ranked[0].mention.strong:
        most = min(most, 2)
    least = abs(ranked[0].weight) * PART_SHARE if ranked else 0.0
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
    if end - start > LONGEST_QUOTE:
        start = max(start, mention.start - LONGEST_QUOTE // 2)
        end = min(end, max(mention.end, start + LONGEST_QUOTE))
    return span_of(sentence, start, end)


def _sort_cited(cited: Iterable[Cited]) -> tuple[Cited, ...]:
    by_line = {cite.span.line: cite for cite in reversed(list(cited))}
    return tuple(by_line[line] for line in sorted(by_line))
