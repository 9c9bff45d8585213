"""What others rely on: names, the vocabulary, the public interface, records."""

import importlib.resources
import pickle
import re
import subprocess
import sys

import pytest

import ragortune
from ragortune.errors import ExitCode, Place, RagortuneError, RulebookError
from ragortune.model import Level, NeedState, Option
from ragortune.record import Record, plain_data

from .conftest import ROOT


def test_the_public_interface_has_ten_names_or_fewer():
    assert len(ragortune.__all__) <= 10
    assert all(hasattr(ragortune, name) for name in ragortune.__all__)


def test_the_package_says_that_it_is_typed():
    assert importlib.resources.files("ragortune").joinpath("py.typed").is_file()


def test_the_example_of_the_contract_holds():
    from ragortune import load_rulebook, recommend

    advice = recommend({"knowledge": {"gap": "most", "volatility": "daily"}})

    assert advice.option == "rag"
    assert isinstance(advice.option, str)
    assert advice.option.value == "rag"
    assert (advice.runner_up, advice.default, advice.settled) == ("both", False, False)
    assert list(advice.acceptability) == list(Option)
    assert sum(advice.acceptability.values()) == 1
    assert recommend({"knowledge": {"gap": "most"}}, load_rulebook(ROOT / "rules")).option == "rag"
    assert [option.value for option in Option] == ["rag", "fine_tuning", "both", "neither"]


def test_exit_codes_are_those_of_the_contract():
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0, "FINDINGS": 1, "UNUSABLE": 2, "UNDECIDED": 3, "DEFECT": 70, "INTERRUPTED": 130,
    }  # fmt: skip


def test_the_criteria_are_those_of_the_vocabulary(shared, book):
    rows = {}
    for line in (shared / "vocabulary.md").read_text().splitlines():
        found = re.match(r"\| `([a-z_]+\.[a-z_]+)`( \*nominal\*)?([^|]*)\| ([^|]+) \| ([^|]+) \|", line)
        if found:
            rows[found[1]] = (
                tuple(level.strip() for level in found[4].split(",")),
                "nominal" in line,
                "#" in found[3],
            )

    assert list(book.criteria) == list(rows)
    for name, (levels, nominal, has_unit) in rows.items():
        criterion = book.criteria[name]
        assert criterion.level_ids == levels
        assert criterion.nominal == nominal
        assert bool(criterion.unit) == has_unit


def test_the_scoring_tool_runs_on_the_casebook(shared):
    tool = [
        sys.executable,
        str(shared / "tools" / "score_cases.py"),
        str(shared / "casebook" / "cases.yaml"),
        "--json",
    ]
    result = subprocess.run(tool, capture_output=True, text=True, check=True)
    import json

    score = json.loads(result.stdout)
    assert score["strict"] >= 0.72
    assert score["lenient"] >= 0.85
    assert min(value["strict"] for key, value in score["by"].items() if key.startswith("outcome ")) >= 0.60


def test_the_casebook_is_the_published_one(shared, book):
    import yaml

    published = {
        case["id"]: case for case in yaml.safe_load((shared / "casebook" / "cases.yaml").read_text())["cases"]
    }

    assert {case.id for case in book.cases} == set(published)
    for case in book.cases:
        assert dict(case.profile) == published[case.id]["profile"]
        assert case.outcome == published[case.id]["outcome"]
        assert list(case.acceptable) == published[case.id]["acceptable"]
        assert case.group == published[case.id]["group"]


# --- errors and records ------------------------------------------------------------------------------------------------


def test_an_error_shows_its_place_and_hint():
    error = RagortuneError("is wrong", Place("f", 3, 4), "mend it")

    assert str(error) == "f:3:4: is wrong\nhint: mend it"
    assert str(RagortuneError("is wrong")) == "is wrong"
    assert str(Place(None, 3)) == "input:3"
    assert RulebookError("x").problems[0].message == "x"


def test_records_are_equal_by_value_frozen_and_complete():
    one, other = Level("a", "x"), Level(id="a", means="x")

    assert one == other
    assert hash(one) == hash(other)
    assert one != Level("a", "y")
    assert one != ("a", "x")
    assert one.replace(means="y") == Level("a", "y")
    assert repr(one) == "Level(id='a', means='x', starts_at=None, measure=None)"
    assert Level.field_names() == ("id", "means", "starts_at", "measure")
    with pytest.raises(AttributeError):
        one.id = "b"
    with pytest.raises(AttributeError):
        del one.id


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        (("a",), {}, "Level needs means"),
        (("a", "b", 1.0, "m", 5), {}, "Level takes 4 values, not 5"),
        (("a",), {"id": "b"}, "Level cannot take id"),
        (("a",), {"meaning": "b"}, "Level cannot take meaning"),
    ],
)
def test_a_record_takes_its_fields_and_nothing_else(values, named, message):
    with pytest.raises(TypeError, match=message):
        Level(*values, **named)


def test_records_inherit_fields_and_survive_pickling():
    class Wide(Level):
        width: int = 3

    assert Wide("a", "x").width == 3
    state = NeedState(1.0, 0.5, needed=True)
    assert pickle.loads(pickle.dumps(state)) == state


def test_records_become_plain_data():
    class Outer(Record):
        inner: Level
        many: tuple

    assert plain_data(Outer(Level("a", "x"), (Option.RAG, {"k": Option.BOTH}))) == {
        "inner": {"id": "a", "means": "x", "starts_at": None, "measure": None},
        "many": ["rag", {"k": "both"}],
    }


def test_a_rule_set_is_shown_by_its_name(book):
    assert repr(book) == f"<Rulebook ragortune {book.version} {book.digest[:19]}>"
    assert book == book  # noqa: PLR0124  (two rule sets are the same only if they are one)
    assert book != book.replace()
