"""Quotes on which answers rest: read strictly, found again in their documents, reported when they are gone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.evidence.quotes import QuoteFinder, blank_hidden, find_block, plain_text
from ragortune.model import Evidence
from ragortune.support.errors import ProfileError
from ragortune.support.reading import parse_yaml

HANDBOOK = """# Handbook assistant

The handbook changes
**every week**, as [the editors](https://example.org/a_(b)) say.

> Answers must show
> their source.

Latency stays below 12,000 ms. Files are named `by_meaning`.
"""


def find(text, quote, line=None):
    return QuoteFinder(text.split("\n")).find(quote, line)


@pytest.mark.parametrize(
    ("quote", "line", "words"),
    [
        ("The handbook changes every week", 3, "The handbook changes"),
        ("every   week, as the editors", 4, "every week**, as [the editors"),
        ("**every week**", 4, "every week"),
        ("Answers must show their source.", 6, "Answers must show"),
        ("named by_meaning", 9, "named `by_meaning"),
        ("below 12,000 ms", 9, "below 12,000 ms"),
        ("as the editors say", 4, "as [the editors](https://example.org/a_(b)) say"),
    ],
)
def test_a_quote_is_found_whatever_its_wrapping_and_emphasis(quote, line, words):
    found = find(HANDBOOK, quote)

    assert (found[0].line, found[0].quote.strip("*")) == (line, words.strip("*"))


@pytest.mark.parametrize(
    "quote",
    ["The handbook changes every month", "2,000 ms", "12,0", "ever", "handbook change", "", "  ", "**", "\0"],
)
def test_a_quote_that_is_not_whole_is_not_found(quote):
    assert find(HANDBOOK, quote) == ()


def test_of_several_places_the_one_nearest_to_the_old_line_is_taken():
    text = "Prices change daily.\n" * 9

    assert [find(text, "Prices change daily.", line)[0].line for line in (1, 5, 9, 400)] == [1, 5, 9, 9]
    assert find(text, "Prices change daily.")[0].line == 1


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- Prices change daily. -->",
        "<!--\nPrices change daily.\n-->",
        "~~Prices change daily.~~",
        "```ragortune\ndecision: rag # Prices change daily.\n```",
        "- ```ragortune\n  decision: rag # Prices change daily.\n  ```",
        "<!-- Prices change daily.",
    ],
)
def test_words_that_a_reader_does_not_see_support_nothing(hidden):
    assert find(f"# Prices\n\n{hidden}\n", "Prices change daily.") == ()


def test_the_block_in_front_matter_supports_nothing_and_what_follows_it_does():
    text = "---\nragortune:\n  decision: rag # change daily\ntitle: Prices change daily\n---\n"

    assert find(text, "change daily")[0].line == 4
    assert find_block(text.split("\n")).first == 1


def test_code_that_shows_a_comment_hides_nothing():
    assert find("```html\n<!--\n```\nPrices change daily.\n", "Prices change daily.")


def test_the_nearest_passage_is_the_sentence_that_was_changed():
    finder = QuoteFinder(HANDBOOK.replace("every week", "every quarter").split("\n"))

    nearest = finder.find_nearest("The handbook changes every week, as the editors say.", 3)

    assert [part.line for part in nearest] == [3, 4]
    assert nearest[1].quote == "**every quarter**, as [the editors](https://example.org/a_(b)) say."
    assert finder.find_nearest("Completely unrelated words about fishing boats", None) == ()


def test_the_sentence_of_a_quoted_part_is_nearest_among_many_sentences_of_similar_letters():
    others = [
        f"The editors of region {number} meet on Mondays and the talks are long." for number in range(60)
    ]
    changed = "All sheets together are about 140 million tokens (counted in August, expired ones included, i.e. all)."

    (nearest,) = QuoteFinder([*others, changed]).find_nearest(
        "All sheets together are about 14 million tokens", 3
    )

    assert (nearest.line, nearest.quote) == (61, changed)


@pytest.mark.parametrize(
    "text",
    [
        "Prices of `the list <https://example.org/list>`_ change daily.",
        "Prices of the :term:`list` change daily.",
        "Prices of the list [1]_ change daily.",
        "Prices of the list[^age] change daily.",
    ],
)
def test_a_link_a_role_or_a_footnote_that_is_added_leaves_a_quote_as_it_was(text):
    assert find(text, "Prices of the list change daily.")


def test_what_is_quoted_over_the_lines_of_a_block_quotation_has_no_marks_of_it_and_is_found_again():
    text = HANDBOOK.replace("> their", "> > their")
    quote = " ".join(part.quote for part in find(text, "Answers must show their source."))

    assert quote == "Answers must show their source."
    assert len(find(text, quote)) == 2


def test_a_line_that_ends_with_a_backslash_for_a_break_is_found_as_it_is_written():
    assert find("Answers name\\\ntheir source.", "Answers name\\")


words = st.text(alphabet=st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=60)


@given(st.lists(words, min_size=1, max_size=12), words)
def test_what_is_found_is_an_exact_piece_of_its_line(lines, quote):
    lines = [part for line in lines for part in line.split("\n")]

    for passage in QuoteFinder(lines).find(quote):
        assert lines[passage.line - 1][passage.column - 1 :].startswith(passage.quote)
        assert passage.quote
    assert [len(line) for line in blank_hidden(lines)] == [len(line) for line in lines]


@given(
    st.lists(
        st.sampled_from(["weekly", "prices", "*", "_", " ", "`", "[", "](x)", "\n", "> ", "~~"]), max_size=14
    )
)
def test_a_document_without_hidden_parts_holds_itself(parts):
    text = "".join(parts)

    if "~~" not in text and any(map(str.isalnum, plain_text(text))):
        assert QuoteFinder(text.split("\n")).find(text)


# --- in profiles --------------------------------------------------------------------------------------------------


def read(vocabulary, text):
    document = parse_yaml(text, "p.yaml")
    return vocabulary.read_profile(document.data, document)


QUOTED = 'knowledge: {volatility: {value: weekly, evidence: {document: a.md, line: 3, quote: "every week"}}}'


def test_a_profile_may_quote_a_document(vocabulary):
    profile = read(vocabulary, QUOTED)

    evidence = profile.answers["knowledge.volatility"].evidence
    assert (evidence.document, evidence.line, evidence.quote) == ("a.md", 3, "every week")
    assert str(evidence) == 'a.md:3: "every week"'


def test_numbers_for_costs_may_rest_on_quotes_too(vocabulary):
    text = "quantities: {requests_per_day: {value: 150, evidence: {quote: 150 requests a day}}}"

    assert isinstance(read(vocabulary, text).quantities["requests_per_day"].evidence, Evidence)


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        ("{line: 3}", "p.yaml:1:58: 'evidence' has no 'quote'"),
        ("{quote: ''}", "p.yaml:1:66: 'quote' must be text, not ''"),
        ("{quote: [a]}", "p.yaml:1:66: 'quote' must be text, not a list"),
        ("{quote: a, line: 0}", "p.yaml:1:75: 'line' must be a whole number from 1 on, not 0"),
        ("{quote: a, line: '3'}", "p.yaml:1:75: 'line' must be a whole number from 1 on, not '3'"),
        ("{quote: a, file: b}", "p.yaml:1:69: 'evidence' has no 'file'; it holds document, line and quote"),
        ('{quote: "a\\0b"}', "p.yaml:1:66: 'quote' holds a NUL character"),
    ],
)
def test_a_quote_is_read_strictly(vocabulary, evidence, message):
    with pytest.raises(ProfileError) as error:
        read(vocabulary, f"knowledge: {{volatility: {{value: weekly, evidence:        {evidence}}}}}")

    assert str(error.value).split("\n")[0] == message


# --- in check -----------------------------------------------------------------------------------------------------

RECORD = """# 7. Price desk

```ragortune
decision: rag
evidence: {line: 11, quote: We will build retrieval over the price list.}
profile:
  knowledge:
    volatility: {value: weekly, evidence: {line: 13, quote: The list changes every week.}}
```

We will build retrieval over the price list.

The list changes every week.
"""


def gone(run, *arguments):
    result = run("check", *arguments, "--format", "json", "--select", "evidence-gone")
    findings = [found for doc in json.loads(result.out)["documents"] for found in doc["findings"]]
    return result, findings


def test_a_team_that_changes_the_sentence_has_to_look_at_its_decision_again(run, write):
    assert gone(run, write("7.md", RECORD))[0].code == 0

    write("7.md", RECORD.replace("changes every week.\n", "changes once a year.\n"))
    result, (finding,) = gone(run, "7.md")

    assert (result.code, finding["code"], finding["severity"], finding["line"]) == (1, "RT006", "error", 8)
    assert 'knowledge.volatility: weekly rests on "The list changes every week."' in finding["message"]
    assert 'nearest is line 13: "The list changes once a year."' in finding["message"]


def test_a_team_reads_on_one_screen_what_a_long_sentence_says_now(run, write):
    sentence = (
        "The list changes every week except in the quiet weeks between the holidays and the fair in spring."
    )
    record = RECORD.replace("The list changes every week.", sentence)
    head, _, tail = record.rpartition("fair in spring")
    shown = run("check", write("7.md", f"{head}fair in autumn{tail}")).out

    assert "between the holidays and the fair in autumn." in " ".join(shown.split())


def test_a_team_that_moves_rewraps_or_stresses_the_sentence_has_not(run, write):
    head, _, tail = RECORD.rpartition("The list changes every week.")
    write("7.md", head + "More on the list.\n\nThe list changes\n**every** _week_." + tail)

    assert gone(run, "7.md")[0].code == 0


def test_the_quote_of_the_decision_counts_as_well(run, write):
    write("7.md", RECORD.replace("\nWe will build retrieval over", "\nWe will build nothing over"))

    assert "decision: rag rests on" in gone(run, "7.md")[1][0]["message"]


def test_a_block_may_quote_another_document_of_its_repository(run, write):
    block = "volatility: {value: weekly, evidence: {document: ../facts.md, quote: changes every week}}"
    write(".git/HEAD", "x")
    write("facts.md", "The list changes every week.\n")
    write("docs/7.md", f"```ragortune\ndecision: rag\nprofile:\n  knowledge:\n    {block}\n```\n")
    assert gone(run, "docs/7.md")[0].code == 0

    write("facts.md", "The list changes every month.\n")
    assert "no longer in ../facts.md" in gone(run, "docs/7.md")[1][0]["message"]


def test_a_quote_from_a_comment_of_another_restructuredtext_document_supports_nothing(run, write):
    block = "volatility: {value: weekly, evidence: {document: facts.rst, quote: changes every week}}"
    write(".git/HEAD", "x")
    write("facts.rst", "The list of prices.\n\n.. It changes every week.\n")
    write("7.md", f"```ragortune\ndecision: rag\nprofile:\n  knowledge:\n    {block}\n```\n")

    assert "no longer in facts.rst" in gone(run, "7.md")[1][0]["message"]


@pytest.mark.parametrize("document", ["../../outside.md", "/etc/passwd", "missing.md", "."])
def test_a_document_that_cannot_be_read_or_lies_outside_is_an_error(run, write, document):
    block = f"volatility: {{value: weekly, evidence: {{document: {document}, quote: root}}}}"
    write(".git/HEAD", "x")
    write("docs/7.md", f"```ragortune\ndecision: rag\nprofile:\n  knowledge:\n    {block}\n```\n")

    result, _ = gone(run, "docs/7.md")

    assert result.code == 2
    assert "docs/7.md:5" in result.err


def test_a_profile_file_is_held_against_what_it_quotes(run, write):
    write(
        "docs/7.md",
        "# Desk\n\nWe will build retrieval over the price list.\n\nThe list changes every week.\n",
    )
    write(
        "facts.yaml",
        QUOTED.replace("a.md", "docs/7.md").replace('"every week"', "The list changes every week."),
    )
    assert gone(run, "docs/7.md", "--profile", "facts.yaml")[0].code == 0

    write("docs/7.md", "# Desk\n\nWe will build retrieval over the price list.\n")
    result, (finding,) = gone(run, "docs/7.md", "--profile", "facts.yaml")
    assert result.code == 1
    assert "(facts.yaml:1:" in finding["message"]


def test_a_profile_that_quotes_no_document_cannot_be_checked(run, write):
    write("7.md", RECORD)
    write("facts.yaml", "knowledge: {volatility: {value: weekly, evidence: {quote: every week}}}")

    result = run("check", "7.md", "--profile", "facts.yaml")

    assert result.code == 2
    assert "names no document" in result.err


def test_a_record_that_is_no_longer_about_models_is_held_to_its_quotes(run, write):
    block = RECORD[RECORD.index("```ragortune") : RECORD.index("\nWe will")].replace("decision: rag\n", "")
    write("7.md", f"# Bread\n\n{block}\nMix flour and water.\n")

    assert gone(run, "7.md")[0].code == 1


def test_a_suppression_silences_a_quote_that_is_gone(run, write):
    silence = "<!-- ragortune: ignore[evidence-gone] because the list is being rewritten -->\n"
    changed = RECORD.replace("changes every week.\n", "changes once a year.\n")
    write("7.md", changed.replace("# 7. Price desk\n", f"# 7. Price desk\n\n{silence}"))

    assert gone(run, "7.md")[0].code == 0


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("The cafe\u0301 opens at noon.", "The caf\u00e9 opens"),
        ("The caf\u00e9 opens at noon.", "The cafe\u0301 opens"),
        ("Line<br>break here.", "Line break here"),
        ("A&nbsp;wrong answer costs.", "A wrong answer"),
        ("A wrong\\\nanswer costs.", "A wrong answer"),
        ("A wrong <!-- very -->\nanswer costs.", "A wrong answer"),
        ("A wrong ~~reply~~ answer costs.", "A wrong answer costs"),
        ("A wrong ~~reply~~ answer costs.", "A wrong ~~reply~~ answer costs"),
    ],
)
def test_a_quote_is_found_however_its_letters_and_spaces_are_written(text, quote):
    assert find(text, quote)
    assert find(f"{text}\nAnd more.", "And more")[0].line == text.count("\n") + 2


@pytest.mark.parametrize(
    ("text", "quote", "parts"),
    [
        ("We use <!-- for\nnow --> search.", "We use search.", [(1, 1, "We use"), (2, 9, "search.")]),
        ("Our desk\n========\nWe search.", "Our desk ======== We", [(1, 1, "Our desk"), (3, 1, "We")]),
        ("We use\n<!-- no -->\n  search.", "We use search.", [(1, 1, "We use"), (3, 3, "search.")]),
    ],
)
def test_what_is_found_are_words_that_a_reader_sees(text, quote, parts):
    found = find(text, quote)

    assert [(span.line, span.column, span.quote) for span in found] == parts
    assert all(find(text, span.quote) for span in found)


@pytest.mark.parametrize(
    ("above", "before", "indent"),
    [
        ("", "1. ", "   "),
        ("", "> ", "> "),
        ("> ```\n> an open fence\n\n", "", ""),
        ("- ```\n  an open fence\n\n", "", ""),
        ("```\n    ``` too deep\n```\n", "", ""),
        ("~~~ tildes`\ncode\n~~~\n", "", ""),
    ],
)
def test_a_block_is_no_evidence_of_itself_whatever_stands_above(above, before, indent):
    block = f"{before}```ragortune\n{indent}notes: the prices change\n{indent}```\n"
    finder = QuoteFinder(f"{above}{block}\nA text.\n".split("\n"))

    assert finder.find("the prices change") == ()
    assert finder.find("A text")


@pytest.mark.parametrize(
    "above", ["> ```\n> an open fence\n\n", "- ```\n  an open fence\n\n", "~~~ a`\ncode\n~~~\n"]
)
@pytest.mark.parametrize(
    "comment",
    ["<!-- the prices change -->", "Now <!-- the prices\nchange --> text", "[//]: # (the prices change)"],
)
def test_a_comment_supports_nothing_whatever_stands_above(above, comment):
    assert QuoteFinder(f"{above}{comment}\n".split("\n")).find("the prices change") == ()
