"""The price data: every row sourced and dated, slips of the comma refused, ages told, and the optional package."""

import json
import re

import pytest

from ragortune.model import PriceRow
from ragortune.model.prices import Confidence, PriceBook, PriceValue, check_row
from ragortune.ruleset.load import load_rulebook
from ragortune.support.errors import RulebookError

DAY = ("--as-of", "2026-11-24")


def row(kind="chat_model", **values):
    return PriceRow(
        id="x",
        kind=kind,
        title="X",
        as_of="2026-11-01",
        source="genai-prices",
        confidence=Confidence.HIGH,
        values={name: PriceValue(*value) for name, value in values.items()},
    )


BOOK = load_rulebook()


def complaints(found):
    return [error.message for _, error in check_row(found, BOOK.price_kinds)]


GOOD = {"in": (0.1, "USD/mtok"), "out": (0.5, "USD/mtok"), "window": (128_000, "tokens")}


def test_every_shipped_row_is_in_order(book):
    for found in book.prices.values():
        assert complaints(found) == []
        assert found.source in book.sources


MEASURED_SHARES = {f"accuracy_{way}" for way in ("prompting", "long_context", "rag", "fine_tuning", "both")}


def test_every_quantity_that_can_be_missing_has_a_default(book):
    kinds = book.quantities
    needed = set(kinds) - {
        "requests_per_day", "corpus_tokens", "examples", "own_parameters", "cache_hit", "context_tokens",
        "first_token_budget", "answer_budget", "wrong_answer_cost",
    }  # fmt: skip
    for name in needed:
        if kinds[name].unit and name not in MEASURED_SHARES:
            default = book.prices[name].values["value"]
            assert default.unit == kinds[name].unit
            assert kinds[name].minimum <= default.value <= kinds[name].maximum


def test_each_kind_of_row_has_enough_rows(book):
    counts = {kind: sum(found.kind == kind for found in book.prices.values()) for kind in book.price_kinds}

    assert counts["chat_model"] >= 10
    assert counts["tuning_offer"] >= 10
    assert counts["embedding_model"] >= 5
    assert counts["reranker"] >= 4
    assert counts["vector_store"] >= 7
    assert counts["accelerator"] >= 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"out": (3200, "USD/mtok")}, "'out' must be from 0.002 to 800 USD/mtok, not 3200"),
        ({"in": (0, "USD/mtok")}, "'in' must be from 0.002 to 200 USD/mtok, not 0"),
        ({"in": (0.1, "USD/ktok")}, "'in' is given in USD/mtok, not in 'USD/ktok'"),
        ({"batch": (12.5, "times")}, "'batch' must be from 0.05 to 1 times, not 12.5"),
        ({"inn": (1, "USD/mtok")}, "a chat_model has no value 'inn'"),
        ({"in": (0.1, "USD/mtok", 0.2, 0.3)}, "'in' is not between its low and high"),
        ({"in": (0.1, "USD/mtok", 0.1, 0.1, "May")}, "'as_of' must be a date, YYYY-MM-DD, not 'May'"),
    ],
)
def test_slips_that_public_price_lists_have_are_refused(change, message):
    assert message in complaints(row(**{**GOOD, **change}))


def test_an_embedding_model_at_a_hundred_dollars_is_a_slip():
    found = row("embedding_model", **{"in": (100, "USD/mtok"), "dimensions": (384, "times")})

    assert "'in' must be from 0.0005 to 2 USD/mtok, not 100" in complaints(found)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (row("chat_modle", **GOOD), "'kind' must be chat_model"),
        (row(**{name: GOOD[name] for name in ("in", "out")}), "'window' is missing"),
        (row("reranker"), "'search' or 'in' is missing"),
        (row("constant"), "'value' is missing"),
        (row("constant", value=(3, "furlongs")), "'furlongs' is not a unit"),
        (row(**GOOD).replace(as_of="yesterday"), "'as_of' must be a date"),
        (row(**GOOD).replace(available_until="2026-13-01"), "'available_until' must be a date"),
    ],
)
def test_a_row_that_cannot_be_is_refused(found, message):
    assert any(message in complaint for complaint in complaints(found))


def test_a_row_is_as_old_as_its_oldest_value(book):
    found = row(**{**GOOD, "out": (0.5, "USD/mtok", None, None, "2026-01-01")})
    rows = {"x": found, "y": row("constant", value=(1, "s"))}
    (age,) = PriceBook(rows, book.price_kinds).find_ages(rows, "2026-11-24")

    assert age.days == 327
    assert age.stale


# --- in rule sets -------------------------------------------------------------------------------------------------

PACK = "name: ours\nversion: '1'\nextends: ragortune\n"
ROW = """prices:
  - id: {id}
    kind: chat_model
    title: Ours
    as_of: 2026-11-01
    source: genai-prices
    confidence: high
    values:
      in: {{value: {price}, unit: USD/mtok}}
      out: {{value: 2, unit: USD/mtok}}
      window: {{value: 100000, unit: tokens}}
"""


@pytest.fixture
def team(tmp_path):
    folder = tmp_path / "team"
    (folder / "prices").mkdir(parents=True)
    (folder / "rulebook.yaml").write_text(PACK)
    (folder / "prices" / "ours.yaml").write_text(ROW.format(id="ours", price=1))
    return folder


def test_a_rule_pack_adds_prices_and_overrides_them(team, book):
    assert set(load_rulebook(team).prices) == {*book.prices, "ours"}
    (team / "prices" / "ours.yaml").write_text(ROW.format(id="gpt-6-luna", price=1))

    assert load_rulebook(team).prices["gpt-6-luna"].title == "Ours"


def test_prices_are_no_part_of_the_digest(pack, book):
    (pack / "prices" / "rerankers.yaml").unlink()
    copy = load_rulebook(pack)

    assert copy.digest == book.digest
    assert len(copy.prices) < len(book.prices)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: 1,", "value: 1000,", "ours.yaml:9:11: 'in' must be from 0.002 to 200 USD/mtok, not 1000"),
        ("genai-prices", "hearsay", "ours.yaml:6:13: there is no source 'hearsay'"),
        ("kind: chat_model", "kind: chat_modl", "ours.yaml:3:11: 'kind' must be chat_model"),
        (
            "confidence: high",
            "confidence: hihg",
            "'prices.0.confidence' must be high, medium or low, not 'hihg'",
        ),
    ],
)
def test_a_price_that_cannot_be_has_a_place(team, old, new, message):
    path = team / "prices" / "ours.yaml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team)

    assert any(message in str(problem) for problem in caught.value.problems)


def test_a_derived_criterion_is_named_derived_and_no_other_is(team):
    (team / "derived").mkdir()
    (team / "derived" / "ours.yaml").write_text(
        "derived:\n  - {id: team.size, title: t, question: q, help: h, levels: [{id: a, means: a}]}\n"
    )
    with pytest.raises(RulebookError, match=r"is not named `derived\.name`"):
        load_rulebook(team)


def test_derived_criteria_are_not_asked(book):
    assert set(book.derived) == {
        "derived.cheapest", "derived.cheapest_factor", "derived.latency_budget", "derived.payback",
    }  # fmt: skip
    assert not set(book.derived) & set(book.criteria)


# --- the commands -------------------------------------------------------------------------------------------------


def test_the_list_names_every_row_with_its_age(run, book):
    out = run("prices", "list", *DAY).out

    assert re.search("gpt-6-luna +2026-11-22, 2 days, high: in 0.1 USD/mtok", out)
    assert out.endswith(f"{len(book.prices)} rows\n")
    assert max(map(len, out.splitlines())) <= 80


def test_the_list_fits_a_pull_request(run):
    out = run("prices", "list", *DAY, "--format", "markdown").out

    assert "- **gpt-6-luna:** 2026-11-22, 2 days, high: in 0.1 USD/mtok" in out


def test_a_row_is_shown_with_its_sources_and_its_end(run):
    out = run("prices", "show", "openai-gpt-4.1", *DAY).out

    assert "last jobs   2027-01-06" in out
    assert "retired     2027-01-14" in out
    assert "train 25 USD/mtok" in out
    assert "LiteLLM price map" in out
    assert "# GPT-4.1 tuned, OpenAI" in run("prices", "show", "openai-gpt-4.1", "--format", "markdown").out
    assert json.loads(run("prices", "show", "h100", "--format", "json").out)["values"]["hour"]["low"] == 1.99


def test_a_row_that_is_not_there_names_the_nearest(run):
    assert "did you mean 'h100'?" in run("prices", "show", "h10").err
    assert "there is no price row 'zzzzzz'" in run("prices", "show", "zzzzzz").err


def test_check_names_what_is_old_and_what_ends(run):
    result = run("prices", "check", *DAY)

    assert result.code == 1
    assert "h100: stale: is 207 days old; look it up again after 90" in result.out
    assert "openai-gpt-4.1: ends: takes its last jobs on 2027-01-06, in 43 days" in result.out


def test_check_names_what_is_past_and_what_is_dated_ahead(run):
    late, early = (
        run("prices", "check", "--as-of", "2027-02-01").out,
        run("prices", "check", "--as-of", "2026-01-01").out,
    )

    assert "openai-gpt-4.1: ended: is retired on 2027-01-14, which has passed" in late
    assert "gpt-6-luna: future: is dated 325 days after 2026-01-01" in early


def test_check_speaks_json(run):
    found = json.loads(run("prices", "check", *DAY, "--format", "json").out)

    assert {"name", "place", "message", "hint"} == set(found[0])
    assert "h100" in [finding["place"]["path"] for finding in found]


def test_a_price_file_that_cannot_be_read_has_a_place(run, write):
    write("prices.yaml", ROW.format(id="ours", price=1000))
    result = run("prices", "check", "--prices", "prices.yaml")

    assert (result.code, result.out) == (2, "")
    assert "error: prices.yaml:9:11: 'in' must be from" in result.err


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        ("confidence: hihg", "'prices.0.values.in.confidence' must be high, medium or low"),
        ("unti: USD", "there is no key 'unti' here\nhint: did you mean 'unit'?"),
    ],
)
def test_a_slip_inside_a_price_is_told(run, write, slip, message):
    row = ROW.format(id="ours", price=1)
    write("prices.yaml", re.sub(r"(in: *\{[^}]*)\}", rf"\1, {slip}}}", row))

    result = run("prices", "check", "--prices", "prices.yaml")

    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_model_without_a_price_is_an_error(run):
    text = b"knowledge.gap: none\nquantities: {requests_per_day: 100, model: [nobodys-model]}\n"
    result = run("cost", "-", *DAY, stdin=text)

    assert result.code == 2
    assert "there is no chat model 'nobodys-model'" in result.err


def test_a_row_that_a_price_file_has_twice_is_told(run, write):
    row = ROW.format(id="ours", price=1)
    write("prices.yaml", row + row.partition("prices:\n")[2])

    result = run("prices", "check", "--prices", "prices.yaml")

    assert (result.code, result.out) == (2, "")
    assert "price row 'ours' is defined twice" in result.err
