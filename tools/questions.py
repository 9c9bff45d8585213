"""Measure how soon the questionnaire gives good advice, and when it stops.

The questionnaire is simulated on the projects of the field sample: a question is answered if the project's profile has the
answer, else by `unknown`. After each question the advice is compared with what was built, once in the order of the
questionnaire, with the advice unchanged after it has stopped, and once in the order of the criteria file. On the cases
kept aside the advice at the end is compared with the advice on all answers.

usage: python tools/questions.py [--rules DIR] [--document docs/validation.md]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from figures import COLUMNS, fill_tables, list_figures, make_table, read_aside
from ragortune.casebook import Agreement, Judged, measure_agreement
from ragortune.engine import Levels, decide_option
from ragortune.interview import Interview, take_answer
from ragortune.model import Case, Option, Profile, Rulebook, Sample
from ragortune.ruleset.load import load_rulebook

MOST = 20
"""Last row of the table."""
Trail = Sequence[Option]
"""The advice after 0, 1, 2, ... questions."""


def ask_in_our_order(rulebook: Rulebook, levels: Levels) -> list[Interview]:
    """Return the interview before the first question and after each question until it stops."""
    interviews = [Interview(rulebook, Profile({}))]
    while (criterion := interviews[-1].question) is not None:
        value = list(levels[criterion.id]) if criterion.id in levels else "unknown"
        interviews.append(take_answer(interviews[-1], criterion.id, value))
    return interviews


def ask_in_file_order(rulebook: Rulebook, levels: Levels) -> Iterator[Option]:
    """Yield the advice after each question in the order of the criteria file."""
    names = tuple(rulebook.criteria)
    for number in range(len(names) + 1):
        known = {name: levels[name] for name in names[:number] if name in levels}
        yield decide_option(rulebook, known).option


def measure_share(cases: Sequence[Case], trails: Sequence[Trail], number: int, *, strict: bool) -> float:
    """Return the share of cases whose advice after a number of questions agrees with what was built.

    Args:
        cases: the projects.
        trails: their advice after each question; the last one is final.
        number: the number of questions.
        strict: whether only the published option counts, and not all that its source accepts.

    """
    advised = (trail[min(number, len(trail) - 1)] for trail in trails)
    right = [
        option in ((case.outcome,) if strict else case.acceptable)
        for case, option in zip(cases, advised, strict=True)
    ]
    return sum(right) / len(right)


def show_agreement(cases: Sequence[Case], ours: Sequence[Trail], by_file: Sequence[Trail]) -> str:
    """Return agreement by the number of questions, with the share of unfinished questionnaires."""
    head = ("questions", "ours, strict", "lenient", "still asking", "file order, strict", "lenient")
    rows = []
    for number in range(MOST + 1):
        asking = sum(len(trail) - 1 > number for trail in ours) / len(ours)
        shares = [
            measure_share(cases, trails, number, strict=strict)
            for trails in (ours, by_file)
            for strict in (True, False)
        ]
        rows.append([f"{number}", *(f"{share:.1%}" for share in (*shares[:2], asking, *shares[2:]))])
    return make_table(head, rows)


def show_lengths(interviews: Sequence[Sequence[Interview]]) -> str:
    """Return the number of questions asked, by whether the advice is firm at the end."""
    last = [steps[-1] for steps in interviews]
    firm = [interview.asked for interview in last if interview.advice.firm]
    open_ended = [interview.asked for interview in last if not interview.advice.firm]
    rows = []
    for title, counts in (("firm", firm), ("not firm", open_ended), ("all", firm + open_ended)):
        ordered = sorted(counts)
        numbers = (f"{statistics.fmean(ordered):.1f}", f"{statistics.median(ordered):g}")
        rows.append(
            [title, f"{len(ordered)}", *numbers, f"{ordered[int(0.9 * len(ordered))]}", f"{ordered[-1]}"]
        )
    return make_table(
        ("at the end", "projects", "questions, mean", "median", "nine in ten at most", "most"), rows
    )


def describe_aside(rulebook: Rulebook) -> str:
    """Return the advice after the questionnaire, and on all answers, on the cases kept aside, by who coded them."""
    rows = []
    for name, book in read_aside(rulebook).items():
        ended = [(case, ask_in_our_order(rulebook, levels)[-1]) for case, levels in book.coded_cases]
        asked = statistics.fmean(interview.asked for _, interview in ended)
        judged = (
            Judged(case, interview.advice.option, interview.advice.probability, interview.advice.firm)
            for case, interview in ended
        )
        whole = measure_agreement(book)
        answers = statistics.fmean(len(levels) for _, levels in book.coded_cases)
        for part, count, own in (
            ("questionnaire", asked, Agreement(tuple(judged))),
            ("all answers", answers, whole),
        ):
            rows.append([f"{name}, {part}", f"{count:.1f}", *list_figures("", own)[1:6]])
    return make_table(("coded by", "questions or answers", *COLUMNS[1:6]), rows)


def describe_questions(rulebook: Rulebook) -> dict[str, str]:
    """Return the tables by name."""
    field = [(case, levels) for case, levels in rulebook.coded_cases if case.sample is Sample.FIELD]
    cases = [case for case, _ in field]
    interviews = [ask_in_our_order(rulebook, levels) for _, levels in field]
    ours = [[interview.advice.option for interview in steps] for steps in interviews]
    by_file = [list(ask_in_file_order(rulebook, levels)) for _, levels in field]
    return {
        "questions": show_agreement(cases, ours, by_file),
        "questionnaire-lengths": show_lengths(interviews),
        "questionnaire-aside": describe_aside(rulebook),
    }


def main() -> None:
    """Print the tables, and write them into a document."""
    parser = argparse.ArgumentParser(
        description="Agreement by questions asked, and questions until it stops."
    )
    parser.add_argument("--rules", help="folder of a rule set")
    parser.add_argument("--document", type=Path, help="write the tables into a document")
    arguments = parser.parse_args()
    tables = describe_questions(load_rulebook(arguments.rules))
    print(*tables.values(), sep="\n")
    if arguments.document:
        text = arguments.document.read_text("utf-8")
        arguments.document.write_text(fill_tables(text, tables), "utf-8")


if __name__ == "__main__":
    main()
