"""The questionnaire in sentences, laid out for one width: questions, help, reasons for asking, and the end."""

from __future__ import annotations

from ragortune.evidence.answers import accepted_words, choice_labels
from ragortune.evidence.profile import describe_answer
from ragortune.interview import Consequence, Interview
from ragortune.model import Criterion, Recommendation
from ragortune.report.headline import format_probability
from ragortune.report.sheet import Sheet
from ragortune.support.errors import RagortuneError
from ragortune.support.text import clean_text, join_words

_KEYS = "?: help   why: why this question   skip: nobody knows   back   stop"
_WORDS = (
    "Beginnings of names do, words of a description ('by meaning', 'a database'), yes and no where they name one level, "
    "'2,3' for several, and 'weekly to daily' for a range. 'skip' or 'don't know' leaves it unknown, which never counts "
    "as a no. 'why' tells why this is asked now, 'back' takes the last answer back, 'stop' ends with what is known. "
    "Every answer is saved at once."
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
        sheet.add_wrapped(word_advice(interview.advice), "Advice so far  ", style="cyan")
        sheet.add_line()
        number = "" if criterion is interview.offer else f"{interview.asked + 1}. "
        sheet.add_wrapped(clean_text(criterion.question), number, style="bold")
        labels = choice_labels(criterion)
        lines = [
            (f"  {label:>{len(labels[-1])}}  {level.id}", level.means)
            for label, level in zip(labels, criterion.levels, strict=True)
        ]
        _add_pairs(sheet, lines)
        note = _word_note(criterion)
        if note:
            sheet.add_wrapped(clean_text(note), " " * (len(labels[-1]) + 4))
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
        sheet.add_wrapped(clean_text(f"{word_reason(interview, criterion)} Each answer would lead to:"))
        book = interview.advice.rulebook
        _add_pairs(
            sheet,
            [
                (f"  {own.level}", f"{own.option} {format_probability(book, own.probability)}")
                for own in consequences
            ],
        )
        return sheet.getvalue()

    def confirm(self, interview: Interview, criterion: Criterion, width: int) -> str:
        """Return how an answer was understood."""
        understood = describe_answer(interview.profile, criterion)
        several = len(interview.profile.levels.get(criterion.id, ())) > 1
        sheet = self._sheet(width)
        how = " (the main one first)" if criterion.several else " (one of these)"
        told = f"{criterion.id}: {understood}{how if several else ''}"
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


def _word_note(criterion: Criterion) -> str:
    """Return what else a question takes beside one level."""
    if criterion.several:
        return "all that hold, the main one first"
    return f"or a number of {criterion.unit}" if criterion.unit else ""


def word_advice(advice: Recommendation) -> str:
    """Return where the advice stands in a line: the option, its probability, and whether it is firm."""
    if advice.settled:
        state = "settled"
    elif advice.too_little_known:
        state = "the default, as too little is known" if advice.default else "too little is known"
    else:
        state = "firm" if advice.firm else "not firm"
    probability = format_probability(advice.rulebook, advice.probability[advice.option])
    return f"{advice.option} {probability}, {state}"


def word_end(interview: Interview, path: str) -> str:
    """Return how the questionnaire ended, and how to go on: by itself, or stopped before."""
    advice = word_advice(interview.advice)
    if interview.wanted:
        return f"Stopped: {advice}. `ragortune ask {path}` goes on, next with {interview.wanted}."
    if interview.advice.settled:
        end = f"Settled: whatever else is found out, the advice stays {interview.advice.option}."
    elif interview.advice.firm:
        end = f"Done: {advice}. No question that is left is worth asking for the advice."
    else:
        end = f"Done: {advice}. No question that is left is expected to tell much.{_word_doubtful(interview)}"
    if not interview.unasked:
        return end
    return f"{end} Still unknown: {_name_some(interview.unasked)}; `ragortune ask --all {path}` asks for all of it."


def _word_doubtful(interview: Interview) -> str:
    if not interview.doubtful:
        return ""
    return f" What nobody knew could still change it, most of all {_name_some(interview.doubtful)}; look there first."


def _name_some(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMED
    return join_words([*names[:_MOST_NAMED], *([f"{more} more"] if more > 0 else [])])


def word_reason(interview: Interview, criterion: Criterion) -> str:
    """Return why a question is asked now."""
    ranked = [question.criterion for question in interview.ranking]
    if criterion.id in interview.rulebook.scale.ask_first:
        reason = "Every questionnaire begins with this question, because the others depend on it."
    elif ranked == [criterion.id]:
        reason = "Of all open questions, only this one can still change the advice."
    elif criterion.id not in ranked:
        reason = "This answer cannot change the advice any more; it can change the steps and tests inside it."
    elif criterion.id != interview.wanted:
        reason = "This answer is not expected to change the advice much; it can change the steps and tests inside it."
    else:
        reason = f"Of the {len(ranked)} questions that can still change the advice, this one is expected to tell most."
    return reason


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    """Return text with a capital and a full stop."""
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "?", "!")) else f"{start}."
