"""Hostile inputs of every kind: valid ones that something was done to. Each is drawn by dice, so that a seed is enough."""

import json
import os
import random
import re
from collections import Counter

from hypothesis import Phase, settings
from hypothesis import strategies as st

from tests.model_programs import GOOD
from tests.test_check_command import AGREEING, DISAGREEING

TRIED = Counter()
"""How many inputs of each kind were tried."""

TEXTS = (
    "\x1b[31mred\x1b[0m", "\x1b]8;;http://evil.invalid\x07link\x1b]8;;\x07", "\x9b31m", "\x07", "\x00", "\x08\x08",
    "::error file=a.md::owned", "\n::set-output name=a::b", "%0A::error::x", "\r\n::add-mask::x", "::stop-commands::t",
    "##[error]x", "##vso[x]y", "/merge", "\n##[group]x", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- ", "-->",
    "--!>", "<![CDATA[", "]]>", "[red]bold[/red]", "[link=http://evil.invalid]x[/link]", ":smile:", "\u202eevil\u202c",
    "\u2066x\u2069", "\u2028", "\u200b", "\ufeff", "\U000e0041", "\ufffd", "file:///etc/passwd", "../../../etc/passwd",
    "javascript:alert(1)", "%SRCROOT%", "${{ github.token }}", "$(id)", "`id`", "| a | b |", "](http://evil.invalid)",
    "![x](http://evil.invalid/p.png)", "@channel", "#1", "&lt;b&gt;", "&#x1b;", "\\", "'", '"', "{{7*7}}", "%s%n",
    "{0.__class__}", "a" * 300, "é" * 50, "日本語" * 20, "www.evil.invalid", "evil@evil.invalid", "http://evil.invalid",
)  # fmt: skip
"""What a terminal, a runner, a page or a template might obey."""
VALUES = (
    "", "null", "~", "true", "yes", "[]", "{}", "[[]]", "[{}]", "0", "-0.0", "1e308", "1e999", "-1", ".nan", "-.inf",
    "9" * 400, "0x" + "f" * 80, "1e-320", "2026-13-45", "0000-00-00", "!!python/name:os.system", "!x", "&a [*a]", "*a",
    "[" * 60, "{a: " * 60, "- " * 60, "? a", "'", '"', '"\\ud800"', "%YAML 9.9", "---", "...", "\t", "unknown", "12 EUR",
    "{from: 5, to: 1}", "{value: unknown}", "[weekly, weekly]", "{value: 3, evidence: {line: -1, quote: x}}", "1,2,3",
    "../../x", "/", "/dev/zero", "-", "--rules", "*", "**/**", "[!", "HEAD", "--output=x", "²", "1k", "5M", "0M", "9G",
)  # fmt: skip
"""What may be where a value is expected."""
DESIGN = (
    "# Retrieval for the help desk", "## Decision", "## Status", "Accepted", "## Alternatives", "## Consequences",
    "We will use retrieval-augmented generation with an LLM.", "We will fine-tune the LLM on the price list.",
    "Fine-tuning was rejected because the manuals change every week.", "The prices change daily.",
    "Every answer must cite its source.", "We have 3,000 labelled examples.", "The corpus is static.",
    "| Option | Decision |\n| --- | --- |\n| RAG | chosen |", "- [x] done", "> quoted", "```\ncode\n```", "* * *",
    "A fine-tuned Llama 3 8B costs $0.20 while GPT-4o with a prompt costs $9.", "p95 latency: < 900 ms",
    "<!-- ragortune: ignore[RT003] because {} -->", "<!-- ragortune: ignore[{}] because x -->",
    "<!-- ragortune: ignore[no-consequences] until 2999-01-01 because {} -->", "<!-- ragortune: {} -->",
    "```ragortune\ndecision: fine_tuning\nprofile:\n  knowledge: {volatility: daily, gap: most}\n  grounding: {citations: required}\n```",
    "```ragortune\ndecision: {}\n```", "---\nstatus: {}\n---", "**{}**: {}", "# {}", "{}", "{} {}", "- {}", "\n\n", " ",
)  # fmt: skip
ENDINGS = ("\n\n", "\n", " ", "\r\n", "\r")
_VALUE = re.compile(r"(?<=[:\[,] )[^\s,\[\]{}]+")


def drawn(kind, draw, *given, size=1):
    """Return a strategy for `size` inputs at once, each drawn by dice of its own; Hypothesis is slow where it draws much."""

    def draw_all(seed):
        dice = random.Random(seed)
        TRIED[kind] += size
        inputs = [draw(dice, *given) for _ in range(size)]
        return inputs if size > 1 else inputs[0]

    return st.integers(0, 2**63).map(draw_all)


def rounds(count):
    """Return the settings for so many examples, and more where `FUZZ` says so; a failing seed is short enough as it is."""
    return settings(max_examples=count * int(os.environ.get("FUZZ", "1")), phases=(Phase.generate,))


def spoil(dice, text):
    """Return a text to which up to three things were done: at values, at words, or anywhere."""
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        places = [found.span() for found in _VALUE.finditer(text)]
        begin = dice.randrange(len(text) + 1)
        begin, end = (
            dice.choice(places)
            if places and dice.random() < 0.7
            else (begin, begin + dice.choice((0, 1, 30)))
        )
        new = dice.choice((dice.choice(VALUES), json.dumps(dice.choice(TEXTS)), dice.choice(TEXTS), ""))
        new = text[begin:end] * dice.choice((2, 30)) if dice.random() < 0.1 else new
        text = text[:begin] + new + text[end:]
    return text


def draw_document(dice):
    """Return a design document, its parts in any order, with texts in all places."""
    parts = (
        dice.choice(DESIGN).replace("{}", dice.choice(TEXTS)) + dice.choice(ENDINGS)
        for _ in range(dice.randint(1, 7))
    )
    return "".join(parts)


def draw_name(dice, ending=".md"):
    """Return a file name; no system has a NUL in one, and Linux takes 255 bytes."""
    text = spoil(dice, dice.choice((*TEXTS, "a", "-", " ", ".")))
    name = text.replace("\0", "").replace("/", dice.choice("_/")).replace("../", "")
    return f"docs/{name.encode()[:80].decode(errors='ignore').strip('/')}x{ending}"


def draw_answers(dice, book):
    """Return answers by criterion, as a profile holds them."""
    answers = {}
    for criterion in dice.sample(list(book.criteria.values()), dice.randint(1, 12)):
        level = dice.choice(criterion.level_ids)
        answers[criterion.id] = dice.choice(
            [
                *(level, level, [level, dice.choice(criterion.level_ids)], dice.randint(0, 10**6), None),
                {"value": level, "evidence": dice.choice(TEXTS), "source": "stated", "as_of": "2026-01-01"},
            ]
        )
    return answers


def draw_profile(dice, book):
    """Return the text of a profile, most often in YAML."""
    data = {"project": dice.choice(TEXTS), **draw_answers(dice, book)}
    kinds = list(book.quantities.values())
    data["quantities"] = {kind.id: dice.choice((1, 10, 1e6, "5 EUR")) for kind in dice.sample(kinds, 2)}
    if dice.random() < 0.2:
        return spoil(dice, json.dumps(data))
    return spoil(dice, "".join(f"{key}: {json.dumps(value)}\n" for key, value in data.items()))


def draw_answer(dice, criterion):
    """Return what somebody types as the answer to a question."""
    form = "{}|at least {}|{} to {}|about {}|{} or {}|<{}|>={}|{}k|{} per day|{}-{}|no more than {}|{}, {}"
    while "{}" in form:
        word = dice.choice(
            (*criterion.level_ids, *VALUES, *TEXTS, str(dice.randint(-5, 10**12)), "1.5e3", "½")
        )
        form = (dice.choice(form.split("|")) if "|" in form else form).replace("{}", word, 1)
    return spoil(dice, form)


def draw_reply(dice):
    """Return what a language model answers about the price desk."""
    return spoil(dice, json.dumps(GOOD, indent=dice.choice((None, 1))))


_ROWS = (
    {"question": "{}", "answer": "{}", "source": "a.md"}, {"prompt": "{}", "completion": "{}"}, {"text": "{}", "label": "{}"},
    {"messages": [{"role": "user", "content": "{}"}, {"role": "assistant", "content": "{}"}]},
    {"conversations": [{"from": "human", "value": "{}"}, {"from": "gpt", "value": "{}"}]},
    {"instruction": "{}", "input": "{}", "output": "{}"}, {"data": [{"paragraphs": [{"context": "{}", "qas": []}]}]}, ["{}", "{}"],
)  # fmt: skip


def draw_rows(dice):
    """Return the text of a file with questions or examples: rows of one form or mixed, in one of the formats or not."""
    forms = dice.sample(_ROWS, dice.choice((1, 1, 2)))
    rows = [
        json.dumps(dice.choice(forms)).replace("{}", json.dumps(dice.choice((*TEXTS, *VALUES)))[1:-1])
        for _ in range(dice.randint(0, 40))
    ]
    separators = ("\n", "\n", ",\n", " ")
    text = dice.choice(separators).join(rows)
    return spoil(
        dice,
        f"[{text}]" if dice.random() < 0.2 else f"question,answer\n{text}" if dice.random() < 0.2 else text,
    )


def draw_settings(dice):
    """Return name and text of a settings file."""
    check = {
        "fail-on": dice.choice(("error", "warning", "note", "never")),
        "min-confidence": dice.choice(("low", "medium", "high")),
        dice.choice(("select", "ignore")): [
            dice.choice(("RT", "RT0", "RT203", "evidence-gone", "no-status"))
        ],
        "require-decision": dice.random() < 0.5,
        dice.choice(("baseline", "profile")): dice.choice(("known.json", "p.yaml", "../x", "docs", "link")),
    }
    check = {key: check[key] for key in dice.sample(list(check), dice.randint(0, 3))}
    whole = {"rules": dice.choice(("pack", ".", "/", "docs")), "rules-version": dice.choice(("0", "2026.12"))}
    whole = {key: whole[key] for key in dice.sample(list(whole), dice.randint(0, 1))} | {"check": check}
    if dice.random() < 0.7:
        return "ragortune.yaml", spoil(
            dice, "".join(f"{key}: {json.dumps(own)}\n" for key, own in whole.items())
        )
    lines = (
        f"{prefix}{key} = {json.dumps(own)}\n"
        for prefix, table in (("", whole), ("check.", check))
        for key, own in table.items()
        if key != "check"
    )
    return "pyproject.toml", spoil(dice, "[tool.ragortune]\n" + "".join(lines))


def draw_baseline(dice):
    """Return the text of a baseline."""
    entry = {
        "path": "docs/a.md",
        "rule": "decision-disagrees",
        "key": "0" * 32,
        "sentence": dice.choice(TEXTS),
        "count": 1,
    }
    entries = [{**entry, dice.choice(list(entry)): dice.choice(TEXTS)} for _ in range(dice.randint(0, 3))]
    return spoil(dice, json.dumps({"schema": "ragortune/baseline/1", "findings": entries}, indent=1))


def draw_pack(dice):
    """Return the files of a rule pack by name."""
    text = dice.choice(("plain", "plain", *TEXTS))
    scale = dict(
        zip(
            ("weak", "moderate", "strong", "very_strong"),
            sorted(dice.uniform(0.001, 9) for _ in range(4)),
            strict=True,
        )
    )
    levels = [{"id": name, "means": text} for name in ("no", "yes")]
    criterion = {"id": "z.q", "title": text, "question": text, "help": "h", "levels": levels}
    rule = {
        "id": "z-rule", "code": "Z001", "title": text, "when": {"z.q": "yes"}, "because": text, "remedy": text,
        "effects": [{"need": "rag", "effect": dice.choice(("for", "against")), "strength": "strong"}],
        "exceptions": [text], "sources": [{"source": "z-source", "found": text}],
        "tests": {"fires": [{"name": "a", "profile": {"z.q": "yes"}}], "does_not_fire": [{"name": "b", "profile": {"z.q": "no"}}]},
    }  # fmt: skip
    source = {
        "id": "z-source",
        "title": text,
        "address": "https://a.invalid",
        "quality": "guidance",
        "checked": "2026-11-01",
    }
    manifest = {"name": text, "version": "1", "extends": "ragortune"}
    if dice.random() < 0.3:
        manifest["scale"] = {
            **scale,
            "intercept_rag": -0.35,
            "intercept_fine_tuning": -2.2,
            "unconfirmed": 1.2,
            "firm_from": 0.8,
            "ask_from": 0.02,
        }
    files = {
        "rulebook.yaml": manifest, "criteria/c.yaml": {"criteria": [criterion]},
        "rules/r.yaml": {"rules": [rule]}, "sources/s.yaml": {"sources": [source]},
    }  # fmt: skip
    texts = {name: json.dumps(data, indent=1) for name, data in files.items()}
    spoilt = dice.choice(list(texts))
    return {**texts, spoilt: spoil(dice, texts[spoilt])}


_COMMANDS = ("recommend", "check", "extract", "cost", "explain", "schema", "rules list", "rules show", "prices list",
             "prices show", "prices check", "adr", "init -", "ask --answers", "check --config-from main", "x", "")  # fmt: skip
_WORDS = ("p.yaml", "docs", "docs/a.md", "-", "RT203", "knowledge.gap", "rag", "probability", "profile", "known.json",
          "text", "json", "sarif=x", "markdown", "github", "never", "note", "main", "pack", "both", "always", "2026-11-24")  # fmt: skip
_FLAGS = ("--format", "--rules", "--color", "--as-of", "--why-not", "--stdin-name", "--select", "--ignore", "--baseline",
          "--profile", "--fail-on", "--min-confidence", "--config", "--since", "--price",
          "--seed", "--trace", "--brief", "--what-if", "--exit-zero", "--help", "--version", "--x")  # fmt: skip


def draw_arguments(dice):
    """Return the arguments of a command; none of them writes a file."""
    given = dice.choice(_COMMANDS).split()
    given += [dice.choice(dice.choice((_WORDS, _FLAGS, VALUES, TEXTS))) for _ in range(dice.randint(0, 4))]
    return [argument.replace("\0", "").replace("--output", "--x") for argument in given]


def draw_change(dice, files):
    """Return what a pull request makes of some files of a repository: new text by name, None for what it removes."""
    changed = {}
    for _ in range(dice.randint(1, 3)):
        name = dice.choice(list(files))
        settings_name, text = draw_settings(dice)
        changed |= dice.choice(
            (
                {name: spoil(dice, files[name])},
                {name: None},
                {settings_name: text},
                {f"docs/{settings_name}": text},
                {"known.json": draw_baseline(dice)},
                {draw_name(dice): dice.choice((DISAGREEING, AGREEING, draw_document(dice)))},
                {f"pack/{own}": text for own, text in draw_pack(dice).items()},
                {".gitattributes": "* -text export-ignore diff=x filter=x\n", ".gitignore": "*\n"},
            )
        )
    return changed
