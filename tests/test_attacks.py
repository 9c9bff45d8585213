"""The standing attack: whatever comes in by whatever door, the exit code is in the table and the output is what its reader expects."""

import contextlib
import json
import resource
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.check import Policy, audit_reading, gather_answers
from ragortune.engine import decide_option
from ragortune.evidence.answers import read_answer
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.profile import Vocabulary
from ragortune.evidence.quotes import QuoteFinder
from ragortune.evidence.verification import Verifier
from ragortune.model.findings import CheckReport, read_finding_rules
from ragortune.report.check_json import describe_check
from ragortune.report.checks import build_page, write_review
from ragortune.report.ci import describe_gitlab, write_github, write_junit
from ragortune.report.extract import write_profile
from ragortune.report.sarif import describe_log
from ragortune.report.text import write_text
from ragortune.support.errors import RagortuneError
from ragortune.support.reading import parse_text, parse_yaml
from ragortune.support.text import dump_json, guard_terminal

from .attacks.inputs import (
    TRIED,
    draw_answer,
    draw_arguments,
    draw_baseline,
    draw_change,
    draw_document,
    draw_name,
    draw_pack,
    draw_profile,
    draw_reply,
    draw_rows,
    draw_settings,
    drawn,
    rounds,
)
from .attacks.outputs import check_error, check_output, check_result, is_harmless, obeyed
from .conftest import Runner, study_once
from .model_programs import PRICE_DESK
from .test_check_command import AGREEING, DISAGREEING

BOOK = load_rulebook()
ADDRESSES = {source.address for source in BOOK.sources.values()} | {case.address for case in BOOK.cases}
VOCABULARY = Vocabulary(BOOK.criteria, BOOK.quantities)
LINES = tuple(PRICE_DESK.split("\n"))
MEGABYTES = 600
SECONDS = 60


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patched:
        study_once(patched)
        yield patched


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("attacked")


@pytest.fixture(scope="module")
def attacked(folder, patch):
    """Runs the command in a folder with these files and no others, and checks what comes out."""
    run = Runner(folder, patch)

    def run_on(files, *arguments, form="text", stdin=b""):
        fill(folder, files)
        check_result(run(*arguments, stdin=stdin), form, ADDRESSES)

    return run_on


def fill(folder, files):
    """Make a folder hold these files alone, and what git keeps."""
    for path in folder.iterdir():
        if path.name != ".git":
            (shutil.rmtree if path.is_dir() and not path.is_symlink() else type(path).unlink)(path)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))


# --- documents, in every format -------------------------------------------------------------------------------------


def judge(documents):
    """Return the report on documents by name."""
    rules = read_finding_rules(BOOK)
    policy = Policy(rules, frozenset(rules))
    audits, unreadable = [], []
    for path, text in documents:
        try:
            audits.append(audit_reading(read_design(text, path, BOOK), BOOK, policy, "2026-11-24"))
        except RagortuneError as error:
            unreadable.append((path, 1, error.message))
    return CheckReport(tuple(audits), tuple(unreadable), tuple(rules.values()), BOOK, 0)


def draw_named(dice):
    """Return the name and the text of a document; one with a NUL character is refused before it is read."""
    return draw_name(dice), draw_document(dice).replace("\0", "")


@rounds(24)
@given(documents=drawn("documents", draw_named, size=24))
def test_hostile_documents_neither_crash_nor_escape(patch, documents):  # noqa: ARG001
    report = judge(documents)

    for audit in report.audits:
        for finding in audit.findings:
            if finding.span is not None:
                line = audit.reading.lines[finding.span.line - 1]
                start = finding.span.column - 1
                assert line[start : start + len(finding.span.quote)] == finding.span.quote
    for form, text in (
        ("text", write_text(build_page(report).choose(()), width=80, color=False)),
        ("github", write_github(report)),
        ("junit", write_junit(report)),
        ("markdown", write_review(report)),
        ("json", dump_json(describe_check(report))),
        ("gitlab", dump_json(describe_gitlab(report))),
    ):
        assert is_harmless(text)
        check_output(form, text if form == "github" else guard_terminal(text), ADDRESSES)  # as it is printed


@rounds(15)
@given(documents=drawn("documents", draw_named, size=12))
def test_hostile_documents_give_valid_sarif_and_profiles(patch, documents):  # noqa: ARG001
    report = judge(documents)

    check_output("sarif", dump_json(describe_log(report)))
    for audit in report.audits:
        answers = gather_answers(audit.reading, VOCABULARY)
        written = write_profile(answers)
        assert is_harmless(written)
        document = parse_yaml(written, "profile.yaml")
        assert VOCABULARY.read_profile(document.data, document).levels == answers.profile.levels


@rounds(8)
@given(name=drawn("file names", draw_name), text=drawn("documents", draw_document))
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"])
def test_a_hostile_file_name_is_no_command(attacked, form, name, text):
    attacked({name: text, "docs/a.md": DISAGREEING}, "check", "docs", "--format", form, form=form)


# --- what people write ----------------------------------------------------------------------------------------------


@rounds(60)
@given(texts=drawn("profiles", draw_profile, BOOK, size=25))
def test_a_hostile_profile_is_read_or_refused_with_a_sentence(texts):
    for text in texts:
        try:
            document = parse_text(text, "p.yaml")
            profile = VOCABULARY.read_profile(document.data, document)
        except RagortuneError as error:
            check_error(error)
        else:
            assert decide_option(BOOK, profile.levels).option


@rounds(12)
@given(text=drawn("profiles", draw_profile, BOOK))
@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_hostile_profile_is_answered_in_every_format(attacked, form, text):
    attacked({"p.yaml": text}, "recommend", "p.yaml", "--format", form, form=form)
    attacked({"p.yaml": text}, "cost", "p.yaml", "--format", form, form=form)


@rounds(60)
@given(
    answers=drawn(
        "typed answers", lambda dice: [draw_answer(dice, own) for own in BOOK.criteria.values()], size=2
    )
)
def test_a_typed_answer_is_understood_as_a_file_would_hold_it_or_refused_with_a_sentence(answers):
    TRIED["typed answers"] += 2 * (len(BOOK.criteria) - 1)
    for typed in answers:
        for criterion, text in zip(BOOK.criteria.values(), typed, strict=True):
            try:
                value = read_answer(criterion, text)
            except RagortuneError as error:
                check_error(error)
            else:
                with contextlib.suppress(RagortuneError):
                    VOCABULARY.read_profile({criterion.id: value})


@rounds(10)
@given(
    answers=drawn(
        "typed answers", lambda dice: draw_answer(dice, dice.choice(list(BOOK.criteria.values()))), size=8
    )
)
def test_a_questionnaire_answered_with_nonsense_saves_what_can_be_read_again(attacked, folder, answers):
    with contextlib.suppress(FileNotFoundError):
        (folder / "saved.yaml").unlink()
    attacked({}, "ask", "-o", "saved.yaml", stdin="\n".join(answers).encode("utf-8", "surrogatepass"))

    if (folder / "saved.yaml").exists():
        saved = parse_yaml((folder / "saved.yaml").read_text("utf-8"), "saved.yaml")
        VOCABULARY.read_profile(saved.data, saved)


@rounds(60)
@given(replies=drawn("model answers", draw_reply, size=25))
def test_what_a_model_answers_holds_only_where_the_document_says_it(replies):
    verifier = Verifier(QuoteFinder(LINES), BOOK.criteria)
    for reply in replies:
        read = verifier.verify(reply)
        for fact in read.facts:
            assert LINES[fact.span.line - 1][fact.span.column - 1 :].startswith(fact.span.quote)


@rounds(20)
@given(
    document=drawn("documents", draw_document),
    questions=drawn("measured rows", draw_rows),
    examples=drawn("measured rows", draw_rows),
    ending=st.sampled_from(["jsonl", "json", "csv"]),
    form=st.sampled_from(["text", "json", "markdown"]),
)
def test_hostile_data_is_measured_or_refused_with_a_sentence(
    attacked, document, questions, examples, ending, form
):
    names = f"q.{ending}", f"e.{ending}"
    files = dict(zip(names, (questions, examples), strict=True)) | {"docs/a.md": document}
    arguments = ["--docs", "docs", "--questions", names[0], "--examples", names[1]]

    attacked(files, "measure", *arguments, "--format", form, form=form)
    attacked(files, "measure", "--docs", "docs", "--examples", names[1], "-o", "p.yaml", form="text")


# --- the command line, rule packs, settings ---------------------------------------------------------------------------


@rounds(80)
@given(arguments=drawn("arguments", draw_arguments), text=drawn("profiles", draw_profile, BOOK))
def test_hostile_arguments_end_with_a_code_of_the_table(attacked, arguments, text):
    attacked({"p.yaml": text, "docs/a.md": DISAGREEING}, *arguments, form=None)


@rounds(2)
@given(pack=drawn("rule packs", draw_pack))
@pytest.mark.parametrize(
    "arguments",
    ["recommend p.yaml", "check docs --format markdown", "rules check", "rules list", "explain Z001"],
)
def test_a_hostile_rule_pack_is_used_or_refused_with_a_sentence(attacked, arguments, pack):
    files = {f"pack/{name}": text for name, text in pack.items()}
    files |= {"p.yaml": "z.q: 'yes'\nknowledge.volatility: daily\n", "docs/a.md": DISAGREEING}
    form = "markdown" if "markdown" in arguments else "text"

    attacked(
        files, *arguments.split(), *([] if arguments == "rules check" else ["--rules"]), "pack", form=form
    )


@rounds(12)
@given(settings=drawn("settings", draw_settings), baseline=drawn("baselines", draw_baseline))
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"])
def test_hostile_settings_and_baselines_end_with_a_code_of_the_table(
    attacked, folder, form, settings, baseline
):
    (folder / ".git").mkdir(exist_ok=True)
    files = {
        settings[0]: settings[1],
        "known.json": baseline,
        "docs/a.md": DISAGREEING,
        "p.yaml": "data.examples: 3\n",
    }

    attacked(files, "check", "docs", "--format", form, form=form)


# --- a pull request -------------------------------------------------------------------------------------------------

REPOSITORY = {
    "ragortune.yaml": "rules: pack\ncheck: {baseline: known.json, fail-on: warning, ignore: [no-owner]}\n",
    "pack/rulebook.yaml": "name: ours\nversion: '1'\nextends: ragortune\n",
    "known.json": '{"schema": "ragortune/baseline/1", "findings": []}\n',
    "docs/a.md": DISAGREEING,
    "docs/b.md": AGREEING,
    "docs/c.md": "# RAG for the LLM desk\n\nWe will use RAG.\n\n<!-- ragortune: ignore[no-status] because small -->\n",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory, patch):
    """A repository at its base: its folder, a way to check it, and what is found there, by document."""
    folder = tmp_path_factory.mktemp("repository")
    rules = BOOK and read_finding_rules(BOOK)
    REPOSITORY["ragortune.yaml"] = REPOSITORY["ragortune.yaml"].replace("no-owner", list(rules)[-1])
    fill(folder, REPOSITORY)
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"]
    for command in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "base"]):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    run = Runner(folder, patch)
    return folder, run, read_findings(run("check", "docs", "--config-from", "main", "--format", "json"))


def read_findings(result):
    return {document["path"]: document["findings"] for document in json.loads(result.out)["documents"]}


@rounds(10)
@given(change=drawn("pull requests", draw_change, REPOSITORY))
def test_a_pull_request_finds_what_its_base_finds_on_what_it_left_alone(repository, change):
    folder, run, before = repository
    fill(folder, {name: text for name, text in {**REPOSITORY, **change}.items() if text is not None})

    result = run("check", "docs", "--config-from", "main", "--format", "json")

    check_result(result, "json")
    found = read_findings(result)
    for name in before.keys() - change.keys():
        assert found[name] == before[name]


@rounds(10)
@given(change=drawn("pull requests", draw_change, REPOSITORY))
def test_without_the_settings_of_the_base_a_pull_request_is_refused_or_its_settings_are_named(
    repository, change
):
    folder, run, before = repository
    fill(folder, {name: text for name, text in {**REPOSITORY, **change}.items() if text is not None})

    result = run("check", "docs", "--format", "json")

    check_result(result, "json")
    if result.code == 2 and not result.out:
        return
    found = read_findings(result)
    for name in before.keys() - change.keys():
        changed = found[name] != before[name]
        assert not changed or "note: " in result.err or len(found[name]) > len(before[name])


# --- whole processes --------------------------------------------------------------------------------------------------


def draw_process(dice):
    """Return files and arguments for a process of its own."""
    name, text = draw_settings(dice)
    files = {
        name: text,
        "known.json": draw_baseline(dice),
        "p.yaml": draw_profile(dice, BOOK),
        draw_name(dice): draw_document(dice),
    }
    if dice.random() < 0.3:
        files |= {f"pack/{own}": text for own, text in draw_pack(dice).items()}
    commands = (
        "recommend p.yaml",
        "check docs",
        "cost p.yaml",
        "extract docs/a.md",
        "ask -o s.yaml --answers p.yaml",
        "",
    )
    arguments = dice.choice(commands).split() or draw_arguments(dice)
    if "pack/rulebook.yaml" in files and arguments:
        arguments += ["--rules", "pack"]
    return {"docs/a.md": DISAGREEING, **files}, arguments


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 1_000_000, MEGABYTES * 1_000_000))


@rounds(6)
@given(attack=drawn("processes", draw_process))
def test_a_process_ends_in_time_and_within_its_memory(folder, attack):
    files, arguments = attack
    fill(folder, files)

    done = subprocess.run(
        [sys.executable, "-m", "ragortune", *arguments],
        cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, preexec_fn=limit_memory, check=False,
    )  # fmt: skip

    assert done.returncode in {0, 1, 2, 3}, done.stderr
    for stream in (done.stdout, done.stderr):
        text = stream.decode()
        assert "Traceback" not in text
        assert [
            line for line in obeyed(text) if not line.startswith(("::error ", "::warning ", "::notice "))
        ] == []
