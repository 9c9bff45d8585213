"""How the words at one place of a sentence are meant: affirmed, negated, supposed, planned, aimed at, measured, struck.

Triggers with a scope, after NegEx (Chapman and others 2001, https://doi.org/10.1006/jbin.2001.1029) and ConText (Harkema
and others 2009, https://doi.org/10.1016/j.jbi.2009.05.002): a trigger reaches forward or backward until a word ends its scope.
"""

from __future__ import annotations

import re

from ragortune.designdoc.wordings import compile_words
from ragortune.statements import Form, Mood, Sentence, Zone

_WINDOW = 240
"""Characters looked at on each side, so that a sentence of any length costs the same."""

_NEGATION_REACH = 70
"""Characters before a word in which a negation still reaches it, some ten words."""

_NEGATED_BEFORE = compile_words(
    r"\bno(?!t only\b)\b(?! longer than| more than| later than| matter| less than| fewer than|\. ?\d)|\bnot\b(?! only\b| just\b)|\bnever\b|\bwithout\b|\bn't\b|n[’']t\b|\bneither\b|\bnor\b|\bnone of\b"
    r"|\bcannot\b|\bavoid(?:s|ed|ing)?\b|\binstead of\b|\brather than\b|\bas opposed to\b|\bother than\b|\bexcept\b|\bzero\b|\blacks?\b"
    r"|\bin place of\b|\breplac(?:e|es|ed|ing)\s+(?:the |our |a |an |any )?(?:[\w-]+ )?$|\bno need (?:to|for)\b|(?<!measured )(?<!evaluated )(?<!validated )(?<!checked )(?<!tested )(?<!scored )(?<!compared )(?<!benchmarked )\bagainst\b|\b(?:rejected|ruled out|dropped|discarded|dismissed|abandoned|rejects?|excludes?|excluding)\b|\bmust not\b|\bout.of.scope\b|\bnon-?goal\b|\babsence of\b|\bfree of\b"
    r"|❌|🚫|✗|✘"
    r"|\bkein(?:e|en|em|er)?\b|\bweder\b|\bnoch\b(?= (?:ein )?(?:rag|fine))|\bni\b|\bnão\b|\bnon\b|\bnessun\w*\b|\bse descartan?\b|\bdescartamos\b|\bécart(?:e|ons|é)\b|\bverzichten auf\b|\bverwerfen\b|\bnicht\b|\bohne\b|\bstatt\b|\banstelle\b|\bsans\b|\bne\b|\bpas de\b|\baucune?\b|\bplutôt que\b|\bau lieu d|\bsin\b|\bno se\b|\ben lugar de\b|\ben vez de\b|\bningún|\byerine\b"
    r"|不|无需|没有|未|无须|而不是|而非|并非",
)
_NEGATED_AFTER = compile_words(
    r"\b(?:is|are|was|were|has been|have been|will be|would be|be)\s+(?:\w+ly )?(?:not\b|rejected|ruled out|excluded|dropped|discarded|dismissed|avoided|retired|decommissioned|switched off|phased out|taken offline|out of scope|unnecessary|overkill|deferred|postponed|abandoned|deprecated|superseded|disabled|ignored|prohibited|forbidden|banned|a non-?goal)"
    r"|\b(?:isn|aren|wasn|weren|won|doesn|don|didn|wouldn)[’']t\b|\bnot (?:required|needed|used|necessary|planned|supported|justified|worth|included|applicable|available|implemented|performed|done|in scope|a goal|an option|started|yet)\b"
    r"|\b(?:does|do|did|will|would|can|could|should|must) not\b|\bcannot\b|\bout of scope\b|\bis overkill\b|\bwill never\b|^\W{0,6}(?:no|none|n/a|never|false|disabled|rejected|not)\b|\W{1,4}(?:no|none|n/a|rejected)\W*$|\brejected (?:because|due|as|:)|\bnon-?goal"
    r"|\bnicht\b|\bwird verworfen|\bn[’']est pas|\b(?:a été|est|sont|fut) (?:écart|rejet|exclu|abandonn)|\b(?:se descart|fue descart|fueron descart)|\b(?:wurde|wird|wurden) (?:\w+ )?(?:verworfen|abgelehnt|ausgeschlossen)|\b(?:elendi|reddedildi|vazgeçildi)|\bne sera pas|\bno es\b|\bno se\b|\bdescartad|\bdeğil\b|\byok\b|\bkullanılm[ıa]|\byapılm[ıa]|\bkapsam dışı|\bgerekmez|不需要|不采用|不使用|未采用|被否决|❌|🚫",
)
_SUPPOSED_BEFORE = compile_words(
    r"\bif\b|\bwhen(?=\s+(?:you|to|your|we (?:need|have|reach|hit|exceed))\b)|\bunless\b|\bwhether\b|\bcould\b|\bmight\b|(?<!agent )(?<!assistant )\bmay\b(?! only| open files| read files| list files| grep)|\bwould\b|\bshould (?:we|you|it|the|they)\b|\bsuppose\b|\bassuming\b|\bin case\b|\bfor example\b|\be\.g\.|\bsuch as\b|\bfor instance\b|\bperhaps\b|\bpossibly\b|\bpotentially\b|\boptional(?:ly)?\b|\bconsider(?:ed|ing|s)?\b|\bevaluat(?:e|ed|ing) whether\b|\beither\b|\balternativ(?:e|ely|es)\b"
    r"|\bcan be\b|\bcandidates?\b|\bimagine\b|\byou (?:can|could|need|might|may|should|want)\b|\byour\b|\bteams? (?:that|who|which)\b|\bonce (?:we|you|there)\b|\bonly (?:when|if|once)\b|\bcompared? (?:to|with)\b|\bversus\b|\bvs\.?(?=\s)|\bunlike\b|\btypically\b|\busually\b|\bin general\b|\bas soon as\b|\btriggers?\b|\brevisit\b"
    r"|\bfalls\b|\bwenn\b|\bkönnte|\bwürde|\bsi\b(?! )|\bsi (?=[a-zé])|\bpourrait|\bpodría|\bsería|\beğer\b|如果|可能|或许|例如",
)
_SUPPOSED_AFTER = compile_words(
    r"\b(?:could|might|may|would)\b|\bcan be (?:added|used|enabled|introduced|considered|switched)\b|\bis (?:optional|an option|possible|considered|worth|a candidate)\b|\b(?:if|unless|only if|only when|once) |\bif (?:needed|necessary|required)\b|\boptional\b|\([^()]{0,20}\boptional\b|\?\s*$|\?\W*$|\w+(?:abilir|ebilir)\b|\bopsiyonel|\bisteğe bağlı",
)
_FUTURE_BEFORE = compile_words(
    r"\b(?:in (?:the )?future|later|eventually|planned|plan(?:s|ning)? to|future work|future|roadmap|next (?:step|phase|version|release|iteration)|phase (?:[2-9]|two|three|ii+)|(?:in|for|until|by|from) v[2-9](?:\.\d)?|someday|long.term|down the (?:road|line)|post.(?:mvp|launch)|not yet|todo|tbd|upcoming|to be (?:added|done|decided)|defer(?:red)? (?:to|until)?|postpone[ds]?|explore|investigate|experiment with|look into|intend to|aims? to|will eventually)\b"
    r"|\bspäter\b|\bgeplant|\bzukünftig|\bkünftig|\bplus tard\b|\bprévu|\bà terme\b|\bmás adelante\b|\ben el futuro\b|\bfutur|\bileride\b|\bgelecekte\b|\bplanlan|未来|后续|以后|计划",
)
_FUTURE_AFTER = compile_words(
    r"\b(?:later|in (?:the )?future|eventually|is planned|planned|deferred|postponed|not (?:yet )?started|in (?:phase|v|version|stage) ?[2-9]|phase [2-9]|down the (?:road|line)|post.(?:mvp|launch)|not yet|on the roadmap|next (?:quarter|year|phase|step)|coming soon|(?:is|are|be|will be) (?:revisited|reconsidered|re-?evaluated)|to be (?:added|done)|future)\b"
    r"|\bspäter\b|\bgeplant|\bplus tard\b|\bprévu|\bmás adelante\b|\bileride\b|\bplanlan|后续|未来",
)
_GOAL = re.compile(
    r"\b(?:targets?|goals?|objectives?|aims?|aiming|should|must|shall|needs? to|required?|budget|sla|slo|kpis?|at most|at least|up to|ziel|soll|objectif|doit|objetivo|debe|hedef|目标|必须)\b|[<>≤≥]",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\b(?:measured|observed|benchmarked|achiev(?:ed|es)|reach(?:ed|es)|results?|scored|scores|averaged|we (?:saw|got|see)|in production|as of|currently|was|were|gemessen|mesuré|medido|ölçül)\b|实测",
    re.IGNORECASE,
)
_SCOPE_END = compile_words(
    r"[;:!?]|\.\s|,\s(?=(?:not|no|never|without|instead of|rather than)\b)|\s[\u2013\u2014]\s|\s--?\s|\s→\s|,\s?(?:but|so|and|which|because|while|yet|it|we|they|the|this|our|then|since|as|an?)\b|\bbut\b|\bhowever\b|\bthough\b|\balthough\b|\binstead\b(?! of)|\bbecause\b|\bsince\b|\bwhereas\b|\bwhile\b|\bso that\b|\bhence\b|\btherefore\b|\bthus\b|\bexcept\b"
    r"|\band (?:only|then|later|eventually|afterwards|possibly|maybe|perhaps)\b|\brather than\b|\binstead of\b|[，；。：]|\baber\b|\bsondern\b|\bweil\b|\bdenn\b|\bobwohl\b|\bporque\b|\bya que\b|\bcar\b|\bparce que\b|\bçünkü\b|因为|\bmais\b|\bpero\b|\bsino\b|\bancak\b|\bfakat\b|但是?|而是",
)
_ENDING_NEGATION = re.compile(r"(?:rather than|instead of|except)\b", re.IGNORECASE)
_LABEL_NEGATED = re.compile(
    r"\b(?:no|not|non|without|never|don.t|do not|avoid|rejected|excluded|out of scope|disallowed|forbidden|won.t)\b",
    re.IGNORECASE,
)
_LABEL_FUTURE = re.compile(
    r"\b(?:future|later|planned|phase [2-9]|roadmap|next|v[2-9]|deferred|not started|backlog|optional|nice.to.have|stretch|revisit|trigger)\b",
    re.IGNORECASE,
)
_LABEL_SUPPOSED = re.compile(
    r"\b(?:possible|potential|candidates?|ideas|options|could be|assess|trial|hold|explore|evaluate|investigate|consider)\b",
    re.IGNORECASE,
)
_LABEL_GOAL = re.compile(
    r"\b(?:targets?|goals?|objectives?|slos?|slas?|kpis?|success|budget|requirements?|acceptance)\b",
    re.IGNORECASE,
)
_LABEL_MEASURED = re.compile(
    r"\b(?:measured|actual|results?|observed|current|baseline|achieved|today)\b", re.IGNORECASE
)
_WORD = re.compile(r"\w")
_OPENING = 12
_LONGEST_OPENING = 40
"""Longest label before a colon that says of everything behind it that it is optional or planned."""
_GENERAL = re.compile(
    r"^\W*(?:if|when|unless|choose|prefer|use .{1,40} (?:if|when)|consider)\b", re.IGNORECASE
)

_ZONE_MOODS = {
    Zone.FUTURE: Mood.FUTURE,
    Zone.NON_GOAL: Mood.NEGATED,
    Zone.REJECTED: Mood.HYPOTHETICAL,
    Zone.OTHER_SYSTEM: Mood.HYPOTHETICAL,
    Zone.TEMPLATE: Mood.HYPOTHETICAL,
}


def mood_at(sentence: Sentence, start: int, end: int) -> Mood:
    """Return how the words between two offsets of a sentence are meant, the zone they stand in included.

    What is not the project's own statement comes first: struck, negated, supposed, future. A goal or a measured figure
    still speaks about the project.
    """
    if any(first < end and last > start for first, last in sentence.struck):
        return Mood.STRUCK
    own = words_mood(sentence.text, start, end)
    if own is Mood.NEGATED and sentence.zone not in {Zone.NON_GOAL, Zone.REJECTED}:
        return Mood.NEGATED
    placed = _ZONE_MOODS.get(sentence.zone) or _label_mood(sentence)
    if placed is not None:
        return placed
    if own is not Mood.AFFIRMED:
        return own
    return _tone_of(sentence, start, end)


def words_mood(text: str, start: int, end: int) -> Mood:
    """Return how words are meant by the words around them alone: affirmed, negated, supposed or future."""
    opening, colon, _ = text[:_LONGEST_OPENING].partition(":")
    if colon and len(opening) < start and _LABEL_FUTURE.search(opening):
        return Mood.FUTURE
    if colon and len(opening) < start and _LABEL_SUPPOSED.search(opening):
        return Mood.HYPOTHETICAL
    before, after = _scope_before(text, start), _scope_after(text, start, end)
    if _NEGATED_BEFORE.search(before[-_NEGATION_REACH:]) or _NEGATED_AFTER.search(after):
        return Mood.NEGATED
    if _FUTURE_BEFORE.search(before) or _FUTURE_AFTER.search(after):
        return Mood.FUTURE
    if _SUPPOSED_BEFORE.search(before) or _SUPPOSED_AFTER.search(after):
        return Mood.HYPOTHETICAL
    wide = text[max(0, start - _WINDOW) : start]
    return Mood.HYPOTHETICAL if _GENERAL.match(wide) else Mood.AFFIRMED


def _scope_before(text: str, start: int) -> str:
    """Return the clause up to `start`: what stands behind the last word that ends a scope."""
    before = text[max(0, start - _WINDOW) : start]
    cut = 0
    for stop in _SCOPE_END.finditer(before):
        cut = stop.start() if _ENDING_NEGATION.match(stop[0]) else stop.end()
    return before[cut:]


def _scope_after(text: str, start: int, end: int) -> str:
    after = text[end : end + _WINDOW]
    if start < _OPENING and not _WORD.search(text, 0, start):
        after = after.lstrip(" *:\u2013\u2014-")
    stop = _SCOPE_END.search(after)
    if stop and stop[0][0] in "?？":
        return after[: stop.end()]
    return after[: stop.start()] if stop else after


def _label_mood(sentence: Sentence) -> Mood | None:
    """Return the mood that label, lead-in or column header puts a sentence into."""
    for words in (sentence.label, sentence.lead, sentence.columns[0] if sentence.columns else None):
        if words and len(words) < _WINDOW:
            if _LABEL_FUTURE.search(words):
                return Mood.FUTURE
            if words != sentence.lead and _LABEL_NEGATED.search(words):
                return Mood.NEGATED
    return None


def _tone_of(sentence: Sentence, start: int, end: int) -> Mood:
    """Tell an aim and a measured figure from a plain statement."""
    near = sentence.text[max(0, start - 60) : end + 60]
    places = (sentence.label, sentence.columns[0] if sentence.columns else None, sentence.lead)
    if sentence.checked is False or any(words and _LABEL_GOAL.search(words) for words in places):
        return Mood.GOAL
    if any(words and _LABEL_MEASURED.search(words) for words in places) or _MEASURED.search(near):
        return Mood.MEASURED
    if sentence.zone is Zone.REQUIREMENTS or (_GOAL.search(near) and sentence.form is not Form.HEADING):
        return Mood.GOAL
    return Mood.AFFIRMED
