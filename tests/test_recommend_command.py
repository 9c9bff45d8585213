"""`recommend` on the command line: formats, batches, stdin, exit codes."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from ragortune import recommend
from ragortune.model import Need, Strength

from .conftest import READ_LAST, ROOT

EXAMPLES = ROOT / "examples"
OPTIONS = ["rag", "fine_tuning", "both", "neither"]
NO_GAP = '{"knowledge": {"gap": "none"}}'
PROFILE = "project: Desk\nknowledge: {gap: most, source: documents, volatility: weekly}\n"


def shorten(answers, *remarks):
    """Return what `--brief` says about a profile."""
    advice = recommend(answers)
    return f"{advice.option} ({', '.join([f'{advice.probability[advice.option]:.0%}', *remarks])})"


DESK = shorten({"knowledge": {"gap": "most", "source": "documents", "volatility": "weekly"}})
NEITHER = shorten(json.loads(NO_GAP))
NOTHING_KNOWN = shorten({}, "default", "too little is known")


def test_one_profile_gives_one_report(run, write):
    result = run("recommend", write("desk.yaml", PROFILE))

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Desk\n\nRecommendation: rag (retrieval). Of 100 published")


def test_json_holds_what_the_contract_promises(run, write, book):
    result = run("recommend", "--format", "json", write("desk.yaml", PROFILE))
    advice = json.loads(result.out)

    assert result.code == 0
    assert list(advice)[:4] == ["schema", "project", "option", "default"]
    assert advice["schema"] == "ragortune/recommendation/2"
    assert (advice["project"], advice["option"], advice["default"]) == ("Desk", "rag", False)
    assert (advice["runner_up"], advice["firm"], advice["settled"]) == ("neither", False, False)
    assert advice["too_little_known"] is False
    assert list(advice["probability"]) == list(advice["base_rates"]) == OPTIONS
    rounding = len(OPTIONS) * 5e-7  # each has six decimal places
    assert sum(advice["probability"].values()) == pytest.approx(1, abs=rounding)
    assert advice["probability"]["rag"] == max(advice["probability"].values())
    for need in advice["needs"].values():
        assert need["probability"] == pytest.approx(1 / (1 + math.exp(-need["score"])), abs=1e-6)
    reason = next(reason for reason in advice["reasons"] if reason["rule"] == "fast-changing-facts")
    assert (reason["need"], reason["effect"]) == ("rag", "for")
    assert reason["weight"] == book.scale.weight(Strength(reason["strength"]))
    assert reason["answers"] == {"knowledge.volatility": "weekly"}
    assert reason["because"]
    assert all(source.startswith(("https://", "docs/", "rules/")) for source in reason["sources"])
    assert {"criterion", "could_give", "expected_gain"} <= set(advice["unknowns"][0])
    assert advice["rulebook"] == {"name": book.name, "version": book.version, "digest": book.digest}
    assert {case["verdict"] for case in advice["cases"]} <= {"agrees", "disagrees", "either would do"}


def test_reasons_and_base_rate_add_up_to_the_log_odds(run, book):
    for path in sorted(EXAMPLES.glob("*.yaml")):
        advice = json.loads(run("recommend", "-f", "json", path).out)
        for name, need in advice["needs"].items():
            total = book.scale.intercept(Need(name)) + sum(
                reason["weight"] if reason["effect"] == "for" else -reason["weight"]
                for reason in advice["reasons"]
                if reason["need"] == name
            )
            assert need["score"] == pytest.approx(total, abs=1e-9)


def test_a_need_that_is_ruled_out_has_no_probability(run, write):
    name = write("p.yaml", "data: {rights: not_allowed}\nreadiness: {prompting: plateaued}\n")
    advice = json.loads(run("recommend", "-f", "json", name).out)

    assert advice["needs"]["fine_tuning"]["blocked_by"] == ["training-not-allowed"]
    assert advice["needs"]["fine_tuning"]["probability"] == 0
    assert advice["probability"]["fine_tuning"] == advice["probability"]["both"] == 0


def test_nothing_known_is_marked_and_shown_beside_the_base_rates(run, write):
    advice = json.loads(run("recommend", "-f", "json", write("empty.yaml", "")).out)

    assert (advice["option"], advice["default"], advice["too_little_known"]) == ("rag", True, True)
    assert advice["probability"] == advice["base_rates"]
    assert advice["needs"]["rag"]["needed"] is False


def test_blank_lines_behind_a_profile_on_stdin_are_passed_over(run):
    result = run("recommend", "-", "--brief", stdin=b'{"project": "Desk"}\n' + b"\n" * 300_000)

    assert (result.code, result.out.count("\n")) == (0, 1)


def test_the_trace_is_printed_on_demand(run, write, book):
    name = write("desk.yaml", PROFILE)
    advice = json.loads(run("recommend", "--format", "json", "--trace", name).out)

    assert len(advice["trace"]) == len(book.rules)
    assert {entry["state"] for entry in advice["trace"]} == {"fired", "not_met", "unknown"}
    assert "trace" not in json.loads(run("recommend", "--format", "json", name).out)


def test_several_answers_are_a_list_in_json(run, write):
    name = write("p.yaml", "knowledge: {volatility: [daily, realtime], access_path: [by_meaning, by_key]}")
    reasons = json.loads(run("recommend", "-f", "json", name).out)["reasons"]
    answers = {reason["rule"]: reason["answers"] for reason in reasons}

    assert answers["fast-changing-facts"] == {"knowledge.volatility": ["daily", "realtime"]}
    assert answers["found-by-meaning"] == {"knowledge.access_path": ["by_meaning", "by_key"]}


def test_several_profiles_are_answered_in_order(run, write):
    names = [write("a.yaml", PROFILE), write("b.json", '{"project": "B", "knowledge": {"gap": "none"}}')]
    result = run("recommend", "--format", "jsonl", *names)
    lines = [json.loads(line) for line in result.out.splitlines()]

    assert [line["project"] for line in lines] == ["Desk", "B"]
    assert [line["profile"] for line in lines] == [{"path": "a.yaml"}, {"path": "b.json"}]
    assert all(line["cases"] is None for line in lines)


def test_several_reports_are_set_apart(run, write):
    names = [write("a.yaml", PROFILE), write("b.toml", 'project = "B"\n')]
    text = run("recommend", *names).out
    markdown = run("recommend", "--format", "markdown", *names).out

    assert "\n---\n\nB\n" in text
    assert "\n---\n\n# B\n" in markdown


def test_a_batch_without_any_profile_is_told(run, write):
    result = run("recommend", "--format", "jsonl", write("a.jsonl", "\n\n"))

    assert (result.code, result.out, result.err) == (0, "", "note: there is no profile in a.jsonl\n")


def test_json_for_several_profiles_is_refused_and_names_jsonl(run, write):
    name = write("a.yaml", PROFILE)
    lines = write("a.jsonl", "{}\n{}\n")

    for arguments in ((name, name), (lines,)):
        result = run("recommend", "--format", "json", *arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err == (
            "error: --format json prints one recommendation\nhint: use --format jsonl for several profiles\n"
        )


def test_brief_prints_option_probability_and_needs_only(run, write):
    names = [write("a.yaml", PROFILE), write("b.yaml", "knowledge: {gap: most}"), write("empty.yaml", "")]
    brief = json.loads(run("recommend", "--brief", "--format", "json", names[0]).out)
    whole = json.loads(run("recommend", "--format", "json", names[0]).out)

    assert list(brief) == [
        "schema", "project", "option", "default", "too_little_known", "probability", "needs",
    ]  # fmt: skip
    assert all(brief[key] == whole[key] for key in brief)
    assert run("recommend", "--brief", *names).out == (
        f"a.yaml: {DESK}\n"
        f"b.yaml: {shorten({'knowledge.gap': 'most'}, 'too little is known')}\n"
        f"empty.yaml: {NOTHING_KNOWN}\n"
    )


def test_the_bad_line_of_a_batch_is_named_and_the_others_are_answered(run, write):
    name = write(
        "batch.jsonl",
        '{"project": "one", "knowledge": {"gap": "most"}}\n'
        '{"knowledge": {"gap": "mots"}}\n'
        "nonsense\n"
        "\n"
        '{"quantities": {"requests_per_day": 20, "model": "nope"}}\n'
        '{"a": 1, "a": 2}\n'
         '{"project": "' + "x" * (1024 * 1024) + '"}\n'
        + '{"project": "last", "knowledge.gap": "none"}\n',
    )  # fmt: skip
    result = run("recommend", "--format", "jsonl", "--brief", name)

    assert result.code == 2
    assert [
        (line["project"], line["profile"]["line"]) for line in map(json.loads, result.out.splitlines())
    ] == [
        ("one", 1),
        ("last", 8),
    ]
    assert result.err == (
        "error: batch.jsonl:2: 'knowledge.gap' must be none, some or most, not 'mots'\nhint: did you mean 'most'?\n"
        "error: batch.jsonl:3:1: is not JSON: expecting value\n"
        "error: batch.jsonl:5: there is no chat model 'nope' in the price data\n"
        "hint: `ragortune prices list` lists them; --prices adds rows\n"
        "error: batch.jsonl:6: duplicate key 'a'\n"
        "error: batch.jsonl:7: is longer than 1 MiB, the limit for a line\n"
    )


def test_the_bad_file_among_several_is_named_and_the_others_are_answered(run, write, tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    result = run(
        "recommend", "--brief", "missing.yaml", write("a.yaml", PROFILE), "missing.jsonl", "folder.jsonl"
    )

    assert result.code == 2
    assert result.out == f"a.yaml: {DESK}\n"
    assert result.err == (
        "error: missing.yaml: no such file\n"
        "error: missing.jsonl: no such file\n"
        "error: folder.jsonl: is a directory, not a file\n"
    )


@pytest.mark.parametrize(
    ("stdin", "options", "expected"),
    [
        (PROFILE, [], f"<stdin>: {DESK}"),
        (NO_GAP, [], f"<stdin>: {NEITHER}"),
        (f"{NO_GAP}\n\n", [], f"<stdin>: {NEITHER}"),
        ('{\n "knowledge": {"gap": "none"}\n}\n', [], f"<stdin>: {NEITHER}"),
        (f"\ufeff{NO_GAP}\n{NO_GAP}\n", [], f"<stdin>:1: {NEITHER}\n<stdin>:2: {NEITHER}"),
        (f"{NO_GAP}\n\n{NO_GAP}\n", [], f"<stdin>:1: {NEITHER}\n<stdin>:3: {NEITHER}"),
        (f"{NO_GAP}\n", ["--stdin-name", "x.jsonl"], f"x.jsonl:1: {NEITHER}"),
        ('[knowledge]\ngap = "none"\n', ["--stdin-name", "x.toml"], f"x.toml: {NEITHER}"),
        (NO_GAP, ["--stdin-name=x.json"], f"x.json: {NEITHER}"),
        ("", [], f"<stdin>: {NOTHING_KNOWN}"),
    ],
)
def test_stdin_is_read_by_what_it_holds_or_by_the_name_it_is_given(run, stdin, options, expected):
    result = run("recommend", "--brief", *options, "-", stdin=stdin.encode())

    assert (result.code, result.out, result.err) == (0, expected + "\n", "")


def test_a_flood_on_stdin_is_refused(run):
    result = run("recommend", "-", stdin=b"a: b\n" * 100_000)

    assert (result.code, result.err) == (
        2,
        "error: <stdin>: is larger than 256 KiB, the limit for such a file\n",
    )


def test_a_batch_that_turns_up_on_stdin_is_refused_as_json(run):
    result = run("recommend", "--format", "json", "-", stdin=b"{}\n{}\n{}\n")

    assert result.code == 2
    assert result.err.startswith("error: --format json prints one recommendation\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: no profile named\nhint: `ragortune init` writes one to fill in, `-` reads stdin\n"),
        (["-", "-"], "error: stdin can be read only once\n"),
        (
            ["--format", "jsno", "x"],
            "error: --format must be text, json, jsonl, markdown or html, not 'jsno'\nhint: did you mean 'json'?\n",
        ),
        (["--rules", "nowhere", "x.yaml"], "nowhere: no such folder\n"),
    ],
)
def test_a_command_line_that_cannot_be_used_is_explained(run, arguments, message):
    result = run("recommend", *arguments)

    assert (result.code, result.out) == (2, "")
    assert result.err.endswith(message)


def test_an_unknown_flag_is_a_usage_error(run):
    result = run("recommend", "--frmat", "json", "x")

    assert result.code == 2
    assert "No such option" in result.err


def test_a_rule_set_that_cannot_be_used_shows_every_problem(run, write, pack):
    path = pack / "rules" / "data.yaml"
    path.write_text(path.read_text().replace("strength: weak", "strength: weka"))
    result = run("recommend", "--rules", pack, write("a.yaml", PROFILE))

    assert result.code == 2
    assert result.err.count("error: ") >= 5
    assert "did you mean 'weak'?" in result.err
    assert "Traceback" not in result.err


# --- the rule set that holds here -----------------------------------------------------------------------------------


def test_the_configured_rule_set_is_found_upwards(run, write, tmp_path):
    write(
        "rules-of-ours/rulebook.yaml",
        "name: ours\nversion: '1'\nextends: ragortune\ndisable: [{rule: weak-model, because: no}]\n",
    )
    write("ragortune.yaml", "rules: rules-of-ours\n")
    write("deep/below/p.yaml", PROFILE)
    run.folder = tmp_path / "deep" / "below"
    advice = json.loads(run("recommend", "-f", "json", "p.yaml").out)

    assert advice["rulebook"]["name"] == "ours"


def test_pyproject_can_name_the_rule_set_and_the_flag_wins(run, write, pack):
    write("ours/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    write("pyproject.toml", "[tool.other]\nx = 1\n[tool.ragortune]\nrules = 'ours'\n")
    name = write("p.yaml", PROFILE)

    assert json.loads(run("recommend", "-f", "json", name).out)["rulebook"]["name"] == "ours"
    assert (
        json.loads(run("recommend", "-f", "json", "--rules", pack, name).out)["rulebook"]["name"]
        == "ragortune"
    )


def test_a_file_of_its_own_goes_before_pyproject_and_the_search_stops_at_the_repository(run, write, tmp_path):
    write("ragortune.yaml", "rules: nowhere\n")
    write("repo/.git", "gitdir: elsewhere\n")
    write("repo/p.yaml", PROFILE)
    run.folder = tmp_path / "repo"

    assert run("recommend", "--brief", "p.yaml").out == f"p.yaml: {DESK}\n"
    write("repo/ragortune.yaml", "")
    write("repo/pyproject.toml", "[tool.ragortune]\nrules = 'nowhere'\n")
    assert run("recommend", "--brief", "p.yaml").code == 0
    (tmp_path / "repo" / "ragortune.yaml").unlink()
    assert run("recommend", "--brief", "p.yaml").code == 2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "ragortune.yaml",
            "rule: x\n",
            "ragortune.yaml:1:1: there is no setting 'rule'\nhint: did you mean 'rules'?\n",
        ),
        ("ragortune.yaml", "rules: [x]\n", "ragortune.yaml:1:8: 'rules' must be a folder, not a list\n"),
        ("ragortune.yaml", "rules: nowhere\n", "ragortune.yaml:1:8: 'rules' names no folder: 'nowhere'\n"),
        ("ragortune.yaml", "- x\n", "ragortune.yaml: settings are a mapping, not a list\n"),
        (
            "pyproject.toml",
            "[tool.ragortune]\nruls = 'x'\n",
            "pyproject.toml:2:1: there is no setting 'ruls'\nhint: did you mean 'rules'?\n",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_named(run, write, name, text, message):
    write(name, text)
    result = run("recommend", write("p.yaml", PROFILE))

    assert result.code == 2
    assert result.err.endswith(message)


def test_a_project_file_without_our_table_is_passed_over(run, write):
    write("pyproject.toml", "[project]\nname = 'x'\ndescription = '[tool.ragortune'\n")

    assert run("recommend", "--brief", write("p.yaml", PROFILE)).code == 0


def test_settings_of_the_repository_hold_for_a_part_that_only_depends_on_the_program(run, write, tmp_path):
    write("ragortune.yaml", "rules: nowhere\n")
    write("part/pyproject.toml", "[project]\nname = 'part'\ndependencies = ['ragortune']\n")
    write("part/p.yaml", PROFILE)
    run.folder = tmp_path / "part"

    assert "ragortune.yaml:1:8: 'rules' names no folder" in run("recommend", "p.yaml").err


# --- the process --------------------------------------------------------------------------------------------------


def start(*arguments, code="", folder=None):
    """Run the command as a process of its own and return what it printed."""
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "ragortune"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=folder
    )


def test_nothing_heavy_is_imported_on_the_way_to_json():
    code = (
        "import sys\nfrom ragortune.__main__ import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'pydantic', 'rich', 'ruamel', 'markdown_it', 'numpy', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    start("recommend", "--brief", EXAMPLES / "staff-handbook.yaml")
    for arguments in (["--format", "json"], ["--format", "jsonl", "--brief"]):
        result = start("recommend", *arguments, EXAMPLES / "staff-handbook.yaml", code=code)
        assert result.stderr == "[]\n"
        assert json.loads(result.stdout)["option"] == "neither"
    assert start("prices", "check", "--format", "json", code=code).stderr == "[]\n"


def test_no_command_touches_the_network():
    code = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise SystemExit('touched the network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from ragortune.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    for arguments in (
        ["recommend", EXAMPLES / "staff-handbook.yaml"],
        ["rules", "check", "--as-of", READ_LAST],
        ["--help"],
    ):
        assert start(*arguments, code=code).returncode == 0


def test_a_reader_who_leaves_early_gets_no_traceback():
    shell = f'"{sys.executable}" -m ragortune recommend {EXAMPLES}/portfolio.jsonl -f jsonl | head -c 10 >/dev/null; exit ${{PIPESTATUS[0]}}'
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)

    assert result.stderr == ""
    assert result.returncode == 0


def test_a_defect_of_ours_leaves_a_report_and_no_traceback(run, write, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("ragortune.commands.recommend.judge_profile", fail)
    result = run("recommend", write("p.yaml", PROFILE))

    assert result.code == 70
    assert result.err.startswith("error: internal error (ZeroDivisionError); the report is in ")
    path = result.err.strip().rpartition(" ")[2]
    assert "oops" in Path(path).read_text()
    Path(path).unlink()


def test_a_report_that_cannot_be_written_is_done_without(run, write, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    def refuse(*_, **__):
        raise OSError

    monkeypatch.setattr("ragortune.commands.recommend.judge_profile", fail)
    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    result = run("recommend", write("p.yaml", PROFILE))

    assert (result.code, result.err) == (
        70,
        "error: internal error (ZeroDivisionError); no report could be written\n",
    )


def test_an_interrupt_has_its_own_exit_code(run, write, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("ragortune.commands.recommend.judge_profile", interrupt)

    assert run("recommend", write("p.yaml", PROFILE)).code == 130
