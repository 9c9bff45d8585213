"""Inputs that once ended as internal errors or were skipped in silence; each stands for a kind."""

from __future__ import annotations

import json
import math
import os
import random
import re
import subprocess
import sys

import pytest

from ragortune.model.quantities import measure
from ragortune.support.errors import QuantityError

from .attacks.outputs import obeyed


def test_a_folder_that_has_gone_is_told_and_is_no_internal_error(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f'rmdir ../gone; exec "{sys.executable}" -m ragortune check .'],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the working folder does not exist any more\n"


def test_a_folder_that_goes_while_the_program_runs_is_told(tmp_path):
    code = (
        "import os, runpy, sys\n"
        "class Leaving:\n"
        "    def find_spec(name, *_):\n"
        "        if name == 'ragortune.ruleset.compile':\n"
        "            os.rmdir(os.getcwd())\n"
        "sys.meta_path.insert(0, Leaving)\n"
        "sys.argv = ['ragortune', 'rules', 'list', '--rules', sys.argv[1]]\n"
        "runpy.run_module('ragortune', run_name='__main__')\n"
    )
    for folder in ("pack", "gone"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pack" / "rulebook.yaml").write_text("name: n\nversion: '1'\nextends: ragortune\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path / "pack")],
        cwd=tmp_path / "gone",
        env={**os.environ, "RAGORTUNE_CACHE_DIR": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (2, "error: the working folder does not exist any more\n")


@pytest.mark.parametrize(
    "tool", ["tool = 1", "tool = []", "[tool]\nragortune = 3", "[[tool]]\nragortune = {}"]
)
def test_an_odd_project_file_is_no_internal_error(run, write, tool):
    write("pyproject.toml", f"{tool}\n# [tool.ragortune]\n")
    write("a.md", "# 1. Search the manuals\n")

    result = run("check", "a.md")

    assert result.code in {0, 2}
    assert "internal error" not in result.err


@pytest.mark.parametrize("key", ["ragortune", "Ragortune", "RAGORTUNE"])
def test_a_block_in_any_case_is_read(run, write, key):
    write("a.md", f"---\n{key}: {{decision: nope}}\n---\n# 1. Tune a model on the price list\n")

    result = run("check", "a.md")

    assert result.code == 2
    assert "'decision' must be rag, fine_tuning, both or neither, not 'nope'" in result.err


def test_a_git_that_the_checkout_brings_is_never_run(run, write, git, tmp_path, monkeypatch):
    git("init", "-q")
    write("a.md", "# 1. Search the manuals\n")
    write("bin/git", '#!/bin/sh\ntouch "$(dirname "$0")/run"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    write("git", (tmp_path / "bin" / "git").read_bytes())
    (tmp_path / "git").chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:.::{os.environ['PATH']}")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(tmp_path / "bin" / "git"))
    assert "has no commit" in run("check", "a.md", "--since", "HEAD").err
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:.")
    assert "needs git" in run("check", "a.md", "--since", "HEAD").err

    assert not (tmp_path / "bin" / "run").exists()
    assert not (tmp_path / "run").exists()


HOSTILE = "\x1b]0;owned\x07 \x1b[2J ##[stop-commands]x\n::error::told\n  ::add-mask::x"


@pytest.mark.parametrize("form", ["text", "markdown", "json", "sarif", "gitlab", "junit"])
def test_a_document_cannot_speak_to_a_runner_or_a_terminal(run, write, form):
    write(
        "a.md",
        f"---\nragortune: {{decision: fine_tuning, profile: {{project: {json.dumps(HOSTILE)},"
        " grounding: {citations: required}}}\n---\n# ##[stop-commands]x Tune a model\n\nA paragraph that ends"
        " in words that wrap just so that these come first on a line:\n::stop-commands::pwned ##[add-mask]error\n",
    )

    result = run("check", "a.md", "--format", form)

    assert obeyed(result.out + result.err) == []


def test_annotations_hold_no_command_beside_their_own(run, write):
    write("a.md", "---\nragortune: {decision: '##[stop]\\n::error::x'}\n---\n# ::warning::Tune a model\n")

    result = run("check", "a.md", "--format", "github")

    assert "##[" not in result.out + result.err
    assert [line.partition(" ")[0] for line in result.out.splitlines() if "::" in line] == ["::error"]


def test_a_rule_pack_cannot_speak_to_a_runner_or_a_terminal(run, write):
    write("pack/rulebook.yaml", f"name: {json.dumps(HOSTILE)}\nversion: '1'\nextends: ragortune\n")
    write("p.yaml", f"project: {json.dumps(HOSTILE)}\nknowledge: {{volatility: daily}}\n")

    for command in (
        ("recommend", "p.yaml"),
        ("recommend", "p.yaml", "--format", "markdown"),
        ("rules", "list"),
    ):
        result = run(*command, "--rules", "pack", columns=60)
        assert obeyed(result.out + result.err) == []


def test_a_comment_with_many_unknown_names_is_one_finding(run, write):
    names = ",".join(f"x{number}" for number in range(100))
    write(
        "a.md",
        f"# 7. Tune the LLM\n\n## Decision\n\nWe will fine-tune the model.\n\n<!-- ragortune: ignore[{names}] because x -->\n",
    )

    found = json.loads(run("check", "a.md", "--format", "json").out)["documents"][0]["findings"]

    (one,) = [finding for finding in found if "x0" in finding["message"]]
    assert "'x0', 'x1', 'x2' and 97 more" in one["message"]


def test_a_width_that_is_no_number_is_let_be(run, write):
    write("p.yaml", "knowledge: {volatility: daily}\n")

    for width in ("²", "9" * 5000, "-3", "0x10"):
        assert run("recommend", "p.yaml", environment={"COLUMNS": width}).code == 0


EXTREME = ["1e308", "-0.0", "5e-324", ".nan", "-.inf", "9" * 400, "1e15", "1e10", "2026-13-45", "12 EUR"]


@pytest.mark.parametrize("number", EXTREME)
@pytest.mark.parametrize("criterion", ["knowledge.size", "performance.volume", "performance.latency"])
def test_an_extreme_answer_is_refused_or_computed(run, write, criterion, number):
    profile = f"{criterion}: {number}\nquantities: {{examples: 900}}\n"
    if criterion != "performance.volume":
        profile += "performance.volume: 100\n"
    write("p.yaml", profile)
    write("a.md", f"# LLM\n\n```ragortune\ndecision: rag\nprofile:\n{_indent(profile)}```\n")

    for command in (("recommend", "p.yaml"), ("cost", "p.yaml"), ("check", "a.md")):
        result = run(*command)
        assert result.code in {0, 1, 2}
        assert result.code != 2 or "error: " in result.err


def _indent(text):
    return "".join(f"  {line}\n" for line in text.splitlines())


def test_a_team_cannot_give_as_an_answer_what_it_could_not_give_as_a_quantity(run, write):
    write("p.yaml", "performance: {volume: 1e15}\n")

    result = run("cost", "p.yaml")

    assert result.code == 2
    assert "'performance.volume' must be from 0 to 10,000,000,000 (requests a day)" in result.err


def test_a_number_of_400_digits_in_json_is_told(run, write):
    write("p.json", f'{{"data": {{"examples": {"9" * 400}}}}}')

    result = run("recommend", "p.json")

    assert result.code == 2
    assert "'data.examples' must be from 0 to" in result.err


@pytest.mark.parametrize("draws", [1, 50])
@pytest.mark.parametrize("seed", range(15))
def test_quantities_at_their_limits_give_a_bill_or_a_sentence(run, write, book, seed, draws):
    dice = random.Random(seed * 100 + draws)
    chosen = dice.sample([kind for kind in book.quantities.values() if kind.unit], draws % 20 + 5)
    ends = {kind.id: dice.choice([kind.minimum, kind.maximum]) for kind in chosen}
    write("p.json", json.dumps({"quantities": {"requests_per_day": 1e10, **ends}}))

    result = run("cost", "p.json", "--format", "json")

    assert result.code in {0, 2}
    assert result.code == 2 or "Infinity" not in result.out


SMALL = """---
ragortune:
  decision: fine_tuning
  profile:
    knowledge: {gap: most, source: documents, volatility: daily}
    grounding: {citations: required}
---

# 4. Teach the LLM the timetable

## Status

Accepted

## Decision

We will fine-tune the LLM on the timetable. The timetable changes daily.

## Context

Every answer must cite its source.
"""
PLAIN = SMALL.partition("\n---\n\n")[2]


def read_findings(run, write, text):
    write("a.md", text.encode())
    (document,) = json.loads(run("check", "a.md", "--format", "json").out)["documents"]
    lines = text.split("\n")
    for place in (*document["facts"], *document["decision"]["evidence"], *document["findings"]):
        if place.get("line") and place.get("quote"):
            assert place["quote"] in lines[place["line"] - 1]
    facts = [(fact["criterion"], fact["value"]) for fact in document["facts"]]
    return facts, sorted(finding["code"] for finding in document["findings"])


@pytest.mark.parametrize("ending", ["\r", "\r\n"])
def test_a_document_reads_the_same_whatever_ends_its_lines(run, write, ending):
    written = read_findings(run, write, SMALL.replace("\n", ending))

    assert written == read_findings(run, write, SMALL)
    assert len(written[0]) >= 4
    assert written[1]


@pytest.mark.parametrize("hidden", ["\u00ad", "\u200b", "\u2060", "\ufeff", "\u202a", "\U000e0041"])
def test_characters_that_cannot_be_seen_hide_no_words(run, write, hidden):
    text = PLAIN.replace("LLM", f"LL{hidden}M").replace("fine-tune", f"fine-{hidden}tune")
    text = text.replace("cite", f"ci{hidden}te").replace("## ", f"{hidden}## ")

    written = read_findings(run, write, text)

    assert written == read_findings(run, write, PLAIN)
    assert written[1]


@pytest.mark.parametrize("hidden", ["&shy;", "&#8203;", "&#xFEFF;", "&NoBreak;"])
def test_characters_that_cannot_be_seen_hide_no_words_where_their_name_is_written(run, write, hidden):
    text = PLAIN.replace("LLM", f"LL{hidden}M").replace("cite", f"ci{hidden}te")

    assert read_findings(run, write, text) == read_findings(run, write, PLAIN)


@pytest.mark.parametrize(
    "front",
    [
        'title: "a\\tb"\ntools:\n- ragortune\n- {name: x}\nversions: {ragortune: 1.2}',
        'note: "a\u2028\\x61\u0085"\nragortune: {decision: fine_tuning}',
        "ragortune: {decision: fine_tuning}\nold: {title: [",
    ],
)
def test_front_matter_that_only_names_the_program_is_read(run, write, front):
    write("a.md", f"---\n{front}\n---\n\n# Tune the LLM\n\nWe will fine-tune the LLM.\n")

    result = run("check", "a.md")

    assert (result.code, "decides fine_tuning" in result.out) == (0, True)


@pytest.mark.parametrize(
    "block",
    [
        "Some words.\n\n---\nragortune: {decision: nope}\n---\n",
        "\n---\nRagortune:\n  decision: nope\n---\n",
        "- ```ragortune\n  decision: nope\n  ```\n",
        "```{ragortune}\ndecision: nope\n```\n",
        "```ragortune:yaml\ndecision: nope\n```\n",
        "```r\u00adagortune\ndecision: nope\n```\n",
        '---\n"ragortune": {decision: nope}\n---\n',
        "---\ntools:\n  ragortune: {decision: nope}\n---\n",
        "```Ragortune\ndecision: nope\n```\n",
        "~~~ RAGORTUNE title=x\ndecision: nope\n~~~\n",
        "---\nragortune: {decision: nope}\n\nNo end.\n",
        "```yaml ragortune\ndecision: nope\n```\n",
        "```yaml:ragortune\ndecision: nope\n```\n",
        "```{.yaml .ragortune}\ndecision: nope\n```\n",
        "```{lang=ragortune}\ndecision: nope\n```\n",
        '~~~ {name="ragortune"}\ndecision: nope\n~~~\n',
        "```rag-or-tune\ndecision: nope\n```\n",
        "```Rag or Tune\ndecision: nope\n```\n",
        "~~~ yaml rag_or_tune\ndecision: nope\n~~~\n",
        "---\nragortune.decision: nope\n---\n",
        "```r\u0430gortune\ndecision: nope\n```\n",
        "``` \uff52\uff41\uff47\uff4f\uff52\uff54\uff55\uff4e\uff45\ndecision: nope\n```\n",
        "~~~ragotune\ndecision: nope\n~~~\n",
        "---\nragrotune: {decision: nope}\n---\n",
        '+++\n[ragortune]\ndecision = "nope"\n+++\n',
        '+++\nragortune = {decision = "nope"}\n+++\n',
        '+++\nragortune.decision = "nope"\n+++\n',
        '{"ragortune": {"decision": "nope"}}\n',
        "---\nragor\u200btune: {decision: nope}\n---\n",
        "---\nragortune\ufe0f: {decision: nope}\n---\n",
        "---\nragortune\u0301: {decision: nope}\n---\n",
        "---\n{ragortune: {decision: nope}}\n---\n",
        "---\n? ragortune\n: {decision: nope}\n---\n",
        '---\n"\\x72\\x61gortune": {decision: nope}\n---\n',
        "---\n{title: x, ragortune: {decision: nope}}\n---\n",
        "---\n{\ntitle: x, ragortune: {decision: nope}\n}\n---\n",
        "---\na: &a {ragortune: {decision: nope}}\n<<: *a\n---\n",
        "---\n&x ragortune: {decision: nope}\n---\n",
        "---\n!!str ragortune: {decision: nope}\n---\n",
        "---\na: &a ragortune\n*a : {decision: nope}\n---\n",
        "A.\u2028ragortune: {decision: nope}\n",
        "---\x85ragortune:\x85  decision: nope\x85---\n",
        "A.\n\n`\u200b``ragortune\ndecision: nope\n```\n",
        "\u200b".join("A.\n\n```ragortune\ndecision: nope\n```\n"),
        "---\x0bragortune:\x0b  decision: nope\x0b---\n",
        "A.\n\n:::ragortune\ndecision: nope\n:::\n",
        "::: {.ragortune}\ndecision: nope\n:::\n",
        ".. ragortune::\n\n   decision: nope\n",
        ".. code-block:: ragortune\n\n   decision: nope\n",
        '<pre><code class="language-ragortune">\ndecision: nope\n</code></pre>\n',
        "[source,ragortune]\n----\ndecision: nope\n----\n",
        "<ragortune>\ndecision: nope\n</ragortune>\n",
        '<Ragortune decision="nope" />\n',
        "{{< ragortune >}}\ndecision: nope\n{{< /ragortune >}}\n",
        '{{% ragortune decision="nope" %}}\n',
        "{{< highlight ragortune >}}\ndecision: nope\n{{< /highlight >}}\n",
        "{% ragortune %}\ndecision: nope\n{% endragortune %}\n",
        "#+begin_src ragortune\ndecision: nope\n#+end_src\n",
        "#+BEGIN_RAGORTUNE\ndecision: nope\n#+END_RAGORTUNE\n",
        "\\begin{ragortune}\ndecision: nope\n\\end{ragortune}\n",
        "\\begin{lstlisting}[language=ragortune]\ndecision: nope\n\\end{lstlisting}\n",
        "\\begin{minted}{ragortune}\ndecision: nope\n\\end{minted}\n",
        "!!! ragortune\n    decision: nope\n",
        "> [!ragortune]\n> decision: nope\n",
        '+++\n[[params.ragortune]] # ours\ndecision = "nope"\n+++\n',
        '+++\n["ragortune".profile.knowledge]\nvolatility = "nope"\n+++\n',
    ],
)
def test_a_block_that_cannot_be_read_is_told(run, write, block):
    write("a.md", f"{block}\n# Tune the LLM\n\nWe will fine-tune the LLM.\n")

    result = run("check", "a.md")

    assert result.code == 2
    assert "block cannot be read here" in result.err or "'decision' must be" in result.err


def test_a_block_shown_as_an_example_is_let_be(run, write):
    front = "---\n# ragortune: see the block\ntags:\n- ragortune\n- ragortune: a tool\n---\n"
    example = "````markdown\n```ragortune\ndecision: nope\n```\n````"
    write(
        "a.md",
        f"{front}# LLM\n\n{example}\n\nragortune: our tool.\n\n[ragortune](x.md) and [x] <b>ragortune</b>\n",
    )

    assert run("check", "a.md").code == 0


@pytest.mark.parametrize("name", ["ragortune.yaml", "docs/a.md", "pack/rules/r.yaml", "p.yaml", "p.jsonl"])
def test_a_pipe_is_refused_and_never_waited_for(run, write, tmp_path, name):
    write("docs/b.md", PLAIN)
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    command = ["recommend", name] if name.startswith("p.") else ["check", "docs"]

    result = run(*command, *(["--rules", "pack"] if name.startswith("pack") else []))

    assert result.code == 2
    assert re.search(rf"{re.escape(name)}: is a pipe or device, not a file", result.err)


def test_a_device_behind_a_link_is_refused(run, write, tmp_path):
    write("docs/b.md", PLAIN)
    (tmp_path / "docs" / "a.md").symlink_to("/dev/zero")

    result = run("check", "docs")

    assert result.code == 2
    assert "docs/a.md: is a pipe or device, not a file" in result.err


def test_the_root_of_a_machine_is_no_rule_set(run, write):
    write("p.yaml", "knowledge: {volatility: daily}\n")

    result = run("recommend", "p.yaml", "--rules", "/")

    assert result.code == 2
    assert "holds no rulebook.yaml" in result.err


def test_a_rule_set_that_is_too_large_is_refused_before_it_is_read(run, write, tmp_path):
    write("p.yaml", "knowledge: {volatility: daily}\n")
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    (tmp_path / "pack" / "rules").mkdir()
    for number in range(5):
        with (tmp_path / "pack" / "rules" / f"{number}.yaml").open("wb") as stream:
            stream.truncate(1024 * 1024)

    assert "holds more than 4 MiB of YAML" in run("recommend", "p.yaml", "--rules", "pack").err


def test_of_a_rule_set_with_thousands_of_problems_the_first_hundred_are_told(run, write):
    rules = ", ".join(f"{{id: z-{number}, code: Z{number}, disputed: {number}}}" for number in range(3000))
    disabled = ", ".join(f"{{rule: gone-{number}, because: b}}" for number in range(3000))
    write("p.yaml", "knowledge: {volatility: daily}\n")
    write("pack/rulebook.yaml", f"name: n\nversion: '1'\nextends: ragortune\ndisable: [{disabled}]\n")

    for _ in range(2):
        result = run("recommend", "p.yaml", "--rules", "pack")
        assert result.code == 2
        assert re.search(r"error: and 8\d more\n\Z", result.err)
        write("pack/rules/r.yaml", f"rules: [{rules}]\n")


def test_of_a_rule_set_with_more_mistakes_than_anybody_reads_a_few_are_told(run, write):
    write("p.yaml", "knowledge: {volatility: daily}\n")
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    write("pack/rules/r.yaml", "rules:\n" + "  - {id: x, foo: 1}\n" * 10_000)

    result = run("recommend", "p.yaml", "--rules", "pack")

    assert result.code == 2
    assert re.search(r"error: and 8\d more\n\Z", result.err)


def test_a_criterion_has_no_more_levels_than_a_person_can_tell_apart(run, write):
    levels = ", ".join(f"{{id: l{number}, means: m}}" for number in range(101))
    write("p.yaml", "knowledge: {volatility: daily}\n")
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    write(
        "pack/criteria/c.yaml",
        f"criteria: [{{id: z.q, title: t, question: q, help: h, levels: [{levels}]}}]\n",
    )

    assert "criterion 'z.q' has more than 100 levels" in run("recommend", "p.yaml", "--rules", "pack").err


def test_a_rule_set_with_a_file_whose_name_is_no_text_is_refused(run, write, tmp_path):
    write("p.yaml", "knowledge: {volatility: daily}\n")
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    with (tmp_path / "pack" / os.fsdecode(b"\xff.yaml")).open("wb"):
        pass

    result = run("recommend", "p.yaml", "--rules", "pack")

    assert result.code == 2
    assert "the name of the file '\\udcff.yaml' cannot be used" in result.err


def test_a_number_of_a_rule_pack_that_no_computer_word_holds_is_refused(run, write):
    write("p.yaml", "knowledge: {volatility: daily}\n")
    write("pack/rulebook.yaml", f"name: n\nversion: '1'\nextends: ragortune\nrecheck_days: {10**21}\n")

    result = run("recommend", "p.yaml", "--rules", "pack")

    assert result.code == 2
    assert "pack/rulebook.yaml:4:15: holds a number that is too large" in result.err


def test_a_rule_pack_cannot_lift_the_limits_of_numbers(run, write):
    write("p.yaml", "quantities: {requests_per_day: 100, cars: 1e+308}\n")
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    kind = "{id: cars, asks: cars, unit: tokens, minimum: 1, maximum: 1.0e+308, spread: 1.0e+308}"
    write("pack/quantities/q.yaml", f"quantities: [{kind}]\n")

    result = run("cost", "p.yaml", "--rules", "pack")

    assert result.code == 2
    assert "'cars' needs 0 <= minimum <= maximum <= 1e+15" in result.err
    assert "'spread' must be from 1 to 1000, not 1e+308" in result.err


@pytest.mark.parametrize(
    "operation", [lambda large: large * large, lambda large: (large * large).apply(math.exp)]
)
def test_a_result_that_is_not_finite_is_an_error(operation):
    large = measure([1.0, 1e200], "times")

    with pytest.raises(QuantityError, match="too large"):
        operation(large).in_unit("times")


@pytest.mark.parametrize("weight", ["3.333", "1.21", "1.999999999"])
def test_weights_without_a_common_divisor_need_no_longer_search(run, write, weight):
    scale = (
        "weak: 0.35\n  moderate: 1.01\n  strong: WEIGHT\n  very_strong: 4.1\n  intercept_rag: -0.35\n"
        "  intercept_fine_tuning: -2.2\n  unconfirmed: 1.2\n  firm_from: 0.8\n  ask_from: 0.02\n"
    ).replace("WEIGHT", weight)
    write("pack/rulebook.yaml", f"name: n\nversion: '1'\nextends: ragortune\nscale:\n  {scale}")
    write("p.yaml", "knowledge: {volatility: daily}\n")

    found = json.loads(run("recommend", "p.yaml", "--rules", "pack", "--format", "json").out)

    assert found["settled"] is False
    assert found["unknowns"]


def write_joint_rules(write, count, joined=2):
    """Write a rule pack in which rules for and against read several new answers together."""
    levels = "levels: [{id: 'no', means: n}, {id: 'yes', means: y}]"
    names = [f"z.q{number}" for number in range(count * joined)]
    criteria = [f"{{id: {name}, title: t, question: q, help: h, {levels}}}" for name in names]
    rules = []
    for number in range(count):
        own = names[number * joined : (number + 1) * joined]
        when = ", ".join(f"{name}: 'yes'" for name in own)
        for letter, effect in (("p", "for"), ("m", "against")):
            rules.append(
                f"{{id: z-{letter}{number}, code: Z{number:02}{letter}, title: t, when: {{{when}}}, because: b,"
                f" effects: [{{need: rag, effect: {effect}, strength: strong}}], exceptions: [e], remedy: r,"
                " sources: [{source: source-document, found: f}], tests: {fires: [{name: a, profile: "
                f"{{{when}}}}}], does_not_fire: [{{name: b, profile: {{{own[0]}: 'no'}}}}]}}}}"
            )
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    write("pack/criteria/c.yaml", f"criteria: [{', '.join(criteria)}]\n")
    write("pack/rules/r.yaml", f"rules: [{', '.join(rules)}]\n")


def test_the_report_says_where_too_many_joint_rules_are_open_to_be_searched(run, write, book):
    count = 16
    write_joint_rules(write, count)
    answers = {name: criterion.level_ids[0] for name, criterion in book.criteria.items()}
    write("p.json", json.dumps(answers))

    found = json.loads(run("recommend", "p.json", "--rules", "pack", "--format", "json").out)
    told = " ".join(run("recommend", "p.json", "--rules", "pack").out.split())

    assert (found["settled"], found["unknowns"]) == (None, None)
    joint = 2 * count + sum(len(rule.criteria) > 1 for rule in book.rules.values())
    assert f"settled: not computed, {joint} joint rules" in told


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('{id: "evil`</summary>", title: T, address: "https://a.invalid"}', "'id' must be"),
        (
            '{id: evil, title: T, address: "javascript:alert(1)//"}',
            "'address' must be an http or https address",
        ),
        ('{id: evil, title: T, address: "https://a.invalid/> <img src=x>"}', "'address' must be"),
        (
            '{id: evil, title: "T\\e[31m", address: "https://a.invalid"}',
            "a character that cannot be shown: '\\x1b'",
        ),
    ],
)
def test_names_and_addresses_of_a_pack_are_held_to_a_form(run, write, entry, complaint):
    write("pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    write("pack/sources/s.yaml", f"sources:\n  - {entry[:-1]}, quality: guidance, checked: '2026-11-01'}}\n")

    result = run("rules", "list", "--rules", "pack")

    assert (result.code, result.out) == (2, "")
    assert complaint in result.err
    assert "pack/sources/s.yaml:2:" in result.err


@pytest.mark.parametrize("blank", ["\u3164", "\u034f", "\u115f", "\ufe01", "\uffa0", "\U000e0101"])
@pytest.mark.parametrize("form", ["text", "markdown", "json", "sarif", "github", "gitlab", "junit"])
def test_a_character_that_nobody_sees_is_written_out(run, write, form, blank):
    write(f"a{blank}.md", PLAIN.replace("timetable", f"time{blank}table"))

    result = run("check", f"a{blank}.md", "--format", form)

    assert re.search("RT|tuning-na", result.out)
    assert blank not in result.out + result.err


@pytest.mark.parametrize("command", ["##[add-mask]x", "##vso[task.setvariable]x", "##teamcity[x]"])
def test_no_runner_of_any_maker_is_spoken_to(run, write, command, tmp_path):
    name = f"{command}.md"
    write(name, PLAIN + f"\n## {command}\n\nWe will fine-tune the LLM {command} daily.\n")
    write(f"{command}/ragortune.yaml", "check: {fail-on: never}\n")

    for form in ("text", "markdown", "json", "sarif", "github", "gitlab", "junit"):
        settings = ("--config", f"{command}/ragortune.yaml")
        printed = run("check", name, *settings, "--format", form)
        filed = run("check", name, *settings, "--format", f"{form}=out")
        told = printed.out + printed.err + filed.err + (tmp_path / "out").read_text()
        assert not re.search(r"##\w*\[", told)


@pytest.mark.parametrize(
    "arguments",
    [["check", "--{}"], ["{}"], ["--{}"], ["schema", "profile", "{}"], ["cost", "p", "--seed", "{}"]],
)
def test_arguments_that_a_shell_took_from_file_names_say_nothing(run, arguments):
    result = run(*(argument.format(HOSTILE) for argument in arguments))

    assert result.code == 2
    assert obeyed(result.err) == []


def test_what_is_not_looked_into_is_named(run, write, tmp_path):
    for name in ("a.md", ".git/b.md", ".hidden/b.md", "venv/b.md", "in/node_modules/b.md", "in/.c.md"):
        write(f"docs/{name}", PLAIN)
    (tmp_path / "docs" / "linked").symlink_to("venv")

    for wanted in ("docs", "docs/**/*.md"):
        result = run("check", wanted)
        skipped = "docs/.hidden, docs/in/.c.md, docs/in/node_modules, docs/linked and docs/venv"
        assert f"note: skipped: {skipped}; name them to check them" in result.err
    assert "skipped" not in run("check", "docs/a.md").err
    assert "docs/venv;" not in run("check", "docs/*.md").err


@pytest.mark.parametrize(
    "block",
    [
        "<!--\n```ragortune\ndecision: nope\n```\n-->\n",
        "<!-- ```ragortune\ndecision: nope\n``` -->\n",
        "Words.\n\n    Ragortune: {decision: nope}\n",
        "<!-- ragortune\ndecision: nope\n-->\n",
        "```yaml\nragortune:\n  decision: nope\n```\n",
        "````markdown\n```ragortune\ndecision: nope\n```\n````\n",
        "```md\n---\nragortune: {decision: nope}\n---\nWe use RAG.\n```\n",
        "<!-- ragortune: ignore[no-consequences] because it never ends\n",
        "<!-- rag-or-tune: ignore[no-consequences] because of its name on PyPI -->\n",
        "<!-- ragortune-ignore[no-consequences] because other tools write it so -->\n",
        "<!-- ragortune-disable no-consequences -->\n",
        "<!-- ragotune: ignore[no-consequences] because of a slip -->\n",
        "<!-- {ragortune: ignore[no-consequences] because of braces} -->\n",
        "<!-- prettier-ignore ragortune: ignore[no-consequences] because of two tools -->\n",
        "{/* ragortune: ignore[no-consequences] because it is MDX */}\n",
        "[//]: # (ragortune: ignore[no-consequences] because it is Markdown)\n",
        "[comment]: <> (ragortune: ignore[no-consequences] because it is Markdown)\n",
        "..\n   ragortune: ignore[no-consequences] because it is reStructuredText\n",
        "> %% ragortune: ignore[no-consequences] because it is Obsidian %%\n",
    ],
)
def test_a_block_that_is_hidden_is_noted(run, write, block):
    write("a.md", f"# LLM\n\n{block}\n")

    result = run("check", "a.md")

    assert result.code == 0
    assert re.search(r"note: a\.md:[3-5]: this is a `ragortune` block in a comment or in code", result.err)


def test_a_name_that_is_too_long_for_a_file_is_told(run, write):
    name = "x" * 300
    write(
        "p.yaml", f"knowledge: {{volatility: {{value: weekly, evidence: {{document: {name}, quote: q}}}}}}\n"
    )
    write("a.md", "# LLM\n\nWe will use RAG.\n")

    for arguments in (
        ("check", name),
        ("check", "a.md", "--profile", "p.yaml"),
        ("check", "a.md", "--rules", name),
    ):
        assert run(*arguments).code in {0, 1, 2}
    write("ragortune.yaml", f"rules: {name}\n")
    assert "'rules' names no folder" in run("check", "a.md").err


def test_half_a_character_in_a_baseline_is_told(run, write):
    write("a.md", "# LLM\n\nWe will use RAG.\n")
    entry = '{"\\ud800": 1, "path": "a.md", "rule": "r", "key": "k", "sentence": "s", "count": 1}'
    write("known.json", f'{{"schema": "ragortune/baseline/1", "findings": [{entry}]}}')

    result = run("check", "a.md", "--baseline", "known.json")

    assert (result.code, "known.json" in result.err) == (2, True)


def test_links_that_lead_back_to_themselves_are_told_and_break_nothing(run, write, tmp_path):
    write("a.md", "# LLM\n\nWe will use RAG.\n")
    write("p.yaml", "knowledge: {gap: most}\n")
    for name in ("loop.json", "loop.yaml", "loop"):
        (tmp_path / name).symlink_to(name)

    asked = run("ask", "p.yaml", "--answers", "-", "-o", "loop.yaml")
    inside = run("ask", "p.yaml", "--answers", "-", "-o", "loop/x.yaml")
    write("ragortune.yaml", "check: {baseline: loop.json}\n")
    checked = run("check", "a.md")

    assert [result.code for result in (asked, inside, checked)] == [2, 2, 2]
    assert all(result.err.startswith("error: ") for result in (asked, inside, checked))


def test_a_case_of_a_rule_pack_with_evidence_of_no_kind_is_refused(run, write, book):
    case = next(case for case in book.cases if case.outcome == "rag")
    told = {
        name: getattr(case, name) for name in ("id", "title", "sample", "kind", "group", "year", "citation")
    }
    told |= {
        name: getattr(case, name)
        for name in ("address", "setting", "outcome", "acceptable", "clear", "result")
    }
    told |= {"profile": dict(case.profile), "evidence": "described @team"}
    write("pack/rulebook.yaml", "name: n\nversion: '1'\nextends: ragortune\n")
    write("pack/cases/c.yaml", json.dumps({"cases": [told]}))
    write("p.json", json.dumps(dict(case.profile)))

    result = run("recommend", "p.json", "--rules", "pack")

    assert (result.code, result.out) == (2, "")
    assert "'cases.0.evidence' must be measured, argued or described, not 'described @team'" in result.err


@pytest.mark.parametrize(
    "text",
    ["a." * 200_000 + "a = 1", f"[{'a.' * 200_000}a]", '"a" . ' * 50_000 + "a = 1"],
    ids=["of a value", "of a table", "in quotes"],
)
def test_a_key_of_very_many_parts_in_a_project_file_costs_nothing(write, tmp_path, text):
    write("pyproject.toml", f"{text}\n[tool.ragortune]\n")
    write("a.md", "# 1. Search the manuals\n")
    limited = f'ulimit -v 1000000; exec "{sys.executable}" -m ragortune check a.md'

    done = subprocess.run(["sh", "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path}/pyproject.toml: is nested too deeply\n"


def test_texts_with_many_dots_in_a_project_file_are_no_keys(run, write):
    listed = "versions = [1.5, " + "2.5, " * 100 + "]"
    write(
        "pyproject.toml",
        f"[tool.ragortune]\n[tool.other]\nwords = '{'a. ' * 100}'\n{listed} # {'a.' * 100}\n",
    )
    write("a.md", "# 1. Search the manuals\n")

    assert run("check", "a.md").code == 0


def test_a_pattern_of_many_parts_is_matched_in_deep_folders(run, write):
    write("/".join(["aa"] * 40) + "/a.md", "# 1. Search the manuals\n")

    assert run("check", "**/a*/" * 15 + "*.none").code == 3
    assert run("check", "**/a*/" * 15 + "*.md").code == 0


@pytest.mark.parametrize("option", ["--rules", "--profile", "--baseline", "--config", "--select"])
def test_an_option_that_an_unset_variable_leaves_empty_is_told(run, write, option):
    write("a.md", "# Lunch\n")

    result = run("check", "a.md", option, "")

    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: {option} is empty\n"


@pytest.mark.parametrize(
    "arguments",
    ["recommend p.yaml --rules pack", "check p.yaml --model command:true", "ask --answers - -o new.yaml"],
)
def test_a_user_without_a_home_keeps_nothing_between_runs(run, write, monkeypatch, arguments):
    write("p.yaml", "knowledge: {gap: most}\n")
    write("pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    for name in ("RAGORTUNE_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)

    result = run(*arguments.split())

    assert result.code == 0, result.err
