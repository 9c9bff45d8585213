"""How often documents change, on small repositories with fixed dates."""

import os
import random
import shutil
import subprocess
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.evidence.measurements import history
from ragortune.evidence.measurements.history import read_units
from ragortune.evidence.measurements.volatility import measure_volatility

AS_OF = "2024-12-31"
BEFORE = "2023-02-01"
WORDS = (
    "invoice",
    "ledger",
    "refund",
    "warehouse",
    "parcel",
    "customs",
    "tariff",
    "supplier",
    "deposit",
    "clerk",
)


def sentence(seed):
    chosen = random.Random(seed).choices(WORDS, k=9)
    return f"The {' '.join(chosen)} of number {seed} is kept."


def page(number, version=0, count=4):
    """Return a page of which a version changes the first sentence."""
    sentences = [sentence(f"{number}-{version}"), *(sentence(f"{number}-{n}-s") for n in range(1, count))]
    return f"# Page {number}\n\n{' '.join(sentences)}\n"


def pages(numbers=range(20), version=0, folder="docs"):
    return {f"{folder}/page{number}.md": page(number, version) for number in numbers}


class Team:
    """A team that commits to a repository of its own."""

    def __init__(self, folder):
        self.folder = folder
        if not folder.exists():
            folder.mkdir()
            self.git("init", "-q", "-b", "main")

    def git(self, *arguments, date=BEFORE, check=True):
        moment = f"{date}T12:00:00+00:00"
        own = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "GIT_CONFIG_GLOBAL": os.devnull}
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.invalid", "-c", "gc.auto=0"]
        command = ["git", *identity, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | own, capture_output=True, check=check
        )
        return done.stdout.decode()

    def write(self, files):
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def commit(self, date, files=(), removed=()):
        self.write(dict(files))
        for name in removed:
            (self.folder / name).unlink()
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "Work", date=date)

    def measure(self, folder="docs", as_of=AS_OF):
        return measure_volatility(self.folder / folder, as_of, lambda _: None)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    team = Team(tmp_path_factory.mktemp("begun") / "project")
    team.commit(BEFORE, pages())
    return team.folder


@pytest.fixture
def team(begun, tmp_path):
    """A team with twenty pages that are nearly two years old."""
    return Team(shutil.copytree(begun, tmp_path / "project"))


def level(measured):
    return measured.figures["level"]


def clone(team, folder, *options):
    team.git("clone", "-q", *options, team.folder.as_uri(), str(folder))


# --- levels -------------------------------------------------------------------------------------------------------


def test_a_team_that_left_its_pages_alone_has_static_knowledge(team):
    team.commit("2024-12-30", {"main.py": "print()"})
    measured = team.measure()
    assert measured.answers == {"knowledge.volatility": ["static", "yearly"]}  # none of 20, by chance
    assert level(measured) == "static"
    assert (measured.count, measured.of, measured.date) == (20, "documents", "2024-12-30")
    assert "0% of 20 documents" in measured.says


@pytest.mark.parametrize(
    ("changed", "name", "answer"),
    [(2, "low", "yearly"), (5, "medium", "monthly"), (12, "high", "weekly")],
)
def test_the_share_of_pages_changed_in_a_quarter_gives_the_level(team, changed, name, answer):
    for number in range(changed):
        team.commit(f"2024-11-{number + 1:02}", pages([number], version=1))
    team.commit("2024-12-30")
    measured = team.measure()
    assert level(measured) == name
    assert answer in measured.answers["knowledge.volatility"]
    assert measured.figures["documents_90"] == changed / 20
    assert measured.figures["gone_90"] == pytest.approx(changed / 80, abs=0.001)
    assert measured.figures["days_worked_of_90"] == changed
    low, high = measured.interval
    assert low < changed / 20 < high


def test_a_table_of_versions_that_robots_keep_changes_daily_though_few_of_its_lines_do(tmp_path):
    team = Team(tmp_path / "project")
    for date, patch in (("2023-02-01", 1), ("2024-12-10", 2), ("2024-12-20", 3)):
        rows = {
            n: f"---\ntitle: Product {n}\n{textwrap.indent(page(n), '# ')}latest: 4.{n}.{patch}000\n---\n"
            for n in range(12)
        }
        team.commit(date, {f"docs/{n}.md": text for n, text in rows.items()})
    measured = team.measure()
    assert measured.figures["documents_90"] == 1
    assert measured.figures["gone_90"] < 0.5
    assert 0.1 < measured.quantities["changed_per_month"] < 0.5


def test_pages_that_are_rewritten_every_week_are_daily_knowledge(team):
    for week, date in enumerate(("2024-12-03", "2024-12-10", "2024-12-17", "2024-12-24")):
        team.commit(date, pages(range(week * 4, week * 4 + 8), version=week + 1))
    measured = team.measure()
    assert measured.answers == {"knowledge.volatility": "daily"}


def test_of_few_pages_the_answer_is_as_wide_as_chance_allows(tmp_path):
    team = Team(tmp_path / "project")
    team.commit(BEFORE, pages(range(6)))
    for number in range(2):
        team.commit(f"2024-12-0{number + 1}", pages([number], version=1))
    assert team.measure().answers == {"knowledge.volatility": ["monthly", "weekly"]}


def test_new_pages_are_told_as_growth_and_change_nothing_that_was_there(team):
    team.commit("2024-12-01", pages(range(20, 40)))
    measured = team.measure()
    assert level(measured) == "static"
    assert measured.figures["fresh_90"] == pytest.approx(0.5, abs=0.1)
    assert any("new within 90 days" in note for note in measured.notes)
    assert measured.quantities["changed_per_month"] == pytest.approx(0.5, abs=0.1)


# --- what misleads ------------------------------------------------------------------------------------------------


def test_a_shallow_clone_tells_nothing_and_says_how_to_fetch_the_history(team, tmp_path):
    team.commit("2024-12-30", pages(range(9), version=1))
    clone(team, tmp_path / "checkout", "--depth", "1")
    measured = measure_volatility(tmp_path / "checkout" / "docs", AS_OF, lambda _: None)
    assert measured.answers == {"knowledge.volatility": None}
    assert "shallow" in measured.reason
    assert "fetch-depth: 0" in measured.reason


def test_a_merge_of_main_into_an_own_branch_does_not_move_the_past(team):
    team.git("checkout", "-q", "-b", "own")
    team.git("checkout", "-q", "main")
    for month in range(1, 5):
        team.commit(f"2024-{month:02}-01", pages(version=month))
    team.git("checkout", "-q", "own")
    team.commit("2024-12-20", {"own.py": "print()"})
    team.git("merge", "-q", "--no-ff", "-m", "Merge main", "main", date="2024-12-21")
    team.git("branch", "-f", "main")
    measured = team.measure()
    assert measured.figures["documents_90"] == 0
    assert level(measured) == "static"
    assert measured.figures["documents_365"] == 1


def test_an_own_branch_that_was_merged_late_is_not_taken_for_the_state_of_its_date(team):
    team.git("checkout", "-q", "-b", "own")
    team.commit("2024-09-30", pages(version=1))
    team.git("checkout", "-q", "main")
    team.commit("2024-09-25", {"main.py": "print()"})
    team.git("merge", "-q", "--no-ff", "-m", "Merge own", "own", date="2024-12-30")
    assert team.measure().figures["documents_90"] == 1


def test_lines_that_were_only_wrapped_anew_are_no_change(team):
    wrapped = {
        name: "\n\n".join(textwrap.fill(part, 40) for part in text.split("\n\n"))
        for name, text in pages().items()
    }
    assert wrapped != pages()
    team.commit("2024-12-01", wrapped)
    measured = team.measure()
    assert (measured.figures["documents_90"], measured.figures["gone_90"], measured.figures["fresh_90"]) == (
        0,
        0,
        0,
    )


def test_text_that_moved_to_other_files_and_folders_is_neither_gone_nor_new(team):
    joined = "\n".join(page(number) for number in range(10))
    moved = {"guide/all.md": joined, **pages(range(10, 15), folder="docs/sub")}
    team.commit("2024-12-01", moved, removed=pages(range(15)))
    for folder in (".", "docs"):
        measured = team.measure(folder)
        assert (measured.figures["documents_90"], measured.figures["fresh_90"]) == (0, 0)


def test_a_folder_that_took_the_place_of_another_has_its_history(team):
    team.commit(
        "2024-12-01", pages(folder="handbook") | pages([3], version=1, folder="handbook"), removed=pages()
    )
    measured = team.measure("handbook")
    assert (measured.count, measured.figures["documents_90"]) == (20, 0.05)
    assert measured.figures["fresh_90"] == pytest.approx(0.01, abs=0.01)


def test_a_burst_on_one_day_lowers_the_level_and_is_told(team):
    team.commit("2024-12-01", pages(range(10), version=1))
    team.commit("2024-12-05", pages(range(10, 12), version=1))
    measured = team.measure()
    assert measured.figures["documents_90"] == 0.6
    assert level(measured) == "medium"
    assert any("burst" in note for note in measured.notes)


def test_changes_of_wording_alone_lower_the_level_and_are_told(team):
    for number in range(10):
        reworded = page(number).replace("is kept", "are kept")
        team.commit(f"2024-12-{number + 1:02}", {f"docs/page{number}.md": reworded})
    measured = team.measure()
    assert measured.figures["cosmetic"] > 0.9
    assert level(measured) == "medium"
    assert any("wording" in note for note in measured.notes)


def test_release_notes_generated_pages_and_translations_do_not_count(team):
    names = (
        "CHANGELOG.md",
        "release-notes/v1.md",
        "generated/api.md",
        "fr/page1.md",
        "page2.fr.md",
        "i18n/x/page.md",
    )
    team.commit("2023-03-01", {f"docs/{name}": page(name) for name in names} | {"docs/en/page1.md": page(1)})
    team.commit("2024-12-01", {f"docs/{name}": page(name, version=1) for name in names})
    measured = team.measure()
    assert measured.count == 21
    assert measured.figures["documents_90"] == 0
    assert measured.figures["days_worked_of_90"] == 0


def test_a_partial_clone_tells_nothing_and_fetches_nothing(team, tmp_path):
    team.commit("2024-12-30", pages(range(9), version=1))
    team.git("config", "uploadpack.allowFilter", "true")
    clone(team, tmp_path / "checkout", "--filter=blob:none")
    count = ("-C", str(tmp_path / "checkout"), "count-objects", "-v")
    objects = team.git(*count)
    measured = measure_volatility(tmp_path / "checkout" / "docs", AS_OF, lambda _: None)
    assert measured.answers == {"knowledge.volatility": None}
    assert "without `--filter`" in measured.reason
    assert team.git(*count) == objects


def test_of_a_dead_repository_the_figures_hold_for_its_last_commit(team):
    for number in range(8):
        team.commit(f"2023-06-{number + 1:02}", pages([number], version=1))
    team.commit("2023-07-01", pages([8], version=1))
    measured = team.measure()
    assert level(measured) == "high"
    assert measured.date == "2023-07-01"
    assert measured.figures["days_since_last_commit"] == 549
    assert any("549 days" in note for note in measured.notes)


# --- what cannot be used ------------------------------------------------------------------------------------------


def without_repository(team):
    shutil.rmtree(team.folder / ".git")


def without_objects(team):
    shutil.rmtree(team.folder / ".git" / "objects")


def without_history(team):
    team.git("checkout", "-q", "--orphan", "new")
    team.commit("2024-12-01", {"main.py": "print()"})


def without_documents(team):
    team.commit("2024-12-01", {".gitignore": "docs"})
    team.git("rm", "-rq", "--cached", "docs")
    team.git("commit", "-q", "-m", "Remove", date="2024-12-02")


def without_old_documents(team):
    team.commit("2023-03-01", removed=pages(range(18)))
    team.commit("2024-12-01", pages(range(18)))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (without_repository, "not a git repository"),
        (without_objects, "not a git repository|cannot read the history"),
        (without_history, "when there are documents of that age"),
        (without_documents, "commit them"),
        (without_old_documents, "when there are documents of that age"),
    ],
)
def test_where_git_cannot_tell_there_is_a_reason_and_no_answer(team, spoil, reason):
    spoil(team)
    measured = team.measure()
    assert measured.answers == {"knowledge.volatility": None}
    assert any(part in measured.reason for part in reason.split("|"))
    assert not measured.figures


def test_before_the_first_commit_there_is_nothing_to_tell(team):
    assert "no commit up to 2020-01-01" in team.measure(as_of="2020-01-01").reason


@pytest.mark.parametrize("setting", [("diff.relative", "true"), ("diff.orderFile", "/nowhere/order")])
def test_settings_of_git_for_people_change_no_figures(team, setting):
    team.commit("2024-11-01", pages(range(5), version=1))
    before = team.measure()
    team.git("config", *setting)

    assert team.measure() == before
    assert before.figures["days_worked_of_90"] == 1


@pytest.mark.parametrize("place", [".git", "{}/.git"])
def test_in_a_hook_the_figures_are_the_same(team, monkeypatch, place):
    team.commit("2024-11-01", pages(range(5), version=1))
    before = team.measure()
    monkeypatch.setenv("GIT_DIR", place.format(team.folder))

    assert team.measure() == before


def test_on_an_earlier_day_the_figures_are_those_of_that_day(team):
    earlier = team.measure(as_of="2024-06-30")
    team.commit("2024-12-01", pages(version=1))
    assert team.measure(as_of="2024-06-30") == earlier
    assert team.measure().figures["documents_90"] == 1


SIGNATURE = "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n"


def set_traps(team, tmp_path):
    """Make every program that a repository can name leave a mark; return where."""
    mark, program = tmp_path / "mark", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    names = (
        "core.fsmonitor core.sshCommand core.pager gpg.program diff.external diff.x.textconv filter.x.smudge"
    )
    for name in (*names.split(), "remote.origin.uploadpack"):
        team.git("config", name, str(program))
    team.git("config", "log.showSignature", "true")
    team.git("config", "protocol.ext.allow", "always")
    team.git("config", "protocol.file.allow", "always")
    (team.folder / ".gitattributes").write_text("*.md diff=x filter=x\n")
    return mark, program


def test_a_hostile_repository_runs_nothing(team, tmp_path):
    team.commit("2024-12-30", pages(range(9), version=1))
    signed = tmp_path / "signed"
    signed.write_text(team.git("cat-file", "commit", "HEAD").replace("\n\n", SIGNATURE, 1))
    team.git("update-ref", "HEAD", team.git("hash-object", "-t", "commit", "-w", str(signed)).strip())
    mark, _ = set_traps(team, tmp_path)
    assert team.measure().figures["documents_90"] == 9 / 20
    assert not mark.exists()
    team.git("log", "-1")  # the traps work
    assert mark.exists()


def test_a_hostile_partial_clone_fetches_nothing_through_a_program(team, tmp_path):
    team.commit("2024-12-30", pages(range(9), version=1))
    team.git("config", "uploadpack.allowFilter", "true")
    clone(team, tmp_path / "checkout", "--filter=blob:none")
    checkout = Team(tmp_path / "checkout")
    mark, program = set_traps(checkout, tmp_path)
    for address in (f"ext::{program}", str(team.folder)):
        checkout.git("config", "remote.origin.url", address)
        assert checkout.measure().answers == {"knowledge.volatility": None}
        assert not mark.exists()


def test_of_many_documents_a_sample_is_compared_and_told(team, monkeypatch):
    team.commit("2024-12-01", pages(range(10), version=1))
    whole = team.measure()
    monkeypatch.setattr(history, "_MAX_BYTES", 1_500)
    measured = team.measure()
    assert 0 < measured.count < whole.count
    assert any("sample" in note for note in measured.notes)
    assert measured == team.measure()
    assert not any("sample" in note for note in whole.notes)


# --- sentences ----------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(WORDS), min_size=3, max_size=60), st.integers(20, 90))
def test_sentences_do_not_depend_on_where_lines_end(words, width):
    text = " ".join(words).capitalize() + ". " + " ".join(reversed(words)).capitalize() + "."
    assert read_units(textwrap.fill(text, width)) == read_units(text)


def test_lines_of_code_tables_and_front_matter_stand_alone_and_comments_for_nothing():
    text = "---\nowner: accounting\n---\n\n```\nfirst = compute(1)\nsecond = compute(2)\n```\n\n<!-- a remark nobody reads -->\n"
    table = "| Country | Rate of tax |\n|---|---|\n| Denmark | 25 per cent |\n"
    assert list(read_units(text + "\n" + table)) == [
        "owner accounting",
        "first compute 1",
        "second compute 2",
        "country rate of tax",
        "denmark 25 per cent",
    ]
