"""How words are meant and whom they are about: cues act forward, backward or on the sentence, and not beyond a stop."""

import pytest

from ragortune.evidence.documents.reader import reader_for
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.evidence.documents.tokens import cut_text
from ragortune.model.documents import Meaning
from ragortune.ruleset.load import load_rulebook

READER = reader_for(load_rulebook())


def meanings(text, words):
    """Return how words are meant where they first occur in a text."""
    document = read_sentences(text, READER.marker.language)
    wanted = tuple(words.casefold().split())
    for marked in READER.mark(document.sentences):
        told = cut_text(marked.sentence.text).words
        for start in range(len(told) - len(wanted) + 1):
            if told[start : start + len(wanted)] == wanted:
                return marked.meanings_at(start, start + len(wanted))
    raise AssertionError(f"{words!r} is not in {text!r}")


@pytest.mark.parametrize(
    ("text", "words", "meaning"),
    [
        ("We will use RAG rather than fine-tuning.", "fine tuning", Meaning.REJECTED),
        ("We use RAG, not fine-tuning.", "fine tuning", Meaning.NEGATED),
        ("Fine-tuning was rejected.", "Fine tuning", Meaning.REJECTED),
        ("Tuning is not needed for now.", "Tuning", Meaning.NEGATED),
        ("If the corpus is small, use search.", "search", Meaning.HYPOTHETICAL),
        ("Should we tune a model?", "tune", Meaning.HYPOTHETICAL),
        ("Adapters are planned for next year.", "Adapters", Meaning.FUTURE),
        ("The old system retrieved pages.", "retrieved pages", Meaning.PAST),
        ("Most teams retrieve passages.", "passages", Meaning.OTHER_SYSTEM),
        ("You can retrieve passages.", "passages", Meaning.GUIDELINE),
        ("For example, a bank retrieves pages.", "pages", Meaning.EXAMPLE),
        ("The embedding model answers in 50 ms.", "<duration>", Meaning.COMPONENT),
        ("Answers must take < 2 s.", "<duration>", Meaning.GOAL),
        ("- **Measured**: 2 s per answer", "<duration>", Meaning.MEASURED),
        ("# T\n\n## Non-Goals\n\n- Tuning", "Tuning", Meaning.NEGATED),
        ("# T\n\n## Future work\n\n- Tuning", "Tuning", Meaning.FUTURE),
        ("# T\n\n## Alternatives\n\n- Tuning", "Tuning", Meaning.REJECTED),
    ],
)
def test_words_are_meant_as_the_sentence_and_its_section_mean_them(text, words, meaning):
    assert meaning in meanings(text, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We will use RAG rather than fine-tuning.", "RAG"),
        ("We use RAG, not fine-tuning.", "RAG"),
        ("We do not tune the model, but it searches.", "searches"),
        ("It not only searches, it also cites.", "searches"),
        ("In phase 2 of the pipeline passages are ranked.", "passages"),
        ("The plan is written; the system retrieves pages.", "pages"),
        ("The answers are short because retraining is slow.", "answers"),
        ("# Trade-offs\n\nThe index is large.", "index"),
    ],
)
def test_a_cue_says_nothing_about_words_outside_of_its_scope(text, words):
    assert not meanings(text, words) & {
        Meaning.NEGATED,
        Meaning.REJECTED,
        Meaning.FUTURE,
        Meaning.HYPOTHETICAL,
    }


def test_a_wording_that_holds_its_own_cue_is_not_changed_by_it():
    assert Meaning.NEGATED not in meanings("No data leaves the plant.", "no data leaves")


def test_the_longest_cue_counts():
    assert Meaning.NEGATED in meanings("We do not search.", "search")
    assert Meaning.NEGATED not in meanings("We use not only search.", "search")
