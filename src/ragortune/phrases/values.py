"""Quantities in running text: durations, rates, counts, money, shares and sizes, with ranges, bounds and units.

Every parser reads at one place of a cut text, looks at a bounded number of words, and returns None where the words
are no such quantity. Whose quantity it is, the phrase around it has to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ragortune.phrases.tokens import HARD, SOFT, Tokens
from ragortune.record import Record


class Amount(Record):
    """A quantity in the unit of its kind, or the range in which it lies."""

    low: float
    high: float
    below: bool = False
    """True where it is said to stay below `high` ("under two seconds")."""
    above: bool = False
    """True where it is said to be `low` or more ("5,000+")."""


Found = tuple[int, Amount]
"""The index after the last word of a quantity, and the quantity."""

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBER_WORDS: Mapping[str, float] = MappingProxyType(
    {
        **{word: float(value) for value, word in enumerate(_SMALL.split())},
        "thirty": 30.0,
        "forty": 40.0,
        "fifty": 50.0,
        "sixty": 60.0,
        "eighty": 80.0,
        "ninety": 90.0,
        "a": 1.0,
        "an": 1.0,
        "half": 0.5,
    }
)
_SCALES: Mapping[str, float] = MappingProxyType(
    {
        "k": 1e3,
        "thousand": 1e3,
        "thousands": 1e3,
        "hundred": 1e2,
        "m": 1e6,
        "mio": 1e6,
        "mn": 1e6,
        "million": 1e6,
        "millions": 1e6,
        "b": 1e9,
        "bn": 1e9,
        "billion": 1e9,
        "billions": 1e9,
        "dozen": 12.0,
    }
)
_VAGUE: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "dozens": (24, 99),
        "hundreds": (200, 999),
        "thousands": (2_000, 9_999),
        "millions": (2e6, 1e8),
        "billions": (2e9, 1e11),
    }
)
_UNDER = frozenset(["under", "below", "sub", "within"])
_OVER = frozenset(["over", "above"])
_TO = frozenset(["to", "and", "through"])
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+\Z")
_RANGE = re.compile(r"\s*(?:[-\u2010-\u2014~]|\.\.\.?)\s*[~≈]?\s*[$€£]?\Z")
_LESS = re.compile(r"[<≤]\s*=?\s*[~$€£]?\s*\Z")
_MORE = re.compile(r"[>≥]\s*=?\s*[~$€£]?\s*\Z")
_GLUED = re.compile(r"[^\W\d_][-\u2010\u2011.]?\Z|[#_@/\\=.]\Z")
_LONGEST_NUMBER = 18

MILLISECONDS: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 1.0),
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1e3),
        **dict.fromkeys(("min", "mins", "minute", "minutes"), 6e4),
        **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3.6e6),
        **dict.fromkeys(("d", "day", "days"), 8.64e7),
        **dict.fromkeys(("week", "weeks", "sprint", "sprints"), 6.048e8),
        **dict.fromkeys(("month", "months"), 2.592e9),
        **dict.fromkeys(("quarter", "quarters"), 7.776e9),
        **dict.fromkeys(("year", "years"), 3.1536e10),
    }
)
_PER_DAY: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("s", "sec", "second"), 86_400.0),
        **dict.fromkeys(("min", "minute"), 1_440.0),
        **dict.fromkeys(("h", "hr", "hour"), 24.0),
        **dict.fromkeys(("day", "daily"), 1.0),
        **dict.fromkeys(("week", "weekly"), 1 / 7),
        **dict.fromkeys(("mo", "month", "monthly"), 1 / 30),
        **dict.fromkeys(("yr", "year", "annually", "yearly"), 1 / 365),
    }
)
_ADVERBS = frozenset(("daily", "weekly", "monthly", "annually", "yearly"))
_PER = frozenset(("per", "a", "an", "each", "every", "/"))
_REQUESTS = frozenset(
    [
        "request",
        "requests",
        "query",
        "queries",
        "question",
        "questions",
        "call",
        "calls",
        "message",
        "messages",
        "conversation",
        "conversations",
        "chat",
        "chats",
        "prompt",
        "prompts",
        "transaction",
        "transactions",
        "ticket",
        "tickets",
        "inference",
        "inferences",
        "invocation",
        "invocations",
        "prediction",
        "predictions",
        "classification",
        "classifications",
        "generation",
        "generations",
        "completion",
        "completions",
        "email",
        "emails",
        "document",
        "documents",
        "lookup",
        "lookups",
        "search",
        "searches",
        "interaction",
        "interactions",
        "session",
        "sessions",
        "order",
        "orders",
        "transformation",
        "transformations",
        "summary",
        "summaries",
        "label",
        "labels",
        "invoice",
        "invoices",
        "case",
        "cases",
        "report",
        "reports",
        "item",
        "items",
        "record",
        "records",
        "listing",
        "listings",
        "job",
        "jobs",
        "review",
        "reviews",
        "claim",
        "claims",
    ]
)
_RATES_ALONE: Mapping[str, float] = MappingProxyType(
    {"qps": 86_400.0, "rps": 86_400.0, "qpm": 1_440.0, "rpm": 1_440.0}
)

TOKENS_OF: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "tokens": (1, 1),
        "token": (1, 1),
        "words": (1.3, 1.4),
        "pages": (300, 600),
        "page": (300, 600),
        "articles": (400, 1_900),
        "documents": (450, 4_500),
        "docs": (450, 4_500),
        "guides": (450, 4_500),
        "pdfs": (1_500, 15_000),
        "manuals": (10_000, 60_000),
        "books": (80_000, 150_000),
        "filings": (10_000, 80_000),
        "contracts": (3_000, 20_000),
        "policies": (1_000, 10_000),
        "papers": (5_000, 12_000),
        "row": (20, 300),
        "rows": (20, 300),
        "records": (20, 300),
        "entries": (20, 300),
        "abstracts": (200, 350),
        "tickets": (100, 800),
        "emails": (100, 600),
        "faqs": (50, 250),
        "chunks": (150, 600),
        "passages": (100, 400),
        "vectors": (100, 600),
        "standards": (10_000, 60_000),
        "reports": (2_000, 20_000),
        "transcripts": (2_000, 12_000),
        "gb": (1.5e8, 3e8),
        "gib": (1.5e8, 3e8),
        "mb": (1.5e5, 3e5),
        "tb": (1.5e11, 3e11),
    }
)
"""Tokens that one of these usually has, least and most; see the help of `knowledge.size`."""
_FEWEST = 5
"""Fewer rows, pages or articles than this are an example or a beginning, not the material."""
_WHOLE_MATERIAL = 50_000
"""Tokens from which on one of a kind can be all the material there is: a gigabyte, a library of books."""


_COUNTED_ROWS = frozenset(("row", "rows", "records", "entries", "chunks", "passages", "vectors"))
_FEWEST_ROWS = 50
"""Fewer rows or chunks than this tell how far something got."""


CURRENCY_SIGNS = frozenset("$€£")
_CURRENCIES = frozenset(["usd", "eur", "gbp", "dollar", "dollars", "euro", "euros", "pounds"])


def read_number(tokens: Tokens, at: int) -> Found | None:
    """Return a plain number at this place: digits with separators and scale, number words, ranges and bounds."""
    first = _read_single(tokens, at)
    if first is None:
        return None
    after, low = first
    second = _read_range_end(tokens, after, low)
    if second is not None:
        after, high = second
        return after, Amount(low.low * _shared_scale(tokens, after, low, high), high.high)
    return after, low


def _shared_scale(tokens: Tokens, after: int, low: Amount, high: Amount) -> float:
    """Return what the lower end of a range is to be multiplied with: in "10-15K" it means thousands, too."""
    scale = _SCALES.get(tokens.words[after - 1], 1.0)
    return scale if low.low < 1000 and low.low * scale < high.high else 1.0


def _read_single(tokens: Tokens, at: int) -> Found | None:
    words = tokens.words
    if at >= len(words):
        return None
    word = words[at]
    if word[0].isdigit():
        if _GLUED.search(tokens.text[max(0, tokens.starts[at] - 3) : tokens.starts[at]]) and not (
            at and words[at - 1] in ("sub", "p")
        ):
            return None
        start = at
        at, number = _read_digits(tokens, at)
        if number is None or _is_name(tokens, at):
            return None
    elif word in _VAGUE:
        return at + 1, Amount(*_VAGUE[word])
    elif word in _NUMBER_WORDS and (word not in ("a", "an", "half") or _next_is(words, at, _SCALES)):
        start, at, number = at, at + 1, _NUMBER_WORDS[word]
    else:
        return None
    while at < len(words) and words[at] in _SCALES and not tokens.before(at).strip("-+ "):
        scale, glued = words[at], not tokens.before(at)
        if len(scale) == 1 and not glued:
            break
        number *= _SCALES[scale]
        at += 1
    start_word = words[at - 2] if at >= 2 else ""
    before = tokens.before(start)
    return at, Amount(
        number,
        number,
        below=bool(_LESS.search(before)),
        above=bool(_MORE.search(before))
        or tokens.text[tokens.ends[at - 1] :][:1] == "+"
        or start_word in _OVER,
    )


def _is_name(tokens: Tokens, at: int) -> bool:
    """Return whether digits are glued to a word that is no unit, as in 3GPP or 4th."""
    if at >= len(tokens) or tokens.before(at) or not tokens.words[at][0].isalpha():
        return False
    word = tokens.words[at]
    return not (word in _SCALES or word in MILLISECONDS or word in TOKENS_OF)


def _next_is(words: list[str], at: int, known: Mapping[str, object]) -> bool:
    return at + 1 < len(words) and words[at + 1] in known


def _read_digits(tokens: Tokens, at: int) -> tuple[int, float | None]:
    """Return the number that digits mean: 1,200 and 1.200 are thousands, 1.5 is not, and 25 000 is one number."""
    word = tokens.words[at]
    if len(word) > _LONGEST_NUMBER:
        return at, None
    if _THOUSANDS.match(word):
        digits = word.replace(",", "").replace(".", "")
        if "." in word and "," not in word and word.count(".") == 1 and word.startswith("0"):
            return at + 1, float(word)
        return at + 1, float(digits)
    try:
        number = float(word.replace(",", "") if "." in word else word.replace(",", "."))
    except ValueError:
        return at, None
    at += 1
    if len(word) <= 3 and word.isdigit():
        while (
            at < len(tokens)
            and re.fullmatch(r"\d{3}", tokens.words[at])
            and tokens.before(at) in ("\u00a0", "\u202f", " ")
        ):
            number = number * 1000 + float(tokens.words[at])
            at += 1
            if number > 1e15:
                return at, None
    return at, number


def _read_range_end(tokens: Tokens, at: int, low: Amount) -> Found | None:
    """Return the upper end of a range whose lower end has just been read."""
    if at >= len(tokens):
        return None
    start = at
    joined = bool(_RANGE.match(tokens.before(at)))
    if not joined and tokens.words[at] == SOFT and at + 1 < len(tokens):
        stop = tokens.text[tokens.starts[at] : tokens.ends[at]]
        joined, start = stop in "\u2013\u2014-", at + 1
    if not joined and tokens.words[at] in _TO and not tokens.before(at).strip():
        joined, start = True, at + 1
    if not joined or start >= len(tokens):
        return None
    word = tokens.words[start]
    if not (word[0].isdigit() or word in _NUMBER_WORDS) or word in ("a", "an"):
        return None
    found = _read_end(tokens, start)
    if found is None:
        return None
    after, high = found
    return (after, high) if high.low > low.low else None


def _read_end(tokens: Tokens, at: int) -> Found | None:
    if not tokens.words[at][0].isdigit():
        return _read_single(tokens, at)
    after, number = _read_digits(tokens, at)
    if number is None:
        return None
    while after < len(tokens) and tokens.words[after] in _SCALES and not tokens.before(after).strip("-+ "):
        if len(tokens.words[after]) == 1 and tokens.before(after):
            break
        number *= _SCALES[tokens.words[after]]
        after += 1
    return after, Amount(number, number)


def _bound_before(tokens: Tokens, at: int, amount: Amount) -> Amount:
    """Return the amount with the bound that the word before it sets."""
    words = tokens.words
    previous = words[at - 1] if at else ""
    pair = (words[at - 2], previous) if at >= 2 else ("", previous)
    if previous in _UNDER or pair in (("less", "than"), ("fewer", "than")):
        return amount.replace(below=True)
    if previous in _OVER or pair in (("more", "than"), ("at", "least")):
        return amount.replace(above=True)
    return amount


def read_count(tokens: Tokens, at: int) -> Found | None:
    """Return a number that counts things, as in "about 1,500 letters"."""
    found = read_value("number", tokens, at)
    if found is None:
        return None
    after, amount = found
    if after < len(tokens) and (tokens.words[after] in MILLISECONDS or tokens.words[after] == "%"):
        return None
    if tokens.text[max(0, tokens.starts[at] - 1) : tokens.starts[at]] in ("$", "€", "£"):
        return None
    if after < len(tokens) and tokens.words[after] == "of" and tokens.words[after - 1] in _VAGUE:
        after += 1
        if after < len(tokens) and tokens.words[after] in ("thousands", "millions"):
            scale = _SCALES[tokens.words[after]]
            after, amount = after + 1, Amount(_tens(amount) * scale, 9.99 * _tens(amount) * scale)
    elif tokens.words[at] in ("tens", "dozens"):
        return None
    return after, _bound_before(tokens, at, amount)


def _tens(amount: Amount) -> float:
    return 100.0 if amount.low == _VAGUE["hundreds"][0] else 10.0


def read_duration(tokens: Tokens, at: int) -> Found | None:
    """Return a duration in milliseconds."""
    found = read_value("number", tokens, at)
    if found is None and at < len(tokens) and tokens.words[at] in ("a", "an", "one"):
        found = at + 1, Amount(1, 1)
    if found is None and at + 1 < len(tokens) and tokens.words[at] == "half":
        found = at + 1 + (tokens.words[at + 1] in ("a", "an")), Amount(0.5, 0.5)
    if found is None:
        return None
    after, amount = found
    unit, factor = _read_unit(tokens, after)
    if factor is None or amount.low == amount.high:
        return _mixed_range(tokens, at) or ((unit, _scale(amount, factor)) if factor else None)
    return unit, _bound_before(tokens, at, _scale(amount, factor))


def _read_unit(tokens: Tokens, at: int) -> tuple[int, float | None]:
    if at >= len(tokens) or tokens.before(at).strip("-\u2010\u2011 +"):
        return at, None
    return at + 1, MILLISECONDS.get(tokens.words[at])


def _mixed_range(tokens: Tokens, at: int) -> Found | None:
    """Read "500 ms to 2 s", a range whose ends have units of their own."""
    first = _read_single(tokens, at)
    if first is None:
        return None
    after, factor = _read_unit(tokens, first[0])
    if factor is None:
        return None
    low = _scale(first[1], factor)
    second = _read_range_end(tokens, after, first[1].replace(low=0))
    end, scale = _read_unit(tokens, second[0]) if second else (after, None)
    if second is not None and scale is not None and second[1].high * scale > low.low:
        return end, Amount(low.low, second[1].high * scale)
    return after, _bound_before(tokens, at, low)


def _scale(amount: Amount, factor: float) -> Amount:
    return amount.replace(low=amount.low * factor, high=amount.high * factor)


def read_rate(tokens: Tokens, at: int) -> Found | None:
    """Return a rate of requests as requests a day: "2,000 queries per day", "40 requests a minute", "5 QPS"."""
    found = read_value("count", tokens, at)
    if found is None:
        return None
    after, amount = found
    words = tokens.words
    if after < len(words) and words[after] in _RATES_ALONE:
        return after + 1, _scale(amount, _RATES_ALONE[words[after]])
    return _read_per_day(tokens, after, amount)


def _read_per_day(tokens: Tokens, after: int, amount: Amount) -> Found | None:
    """Read what is counted and per which time, behind a number."""
    words, noun = tokens.words, False
    for index in range(after, min(after + 5, len(words))):
        word = words[index]
        slash = word == SOFT and tokens.text[tokens.starts[index]] == "/"
        if word in (SOFT, HARD) and not slash:
            return None
        if word in _ADVERBS:
            return _read_daily(tokens, index, amount, noun=noun, first=index == after)
        factor = _PER_DAY.get(words[index + 1]) if index + 1 < len(words) else None
        if factor is not None and (slash or word in _PER):
            # "200 a day" and "200 per hour" count something; "2 a second" may count anything
            return (index + 2, _scale(amount, factor)) if noun or factor <= 1 or word == "per" else None
        noun = noun or word in _REQUESTS
    return None


def _read_daily(tokens: Tokens, at: int, amount: Amount, *, noun: bool, first: bool) -> Found | None:
    """Read "1,000 queries daily" or "1,000 daily queries"."""
    rate = _scale(amount, _PER_DAY[tokens.words[at]])
    if noun:
        return at + 1, rate
    if first and at + 1 < len(tokens) and tokens.words[at + 1] in _REQUESTS:
        return at + 2, rate
    return None


def read_money(tokens: Tokens, at: int) -> Found | None:
    """Return a sum of money; currencies are not told apart, because bands of ten are enough."""
    if at >= len(tokens):
        return None
    before = tokens.text[max(0, tokens.starts[at] - 1) : tokens.starts[at]]
    found = read_value("number", tokens, at)
    if found is None:
        return None
    after, amount = found
    if before in CURRENCY_SIGNS:
        return after, _bound_before(tokens, at, amount)
    if after < len(tokens) and tokens.words[after] in _CURRENCIES:
        return after + 1, _bound_before(tokens, at, amount)
    return None


def read_share(tokens: Tokens, at: int) -> Found | None:
    """Return a share between 0 and 1: "91.7%", "0.85"."""
    found = read_value("number", tokens, at)
    if found is None:
        return None
    after, amount = found
    if after < len(tokens) and tokens.words[after] in ("%", "percent"):
        amount, after = _scale(amount, 0.01), after + 1
    if not 0 <= amount.low <= amount.high <= 1:
        return None
    return after, amount


def read_size(tokens: Tokens, at: int) -> Found | None:
    """Return the size of material in tokens: "40,000 articles", "60 pages", "1.2M documents"."""
    found = read_value("count", tokens, at)
    if found is None:
        return None
    after, amount = found
    for index in range(after, min(after + 4, len(tokens))):
        word = tokens.words[index]
        if word in (SOFT, HARD) or word in _PER:
            return None
        if word in TOKENS_OF:
            if (
                index + 1 < len(tokens)
                and tokens.words[index + 1] in TOKENS_OF
                and tokens.words[index + 1] != "tokens"
            ):
                continue
            least, most = TOKENS_OF[word]
            fewest = _FEWEST_ROWS if word in _COUNTED_ROWS else _FEWEST
            example = amount.high < fewest and least < _WHOLE_MATERIAL
            if example or tokens.words[index + 1 : index + 2] in (["per"], ["each"]):
                return None
            return index + 1, Amount(amount.low * least, amount.high * most)
    return None


def read_parameters(tokens: Tokens, at: int) -> Found | None:
    """Return the size of a model in billions of parameters: "7B", "2.7 billion"."""
    first = at < len(tokens) and tokens.words[at][0].isdigit()
    if not first:
        return None
    after, number = _read_digits(tokens, at)
    if number is None or after >= len(tokens) or number > 3000:
        return None
    glued = not tokens.before(after).strip("-")
    if (tokens.words[after] == "b" and glued) or tokens.words[after] == "billion":
        return after + 1, Amount(number, number)
    second = _read_range_end(tokens, after, Amount(number, number))
    if second is None or tokens.words[second[0] - 1] != "b":
        return None
    return second[0], Amount(number, second[1].high / _SCALES["b"])


NUMBER_WORDS = frozenset((*_NUMBER_WORDS, *_VAGUE, "tens", "twelve"))
"""Words with which a quantity can begin, besides digits."""

PARSERS: Mapping[str, Callable[[Tokens, int], Found | None]] = MappingProxyType(
    {
        "count": read_count,
        "duration": read_duration,
        "money": read_money,
        "number": read_number,
        "parameters": read_parameters,
        "rate": read_rate,
        "share": read_share,
        "size": read_size,
    }
)
"""Parsers by the name under which patterns call them."""

NEEDED_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "duration": frozenset(MILLISECONDS),
        "money": CURRENCY_SIGNS | _CURRENCIES,
        "parameters": frozenset(("b", "billion")),
        "rate": frozenset((*_PER_DAY, *_RATES_ALONE)),
        "size": frozenset(TOKENS_OF),
    }
)
"""Words and signs of which every quantity of a kind holds one, for the kinds where they can be told."""


def read_value(kind: str, tokens: Tokens, at: int) -> Found | None:
    """Return the quantity of a kind that stands at a place; each is read once."""
    key = (kind, at)
    if key not in tokens.amounts:
        tokens.amounts[key] = PARSERS[kind](tokens, at)
    return tokens.amounts[key]  # type: ignore[no-any-return]
