"""The questionnaire as a state that answers change: which question comes next, where the advice stands, when to stop.

Pure: nothing is printed and nothing is read. An interview never changes; every answer makes a new one that remembers
the one before, so that going back is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property

from ragortune.engine import decide_option
from ragortune.model import Answer, Criterion, OpenQuestion, Option, Profile, Rulebook
from ragortune.profile import Vocabulary
from ragortune.record import Record
from ragortune.whatif import choose_question, is_settled, rank_questions


class Command(StrEnum):
    """What can be typed instead of an answer."""

    HELP = "help"
    """Show how to find out, and what can be typed."""
    WHY = "why"
    """Tell why this question is asked now, and what each level would lead to."""
    BACK = "back"
    """Take the last answer back."""
    STOP = "stop"
    """End here, with what is known."""


_COMMANDS: Mapping[str, Command] = {
    **dict.fromkeys(("?", "help"), Command.HELP),
    **dict.fromkeys(("why", "why?"), Command.WHY),
    **dict.fromkeys(("back", "undo"), Command.BACK),
    **dict.fromkeys(("stop", "quit", "exit", "done"), Command.STOP),
}


class Consequence(Record):
    """What one level as the answer would lead to."""

    level: str
    option: Option
    remaining: int
    """Questions that could still change the option afterwards."""


class Standing(Record):
    """Where the advice stands after the answers so far."""

    option: Option
    default: bool
    """True where nothing known speaks for or against retrieval and tuning is not needed."""
    remaining: int
    """Questions not yet asked that can still change the option."""
    could_give: tuple[Option, ...]
    """Options other than the present one that those questions can lead to."""
    doubtful: tuple[str, ...]
    """Questions that were asked without an answer, or answered by several levels, and could still change the option."""


def keep_profile(profile: Profile) -> Profile:
    """Return a profile as it is: the completion that adds nothing."""
    return profile


class Interview(Record):
    """Everything that has been said so far."""

    rulebook: Rulebook
    profile: Profile
    declined: tuple[str, ...] = ()
    """Criteria that nobody knows an answer to; they stay unknown and are not asked again."""
    everything: bool = False
    """Whether questions that cannot change the option any more are asked as well."""
    complete: Callable[[Profile], Profile] = keep_profile
    """Adds to a profile what follows from its answers, such as facts from its quantities."""
    previous: Interview | None = None
    """The interview before the last answer; None at the beginning."""

    @cached_property
    def kept(self) -> frozenset[str]:
        """Criteria that will not be asked any more."""
        return frozenset((*self.profile.levels, *self.declined))

    @cached_property
    def ranking(self) -> tuple[OpenQuestion, ...]:
        """Questions not yet asked that can still change the option, the one worth most first."""
        return rank_questions(self.rulebook, self.profile.levels, self.kept)

    @cached_property
    def question(self) -> Criterion | None:
        """The question to ask now, so that as few as possible have to be asked; None when it is over."""
        criteria = self.rulebook.criteria
        if self.ranking:
            name = choose_question(self.rulebook, self.profile.levels, self.kept)
            return criteria[name or self.ranking[0].criterion]
        if not self.everything:
            return None
        return next((criterion for name, criterion in criteria.items() if name not in self.kept), None)

    @cached_property
    def standing(self) -> Standing:
        """Where the advice stands."""
        levels = self.profile.levels
        outcome = decide_option(self.rulebook, levels)
        reached = {option for question in self.ranking for option in question.could_give}
        return Standing(
            outcome.option,
            outcome.default,
            len(self.ranking),
            tuple(option for option in Option if option in reached),
            () if self.ranking else self._find_doubtful(),
        )

    def _find_doubtful(self) -> tuple[str, ...]:
        levels = self.profile.levels
        if is_settled(self.rulebook, levels):
            return ()
        ranked = rank_questions(self.rulebook, levels, frozenset(levels) - self._between)
        return tuple(question.criterion for question in ranked)

    @property
    def _between(self) -> frozenset[str]:
        return frozenset(name for name, levels in self.profile.levels.items() if len(levels) > 1)

    @property
    def unasked(self) -> int:
        """How many questions were not asked."""
        return sum(name not in self.kept for name in self.rulebook.criteria)

    @property
    def asked(self) -> int:
        """How many questions were answered or declined since the beginning of this interview."""
        return 0 if self.previous is None else self.previous.asked + 1


def take_answer(interview: Interview, criterion: str, value: object) -> Interview:
    """Return the interview after an answer; `unknown` and 'any of all levels' decline the question.

    Args:
        interview: the interview so far.
        criterion: id of the criterion that is answered; its former answer is replaced.
        value: a level, a number, a list, a range or `unknown`, as a profile file holds it.

    Raises:
        ProfileError: the criterion does not take this value.

    """
    book, profile = interview.rulebook, interview.profile
    read = Vocabulary(book.criteria).read_profile({criterion: value})
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
    """Return answers in the order of the vocabulary, so that the order of answering leaves no trace."""
    return {name: found[name] for name in (*book.criteria, *found) if name in found}


def explain_question(interview: Interview, criterion: Criterion) -> tuple[Consequence, ...]:
    """Return what each level as the answer to a question would lead to."""
    consequences = []
    for level in criterion.level_ids:
        after = take_answer(interview, criterion.id, level)
        consequences.append(Consequence(level, after.standing.option, len(after.ranking)))
    return tuple(consequences)


def read_command(criterion: Criterion, text: str) -> Command | None:
    """Return the command that was typed, None where it is an answer; the name of a level is always an answer."""
    words = " ".join(text.split()).casefold()
    return None if words in criterion.level_ids else _COMMANDS.get(words)
