"""What others rely on: names, the vocabulary, the public interface, records."""

import datetime as dt
import importlib.resources
import json
import pickle
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import ragortune
from ragortune.model import Level, NeedState, Option
from ragortune.support.errors import ExitCode, Place, RagortuneError, RulebookError
from ragortune.support.reading import read_document
from ragortune.support.record import Record
from ragortune.support.text import plain_data

from .conftest import ROOT


def test_the_public_interface_has_ten_names_or_fewer():
    assert len(ragortune.__all__) <= 10
    assert all(hasattr(ragortune, name) for name in ragortune.__all__)


def test_the_package_says_that_it_is_typed():
    assert importlib.resources.files("ragortune").joinpath("py.typed").is_file()


def test_the_example_of_the_contract_holds():
    advice = ragortune.recommend({"knowledge": {"gap": "most", "volatility": "daily"}})

    assert advice.option == "rag"
    assert isinstance(advice.option, str)
    assert advice.option.value == "rag"
    assert (advice.runner_up, advice.default, advice.firm, advice.settled) == ("neither", False, False, False)
    assert list(advice.probability) == list(Option)
    assert sum(advice.probability.values()) == pytest.approx(1)
    book = ragortune.load_rulebook(ROOT / "rules")
    assert ragortune.recommend({"knowledge": {"access_path": "by_meaning"}}, book).option == "rag"
    assert [option.value for option in Option] == ["rag", "fine_tuning", "both", "neither"]


def test_the_default_is_retrieval_that_nothing_speaks_for():
    advice = ragortune.recommend({})

    assert (advice.option, advice.default, advice.needs["rag"].needed) == ("rag", True, False)


def test_a_notebook_passes_numbers_of_numpy_and_a_date():
    asked = {
        "quantities": {"requests_per_day": np.int64(20)},
        "knowledge": {"retrievability": np.float32(0.7)},
    }
    advice = ragortune.recommend(asked, as_of=dt.date(2026, 11, 29))

    assert advice.profile.levels["performance.volume"] == ("low",)
    assert advice.profile.levels["knowledge.retrievability"] == ("medium",)
    assert advice == ragortune.recommend(asked, as_of="2026-11-29")
    with pytest.raises(RagortuneError, match="must be yes or no, not true"):
        ragortune.recommend({"knowledge.fits_prompt": np.True_})
    with pytest.raises(RagortuneError, match=r"'knowledge\.source' must be none, documents"):
        ragortune.recommend({"knowledge.source": np.array(["documents", "tacit"])})


@pytest.mark.parametrize(
    "day", ["2026-13-01", "", "tomorrow", dt.datetime(2026, 11, 29, tzinfo=dt.UTC), 20261129]
)
def test_a_service_is_told_of_a_day_that_is_none(day):
    with pytest.raises(RagortuneError, match="as_of must be a date, YYYY-MM-DD"):
        ragortune.recommend({"quantities": {"requests_per_day": 20}}, as_of=day)


def test_a_profile_that_was_judged_is_judged_again_by_another_day_or_rule_set(tmp_path):
    data = read_document(str(ROOT / "examples/cost/3-ticket-classes.yaml"), 1 << 20).data
    today, later = (ragortune.recommend(data, as_of=day) for day in ("2026-12-01", "2029-01-01"))

    assert today.profile.levels["derived.payback"] == ("never",)
    assert ragortune.recommend(today.profile, as_of="2029-01-01").probability == later.probability
    (tmp_path / "criteria").mkdir()
    (tmp_path / "rulebook.yaml").write_text("name: mine\nversion: '1'\nextends: ragortune\n")
    levels = "[{id: few, means: a few}, {id: many, means: many}]"
    record = f"criteria: [{{id: platform.tenants, title: T, question: Q?, help: H., levels: {levels}}}]\n"
    (tmp_path / "criteria" / "tenants.yaml").write_text(record)
    mine = ragortune.recommend({"platform.tenants": "many"}, ragortune.load_rulebook(tmp_path)).profile
    with pytest.raises(RagortuneError, match=r"there is no criterion 'platform\.tenants'"):
        ragortune.recommend(mine)
    with pytest.raises(RagortuneError, match=r"did you mean 'most'"):
        ragortune.recommend(ragortune.Profile({"knowledge.gap": ("moost",)}))


def test_a_service_reads_the_shipped_rules_once(monkeypatch):
    first = ragortune.recommend({}, what_if=False)
    monkeypatch.setattr("ragortune.ruleset.load.read_files", lambda _: pytest.fail("read again"))

    assert ragortune.recommend({}, what_if=False).rulebook is first.rulebook


def test_threads_of_a_service_that_start_together_compile_a_pack_once(tmp_path, monkeypatch, book):
    compiled = []

    def compile_slowly(folder):
        compiled.append(folder)
        time.sleep(0.1)
        return book

    monkeypatch.setattr("ragortune.ruleset.compile.compile_folder", compile_slowly)
    monkeypatch.setenv("RAGORTUNE_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "rulebook.yaml").write_text("name: mine\nversion: '1'\nextends: ragortune\n")
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(ragortune.load_rulebook, [tmp_path] * 8))

    assert compiled == [tmp_path]
    assert all(one is loaded[0] for one in loaded)


def json_of(text, command):
    """Return the JSON example that the contract shows for a command."""
    return json.loads(
        text.partition(f"`ragortune {command} --format json")[2].partition("```json\n")[2].partition("```")[0]
    )


def misfits(wanted, given, path="", *, may_be_null=()):
    """Return where JSON lacks a key of an example, or holds another type."""
    if given is None and path in may_be_null:
        return []
    if isinstance(wanted, dict) and isinstance(given, dict):
        if path.rpartition(".")[2] in OPEN_MAPPINGS:
            return [f"{path}.{key}" for key, value in given.items() if not isinstance(value, (str, list))]
        missing = [f"{path}.{key}" for key in wanted if key not in given]
        inside = [
            misfits(wanted[key], given[key], f"{path}.{key}", may_be_null=may_be_null)
            for key in wanted
            if key in given
        ]
        return missing + [place for places in inside for place in places]
    if isinstance(wanted, list) and isinstance(given, list):
        return [
            place for entry in given for place in (misfits(wanted[0], entry, f"{path}[]") if wanted else ())
        ]
    number = (int, float)
    alike = isinstance(
        given, number if isinstance(wanted, number) and not isinstance(wanted, bool) else type(wanted)
    )
    return [] if alike and isinstance(wanted, bool) == isinstance(given, bool) else [path]


OPEN_MAPPINGS = ("change", "answers")
"""Their keys are criteria, so that they differ from profile to profile."""
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
NOT_IN_A_BATCH = (".settled", ".flips", ".unknowns")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_json_of_a_recommendation_has_the_shape_of_the_contract(shared, run, path):
    wanted = json_of((shared / "contract.md").read_text(), "recommend")
    one = json.loads(run("recommend", "--format", "json", path).out)
    batch = json.loads(run("recommend", "--format", "jsonl", path, path).out.splitlines()[1])

    assert misfits(wanted, one) == []
    assert misfits(wanted, batch, may_be_null=NOT_IN_A_BATCH) == []
    assert [key for key in wanted if f".{key}" in NOT_IN_A_BATCH and batch[key] is not None] == []
    assert one["schema"] == wanted["schema"]


def test_the_shape_of_the_contract_is_told_from_others():
    wanted = {"a": {"b": 1.5, "flag": True}, "list": [{"change": {"x": "y"}, "n": 1}]}

    assert misfits(wanted, {"a": {"b": 2, "flag": False}, "list": [{"change": {}, "n": 0}], "more": 1}) == []
    assert misfits(wanted, {"a": {"b": True, "flag": 1}, "list": [{"change": {"z": 1}}]}) == [
        ".a.b", ".a.flag", ".list[].n", ".list[].change.z",
    ]  # fmt: skip
    assert misfits(wanted, {"a": None, "list": None}, may_be_null=(".list",)) == [".a"]


def test_firm_is_settled_or_four_in_five(book):
    assert book.scale.firm_from == 0.8
    for answers in (
        {"knowledge.access_path": "by_meaning"},
        {"knowledge": {"access_path": "in_request", "gap": "none"}},
    ):
        advice = ragortune.recommend(answers, book)
        assert advice.firm == (advice.probability[advice.option] >= 0.8)
        assert advice.replace(settled=True).firm


def test_exit_codes_are_those_of_the_contract():
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0, "FINDINGS": 1, "UNUSABLE": 2, "UNDECIDED": 3, "INTERNAL_ERROR": 70, "INTERRUPTED": 130,
    }  # fmt: skip


def test_the_criteria_are_those_of_the_vocabulary(shared, book):
    rows = {}
    for line in (shared / "vocabulary.md").read_text().splitlines():
        found = re.match(r"\| `([a-z_]+\.[a-z_]+)`( \*nominal\*)?([^|]*)\| ([^|]+) \| ([^|]+) \|", line)
        if found:
            rows[found[1]] = (
                tuple(level.strip() for level in found[4].split(",")),
                "nominal" in line,
                "several*" in line,
                "#" in found[3],
            )

    assert list(book.criteria) == list(rows)
    for name, (levels, nominal, several, has_unit) in rows.items():
        criterion = book.criteria[name]
        assert criterion.level_ids == levels
        assert criterion.nominal == nominal
        assert criterion.several == several
        assert bool(criterion.unit) == has_unit


@pytest.mark.parametrize(
    ("sample", "strict", "lenient", "brier"), [("field", 0.82, 0.92, 0.29), ("selected", 0.62, 0.74, 0.5)]
)
def test_the_scoring_tool_runs_on_the_casebook(shared, sample, strict, lenient, brier):
    tool = shared / "tools" / "score_cases.py"
    cases = shared / "casebook" / "cases.yaml"
    command = [sys.executable, str(tool), str(cases), "--sample", sample, "--json"]
    score = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert score["strict"] >= strict
    assert score["lenient"] >= lenient
    assert score["brier"] <= brier


def test_the_casebook_is_the_published_one_and_a_second_draw(shared, book):
    import yaml

    def read(path):
        return {case["id"]: case for case in yaml.safe_load(path.read_text("utf-8"))["cases"]}

    published = read(shared / "casebook" / "cases.yaml")
    drawn = read(ROOT / "rules" / "cases" / "field-second-draw.yaml")

    assert len(book.cases) == len(published) + len(drawn)
    assert {case.id for case in book.cases} == {*published, *drawn}
    for case in book.cases:
        source = published.get(case.id) or drawn[case.id]
        assert dict(case.profile) == source["profile"]
        assert case.outcome == source["outcome"]
        assert list(case.acceptable) == source["acceptable"]
        assert case.group == source["group"]


# --- errors and records ------------------------------------------------------------------------------------------------


def test_an_error_shows_its_place_and_hint():
    error = RagortuneError("is wrong", Place("f", 3, 4), "fix it")

    assert str(error) == "f:3:4: is wrong\nhint: fix it"
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
    assert book != book.replace()  # two rule sets are the same only if they are one


def test_an_older_python_is_told_which_one_is_needed():
    code = "import sys; sys.version_info = (3, 10, 13); import ragortune"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.endswith("ImportError: ragortune needs Python 3.11 or newer, not 3.10\n")
