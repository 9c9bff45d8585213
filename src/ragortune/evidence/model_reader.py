"""Reading of a design document by a language model: prompted part by part, verified, corrected once, and merged.

The prompt consists of the criteria of a rule set and the text; text that is hidden from readers is not sent.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ragortune.evidence.backends import AnswerCache, Backend, Reply
from ragortune.evidence.quotes import QuoteFinder, blank_hidden
from ragortune.evidence.verification import HOW, STATUSES, ModelReading, Verifier
from ragortune.model import Criterion
from ragortune.model.documents import DocumentStatus, StatedDecision, StatedFact
from ragortune.support.errors import UsageError
from ragortune.support.rulefolder import shipped_folder

PART_CHARACTERS = 60_000
"""Characters of a document in one prompt: about 15,000 tokens."""
OVERLAP_CHARACTERS = 4_000
MAX_PARTS = 40
"""A document with more parts is refused, because of the unexpected cost."""
_LONGEST_LINE = 8_000
_HEADING = re.compile(r"#{1,6}\s")
_BLANK = re.compile(r"\s*$")
_LONGEST_ECHO = 20_000
"""Characters of the first answer that are repeated in the prompt for its correction."""


def read_by_model(
    lines: Sequence[str], criteria: Mapping[str, Criterion], backend: Backend, cache: AnswerCache
) -> tuple[list[ModelReading], list[Reply]]:
    """Return the verified reading of each part of a document, given as physical lines, and all answers.

    Raises UsageError if the model does not answer.
    """
    verifier = Verifier(QuoteFinder(lines), criteria)
    replies: list[Reply] = []

    def ask(prompt: str) -> ModelReading:
        reply = cache.find(prompt) or backend.ask(prompt)
        replies.append(reply)
        read = verifier.verify(reply.text)
        if read.status is not None:
            cache.keep(prompt, reply)
        return read

    def read_part(prompt: str) -> ModelReading:
        """Return the verified answer to one prompt, after at most one correction."""
        first = ask(prompt)
        if not first.problems:
            return first
        problems = "\n".join(f"- {problem}" for problem in first.problems)
        echo = replies[-1].text[:_LONGEST_ECHO]
        second = ask(fill_template("correction.md", prompt=prompt, answer=echo, problems=problems))
        if first.status is None or second.status is None:
            return second if first.status is None else first
        return msgspec.structs.replace(join_parts([first, second]), dropped=first.dropped)

    return [read_part(prompt) for prompt in write_prompts(lines, criteria.values())], replies


def join_parts(parts: Sequence[ModelReading]) -> ModelReading:
    """Return what was read in a whole document. Parts overlap: what two of them report on one line is one fact."""
    facts: dict[tuple[str, str, int], StatedFact] = {}
    found = (fact for part in parts for fact in part.facts)
    for fact in sorted(found, key=lambda fact: (fact.place, fact.criterion)):
        facts.setdefault((fact.criterion, repr(fact.value), fact.place[0]), fact)
    # The status with the highest precedence in any part is that of the document.
    statuses = (part.status for part in parts if part.status is not None)
    status = min(statuses, key=STATUSES.index, default=DocumentStatus.NO_DECISION)
    decision = _choose_decision([part.decision for part in parts if part.decision is not None])
    dropped = sum((Counter(part.dropped) for part in parts), Counter[str]())
    return ModelReading(status, decision, tuple(facts.values()), dropped)


def _choose_decision(found: Sequence[StatedDecision]) -> StatedDecision | None:
    """Return the most explicit decision of the parts, with the citations of all parts for the same option."""
    best = min(found, key=lambda decision: HOW.index(decision.how), default=None)
    if best is None:
        return None
    cited = dict.fromkeys(part for same in found if same.option is best.option for part in same.evidence)
    return StatedDecision(best.option, best.how, tuple(cited))


# --- the prompt ---------------------------------------------------------------------------------------------------


def split_document(lines: Sequence[str]) -> list[range]:
    """Return the parts in which a document is read, as indexes of lines; they overlap, and begin at headings if they can.

    Raises UsageError where there would be too many.
    """
    sizes = [*itertools.accumulate((min(len(line), _LONGEST_LINE) + 8 for line in lines), initial=0)]
    parts: list[range] = []
    first = last = 0
    while last < len(lines):
        last = max(first + 1, bisect_right(sizes, sizes[first] + PART_CHARACTERS) - 1)
        if last < len(lines):
            last = _find_border(lines, (first + last) // 2, last)
        parts.append(range(first, last))
        if len(parts) > MAX_PARTS:
            limit = PART_CHARACTERS * MAX_PARTS
            raise UsageError(f"a document for a model has at most {limit:,} characters")
        first = max(first + 1, bisect_left(sizes, sizes[last] - OVERLAP_CHARACTERS))
    return parts


def _find_border(lines: Sequence[str], least: int, most: int) -> int:
    """Return the last index in a range at which a section begins, else that of a blank line, else `most`."""
    for border in (_HEADING, _BLANK):
        for index in range(most, least, -1):
            if border.match(lines[index]):
                return index
    return most


def write_prompts(lines: Sequence[str], criteria: Iterable[Criterion]) -> list[str]:
    """Return the prompts for a document, one for each part. What readers of it do not see, such as comments, is left out."""
    seen = [line.replace("\0", "")[:_LONGEST_LINE] for line in blank_hidden(lines)]
    # The document cannot contain its own delimiter, because the delimiter is a hash of its text.
    digest = hashlib.sha256("\n".join(seen).encode("utf-8", "surrogatepass")).hexdigest()
    filled = {"criteria": "\n".join(map(_describe_criterion, criteria)), "mark": f"<<<{digest[:16]}>>>"}
    prompts = []
    parts = split_document(lines)
    for number, part in enumerate(parts, 1):
        where = f"part {number} of {len(parts)} (lines {part.start + 1} to {part.stop} of {len(lines)})"
        which = f", of which this is {where}; report what this part states" if len(parts) > 1 else ""
        document = "\n".join(f"{index + 1}| {seen[index]}" for index in part)
        prompts.append(fill_template("prompt.md", part=which, document=document, **filled))
    return prompts


def fill_template(name: str, **values: str) -> str:
    """Return a prompt file of the shipped rule set with its places filled; what is filled in is not read again."""
    text = (shipped_folder() / "language" / name).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def _describe_criterion(criterion: Criterion) -> str:
    extras = [f"or a number of {criterion.unit}"] * bool(criterion.unit)
    extras += ["several can hold at once"] * criterion.several
    extra = f" ({'; '.join(extras)})" if extras else ""
    levels = "\n".join(f"  - `{level.id}`: {level.means}" for level in criterion.levels)
    return f"- `{criterion.id}`: {criterion.question}{extra} {criterion.help}\n{levels}"
