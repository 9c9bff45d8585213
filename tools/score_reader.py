"""Score the reader of design documents on labelled documents: status, decision, facts, and what each phrase is worth.

usage: score_reader.py LABELS.yaml TEXTS [--misses] [--phrases] [--leave-one-out]

The labels name lines and criteria: a fact is right where its line, or one next to it, has a label of its group. With
`--leave-one-out` the facts of each repository are read with those phrases only that are right more often than wrong in
all other repositories, so that no phrase counts where it may have been learnt.
"""

from __future__ import annotations

import argparse
import pathlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec
import yaml

from ragortune import load_rulebook
from ragortune.evidence.documents.reader import read_design
from ragortune.model import Criterion, Rulebook
from ragortune.model.documents import DesignReading, StatedFact

_STATUS = {"judge": "judged", "no_decision_found": "no_decision", "nothing_to_judge": "nothing_to_judge"}
GROUPS: Mapping[str, tuple[str, ...]] = {
    "knowledge_volatility": ("knowledge.volatility", "knowledge.freshness"),
    "corpus_size": ("knowledge.size",),
    "context_fit": ("knowledge.size",),
    "corpus_type": ("knowledge.source",),
    "task_type": ("task.kind",),
    "latency": ("performance.latency",),
    "volume": ("performance.volume",),
    "cost": ("cost.training_budget", "cost.running", "cost.right_sizing"),
    "training_data": ("data.examples", "data.quality", "data.rights", "data.teaches"),
    "style_format": ("behaviour.style", "behaviour.output", "behaviour.consistency"),
    "citations": ("grounding.citations",),
    "domain_language": ("behaviour.domain_language",),
    "privacy": ("performance.deployment", "governance.access", "governance.erasure", "data.rights"),
    "deployment": ("performance.deployment",),
    "access_control": ("governance.access",),
    "data_retention": ("governance.erasure",),
    "prompting_result": ("readiness.prompting",),
    "evaluation": ("readiness.evaluation",),
    "team_skills": ("operations.skills",),
    "timeline": ("operations.time_to_ship",),
}
"""What the labels call a fact, and the criteria that can hold it."""
_SCORED = frozenset(criterion for group in GROUPS.values() for criterion in group)
_REJECTIONS = frozenset(("rejected_or_option", "negation", "out_of_scope"))


class Label(msgspec.Struct, frozen=True):
    """A labelled fact or trap."""

    line: int
    quote: str = ""
    criterion: str = ""
    ours: str | None = None
    """The criterion of our vocabulary, where it was labelled."""
    restated_on_lines: tuple[int, ...] = ()
    levels: tuple[str, ...] = ()
    """Levels of our vocabulary that the line supports, where they were labelled."""
    effect: str = "must_not_report"
    trap_class: str = ""

    @property
    def lines(self) -> tuple[int, ...]:
        """Every line that says it."""
        return (self.line, *self.restated_on_lines)

    def covers(self, fact: StatedFact) -> bool:
        """Return whether a fact that was read is the one that is labelled."""
        near = fact.span is not None and any(abs(fact.span.line - line) <= 1 for line in self.lines)
        return near and fact.criterion in GROUPS.get(self.criterion, ())


class Decision(msgspec.Struct, frozen=True):
    """A labelled decision."""

    value: str
    evidence: tuple[Label, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """A sentence that is labelled for some criteria, in a document of which nothing else is."""

    line: int
    sentence: str
    """Its words, since a line can have several."""
    criteria: tuple[str, ...]


class Labelled(msgspec.Struct, frozen=True):
    """A labelled document."""

    file: str
    repo: str
    language: str
    expected_tool_outcome: str
    stated_decision: Decision
    facts: tuple[Label, ...] = ()
    traps: tuple[Label, ...] = ()
    nofacts: bool = False
    """Whether the facts of the document were not labelled."""
    complete: bool = False
    """Whether its facts are labelled for every criterion of the vocabulary, not only for those of `GROUPS`."""
    asked: tuple[Asked, ...] = ()
    """The sentences that are labelled where the rest of the document is not; only these teach anything."""
    weight: float = 1.0
    """What it weighs in a fit: less where its label is less certain."""

    @property
    def status(self) -> str:
        """The expected status."""
        return "unsupported_language" if self.language != "en" else _STATUS[self.expected_tool_outcome]

    @property
    def option(self) -> str:
        """The expected option."""
        return self.stated_decision.value if self.status == "judged" else "none-stated"

    @property
    def scored(self) -> tuple[Label, ...]:
        """The facts that ought to be read."""
        if self.status != "judged" or self.nofacts:
            return ()
        return tuple(label for label in self.facts if label.criterion in GROUPS)


Read = tuple[Labelled, DesignReading]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=pathlib.Path)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--misses", action="store_true", help="print what was read wrongly or not at all")
    parser.add_argument(
        "--phrases", action="store_true", help="print how often each phrase is right and wrong"
    )
    parser.add_argument(
        "--leave-one-out", action="store_true", help="use phrases only where they were not learnt"
    )
    chosen = parser.parse_args()
    book = load_rulebook()
    data = yaml.safe_load(chosen.labels.read_text(encoding="utf-8"))
    documents = msgspec.convert(data["documents"], tuple[Labelled, ...], strict=False)
    read = [
        (
            label,
            read_design(
                (chosen.texts / label.file).read_bytes().decode("utf-8", "replace"), label.file, book
            ),
        )
        for label in documents
        if (chosen.texts / label.file).is_file()
    ]
    _print_decisions(read, misses=chosen.misses)
    _print_facts(read, book, misses=chosen.misses)
    if chosen.phrases:
        _print_phrases(read)
    if chosen.leave_one_out:
        print("\nEach repository with the phrases that are right more often than wrong in all others:")
        _print_facts(list(_leave_out(read)), book, misses=False)


def _print_decisions(read: Iterable[Read], *, misses: bool) -> None:
    total = statuses = options = 0
    confusion: Counter[tuple[str, str]] = Counter()
    for label, reading in read:
        option = reading.decision.option.value if reading.decision else "none-stated"
        total += 1
        statuses += reading.status == label.status
        options += option == label.option
        confusion[label.option, option] += 1
        if misses and (reading.status, option) != (label.status, label.option):
            print(f"{label.file}: {reading.status} {option}, expected {label.status} {label.option}")
    print(f"{total} documents: status {statuses / total:.1%}, decision {options / total:.1%}")
    print(
        "expected -> read: "
        + ", ".join(f"{own}->{got} {count}" for (own, got), count in sorted(confusion.items()))
    )


def _print_facts(read: Iterable[Read], book: Rulebook, *, misses: bool) -> None:
    found: Counter[str] = Counter()
    by_criterion: dict[str, Counter[str]] = {}
    for label, reading in read:
        if label.nofacts:
            continue
        for fact in _scored_facts(reading):
            is_right = any(one.covers(fact) for one in label.facts)
            by_criterion.setdefault(fact.criterion, Counter())["right" if is_right else "wrong"] += 1
            if misses and not is_right and fact.span:
                print(
                    f"{label.file}:{fact.span.line}: {fact.phrase} {fact.criterion}={fact.value}: {fact.span.quote}"
                )
        for one in label.scored:
            covering = [fact for fact in reading.facts if one.covers(fact)]
            found["labelled"] += 1
            found["recalled"] += bool(covering)
            if one.levels:
                found["levels"] += 1
                agrees = any(_agrees(fact, one, book) for fact in covering)
                found["level right" if agrees else "level wrong"] += bool(covering)
            if misses and not covering:
                print(f"{label.file}:{one.line}: missed {one.criterion}: {one.quote}")
        _count_traps(label, reading, found, misses=misses)
    right, wrong = (sum(count[side] for count in by_criterion.values()) for side in ("right", "wrong"))
    for criterion, count in sorted(by_criterion.items()):
        print(f"  {criterion:28} right {count['right']:3} wrong {count['wrong']:3}")
    print(
        f"facts: precision {right / max(1, right + wrong):.1%}, recall {found['recalled'] / max(1, found['labelled']):.1%}"
        f" of {right + wrong} reported, {found['labelled']} labelled; levels right {found['level right']}, wrong "
        f"{found['level wrong']} of {found['levels']}; traps {found['sprung']} of {found['traps']}"
    )


def _scored_facts(reading: DesignReading) -> tuple[StatedFact, ...]:
    return tuple(fact for fact in reading.facts if fact.criterion in _SCORED)


def _agrees(fact: StatedFact, label: Label, book: Rulebook) -> bool:
    levels = list(_levels_of(fact.value, book.criteria[fact.criterion]))
    return len(levels) <= 3 and bool(set(levels) & set(label.levels))


def _levels_of(value: object, criterion: Criterion) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _levels_of(part, criterion)
    elif isinstance(value, (int, float)):
        yield from criterion.levels_between(value, value)


def _count_traps(label: Labelled, reading: DesignReading, found: Counter[str], *, misses: bool) -> None:
    real = {one.line for one in (*label.facts, *label.stated_decision.evidence)}
    claims = [(fact.span.line, fact.span.quote) for fact in reading.facts if fact.span]
    cited = reading.decision.evidence if reading.decision else ()
    for trap in label.traps:
        if trap.effect != "must_not_report" or trap.line in real:
            continue
        against = () if trap.trap_class in _REJECTIONS else ("against",)
        lines = [(part.span.line, part.span.quote) for part in cited if part.role in ("for", *against)]
        sprung = any(line == trap.line and _overlaps(quote, trap.quote) for line, quote in (*claims, *lines))
        found["traps"] += 1
        found["sprung"] += sprung
        if misses and sprung:
            print(f"{label.file}:{trap.line}: trap reported: {trap.quote}")


def _overlaps(one: str, other: str) -> bool:
    one, other = one.strip().lower(), other.strip().lower()
    shared = len(set(one.split()) & set(other.split()))
    return one in other or other in one or shared >= 0.5 * min(len(one.split()), len(other.split()))


# --- phrases ------------------------------------------------------------------------------------------------------


def _worth_of_phrases(read: Iterable[Read]) -> dict[str, dict[str, Counter[bool]]]:
    """Return for each phrase and repository how often it is right and wrong."""
    worth: dict[str, dict[str, Counter[bool]]] = {}
    for label, reading in read:
        for fact in () if label.nofacts else _scored_facts(reading):
            right = any(one.covers(fact) for one in label.facts)
            worth.setdefault(fact.phrase or "", {}).setdefault(label.repo, Counter())[right] += 1
    return worth


def _leave_out(read: Iterable[Read]) -> Iterator[Read]:
    several = list(read)
    worth = _worth_of_phrases(several)
    for label, reading in several:
        kept = set()
        for phrase, by_repository in worth.items():
            elsewhere = [count for name, count in by_repository.items() if name != label.repo]
            if sum(count[True] for count in elsewhere) > sum(count[False] for count in elsewhere):
                kept.add(phrase)
        facts = tuple(fact for fact in reading.facts if fact.criterion not in _SCORED or fact.phrase in kept)
        yield label, msgspec.structs.replace(reading, facts=facts)


def _print_phrases(read: Iterable[Read]) -> None:
    for phrase, by_repository in sorted(_worth_of_phrases(read).items()):
        right, wrong = (sum(count[side] for count in by_repository.values()) for side in (True, False))
        useful = sum(1 for count in by_repository.values() if count[True])
        print(f"  {phrase:32} right {right:3} in {useful:3} repositories, wrong {wrong:3}")


if __name__ == "__main__":
    main()
