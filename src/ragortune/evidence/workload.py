"""What a team can say under `quantities`: names, units and limits, read strictly from a profile.

A plain number is taken as a guess, with a margin around it; a range or `source: measured` says how sure it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragortune.evidence.citations import EVIDENCE_SCHEMA, describe_evidence, read_evidence
from ragortune.model import Criterion, Evidence, GivenQuantity, Provenance
from ragortune.model.quantities import parse_amount
from ragortune.support.errors import Place, ProfileError, QuantityError
from ragortune.support.reading import Document, KeyPath
from ragortune.support.record import Record
from ragortune.support.text import join_words, quote_value, suggest_name

_GUESSED_TEXT = 1.4
"""Token counts are guessed within this factor either way; they dominate most bills."""
_GUESSED_USE = 1.3
_ENTRY_KEYS = ("value", "low", "high", "from", "to", "source", "evidence", "as_of")


class QuantityRule(Record, frozen=True):
    """One quantity that a profile can give."""

    name: str
    asks: str
    """What it counts, in a few words."""
    unit: str = ""
    """Unit of the number; empty for a choice of names."""
    minimum: float = 0.0
    maximum: float = 1e15
    whole: bool = False
    """True where only whole numbers make sense."""
    criterion: str | None = None
    """The criterion that asks for the same number; both have to agree."""
    spread: float = 1.0
    """Factor either way within which a plain number is taken to lie."""
    kinds: tuple[str, ...] = ()
    """Kinds of price rows that can be named."""
    words: tuple[str, ...] = ()
    """Other words that can be named."""
    several: bool = False
    """True where a list of names can be given."""


_USE = (
    QuantityRule(
        "requests_per_day",
        "requests on an average day",
        "requests/day",
        0.01,
        1e10,
        criterion="performance.volume",
        spread=_GUESSED_USE,
    ),
    QuantityRule("active_hours", "hours of a day in which requests come in", "hours/day", 0.1, 24),
    QuantityRule("peak_factor", "requests at the peak, as a multiple of the mean", "times", 1, 1_000),
    QuantityRule("first_token_budget", "longest time to the first word, 95th percentile", "ms", 1, 3_600_000),
    QuantityRule(
        "answer_budget",
        "longest time to the whole answer, 95th percentile",
        "ms",
        1,
        86_400_000,
        criterion="performance.latency",
    ),
    QuantityRule("wrong_answer_cost", "what a wrong answer costs on average", "USD/request", 0, 1e9),
)
_TEXTS = (
    QuantityRule(
        "instruction_tokens",
        "unchanging part of the prompt: instructions and examples",
        "tokens/request",
        0,
        1e7,
        spread=_GUESSED_TEXT,
    ),
    QuantityRule(
        "tuned_instruction_tokens",
        "unchanging part of the prompt of a tuned model",
        "tokens/request",
        0,
        1e7,
        spread=_GUESSED_TEXT,
    ),
    QuantityRule(
        "question_tokens", "the user's part of a request", "tokens/request", 1, 1e7, spread=_GUESSED_TEXT
    ),
    QuantityRule(
        "answer_tokens", "the answer, reasoning included", "tokens/request", 1, 1e6, spread=_GUESSED_TEXT
    ),
    QuantityRule("cache_hit", "share of requests that find the unchanging part cached", "share", 0, 1),
)
_RETRIEVAL = (
    QuantityRule(
        "corpus_tokens", "size of the material", "tokens", 1, 1e15, criterion="knowledge.size", spread=1.15
    ),
    QuantityRule(
        "changed_per_month", "share of the material that is new or changed each month", "share/month", 0, 60
    ),
    QuantityRule("passages", "passages put before the model", "passages", 1, 1_000, whole=True),
    QuantityRule("passage_tokens", "tokens of a passage", "tokens", 10, 100_000),
    QuantityRule("passage_overlap", "share of a passage that the next one repeats", "share", 0, 0.9),
    QuantityRule(
        "context_tokens",
        "retrieved text in a prompt, frames included",
        "tokens/request",
        1,
        1e7,
        spread=_GUESSED_TEXT,
    ),
    QuantityRule(
        "document_tokens",
        "tokens of a document, where each passage gets a written context",
        "tokens",
        10,
        1e7,
    ),
    QuantityRule("written_context_tokens", "context that is written for a passage", "tokens", 1, 10_000),
    QuantityRule("reranked_passages", "candidates that a reranker sees", "passages", 1, 10_000, whole=True),
    QuantityRule(
        "index_parts",
        "separate indexes or namespaces that the material is spread over",
        "times",
        1,
        1e7,
        whole=True,
    ),
)
_TUNING = (
    QuantityRule("examples", "training examples", "examples", 0, 1e9, whole=True, criterion="data.examples"),
    QuantityRule(
        "example_tokens", "tokens of an example, input and output", "tokens/example", 1, 1e7, spread=1.2
    ),
    QuantityRule("epochs", "times that training sees each example", "epochs", 0.1, 1_000),
    QuantityRule("training_runs", "runs until one is kept", "runs", 1, 1_000),
    QuantityRule("training_hours", "hours of a run that is billed by the hour", "hours", 0.1, 1_000),
    QuantityRule("retrainings_per_year", "how often the model is trained anew", "1/year", 0, 1_000),
    QuantityRule("label_cost", "what one example costs to write or check", "USD/example", 0, 1e5),
    QuantityRule(
        "relabelled", "share of the examples that is written anew for each retraining", "share", 0, 1
    ),
    QuantityRule("tuning_days", "engineer days until a tuned model is in use", "days", 0, 10_000),
    QuantityRule("tuning_upkeep_days", "engineer days for each retraining", "days", 0, 10_000),
    QuantityRule("retrieval_days", "engineer days until retrieval is in use", "days", 0, 10_000),
    QuantityRule("engineer_day", "what an engineer costs a day", "USD/day", 0, 100_000),
)
_OWN = (
    QuantityRule("own_parameters", "parameters of a model on own accelerators", "parameters", 1e6, 1e14),
    QuantityRule("own_accelerators", "fewest accelerators kept running", "accelerators", 1, 1e6, whole=True),
)
_QUALITY = tuple(
    QuantityRule(f"accuracy_{option}", f"share of right answers with {words}", "share", 0.001, 1)
    for option, words in (
        ("prompting", "prompting alone"),
        ("long_context", "all material in the prompt"),
        ("rag", "retrieval"),
        ("fine_tuning", "a tuned model"),
        ("both", "a tuned model with retrieval"),
    )
)
_RECALL = (
    QuantityRule(
        "recall_at_k",
        "share of questions whose answer is in the passages put before the model",
        "share",
        0,
        1,
    ),
    QuantityRule("accuracy_with_passage", "share of right answers where the passage is there", "share", 0, 1),
    QuantityRule(
        "accuracy_without_passage", "share of right answers where the passage is missing", "share", 0, 1
    ),
)
_CHOICES = (
    QuantityRule("model", "chat models that are good enough", kinds=("chat_model",), several=True),
    QuantityRule("tuned_model", "tuning offers to compare", kinds=("tuning_offer",), several=True),
    QuantityRule(
        "context_model",
        "chat model that writes a context for each passage before it is embedded, or none",
        kinds=("chat_model",),
        words=("none",),
    ),
    QuantityRule(
        "own_tuning",
        "whether tuning an own model trains an adapter or all of its weights",
        words=("adapter", "full"),
    ),
    QuantityRule("embedding_model", "embedding model", kinds=("embedding_model",)),
    QuantityRule("reranker", "reranker, or none", kinds=("reranker",), words=("none",)),
    QuantityRule("vector_store", "vector store", kinds=("vector_store",)),
    QuantityRule("accelerator", "accelerator that an own model runs on", kinds=("accelerator",)),
    QuantityRule(
        "cache",
        "how the unchanging part is cached; auto takes the cheapest",
        words=("auto", "none", "5m", "1h"),
    ),
    QuantityRule(
        "prices", "interactive prices, or batch prices for work that can wait", words=("interactive", "batch")
    ),
    QuantityRule(
        "tuning_access",
        "whether a tuning offer is open to this team",
        words=("open", "existing_customer", "closed"),
    ),
)
RULES: Mapping[str, QuantityRule] = {
    rule.name: rule for rule in (*_USE, *_TEXTS, *_RETRIEVAL, *_TUNING, *_OWN, *_QUALITY, *_RECALL, *_CHOICES)
}
"""Every quantity by name."""
FOR_CRITERION: Mapping[str, str] = {rule.criterion: rule.name for rule in RULES.values() if rule.criterion}
"""The quantity that is the same number as a criterion's."""


def read_quantities(data: Mapping[str, object], document: Document | None = None) -> dict[str, GivenQuantity]:
    """Return the quantities that a mapping holds, checked; raises ProfileError with the place.

    Names are checked against the price data later, by whoever has it.
    """
    given: dict[str, GivenQuantity] = {}
    for name, value in data.items():
        path: KeyPath = ("quantities", name)
        rule = RULES.get(str(name))
        if rule is None:
            message = f"there is no quantity {quote_value(name)}"
            raise ProfileError(message, _place(document, path, key=True), suggest_name(name, RULES))
        if value is None or value == "unknown":
            continue
        reader = _Reader(rule, document, path)
        given[rule.name] = reader.read_choice(value) if not rule.unit else reader.read_number(value)
    return given


def _place(document: Document | None, path: KeyPath, *, key: bool = False) -> Place | None:
    return document.place_of(path, key=key) if document else None


class _Reader:
    """Reads one quantity; every error names it and its place."""

    def __init__(self, rule: QuantityRule, document: Document | None, path: KeyPath) -> None:
        self._rule = rule
        self._document = document
        self._path = path

    def _fail(self, message: str, *path: str | int, hint: str | None = None) -> ProfileError:
        place = _place(self._document, (*self._path, *path))
        return ProfileError(f"'{self._rule.name}' {message}", place, hint)

    def read_choice(self, value: object) -> GivenQuantity:
        """Return the names that were chosen."""
        rule = self._rule
        listed = value if isinstance(value, (list, tuple)) else [value]
        if not rule.several and len(listed) != 1:
            raise self._fail("takes one name, not a list")
        if not listed:
            raise self._fail("names nothing")
        names: list[str] = []
        for index, name in enumerate(listed):
            at = (index,) if isinstance(value, (list, tuple)) else ()
            if not isinstance(name, str):
                raise self._fail(f"must be a name, not {quote_value(name)}", *at)
            if not rule.kinds and name not in rule.words:
                hint = suggest_name(name, rule.words)
                raise self._fail(
                    f"must be {join_words(rule.words, 'or')}, not {quote_value(name)}", *at, hint=hint
                )
            if name in names:
                raise self._fail(f"names {quote_value(name)} twice", *at)
            names.append(name)
        return GivenQuantity(names=tuple(names), place=_place(self._document, self._path))

    def read_number(self, value: object) -> GivenQuantity:
        """Return the number with its bounds."""
        if not isinstance(value, Mapping):
            return self._finish(self._number(value), None, None, Provenance.STATED, None)
        for key in value:
            if key not in _ENTRY_KEYS:
                place = _place(self._document, (*self._path, key), key=True)
                message = f"'{self._rule.name}' has no {quote_value(key)}"
                raise ProfileError(message, place, suggest_name(key, _ENTRY_KEYS))
        low_key, high_key = ("from", "to") if "from" in value or "to" in value else ("low", "high")
        if {"from", "to"} & value.keys() and {"low", "high"} & value.keys():
            raise self._fail("has both from/to and low/high; use one of them")
        low = self._optional(value, low_key)
        high = self._optional(value, high_key)
        mid = self._optional(value, "value")
        if (low is None) != (high is None):
            missing = high_key if high is None else low_key
            raise self._fail(f"has one end of a range; '{missing}' is missing")
        if mid is None and low is None:
            raise self._fail("has no 'value'")
        source = value.get("source", Provenance.STATED.value)
        if source not in tuple(Provenance):
            message = f"has a 'source' that is not {join_words(Provenance, 'or')}: {quote_value(source)}"
            raise self._fail(message, "source", hint=suggest_name(source, tuple(Provenance)))
        evidence = read_evidence(value.get("evidence"), (*self._path, "evidence"), self._document)
        return self._finish(mid, low, high, Provenance(source), evidence)

    def _optional(self, value: Mapping[str, object], key: str) -> float | None:
        return None if value.get(key) is None else self._number(value[key], key)

    def _number(self, value: object, *path: str) -> float:
        rule = self._rule
        if isinstance(value, str):
            try:
                number = parse_amount(value, rule.unit)
            except QuantityError as error:
                raise self._fail(
                    error.message, *path, hint=error.hint or f"give a number of {rule.unit}"
                ) from None
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            number = float(value)
        else:
            raise self._fail(f"must be a number of {rule.unit}, not {quote_value(value)}", *path)
        if not rule.minimum <= number <= rule.maximum:
            limits = f"from {rule.minimum:,.12g} to {rule.maximum:,.12g}"
            raise self._fail(f"must be {limits} ({rule.unit}), not {quote_value(value)}", *path)
        if rule.whole and number != int(number):
            raise self._fail(f"must be a whole number of {rule.unit}, not {quote_value(value)}", *path)
        return number

    def _finish(
        self,
        mid: float | None,
        low: float | None,
        high: float | None,
        source: Provenance,
        evidence: str | Evidence | None,
    ) -> GivenQuantity:
        rule = self._rule
        if low is not None and high is not None:
            middle = (low + high) / 2 if mid is None else mid
            if not low <= middle <= high:
                raise self._fail("does not lie within its own range, or the range ends before it begins")
            return GivenQuantity(
                low, middle, high, (low, high), (), source, evidence, _place(self._document, self._path)
            )
        assert mid is not None
        spread = 1.0 if source is Provenance.MEASURED else rule.spread
        ends = max(rule.minimum, mid / spread), min(rule.maximum, mid * spread)
        return GivenQuantity(
            ends[0], mid, ends[1], (mid, mid), (), source, evidence, _place(self._document, self._path)
        )


def check_agreement(
    criterion: Criterion, given: object, levels: tuple[str, ...], quantity: GivenQuantity, place: Place | None
) -> None:
    """Raise ProfileError where an answer and the quantity that asks for the same number contradict each other."""
    name = FOR_CRITERION[criterion.id]
    rule = RULES[name]
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        if not quantity.stated[0] <= given <= quantity.stated[1]:
            message = (
                f"'{name}' says {quantity.mid:,.12g}, and '{criterion.id}' says {given:,.12g} {rule.unit}"
            )
            raise ProfileError(message, place, "give the number once, or the same number twice")
        return
    possible = levels_between(criterion, *quantity.stated)
    if set(possible).isdisjoint(levels):
        message = (
            f"'{name}' says {quantity.mid:,.12g} {rule.unit}, which is {join_words(possible, 'or')}, "
            f"and '{criterion.id}' says {join_words(levels, 'or')}"
        )
        raise ProfileError(message, place, "one of the two is wrong")


def levels_between(criterion: Criterion, low: float, high: float) -> tuple[str, ...]:
    """Return the levels that numbers from low to high can be, in the criterion's order, as its bands say."""
    numbered = sorted(
        (level for level in criterion.levels if level.starts_at is not None),
        key=lambda level: level.starts_at or 0,
    )
    starts = [level.starts_at or 0 for level in numbered]
    ends = [max(0, sum(start <= number for start in starts) - 1) for number in (low, high)]
    inside = {level.id for level in numbered[ends[0] : ends[1] + 1]}
    return tuple(level for level in criterion.level_ids if level in inside)


def shorten_number(number: float) -> int | float:
    """Return a whole number without its decimal point."""
    return int(number) if number == int(number) else number


def word_quantity(rule: QuantityRule) -> str:
    """Return what a quantity is, with its unit or the words it takes."""
    takes = rule.unit or join_words(rule.words, "or") or "a name from `ragortune prices list`"
    same = f"; the same as {rule.criterion}" if rule.criterion else ""
    return f"{rule.asks} ({takes}{same})"


def describe_quantity(name: str, given: GivenQuantity) -> object:
    """Return a quantity as plain data that reads back as the same: its number or names, and more where more was said."""
    if given.names:
        return given.names[0] if len(given.names) == 1 else list(given.names)
    low, high = given.stated
    described: dict[str, object] = {"value": shorten_number(given.mid)}
    has_margin = given.source is not Provenance.MEASURED and RULES[name].spread > 1
    if low != high or (given.low == given.high and has_margin):
        described = {"low": shorten_number(low), **described, "high": shorten_number(high)}
    if given.source is not Provenance.STATED:
        described["source"] = given.source.value
    if given.evidence is not None:
        described["evidence"] = describe_evidence(given.evidence)
    return described["value"] if list(described) == ["value"] else described


def describe_quantities() -> dict[str, Any]:
    """Return the JSON Schema of what stands under `quantities`."""
    properties = {
        rule.name: {
            "description": word_quantity(rule),
            "anyOf": _number_shapes(rule) if rule.unit else _choice_shapes(rule),
        }
        for rule in RULES.values()
    }
    return {
        "type": ["object", "null"],
        "description": "Numbers for `ragortune cost`; what is left out is taken from the defaults, and listed as such.",
        "additionalProperties": False,
        "properties": properties,
    }


def _number_shapes(rule: QuantityRule) -> list[dict[str, Any]]:
    number = {"type": "integer" if rule.whole else "number", "minimum": rule.minimum, "maximum": rule.maximum}
    text = {"type": "string", "description": f"a number with its unit, for instance in {rule.unit}"}
    either = {"anyOf": [number, text]}
    mapping = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{
                key: {**either, "description": f"{key} of the range"} for key in ("low", "high", "from", "to")
            },
            "value": {**either, "description": "the best guess"},
            "source": {
                "enum": [door.value for door in Provenance],
                "description": "A measured number has no margin.",
            },
            "evidence": EVIDENCE_SCHEMA,
            "as_of": {"type": "string", "format": "date", "description": "The date for which it holds."},
        },
    }
    return [number, text, {"type": "null"}, mapping]


def _choice_shapes(rule: QuantityRule) -> list[dict[str, Any]]:
    single: dict[str, Any] = {"enum": list(rule.words)} if not rule.kinds else {"type": "string"}
    shapes = [single, {"type": "null"}]
    if rule.several:
        shapes.append({"type": "array", "items": single, "minItems": 1, "uniqueItems": True})
    return shapes
