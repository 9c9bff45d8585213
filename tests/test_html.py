"""The report as a web page: its structure by a parser, and what a browser makes of it, where there is one."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.report.blocks import Heading, Item, Items, Paragraph, bullets, terms
from ragortune.report.html import write_html

from .conftest import ROOT

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> & \u202e \x1b[31m {{ 7*7 }} {% raw %} \"'>"
PRICED = ROOT / "examples/cost/1-support-knowledge-base.yaml"
COMMANDS = {
    "recommend": ("recommend", PRICED, "--as-of", "2026-11-29"),
    "unknown": ("recommend", "empty.yaml"),
    "cost": ("cost", PRICED, "--as-of", "2026-11-29"),
    "check": ("check", ROOT / "examples/repository/docs/adr"),
    "hostile": ("recommend", "hostile.json"),
}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
VOID = {"meta", "link", "hr", "br", "img", "rect"}


class Page(HTMLParser):
    """Every start tag in order, with attributes; and whether tags are balanced."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture
def pages(run, write):
    write("empty.yaml", "")
    write("hostile.json", json.dumps({"project": HOSTILE, "knowledge": {"gap": "most"}}))

    def make(name):
        return run(*COMMANDS[name], "--format", "html").out

    return make


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_is_one_file_without_script_or_anything_from_outside(pages, name):
    text = pages(name)
    page = Page(text)

    assert text.startswith("<!doctype html>\n")
    assert len(text.encode()) < 200_000
    assert not page.all("script", "img", "iframe", "object", "form", "base")
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    assert not any(key.startswith("on") or key == "style" for _, own in page.tags for key in own)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(own["content"] for own in page.all("meta") if "http-equiv" in own)
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    for link in page.all("a"):
        assert link["href"].startswith(("https://", "http://"))
        assert link["rel"] == "noopener noreferrer nofollow"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_can_be_read_by_a_screen_reader(pages, name):
    text = pages(name)
    page = Page(text)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    names = [own["id"] for _, own in page.tags if "id" in own]

    assert page.all("html") == [{"lang": "en"}]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))
    assert len(names) == len(set(names))
    assert all(own["aria-labelledby"] in names for _, own in page.tags if "aria-labelledby" in own)
    assert all("scope" in own for own in page.all("th"))
    for drawn in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        assert drawn.startswith('<svg role="img" ')
        assert re.search(r"<title>[^<]+</title><desc>[^<]+</desc>", drawn)


def test_a_page_says_what_the_text_says(run, pages):
    page = Page(pages("recommend"))
    shown = " ".join(page.text.split())

    assert "Of 100 published systems like this, " in shown
    for heading in ("Need for retrieval", "What would change it", "What each answer changes", "Sources"):
        assert heading in shown
    assert len(page.all("svg")) > 15
    assert len(page.all("a")) >= 3
    assert "How to find out" in shown
    chosen = run(*COMMANDS["recommend"], "--format", "html", "--show", "flips").out
    assert re.findall("<h2 .*?>(.*?)</h2>", chosen) == ["What would change it"]


def test_a_hostile_title_stays_text(pages):
    text = pages("hostile")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }} {% raw %}" in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_no_address_but_a_web_address_is_a_link():
    addresses = ("https://a.example/?q=<b>", "javascript:alert(1)", "data:text/html,x", "docs/cost.md")
    text = write_html([Heading("T"), Items(tuple(Item("x", address=address) for address in addresses))])

    assert [own["href"] for own in Page(text).all("a")] == ["https://a.example/?q=<b>"]
    assert "<code>javascript:alert(1)</code>" in text
    assert "<code>ragortune explain docs/cost.md</code>" in text


@given(st.text())
def test_no_text_can_become_markup(said):
    blocks = [Heading(said), Paragraph((said, said), lead=said), bullets([said]), terms([(said, said)])]
    plain, shown = Page(write_html([Heading("x"), *blocks])), Page(write_html([Heading("y"), *blocks]))

    assert [tag for tag, _ in plain.tags] == [tag for tag, _ in shown.tags]
    assert {tag for tag, _ in plain.tags} <= {
        *("html", "head", "meta", "title", "link", "style", "body", "main", "header", "h1", "p", "ul", "li"),
        *("dl", "div", "dt", "dd", "code", "span"),
    }


def test_a_page_of_several_profiles_is_refused(run, write):
    write("a.yaml", "")
    result = run("recommend", "a.yaml", "a.yaml", "--format", "html")

    assert (result.code, result.out) == (2, "")
    assert "--format html prints one recommendation" in result.err
    assert run("recommend", "a.yaml", "--brief", "--format", "html").code == 2


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        program = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield program
        program.close()


@pytest.mark.parametrize(
    ("name", "scheme"), [*((name, "light") for name in COMMANDS), ("recommend", "dark"), ("check", "dark")]
)
def test_a_browser_has_nothing_to_complain_about(browser, pages, tmp_path, name, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    place = tmp_path / "page.html"
    place.write_text(pages(name))
    tab = browser.new_page(color_scheme=scheme, bypass_csp=True)
    asked, said = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(place.as_uri())

    assert (asked, said) == ([place.as_uri()], [])
    for width in (360, 768, 1400):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    tab.close()


@pytest.mark.parametrize("name", ["recommend", "cost", "check"])
def test_a_page_is_drawn_under_its_own_policy_and_prints_on_two_sheets(browser, pages, tmp_path, name):
    place = tmp_path / "page.html"
    place.write_text(pages(name))
    tab = browser.new_page()
    said = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(place.as_uri())
    printed = tab.pdf(format="A4", prefer_css_page_size=True)

    assert said == []
    assert tab.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "1024px"
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
    tab.close()
