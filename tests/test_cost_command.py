"""`cost` as teams run it: whole outputs, every format, overrides, and what is said about input that cannot be."""

import json
import os
import re

import pytest

from .conftest import ROOT

SCENARIOS = sorted((ROOT / "examples" / "cost").glob("*.yaml"))
SNAPSHOTS = ROOT / "tests" / "snapshots"
DAY = ("--as-of", "2026-11-24")
SMALL = b"""project: Small
knowledge: {gap: none}
performance: {volume: 1000}
quantities: {model: gpt-6-luna}
"""


def agree(name, text):
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_text_report_of_each_scenario_is_the_one_agreed_on(run, path):
    result = run("cost", path, *DAY, "--full", columns=80)

    assert (result.code, result.err) == (0, "")
    assert all(len(line) <= 80 for line in result.out.splitlines())
    agree(f"cost-{path.stem}.txt", result.out)


def test_the_markdown_report_is_the_one_agreed_on(run):
    agree("cost-1.md", run("cost", SCENARIOS[0], *DAY, "--format", "markdown").out)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_json_holds_everything_and_no_number_that_is_none(run, path):
    result = run("cost", path, *DAY, "--format", "json")
    found = json.loads(result.out, parse_constant=pytest.fail)

    assert found["schema"] == "ragortune/cost/1"
    assert (found["as_of"], found["seed"], found["draws"]) == ("2026-11-24", 0, 10_000)
    assert {own["id"] for own in found["options"]} >= {found["cheapest"]}
    assert all(own["source"] for own in found["inputs"] if own["origin"] in ("default", "price"))
    assert all(own["as_of"] for own in found["prices"])


@pytest.mark.parametrize("width", [70, 80, 100])
def test_no_line_is_wider_than_the_terminal(run, width):
    out = run("cost", SCENARIOS[2], *DAY, columns=width).out

    assert max(map(len, out.splitlines())) <= width


def test_a_terminal_without_unicode_gets_ascii(run):
    options = ("--full", "--color", "never")
    out = run("cost", SCENARIOS[2], *DAY, *options, terminal="ascii").out

    assert out.isascii()
    assert "|" in out
    assert "\\u" not in out


def test_colour_changes_nothing_but_colour(run):
    import re

    plain = run("cost", SCENARIOS[1], *DAY).out
    coloured = run("cost", SCENARIOS[1], *DAY, "--color", "always").out

    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_profile_comes_from_stdin(run):
    result = run("cost", "-", *DAY, stdin=SMALL)

    assert result.code == 0
    assert "prompting/gpt-6-luna" in result.out


def test_the_same_day_and_seed_give_the_same_bytes(run):
    first, again, other = (run("cost", SCENARIOS[0], *DAY, "--seed", seed).out for seed in ("3", "3", "4"))

    assert first == again != other


def test_another_price_is_used_from_the_command_line(run):
    half = run("cost", "-", *DAY, "--price", "gpt-6-luna.out=0.25", "--format", "json", stdin=SMALL)
    whole = run("cost", "-", *DAY, "--format", "json", stdin=SMALL)
    before, after = (
        json.loads(result.out)["options"][0]["lines"]["model tokens"] for result in (whole, half)
    )

    assert after < before


def test_a_price_file_adds_models_and_overrides_rows(run, write):
    write(
        "prices.yaml",
        "prices:\n"
        "  - {id: house-model, kind: chat_model, title: Our own, as_of: 2026-11-01, source: contract,\n"
        "     confidence: high, values: {in: {value: 0.2, unit: USD/mtok}, out: {value: 0.4, unit: USD/mtok},\n"
        "     window: {value: 100000, unit: tokens}, first_token_p50: {value: 300, unit: ms},\n"
        "     first_token_p95: {value: 600, unit: ms}}}\n",
    )
    result = run(
        *("cost", "-", *DAY, "--full", "--prices", "prices.yaml"),
        stdin=SMALL.replace(b"gpt-6-luna", b"house-model"),
    )

    assert result.code == 0
    assert "prompting/house-model" in result.out
    assert "2026-11-01; high; contract" in result.out


def test_a_model_without_measured_times_takes_those_of_its_like(run, write):
    write(
        "prices.yaml",
        "prices:\n"
        "  - {id: house-model, kind: chat_model, title: Our own, as_of: 2026-11-01, source: contract,\n"
        "     confidence: high, values: {in: {value: 0.2, unit: USD/mtok}, out: {value: 0.4, unit: USD/mtok},\n"
        "     window: {value: 100000, unit: tokens}}}\n",
    )
    result = run(
        "cost", "-", *DAY, "--prices", "prices.yaml", stdin=SMALL.replace(b"gpt-6-luna", b"house-model")
    )

    assert result.code == 0
    assert (
        "hosted-first-token"
        in run(
            "cost",
            "-",
            *DAY,
            "--prices",
            "prices.yaml",
            "--format",
            "json",
            stdin=SMALL.replace(b"gpt-6-luna", b"house-model"),
        ).out
    )


@pytest.mark.parametrize(
    ("quantities", "message"),
    [
        (
            "requests_per_day: -5",
            "profile.yaml:2:32: 'requests_per_day' must be from 0.01 to 10,000,000,000 (requests/day), not -5",
        ),
        ("requests_per_day: 0", "'requests_per_day' must be from 0.01 to"),
        ("requests_per_day: 1e300", "'requests_per_day' must be from 0.01 to"),
        ("requests_per_day: true", "must be a number of requests/day, not true"),
        ("requests_per_day: 800 ms", "'requests_per_day': 'ms' is not a unit for requests/day"),
        ("wrong_answer_cost: 4 EUR/request", "amounts are in USD; 'EUR' has to be converted"),
        (
            "answer_tokens: {from: 1 tokens/request, to: 2 s}",
            "'answer_tokens': 's' is not a unit for tokens/request",
        ),
        ("answer_tokens: {from: 500, to: 100}", "or the range ends before it begins"),
        ("answer_tokens: {low: 500}", "has one end of a range; 'high' is missing"),
        ("answer_tokens: {high: 500}", "has one end of a range; 'low' is missing"),
        ("answer_tokens: {low: 1, high: 5, from: 3}", "has both from/to and low/high"),
        ("answer_tokens: {evidence: a}", "has no 'value'"),
        ("answer_tokens: {value: 3, source: dreamt}", "'source' must be answered, stated"),
        ("answer_tokens: {value: 3, evidence: [1]}", "'evidence' must be text or a quote, not a list"),
        (
            "answer_tokens: {valu: 3}",
            "'answer_tokens' has no 'valu'; it holds value, low, high, from, to, source, evidence and as_of\nhint: did you mean 'value'?",
        ),
        ("answer_token: 3", "there is no quantity 'answer_token'\nhint: did you mean 'answer_tokens'?"),
        ("passages: 2.5", "must be a whole number of passages"),
        (
            "model: gpt-6-lunar",
            "there is no chat model 'gpt-6-lunar' in the price data\nhint: did you mean 'gpt-6-luna'?",
        ),
        ("model: [gpt-6-luna, gpt-6-luna]", "'model' names 'gpt-6-luna' twice"),
        ("model: 3", "'model' must be a name, not 3"),
        ("model: []", "'model' names nothing"),
        ("vector_store: [pinecone, upstash]", "takes one name, not a list"),
        ("cache: 10m", "'cache' must be auto, none, 5m or 1h, not '10m'"),
        ("instruction_tokens: 1e7", None),
    ],
)
def test_input_that_cannot_be_gets_a_clear_error(run, write, quantities, message):
    write("profile.yaml", f"performance.volume: 10\nquantities: {{{quantities}}}\n")
    result = run("cost", "profile.yaml", *DAY)
    if message is None:
        assert result.code == 0
        return

    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert "profile.yaml:2:" in result.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "performance.volume: 3000\nquantities: {requests_per_day: 2000}\n",
            "'requests_per_day' says 2,000 requests/day, which is medium, and 'performance.volume' says 3,000 requests",
        ),
        (
            "performance.volume: high\nquantities: {requests_per_day: 2000}\n",
            "which is medium, and 'performance.volume' says high",
        ),
        (
            "knowledge.size: tiny\nquantities: {corpus_tokens: {from: 60000, to: 300000}}\n",
            "which is small or medium, and 'knowledge.size' says tiny",
        ),
        (
            "performance.latency: 900\nquantities: {answer_budget: 0.8 s}\n",
            ", and 'performance.latency' says 900 ms",
        ),
        (
            "data.examples: 100\nquantities: {examples: 200}\n",
            ", and 'data.examples' says 100 examples",
        ),
    ],
)
@pytest.mark.parametrize("command", ["cost", "recommend"])
def test_a_number_that_is_given_twice_has_to_agree(run, write, command, text, message):
    write("profile.yaml", text)
    result = run(command, "profile.yaml")

    assert (result.code, result.out) == (2, "")
    assert "error: profile.yaml:2:" in result.err
    assert message in result.err


@pytest.mark.parametrize(
    "text",
    [
        "performance.volume: 2000\nquantities: {requests_per_day: 2000}\n",
        "performance.volume: 2000\nquantities: {requests_per_day: {from: 1500, to: 2500}}\n",
        "performance.volume: medium\nquantities: {requests_per_day: 2000}\n",
        "performance.volume: [low, medium]\nquantities: {requests_per_day: 2000}\n",
        "quantities: {requests_per_day: 2000, corpus_tokens: unknown, model: null}\n",
    ],
)
def test_a_number_that_agrees_is_fine(run, write, text):
    write("profile.yaml", text)

    assert run("cost", "profile.yaml", *DAY).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--price", "gpt-6-luna.out"), "--price takes NAME.VALUE=NUMBER"),
        (("--price", "gpt-6-lunar.out=1"), "there is no price row 'gpt-6-lunar'"),
        (("--price", "gpt-6-luna.uot=1"), "a chat_model has no value 'uot'"),
        (("--price", "gpt-6-luna.out=-1"), "'out' must be from"),
        (("--price", "gpt-6-luna.out=cheap"), "'cheap' is not a number of USD/mtok"),
        (("--price", "gpt-6-luna.out=1_0"), "'1_0' is not a number of USD/mtok"),
        (("--price", "gpt-6-luna.out=nan"), "'out' must be from"),
        (("--as-of", "tomorrow"), "--as-of must be a date, YYYY-MM-DD, not 'tomorrow'"),
        (("--format", "yaml"), "--format must be text, json, markdown or html"),
        (("--prices", "none.yaml"), "no such file"),
    ],
)
def test_an_argument_that_cannot_be_gets_a_clear_error(run, arguments, message):
    result = run("cost", "-", *arguments, stdin=SMALL)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_default_can_be_overridden_like_a_price(run):
    result = run("cost", "-", *DAY, "--price", "answer_tokens.value=10", "--format", "json", stdin=SMALL)
    found = {own["name"]: own for own in json.loads(result.out)["inputs"]}

    assert found["answer_tokens"]["mid"] == 10


def test_many_profiles_at_once_are_a_usage_error(run, write):
    result = run("cost", write("many.jsonl", "{}\n"))

    assert (result.code, result.out) == (2, "")
    assert "takes one profile" in result.err


def test_nothing_from_a_profile_reaches_the_terminal_as_a_command(run):
    text = (
        b'{"project": "a\\u001b[31mb [red]|<b>", "performance": {"volume": 10}, "knowledge": {"gap": "none"}}'
    )
    for form in ("text", "markdown"):
        out = run("cost", "-", *DAY, "--format", form, stdin=text).out
        assert "\x1b" not in out
    assert "<b>" not in run("cost", "-", *DAY, "--format", "markdown", stdin=text).out


def test_recommend_says_what_the_numbers_add(run):
    out = run("recommend", "--full", SCENARIOS[1], *DAY).out

    assert "Q04 A prompt without an index costs clearly less" in out


def test_recommend_judges_quantities_on_the_day_that_is_named(run):
    late = run("recommend", "--full", SCENARIOS[1], "--as-of=2028-06-01")

    assert "Q04" not in late.out
    assert run("recommend", SCENARIOS[1], "--as-of", "soon").err.startswith("error: --as-of must be a date")


def test_a_model_without_price_spoils_one_recommendation_and_not_the_next(run, write):
    write("a.yaml", "quantities: {requests_per_day: 10, model: nothing-like-it}\n")
    write("b.yaml", "knowledge.gap: most\n")
    result = run("recommend", "--brief", "a.yaml", "b.yaml")

    assert result.code == 2
    assert result.out.startswith("b.yaml: ")
    assert "there is no chat model 'nothing-like-it'" in result.err


def test_nothing_from_a_price_file_reaches_the_terminal_as_a_command(run, write):
    bad = '"x\\e[31m"'
    write(
        "prices.yaml",
        f"prices:\n  - {{id: {bad}, kind: chat_model, title: {bad}, as_of: 2026-11-01, source: {bad}, note: {bad},\n"
        "     confidence: high, values: {in: {value: 0.2, unit: USD/mtok}, out: {value: 0.4, unit: USD/mtok},\n"
        "     window: {value: 1000, unit: tokens}}}\n",
    )
    text = SMALL.replace(b"gpt-6-luna", bad.encode())
    for command in (("cost", "-"), ("prices", "list"), ("prices", "show", "x\x1b[31m")):
        for form in ("text", "markdown", "json"):
            result = run(*command, *DAY, "--prices", "prices.yaml", "--format", form, stdin=text)
            assert result.code == 0
            assert "x" in result.out
            assert "\x1b" not in result.out


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ("model: {tunable: 'no'}", "fine_tuning: the model cannot be tuned"),
        ("data: {rights: not_allowed}", "fine_tuning: the examples may not be trained on"),
    ],
)
def test_a_tuned_model_is_not_the_cheapest_where_the_profile_rules_tuning_out(run, write, answers, why):
    asked = "knowledge: {gap: none}\nperformance: {volume: 3000000}\nquantities: {examples: 20000}\n"
    told = " ".join(run("cost", write("p.yaml", f"{asked}{answers}\n")).out.split())
    either = " ".join(run("cost", write("q.yaml", f"{asked}model: {{tunable: ['yes', 'no']}}\n")).out.split())

    assert "Cheapest: neither is the only option that can be used" in told
    assert why in told
    assert "Cheapest: fine_tuning" in either


def test_a_large_factor_and_a_single_thing_are_written_as_people_write_them(run, write):
    path = write(
        "p.yaml",
        "performance: {volume: 1}\nknowledge: {gap: most, source: documents, size: 1000}\n"
        "quantities: {passages: 1}\n",
    )
    told = " ".join(run("cost", path, "--full", "--as-of", "2026-11-24").out.split())

    assert re.search(r"costs \d,\d{3} times as much", told)
    assert "passages 1 passage " in told


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_without_quantities_the_advice_is_not_said_to_follow_from_the_bill(run, write, form):
    path = write("p.yaml", "performance: {volume: 100}\ndata: {examples: 100}\n")
    told = " ".join(run("cost", path, "--full", "--format", form).out.split())

    assert "With these facts" not in told
    assert "The advice takes them into account only if the profile has `quantities`." in told


def test_a_team_whose_model_runs_on_the_devices_of_its_users_is_warned_of_a_bill_for_machines(run, write):
    write("game.yaml", "knowledge: {gap: none}\nperformance: {volume: 900, deployment: edge}\n")

    out = run("cost", "game.yaml").out

    assert "Warning    priced on your own machines; your users' devices cost you" in out


def test_where_no_option_can_be_used_the_screen_says_what_each_would_cost(run, write):
    write(
        "desk.yaml",
        "project: Desk\nknowledge: {gap: most, size: 90000000}\nperformance: {latency: 50, volume: 900}\n",
    )

    out = run("cost", "desk.yaml").out

    assert "no option can be used" in out
    assert "allow more time (`performance.latency`" in " ".join(out.split())
    assert "Cheapest setup" not in out
    assert "  If it could be used" in out
    assert re.search(r"\n  rag/\S+ +[\d,]+", out)
    assert "\n  prompting/" not in out  # its window is too small for any bill


@pytest.mark.parametrize(
    ("answers", "step"),
    [
        ("{volume: 900}", "say how large the material is (`corpus_tokens`)"),
        ("{volume: 900, deployment: on_premises, latency: 1}", "say how large the material is"),
    ],
)
def test_where_no_option_can_be_used_the_next_step_is_named(run, write, answers, step):
    write("desk.yaml", f"project: Desk\nknowledge: {{gap: most}}\nperformance: {answers}\n")

    assert step in " ".join(run("cost", "desk.yaml").out.split())
