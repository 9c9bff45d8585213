"""The questionnaire in sentences, laid out for one width: questions, help, reasons for asking, and the end."""

from __future__ import annotations

from ragortune.answers import accepted_words, choice_labels
from ragortune.errors import RagortuneError
from ragortune.interview import Consequence, Interview, Standing
from ragortune.model import Criterion
from ragortune.plaintext import clean_text, join_words
from ragortune.profile import describe_answer
from ragortune.render.text import Sheet

_KEYS = "?: help   why: why this question   skip: nobody knows   back   stop"
_WORDS = (
    "Beginnings of names do, and so do 'weekly or monthly', '2,3' and 'weekly to daily' where the answer is one of "
    "several. 'skip' or 'don't know' leaves it unknown, which never counts as a no. 'why' tells why this is asked now, "
    "'back' takes the last answer back, 'stop' ends with what is known. Every answer is saved at once."
)
_MOST_NAMED = 5


class Dialogue:
    """Renders every part of a questionnaire; the width is given each time, because a terminal may be resized."""

    def __init__(self, *, color: bool) -> None:
        """Take whether to colour."""
        self._color = color

    def _sheet(self, width: int) -> Sheet:
        return Sheet(width=width, color=self._color)

    def begin(self, path: str, interview: Interview, width: int) -> str:
        """Return what is said first: where the answers go, and how many are known already."""
        known = sum(name in interview.profile.levels for name in interview.rulebook.criteria)
        sheet = self._sheet(width)
        start = (
            f"Going on with {path}: {_count(known, 'answer')} known."
            if known
            else f"Answers are saved in {path}."
        )
        sheet.add_wrapped(clean_text(f"{start} Type ? for help."))
        return sheet.getvalue()

    def ask(self, interview: Interview, criterion: Criterion, width: int) -> str:
        """Return where the advice stands, and a question with its levels."""
        sheet = self._sheet(width)
        sheet.add_line()
        sheet.add_wrapped(word_standing(interview.standing), "Advice so far  ", style="cyan")
        sheet.add_line()
        sheet.add_wrapped(clean_text(criterion.question), f"{interview.asked + 1}. ", style="bold")
        labels = choice_labels(criterion)
        lines = [
            (f"  {label:>{len(labels[-1])}}  {level.id}", level.means)
            for label, level in zip(labels, criterion.levels, strict=True)
        ]
        _add_pairs(sheet, lines)
        if criterion.unit:
            sheet.add_wrapped(clean_text(f"or a number of {criterion.unit}"), " " * (len(labels[-1]) + 4))
        sheet.add_line()
        sheet.add_wrapped(_KEYS, style="dim")
        return sheet.getvalue()

    def prompt(self, criterion: Criterion) -> str:
        """Return what stands before the cursor."""
        return f"{clean_text(criterion.id)}> "

    def explain(self, criterion: Criterion, width: int) -> str:
        """Return how to find out the answer, and what can be typed."""
        sheet = self._sheet(width)
        sheet.add_line()
        sheet.add_wrapped(clean_text(criterion.help), "How to find out  ")
        sheet.add_wrapped(clean_text(_sentence(accepted_words(criterion))), "What to type     ")
        sheet.add_wrapped(_WORDS, " " * 17)
        return sheet.getvalue()

    def justify(
        self, interview: Interview, criterion: Criterion, consequences: tuple[Consequence, ...], width: int
    ) -> str:
        """Return why a question is asked now, and what each level would lead to."""
        sheet = self._sheet(width)
        sheet.add_line()
        sheet.add_wrapped(clean_text(_word_reason(interview, criterion)))
        lines = [
            (f"  {own.level}", f"{own.option}; {_word_remaining(own.remaining)}") for own in consequences
        ]
        _add_pairs(sheet, lines)
        return sheet.getvalue()

    def confirm(self, interview: Interview, criterion: Criterion, width: int) -> str:
        """Return how an answer was understood."""
        understood = describe_answer(interview.profile, criterion)
        several = len(interview.profile.levels.get(criterion.id, ())) > 1
        sheet = self._sheet(width)
        told = f"{criterion.id}: {understood}{' (one of these)' if several else ''}"
        sheet.add_wrapped(clean_text(told), "  = ", style="green")
        return sheet.getvalue()

    def refuse(self, error: RagortuneError, width: int) -> str:
        """Return what is wrong with an answer, and what would do."""
        sheet = self._sheet(width)
        sheet.add_wrapped(clean_text(_sentence(error.message)), "  ! ", style="yellow")
        if error.hint:
            sheet.add_wrapped(clean_text(_sentence(error.hint)), "    ")
        return sheet.getvalue()

    def tell(self, text: str, width: int) -> str:
        """Return a sentence of the program's own."""
        sheet = self._sheet(width)
        sheet.add_wrapped(clean_text(text), "  ")
        return sheet.getvalue()

    def close(self, interview: Interview, path: str, width: int) -> str:
        """Return how the questionnaire ended, and how to go on."""
        sheet = self._sheet(width)
        sheet.add_line()
        sheet.add_wrapped(clean_text(word_end(interview, path)))
        sheet.add_line()
        return sheet.getvalue()


def _add_pairs(sheet: Sheet, pairs: list[tuple[str, str]]) -> None:
    """Add names and what they mean, side by side where there is room, else below each other."""
    named = [(clean_text(name), clean_text(meaning)) for name, meaning in pairs]
    column = max(len(name) for name, _ in named) + 2
    for name, meaning in named:
        if column <= sheet.width // 2:
            sheet.add_wrapped(meaning, f"{name:<{column}}")
        else:
            sheet.add_line(name)
            sheet.add_wrapped(meaning, " " * 6)


def word_standing(standing: Standing) -> str:
    """Return where the advice stands in a sentence: the option, and how many questions can still change it."""
    default = " (the default: nothing known speaks for or against retrieval)" if standing.default else ""
    if not standing.remaining:
        return f"{standing.option}{default}; no further question can change it"
    others = f" (to {join_words(standing.could_give, 'or')})" if standing.could_give else ""
    return f"{standing.option}{default}; {_word_remaining(standing.remaining)}{others}"


def word_end(interview: Interview, path: str) -> str:
    """Return how the questionnaire ended: settled, settled but for what nobody knows, or stopped before."""
    standing = interview.standing
    if standing.remaining:
        asks = "it" if standing.remaining == 1 else "them"
        return (
            f"Stopped: {_word_remaining(standing.remaining)}. `ragortune ask {path}` goes on to ask {asks}."
        )
    rest = (
        f" {_count(interview.unasked, 'question')} can change no more than the steps inside it; "
        f"`ragortune ask --all {path}` asks the rest."
        if interview.unasked
        else ""
    )
    if not standing.doubtful:
        return f"Settled: whatever else is found out, the advice stays {standing.option}.{rest}"
    named = join_words([*standing.doubtful[:_MOST_NAMED], *_word_more(standing.doubtful)])
    return (
        f"Nothing is left to ask that can change the advice. What was left open still could, most of all {named}; "
        f"look there first if it can be found out.{rest}"
    )


def _word_more(names: tuple[str, ...]) -> list[str]:
    more = len(names) - _MOST_NAMED
    return [f"{more} more"] if more > 0 else []


def _word_reason(interview: Interview, criterion: Criterion) -> str:
    ranking = interview.ranking
    if all(question.criterion != criterion.id for question in ranking):
        return "This answer cannot change the advice any more; it can change the steps and tests inside it."
    if len(ranking) == 1:
        return "Of all open questions, only this one can still change the advice. Each answer would lead to:"
    return (
        f"Of the {len(ranking)} questions that can still change the advice, this one is expected to bring the end "
        "nearest. Each answer would lead to:"
    )


def _word_remaining(remaining: int) -> str:
    if not remaining:
        return "settled"
    return f"{_count(remaining, 'question')} can still change the answer"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    """Return text with a capital and a full stop."""
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "?", "!")) else f"{start}."
