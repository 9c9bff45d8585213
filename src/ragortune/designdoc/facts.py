"""What a document states about its project, criterion by criterion: phrases heard in sentences, and how they add up.

Only what is affirmed about the project counts; a goal and a measured figure still speak about it. A wrong fact costs more
than a missed one, so that every doubt is decided for silence. Lines that contradict each other are kept and answer
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ragortune.designdoc.instructions import SPEAKING, read_instructions
from ragortune.designdoc.moods import mood_at
from ragortune.designdoc.reader import span_of
from ragortune.model import Criterion
from ragortune.phrases.matcher import Heard, Matcher
from ragortune.phrases.patterns import Sequence as Pattern
from ragortune.phrases.patterns import parse_pattern
from ragortune.phrases.records import Phrase, PhraseBook
from ragortune.phrases.tokens import Tokens, join_texts
from ragortune.phrases.values import Amount
from ragortune.record import NOTHING, Record
from ragortune.statements import Form, Modality, Mood, Sentence, Standing, StatedFact, Zone

_NEAR = 30
"""Words on each side within which `near` and `unless` are looked for."""
_SPEAKS = frozenset({Mood.AFFIRMED, Mood.GOAL, Mood.MEASURED})
_SILENT_ZONES = frozenset(
    {Zone.REJECTED, Zone.NON_GOAL, Zone.FUTURE, Zone.OTHER_SYSTEM, Zone.TEMPLATE, Zone.CODE}
)
_SILENT_FORMS = frozenset({Form.CODE, Form.COMMENT})
_MODALITIES = {Mood.AFFIRMED: Modality.STATED, Mood.GOAL: Modality.GOAL, Mood.MEASURED: Modality.MEASURED}
_LATE_ZONES = frozenset({Zone.ARCHITECTURE, Zone.CONSEQUENCES})
_MANY_KINDS = frozenset({"task.kind", "knowledge.source", "behaviour.output", "knowledge.shape"})
"""Criteria on which two answers do not exclude each other: a system can do two things from two sources."""
_STANDINGS = (Standing.STATED, Standing.VAGUE, Standing.CONCLUDED)
_MOST_LEVELS = 3
_MOST_LINES = 2
_ONE_LINE = frozenset(
    {
        "task.kind",
        "task.definition",
        "knowledge.source",
        "governance.access",
        "behaviour.output",
        "cost.right_sizing",
    }
)
"""Criteria on which one line says it all; of the others two lines are kept."""
_SIGNS = "$€£<≤~≈"
_FORM_RANKS: Mapping[Form | None, int] = {Form.BULLET: 0, Form.CELL: 0, Form.FIELD: 0, Form.HEADING: 2}
_BUDGETS = frozenset({"performance.latency"})
_LONGEST_BUDGET = 600_000
"""Milliseconds; what may take longer than ten minutes is not an answer that somebody waits for."""
_LONGEST_CONTEXT = 400
_MOST_HEARD = 50
_LONGEST_SENTENCE = 10_000
"""Characters; what is longer is data, not a sentence about the project."""
_MOST_REMEMBERED = 20_000


_APPROACH = (
    r"(?:rag|retrieval[- ]augmented generation|retrieval|fine[- ]?tuning|fine[- ]tuned models?|long[- ]context|full context|vector search"
    r"|vector rag|semantic search|similarity search|prompting|prompt engineering|lora|baseline|competitors?|alternatives?)"
)
_HEADED_BY_APPROACH = re.compile(rf"\W*(?:[\w-]+ ){{0,2}}{_APPROACH}(?:[ -]\w+)?\W*\Z", re.IGNORECASE)
"""A table header that is the name of an approach: what stands below it is true of the approach, not of the project."""
_ABOUT_APPROACH = re.compile(
    rf"\W*{_APPROACH}(?: (?:systems?|pipelines?|models?|approaches|stacks?|setups?))?\s(?:(?:is|are|was|were|will|would|can|often|usually) )?"
    r"(?:designed|built|optimi[sz]ed|made|meant|intended|best|good|ideal|suited|worth|shines?|works? (?:best|well)|assumes?|excels?"
    r"|underperforms?|struggles?|tends?|fails?|wins?|makes sense|pays? off|degrades?)\b",
    re.IGNORECASE,
)
"""A sentence on a technique in general."""
_GENERAL_LEAD = re.compile(
    r"\b(?:options|alternatives|approaches|choices|possibilities|strategies)(?: (?:are|were|include|considered|we considered|on the table))?\W*\Z"
    r"|\b(?:traditional(?:ly)?|conventional(?:ly)?|typical(?:ly)?|often|usually|commonly|generally)\b"
    r"|\A\W*when (?:it (?:makes|is|works)|to (?:use|choose|pick|prefer|consider)|this (?:makes|works|applies)|not to|you)\b",
    re.IGNORECASE,
)
"""A lead-in, or a heading, whose list tells what can be done, or what others do."""
_CHOSEN = re.compile(
    r"recommend|chosen|selected|accepted|adopted|preferred|winner|our choice|in use|current|✅", re.IGNORECASE
)
_FOR_WHOM = re.compile(
    r"\W*(?:best|ideal|good|great|suited|suitable|recommended) for\b|\W*(?:use|choose|pick|prefer)(?: (?:it|this))? (?:when|if|for)\b|\W*when to use\b",
    re.IGNORECASE,
)
"""A label or a header under which it says whom an approach suits."""
_PAST_CHANGES = re.compile(
    r"\W*(?:\d[\d.]*\s)?(?:(?:revision|version|document|change) history|change ?log)\b", re.IGNORECASE
)
_WAY = re.compile(
    r"\W*(?:full )?(?:fine[- ]?tuning|q?lora|dora|prompting|prompt engineering|few[- ]shot|zero[- ]shot|long[- ]context)(?: \w+)?\W*\Z",
    re.IGNORECASE,
)
_OF_A_WAY = frozenset({"data.examples", "cost.training_budget", "cost.running", "performance.latency"})
"""What a table that compares approaches says of each of them, and not of the project."""
_OF_OTHERS = re.compile(
    r"\W*(?:in )?(?:(?:a|an|the|our|most|many|some|all) )?(?:(?:typical|traditional|conventional|competing|old|previous|former|legacy|earlier|other|commercial) "
    r"(?:[\w-]+ ){0,2}(?:systems?|tools?|bots?|chatbots?|solutions?|products?|versions?|pipelines?|implementations?|prototypes?|vendors?|assistants?|services?)"
    r"|competitors|vendor [A-Z])\b",
    re.IGNORECASE,
)
"""A sentence whose subject is somebody else's system, or one that is gone."""
_ASKING_HEADING = re.compile(r"\W*(?:\d[\d.]*\s)?(?:why|when|what|how|should|which)\b", re.IGNORECASE)
"""A heading that asks states nothing itself; what stands below it answers."""
_GENERAL_HEADING = re.compile(
    rf"\W*(?:\d[\d.]*\s)?(?:why|when|what|where|how)\b[^?]{{0,30}}\b{_APPROACH}\b.{{0,20}}\b(?:underperforms?|fails?|is|works?|shines?|optimi[sz]ed|makes|wins|beats|best|good|instead)\b",
    re.IGNORECASE,
)


_ABOUT_OTHERS = re.compile(
    r"\b(?:most|typical|traditional|conventional|existing|many|other|commercial|standard|competing|ordinary) (?:[\w-]+ ){0,3}?"
    r"(?:systems?|tools?|solutions?|products?|approaches|services|assistants?|chatbots?|pipelines?|implementations?|vendors?|apps?|copilots?)\b"
    r"(?: \w+){0,3}? (?:rely|relies|require|send|sends|use|uses|depend|assume|need|store|are|have|operate|process|ship|fail|suffer|answer|take|cost)\b",
    re.IGNORECASE,
)
"""A sentence before a list that says what others do; the list goes on about them."""
_EXPERIMENT = re.compile(r"\W*(?:experiment|attempt|trial|iteration|run|ablation) ?#?\d", re.IGNORECASE)
_RESULTS = re.compile(
    r"\b(?:results?|comparisons?|compared|benchmarks?|leaderboard|pricing|cost estimat\w+|candidates|model options)\b",
    re.IGNORECASE,
)
"""A heading over a table that holds figures of several models."""
_OF_A_TRIAL = frozenset({"performance.latency", "performance.deployment", "model.strength"})
"""What differs between experiments; what they are trained and tested on does not."""
_OPTION = re.compile(r"\W*(?:option|alternative|candidate|variant|path) (?:[A-H]|\d)\b", re.IGNORECASE)
"""A heading that names a way which could be taken."""


class Listener:
    """The phrases of a rule set, ready to be heard in many documents."""

    def __init__(self, book: PhraseBook, criteria: Mapping[str, Criterion]) -> None:
        """Compile the phrases; their patterns were checked when the rule set was read."""
        self.criteria = criteria
        self.phrases = {phrase.id: phrase for phrase in book.phrases}
        self._book = book
        self._matcher = Matcher(_keyed(book.phrases, book, "patterns"))
        self._conditions: dict[str, tuple[Matcher, Matcher]] = {}
        self._around: dict[tuple[str, str], tuple[bool, bool]] = {}

    def hear(self, sentence: Sentence) -> Iterator[tuple[Phrase, Heard, Tokens, int]]:
        """Yield every phrase that a sentence makes, with its place, and where the sentence itself begins."""
        text, own = join_texts((*_prefix(sentence), sentence.text))
        tokens = Tokens(text)
        reached: dict[str, int] = {}
        counted: dict[str, int] = {}
        around = None
        for key, heard in self._matcher.scan(tokens):
            if heard.start < reached.get(key, 0) or tokens.starts[heard.end - 1] < own:
                continue
            reached[key] = heard.end
            counted[key] = counted.get(key, 0) + 1
            if counted[key] > _MOST_HEARD:
                continue  # no sentence says the same thing this often
            phrase = self.phrases[key]
            around = _words_around(sentence) if around is None else around
            helped, vetoed = self._hear_around(phrase, around)
            window = max(0, heard.start - _NEAR), heard.end + _NEAR
            near, unless = self._conditions_of(phrase)
            if vetoed or unless.hears(tokens, *window):
                continue
            if phrase.near and not helped and not near.hears(tokens, *window):
                continue
            yield phrase, heard, tokens, own

    def _conditions_of(self, phrase: Phrase) -> tuple[Matcher, Matcher]:
        """Return what must stand near a phrase and what must not; compiled when the phrase is first heard."""
        if phrase.id not in self._conditions:
            near, unless = (Matcher(_keyed((phrase,), self._book, part)) for part in ("near", "unless"))
            self._conditions[phrase.id] = near, unless
        return self._conditions[phrase.id]

    def _hear_around(self, phrase: Phrase, around: str) -> tuple[bool, bool]:
        """Return whether what stands above and beside a sentence supports a phrase, and whether it forbids it."""
        known = self._around.get((phrase.id, around))
        if known is None:
            tokens = Tokens(around)
            near, unless = self._conditions_of(phrase)
            known = near.hears(tokens), unless.hears(tokens)
            if len(self._around) < _MOST_REMEMBERED:
                self._around[phrase.id, around] = known
        return known


def _keyed(phrases: Iterable[Phrase], book: PhraseBook, part: str) -> Iterator[tuple[str, Pattern]]:
    for phrase in phrases:
        for pattern in getattr(phrase, part):
            yield phrase.id, parse_pattern(pattern, book.words)


def _words_around(sentence: Sentence) -> str:
    above = sentence.headings[-1:]
    if sentence.zone is Zone.DECISION and above and _OPTION.match(above[0]):
        above = ()  # the option was chosen, and is none any more
    words = (sentence.label, *sentence.columns, sentence.lead, *above)
    return " ; ".join(word[-_LONGEST_CONTEXT:] for word in words if word)


def _prefix(sentence: Sentence) -> Iterator[str]:
    """Yield the words that belong before a sentence to make it whole: first cell and header, or the label."""
    if sentence.form is Form.CELL:
        header, *row = sentence.columns or ("",)
        yield from (part for part in (header, *row) if part and part != sentence.text)
    elif sentence.label and not sentence.text.startswith(sentence.label):
        yield sentence.label


def speaks_of_others(sentence: Sentence) -> bool:
    """Return whether a sentence tells about an approach or a kind of product in general, and so nothing about the project."""
    header = sentence.columns[0] if sentence.columns else ""
    above = sentence.headings[-1] if sentence.headings else ""
    lead = sentence.lead or ""
    return bool(
        (len(header) < _LONGEST_CONTEXT and _HEADED_BY_APPROACH.match(header))
        or (len(above) < _LONGEST_CONTEXT and (_GENERAL_HEADING.match(above) or _GENERAL_LEAD.match(above)))
        or (len(lead) < _LONGEST_CONTEXT and _GENERAL_LEAD.search(lead))
        or (sentence.form is Form.HEADING and _ASKING_HEADING.match(sentence.text))
        or _ABOUT_APPROACH.match(sentence.text)
        or _OF_OTHERS.match(sentence.text)
        or _belongs_to_an_option(above)
        or _PAST_CHANGES.match(above[:_LONGEST_CONTEXT])
        or _FOR_WHOM.match((sentence.label or header)[:_LONGEST_CONTEXT])
        or (sentence.form is Form.HEADING and _OPTION.match(sentence.text))
        or (sentence.lead and _ABOUT_OTHERS.search(sentence.lead))
        or _ABOUT_OTHERS.match(sentence.text)
    )


def _belongs_to_an_option(heading: str) -> bool:
    """Tell whether a heading names a way that could be taken, and does not say that it is the one taken."""
    words = heading[:_LONGEST_CONTEXT]
    return bool(_OPTION.match(words)) and not _CHOSEN.search(words)


def find_facts(
    sentences: Iterable[Sentence], listener: Listener, only: str | None = None
) -> tuple[StatedFact, ...]:
    """Return every answer that sentences state about the project, in the order of their lines; of one phrase, if named."""
    found: dict[tuple[str, int, object], StatedFact] = {}
    told = [sentence for sentence in sentences if sentence.pieces]
    heard = [fact for sentence in told for fact in _own_facts(sentence, listener)]
    for sentence in read_instructions(told):
        heard += (fact for fact in _facts_of(sentence, listener) if fact.criterion in SPEAKING)
    for fact in heard:
        if fact.span is None or only not in (None, fact.phrase):
            continue
        shown = tuple(fact.value) if isinstance(fact.value, list) else fact.value
        place = fact.criterion, fact.span.line, shown
        if place not in found or _STANDINGS.index(fact.standing) < _STANDINGS.index(found[place].standing):
            found[place] = fact
    return tuple(sorted(found.values(), key=place_key))


def _is_tried(sentence: Sentence) -> bool:
    """Tell whether a sentence reports one of several experiments, which need not be the one that was kept."""
    own = sentence.text if sentence.form is Form.HEADING else next(iter(sentence.headings[-1:]), "")
    own = own[:_LONGEST_CONTEXT]
    return bool(_EXPERIMENT.match(own) or (sentence.form is Form.CELL and _RESULTS.search(own)))


def _is_of_a_way(sentence: Sentence) -> bool:
    """Tell whether a cell stands in the row of an approach."""
    return any(_WAY.match(cell[:_LONGEST_CONTEXT]) for cell in sentence.columns[1:])


def _own_facts(sentence: Sentence, listener: Listener) -> list[StatedFact]:
    """Return what a sentence states about the project; code, data and talk about others state nothing."""
    if sentence.form in _SILENT_FORMS or len(sentence.text) > _LONGEST_SENTENCE:
        return []
    facts = list(_facts_of(sentence, listener))
    return [] if facts and speaks_of_others(sentence) else facts


def _facts_of(sentence: Sentence, listener: Listener) -> Iterator[StatedFact]:
    if sentence.zone in _SILENT_ZONES:
        return
    for phrase, heard, tokens, own in listener.hear(sentence):
        if phrase.zones and sentence.zone not in phrase.zones:
            continue
        if phrase.forms and sentence.form not in phrase.forms:
            continue
        start = max(tokens.starts[heard.start], own) - own
        while start and sentence.text[start - 1] in _SIGNS:
            start -= 1
        end = tokens.ends[heard.end - 1] - own
        mood = mood_at(sentence, start, end)
        if mood not in _SPEAKS:
            continue
        span = span_of(sentence, start, end)
        tried, compared = _is_tried(sentence), _is_of_a_way(sentence)
        for criterion, value in _answers(phrase, heard.amount, listener.criteria):
            if (tried and criterion in _OF_A_TRIAL) or (compared and criterion in _OF_A_WAY):
                continue
            yield StatedFact(
                criterion=criterion,
                value=value,
                modality=phrase.modality or _modality(mood, heard.amount),
                span=span,
                headings=sentence.headings,
                phrase=phrase.id,
                form=sentence.form,
                standing=phrase.standing,
                zone=sentence.zone,
            )


def _modality(mood: Mood, amount: Amount | None) -> Modality:
    """Return what kind of statement it is; a figure with a sign such as "at most" before it was not measured."""
    if mood is Mood.MEASURED and amount is not None and amount.below:
        return Modality.GOAL
    return _MODALITIES[mood]


def _answers(
    phrase: Phrase, amount: Amount | None, criteria: Mapping[str, Criterion]
) -> Iterator[tuple[str, object]]:
    """Yield criterion and value of what a phrase says."""
    for name, wanted in phrase.says.items():
        yield name, wanted if isinstance(wanted, str) else list(wanted)
    if amount is not None and phrase.number in _BUDGETS and (amount.above or amount.high > _LONGEST_BUDGET):
        return  # "more than five seconds" is a complaint, not a limit; and nobody waits for an hour
    if phrase.number is not None and amount is not None:
        value = read_amount(amount, criteria[phrase.number], phrase.bands)
        if value is not None:
            yield phrase.number, value


def read_amount(amount: Amount, criterion: Criterion, bands: Mapping[str, float]) -> object:
    """Return a quantity as an answer: a number, a level, a list of levels, or None where it says too little."""
    own = {level.id: level.starts_at for level in criterion.levels if level.starts_at is not None}
    starts = dict(bands) or own
    low, high = amount.low, amount.high
    if criterion.unit and not bands:
        if (criterion.minimum is not None and low < criterion.minimum) or (
            criterion.maximum is not None and high > criterion.maximum
        ):
            return None
        edge = amount.below and high in starts.values()
        if low == high and not edge:
            return round(low) if criterion.whole or low == round(low) else round(low, 4)
    reached = levels_between(starts, low, high, below=amount.below)
    if len(reached) == 1:
        return reached[0]
    return list(reached) if 1 < len(reached) < min(_MOST_LEVELS, len(starts)) + 1 else None


def levels_between(
    starts: Mapping[str, float], low: float, high: float, *, below: bool = False
) -> tuple[str, ...]:
    """Return the levels that a range of numbers touches, lowest number first."""
    ordered = sorted(starts.items(), key=lambda item: item[1])
    touched = []
    for index, (level, start) in enumerate(ordered):
        end = ordered[index + 1][1] if index + 1 < len(ordered) else float("inf")
        if start <= high and low < end and not (below and start == high and index and low <= high):
            touched.append(level)
    if below and low == high:
        return tuple(touched[-1:]) or tuple(level for level, start in ordered if start < high)[-1:]
    return tuple(touched)


class Settled(Record):
    """How the facts of a document add up."""

    answers: Mapping[str, tuple[StatedFact, ...]] = NOTHING
    """For each criterion that is answered, the facts that answer it."""
    levels: Mapping[str, tuple[str, ...]] = NOTHING
    """The levels that they leave possible."""
    conflicts: Mapping[str, tuple[StatedFact, ...]] = NOTHING
    """For each criterion on which lines contradict each other, those lines."""


def settle_facts(facts: Iterable[StatedFact], listener: Listener) -> Settled:
    """Add up facts: agreeing ones merge, neighbouring ones widen, contradicting ones answer nothing."""
    grouped: dict[str, list[StatedFact]] = {}
    for fact in facts:
        grouped.setdefault(fact.criterion, []).append(fact)
    answers: dict[str, tuple[StatedFact, ...]] = {}
    levels: dict[str, tuple[str, ...]] = {}
    conflicts: dict[str, tuple[StatedFact, ...]] = {}
    for name in (name for name in listener.criteria if name in grouped):
        criterion = listener.criteria[name]
        kept = _strongest(grouped[name])
        possible = _settle_levels(criterion, kept)
        if possible is None:
            conflicts[name] = tuple(_lead_facts(criterion, kept))
        elif len(possible) < len(criterion.levels):
            leading = _lead_facts(criterion, kept)
            answers[name] = tuple(_share_value(criterion, fact, possible) for fact in leading)
            levels[name] = possible
    return Settled(answers, levels, conflicts)


def _share_value(criterion: Criterion, fact: StatedFact, possible: tuple[str, ...]) -> StatedFact:
    """Return a fact that says no more than all facts on its criterion together."""
    if set(possible) <= set(levels_of(criterion, fact.value)):
        return fact
    return fact.replace(value=list(possible))


def _lead_facts(criterion: Criterion, facts: list[StatedFact]) -> list[StatedFact]:
    """Return a few facts for each thing that is said: the lines that say it most precisely, lists and tables first."""
    leading: list[StatedFact] = []
    most = 1 if criterion.id in _ONE_LINE else _MOST_LINES
    ranked = sorted(facts, key=lambda one: (len(levels_of(criterion, one.value)), *_rank(one)))
    for fact in ranked:
        if leading and fact.form is Form.HEADING:
            continue  # a heading names what the text below it says
        mine = set(levels_of(criterion, fact.value))
        others = [set(levels_of(criterion, other.value)) for other in leading]
        if mine in others and leading[others.index(mine)].zone is Zone.REQUIREMENTS is not fact.zone:
            continue  # what a requirement says gains nothing from being told elsewhere
        if not any(mine > other for other in others) and others.count(mine) < most:
            leading.append(fact)
    return sorted(leading, key=place_key)


def place_key(fact: StatedFact) -> tuple[int, int]:
    """Return what facts are sorted by: the place where they stand."""
    return (fact.span.line, fact.span.column) if fact.span else (0, 0)


def _rank(fact: StatedFact) -> tuple[int, int, int, int]:
    """Return how good a line is as evidence: figures first, requirements, lists before prose, headings last."""
    form = 2 if fact.zone is Zone.TITLE else _FORM_RANKS.get(fact.form, 1)
    zone = 0 if fact.zone is Zone.REQUIREMENTS else 2 if fact.zone in _LATE_ZONES else 1
    quote, line = (fact.span.quote, fact.span.line) if fact.span else ("", 0)
    figure = any(character.isdigit() for character in quote)
    return (form // 2, 0 if figure else 1, zone * 2 + form, line)


def _strongest(facts: list[StatedFact]) -> list[StatedFact]:
    """Return the facts that count: declared before read, stated before vague before concluded, wanted times before measured."""
    for keep in (
        lambda fact: fact.declared,
        lambda fact: fact.standing is Standing.STATED,
        lambda fact: fact.standing is not Standing.CONCLUDED,
        lambda fact: fact.modality is not Modality.MEASURED or fact.criterion not in _BUDGETS,
    ):
        facts = [fact for fact in facts if keep(fact)] or facts
    return facts


def _settle_levels(criterion: Criterion, facts: list[StatedFact]) -> tuple[str, ...] | None:
    """Return the levels that facts leave possible, or None where they contradict each other."""
    several = [set(levels_of(criterion, fact.value)) for fact in facts]
    common = set.intersection(*several)
    if not common:
        union = set.union(*several)
        ranks = [criterion.level_ids.index(level) for level in union]
        neighbours = not criterion.nominal and max(ranks) - min(ranks) < 2
        if not neighbours and (criterion.id not in _MANY_KINDS or len(union) > _MOST_LEVELS):
            return None
        common = union
    return tuple(level for level in criterion.level_ids if level in common)


def levels_of(criterion: Criterion, value: object) -> tuple[str, ...]:
    """Return the levels that a fact's value stands for."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (int, float)):
        starts = {level.id: level.starts_at for level in criterion.levels if level.starts_at is not None}
        return levels_between(starts, value, value)
    assert isinstance(value, (list, tuple))
    return tuple(level for part in value for level in levels_of(criterion, part))
