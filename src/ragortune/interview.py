"""The state of a questionnaire: the next question, the advice so far, and when to stop.

Pure: no input or output. An interview is immutable; each answer makes a new one that refers to the one before, so that going
back is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property

from ragortune.engine import SearchTooLargeError, decide_option, judge_profile, rank_questions
from ragortune.engine.what_if import can_ask, find_least_gain
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Answer, Criterion, OpenQuestion, Option, Profile, Recommendation, Rulebook
from ragortune.support.record import Record


class Command(StrEnum):
    """A command that can be typed instead of an answer."""

    HELP = "help"
    """Show how to find out the answer and what can be typed."""
    WHY = "why"
    """Explain why this question is asked now, and what each level would lead to."""
    BACK = "back"
    """Take the last answer back."""
    STOP = "stop"
    """End the questionnaire."""


_COMMANDS: Mapping[str, Command] = {
    **dict.fromkeys(("?", "help"), Command.HELP),
    **dict.fromkeys(("why", "why?"), Command.WHY),
    **dict.fromkeys(("back", "undo"), Command.BACK),
    **dict.fromkeys(("stop", "quit", "exit", "done"), Command.STOP),
}


class Consequence(Record, frozen=True):
    """The advice that one level as the answer would lead to."""

    level: str
    option: Option
    probability: float
    """Probability of the option."""


class Interview(Record, frozen=True, dict=True):
    """All answers so far."""

    rulebook: Rulebook
    profile: Profile
    declined: tuple[str, ...] = ()
    """Criteria answered by "don't know"; they stay unknown and are not asked again."""
    everything: bool = False
    """Whether all other unknown criteria are asked as well, after those worth asking."""
    complete: Callable[[Profile], Profile] = Profile.replace
    """Add derived facts to a profile."""
    previous: Interview | None = None
    """The interview before the last answer; None at the beginning."""

    @cached_property
    def kept(self) -> frozenset[str]:
        """Criteria that were answered or declined."""
        return frozenset((*self.profile.levels, *self.declined))

    @cached_property
    def ranking(self) -> tuple[OpenQuestion, ...]:
        """Unasked questions that can still change the option, by expected gain."""
        return self._rank_questions(self.kept)

    def _rank_questions(self, kept: frozenset[str] = frozenset()) -> tuple[OpenQuestion, ...]:
        """Return the questions outside `kept` that can change the option; all of them if the search is too large."""
        try:
            return rank_questions(self.rulebook, self.profile.levels, kept)
        except SearchTooLargeError:
            gain = self.rulebook.scale.ask_from
            return tuple(
                OpenQuestion(name, tuple(Option), gain) for name in self.rulebook.criteria if name not in kept
            )

    @cached_property
    def advice(self) -> Recommendation:
        """The recommendation on the answers so far, with `settled` but without the rest of the what-if."""
        settled = not self.ranking and not self._rank_questions()
        return judge_profile(self.rulebook, self.profile).replace(settled=settled)

    @cached_property
    def wanted(self) -> str | None:
        """The criterion worth asking next; None if none is.

        The opening questions of the rule set come first, then the one with the largest expected gain. The least gain
        worth a question depends on whether the advice is firm.
        """
        if not self.ranking:
            return None
        book = self.rulebook
        least = find_least_gain(self.advice)
        worth = (question.criterion for question in self.ranking if question.expected_gain >= least)
        return next(filter(self._can_ask, (*book.scale.ask_first, *worth)), None)

    @cached_property
    def question(self) -> Criterion | None:
        """The question to ask now: `wanted`, or the next unknown one if everything is asked; None at the end."""
        name = self.wanted
        if name is None and self.everything:
            name = next(filter(self._can_ask, self.rulebook.criteria), None)
        return self.rulebook.criteria[name] if name else None

    def _can_ask(self, criterion: str) -> bool:
        book = self.rulebook
        known = criterion in self.kept or criterion not in book.criteria
        return not known and can_ask(book, self.profile.levels, criterion)

    @cached_property
    def unasked(self) -> tuple[str, ...]:
        """All criteria that could still be asked, in order."""
        book = self.rulebook
        ranked = (question.criterion for question in self.ranking)
        names = dict.fromkeys((*book.scale.ask_first, *ranked, *book.criteria))
        return tuple(filter(self._can_ask, names))

    @property
    def asked(self) -> int:
        """Number of questions answered or declined since the start."""
        return 0 if self.previous is None else self.previous.asked + 1


def take_answer(interview: Interview, criterion: str, value: object) -> Interview:
    """Return the interview after an answer; `unknown` and a list of all levels decline the question.

    Args:
        interview: the interview so far.
        criterion: id of the criterion; a former answer is replaced.
        value: the value as a profile file holds it.

    Raises:
        ProfileError: the criterion does not take this value.

    """
    book, profile = interview.rulebook, interview.profile
    read = Vocabulary(book.criteria, book.quantities).read_profile({criterion: value})
    stale = {criterion, *book.derived}
    levels = {name: own for name, own in profile.levels.items() if name not in stale}
    answers = {name: own for name, own in profile.answers.items() if name not in stale}
    declined = tuple(name for name in interview.declined if name != criterion)
    if read.levels:
        levels[criterion] = read.levels[criterion]
        answers |= read.answers
    else:
        declined = (*declined, criterion)
    changed = profile.replace(levels=_order(levels, book), answers=_order(answers, book))
    return interview.replace(
        profile=interview.complete(changed),
        declined=tuple(name for name in book.criteria if name in declined),
        previous=interview,
    )


def _order(found: Mapping[str, Answer] | Mapping[str, tuple[str, ...]], book: Rulebook) -> dict[str, object]:
    """Return answers in the order of the criteria, whatever order they were given in."""
    return {name: found[name] for name in (*book.criteria, *found) if name in found}


def explain_question(interview: Interview, criterion: Criterion) -> tuple[Consequence, ...]:
    """Return the advice that each level as the answer would lead to."""
    consequences = []
    for level in criterion.level_ids:
        after = take_answer(interview, criterion.id, level)
        outcome = decide_option(after.rulebook, after.profile.levels)
        consequences.append(Consequence(level, outcome.option, outcome.probability[outcome.option]))
    return tuple(consequences)


def read_command(criterion: Criterion, text: str) -> Command | None:
    """Return the command that was typed, None for an answer; the name of a level is always an answer."""
    words = " ".join(text.split()).casefold()
    return None if words in criterion.level_ids else _COMMANDS.get(words)
