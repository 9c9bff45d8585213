"""The questionnaire as a state that answers change: which question comes next, where the advice stands, when to stop.

Pure: nothing is printed and nothing is read. An interview never changes; every answer makes a new one that remembers
the one before, so that going back is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property

from ragortune.engine import SearchTooLargeError, decide_option, judge_profile, rank_questions, trace_rule
from ragortune.engine.questions import can_ask, choose_question
from ragortune.evidence.profile import Vocabulary
from ragortune.model import (
    Answer,
    Criterion,
    Level,
    NoticeKind,
    OpenQuestion,
    Option,
    Profile,
    Recommendation,
    Rule,
    Rulebook,
)
from ragortune.support.errors import AnswerError
from ragortune.support.record import Record
from ragortune.support.text import join_words


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


class Consequence(Record, frozen=True):
    """What one level as the answer would lead to."""

    level: str
    option: Option
    probability: float
    """Probability of the option."""


def keep_profile(profile: Profile) -> Profile:
    """Return a profile as it is: the completion that adds nothing."""
    return profile


_FAINT = 3
"""While the advice is not firm, a question is worth asking from a gain this many times smaller than `Scale.ask_from`."""
_MOST_QUICK = 6
_CAUTION_RANK = 1000
"""Cautions come after all steps."""
_OFFER_HELP = (
    "None of the questions that are left is expected to change the advice much. Their answers can add steps and "
    "cautions to it, and make it firmer. Numbers for `ragortune cost` stand under `quantities` in the profile; "
    "`ragortune explain quantities` lists them."
)


class Interview(Record, frozen=True, dict=True):
    """Everything that has been said so far."""

    rulebook: Rulebook
    profile: Profile
    declined: tuple[str, ...] = ()
    """Criteria that nobody knows an answer to; they stay unknown and are not asked again."""
    extra: tuple[str, ...] | None = None
    """Criteria that are asked as well, after those that are worth asking for the advice; None until that is decided."""
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
        """Questions not yet asked that can still change the option, the one with the largest expected gain first."""
        return self._rank_questions(self.kept)

    def _rank_questions(self, kept: frozenset[str] = frozenset()) -> tuple[OpenQuestion, ...]:
        """Return the questions outside of `kept` that can change the option; all of them where that is hard to prove."""
        try:
            return rank_questions(self.rulebook, self.profile.levels, kept)
        except SearchTooLargeError:
            gain = self.rulebook.scale.ask_from
            return tuple(
                OpenQuestion(name, tuple(Option), gain) for name in self.rulebook.criteria if name not in kept
            )

    @cached_property
    def advice(self) -> Recommendation:
        """What is recommended on the answers so far; `settled` is filled in, the rest of the what-if is not."""
        settled = not self.ranking and not self._rank_questions()
        return judge_profile(self.rulebook, self.profile).replace(settled=settled)

    @cached_property
    def wanted(self) -> str | None:
        """The question that is worth asking next for the advice; None where none is.

        The questions with which every questionnaire begins come first, then the one with the largest expected gain.
        The smallest gain that is worth a question depends on whether the advice is firm already.
        """
        if not self.ranking:
            return None
        book = self.rulebook
        least = book.scale.ask_from / (1 if self.advice.firm else _FAINT)
        worth = tuple(question for question in self.ranking if question.expected_gain >= least)
        return choose_question(book, self.profile.levels, self.kept, worth)

    @cached_property
    def question(self) -> Criterion | None:
        """The question to ask now: the one that is wanted, else one of those that are asked as well; None at the end."""
        name = self.wanted or next((own for own in self.extra or () if self._can_ask(own)), None)
        return self.rulebook.criteria[name] if name else None

    def _can_ask(self, criterion: str) -> bool:
        book = self.rulebook
        known = criterion in self.kept or criterion not in book.criteria
        return not known and can_ask(book, self.profile.levels, criterion)

    @cached_property
    def unasked(self) -> tuple[str, ...]:
        """Questions not asked that make sense, in the order in which all of them would be asked."""
        book = self.rulebook
        ranked = (question.criterion for question in self.ranking)
        names = dict.fromkeys((*book.scale.ask_first, *ranked, *book.criteria))
        return tuple(name for name in names if self._can_ask(name))

    @cached_property
    def quick(self) -> tuple[str, ...]:
        """Questions not asked whose answer alone adds a step or a caution to the advice, the first steps first.

        What has to be counted or measured is left out, and so is what only finds contradictions between answers. A
        question about a thing is among them if the question whether the thing exists is.
        """
        book = self.rulebook
        ranks: dict[str, int] = {}
        for rule in book.rules.values():
            rank = _rank_step(rule, self.advice.option)
            waiting = () if rank is None else trace_rule(book, rule.id, self.profile.levels).waiting_for
            if rank is not None and len(waiting) == 1:
                ranks[waiting[0]] = min(rank, ranks.get(waiting[0], rank))
        choices = [name for name in ranks if name in book.criteria and not book.criteria[name].unit]
        first = sorted((name for name in choices if name not in self.kept), key=ranks.__getitem__)[
            :_MOST_QUICK
        ]
        return tuple(
            name
            for name in first
            if self._can_ask(name) or {*first}.issuperset(book.criteria[name].asked_when)
        )

    @cached_property
    def offer(self) -> Criterion | None:
        """What is offered once no question is worth asking for the advice; None before, and where nothing is left.

        It is no criterion of the rule set, and is answered by `accept_offer`.
        """
        if self.question is not None or self.extra is not None or not self.unasked:
            return None
        levels = [Level("no", "no, that is all")]
        if self.quick:
            levels.append(
                Level("quick", f"yes, those that only add steps and cautions: {join_words(self.quick)}")
            )
        first = join_words(self.unasked[:3])
        levels.append(Level("all", f"everything that is still unknown ({len(self.unasked)}), first {first}"))
        question = "No question that is left is worth asking for the advice. Answer more of them?"
        return Criterion("more", "More questions", question, _OFFER_HELP, tuple(levels), nominal=True)

    @cached_property
    def doubtful(self) -> tuple[str, ...]:
        """Questions that were declined, or answered by one of several levels, and could still change the option."""
        return tuple(
            question.criterion for question in self._rank_questions() if question.criterion in self.kept
        )

    @property
    def asked(self) -> int:
        """How many questions were answered or declined since the beginning of this interview."""
        return 0 if self.previous is None else self.previous.asked + 1


def _rank_step(rule: Rule, option: Option) -> int | None:
    """Return the rank of a step or caution that a rule adds to the advice; None where it adds none within the option."""
    if rule.technique and option in rule.technique.options:
        return rule.technique.order
    return _CAUTION_RANK if rule.notice is NoticeKind.CAUTION else None


def accept_offer(interview: Interview, value: object) -> Interview:
    """Return the interview after its offer was answered; raises AnswerError where more than one thing is chosen."""
    if not isinstance(value, str):
        raise AnswerError("only one of these can be chosen", None, "type one of the names")
    chosen = {"quick": interview.quick, "all": tuple(interview.rulebook.criteria)}
    return interview.replace(extra=chosen.get(value, ()))


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
    """Return answers in the order of the vocabulary, so that the order of answering leaves no trace."""
    return {name: found[name] for name in (*book.criteria, *found) if name in found}


def explain_question(interview: Interview, criterion: Criterion) -> tuple[Consequence, ...]:
    """Return what each level as the answer to a question would lead to."""
    consequences = []
    for level in criterion.level_ids:
        after = take_answer(interview, criterion.id, level)
        outcome = decide_option(after.rulebook, after.profile.levels)
        consequences.append(Consequence(level, outcome.option, outcome.probability[outcome.option]))
    return tuple(consequences)


def read_command(criterion: Criterion, text: str) -> Command | None:
    """Return the command that was typed, None where it is an answer; the name of a level is always an answer."""
    words = " ".join(text.split()).casefold()
    return None if words in criterion.level_ids else _COMMANDS.get(words)
