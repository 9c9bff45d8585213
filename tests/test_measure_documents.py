"""What documents show: size, languages, near-copies, terms of the team's own, secrets."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.evidence.documents.language import read_language
from ragortune.evidence.documents.reader import detect_language
from ragortune.evidence.measurements import corpus as corpus_module
from ragortune.evidence.measurements import documents as module
from ragortune.evidence.measurements.corpus import open_corpus
from ragortune.evidence.measurements.documents import estimate_tokens, list_terms, measure_documents
from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.secret_scan import count_secrets, show_text
from ragortune.support.text import dump_json

AS_OF = "2024-12-31"
COMMON_WORDS = read_language(load_rulebook()).common_words
REFUNDS = (
    "A refund is paid within fourteen days of the return, to the account from which the order was paid. If the parcel"
    " was damaged on its way, the customer sends a photograph with the claim, and the warehouse decides within two"
    " working days whether the goods are replaced or the price is reduced. Claims for parcels that never arrived are"
    " made with the carrier, who has ten days to look for them."
)
TEXTS = {
    "en": (REFUNDS, 79),
    "de": (
        "Eine Erstattung wird innerhalb von vierzehn Tagen nach der Rücksendung auf das Konto gezahlt, von dem die"
        " Bestellung bezahlt wurde. Ist das Paket unterwegs beschädigt worden, so schickt die Kundin ein Foto mit der"
        " Meldung, und das Lager entscheidet innerhalb von zwei Werktagen, ob die Ware ersetzt oder der Preis"
        " gemindert wird.",
        72,
    ),
    "es": (
        "El reembolso se paga en los catorce días siguientes a la devolución, en la cuenta con la que se pagó el"
        " pedido. Si el paquete llegó dañado, la clienta envía una fotografía con la reclamación, y el almacén decide"
        " en dos días laborables si las mercancías se sustituyen o el precio se rebaja.",
        71,
    ),
    "ru": (
        "Возврат денег производится в течение четырнадцати дней после возврата товара на счёт, с которого был оплачен"
        " заказ. Если посылка была повреждена в пути, покупатель присылает фотографию вместе с заявлением, и склад"
        " решает в течение двух рабочих дней, заменить ли товар.",
        65,
    ),
    "ja": (
        "返金は、商品が返送されてから十四日以内に、ご注文のお支払いに使われた口座へ行われます。配送中に荷物が破損した場合は、"
        "お客様が写真を添えて申請し、倉庫が二営業日以内に交換するか値引きするかを決めます。",
        76,
    ),
    "zh": (
        "退款将在商品退回后十四天内支付到下单时使用的账户。如果包裹在运输途中损坏，客户须随申请附上照片，仓库会在两个工作日内"
        "决定是更换商品还是降低价格。从未送达的包裹应向承运人提出索赔，承运人有十天时间查找。",
        78,
    ),
    "th": (
        "การคืนเงินจะจ่ายภายในสิบสี่วันหลังจากส่งสินค้าคืน ไปยังบัญชีที่ใช้ชำระเงินค่าสั่งซื้อ หากพัสดุเสียหายระหว่างทาง "
        "ลูกค้าจะส่งรูปถ่ายพร้อมคำร้อง และคลังสินค้าจะตัดสินใจภายในสองวันทำการ",
        70,
    ),
    "hi": (
        "वापसी की राशि माल लौटाने के चौदह दिनों के भीतर उस खाते में दी जाती है जिससे आदेश का भुगतान किया गया था। यदि पार्सल रास्ते में"
        " क्षतिग्रस्त हो गया हो, तो ग्राहक दावे के साथ एक तस्वीर भेजता है, और गोदाम दो कार्य दिवसों में निर्णय लेता है।",
        71,
    ),
}
"""Own texts, with the tokens that o200k_base makes of them."""
LISTING = "releases:\n- version: 4.2.11\n  released: 2024-03-18\n  supported_until: 2026-09-30\n  latest: true\n- version: 4.1.27\n  released: 2023-06-02\n  supported_until: 2025-01-31\n  latest: false\n"


def measure(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return {
        found.probe: found
        for found in measure_documents(open_corpus(folder), COMMON_WORDS, AS_OF, lambda _: None)
    }


def write_prose(seed, words=200):
    chosen = random.Random(seed)
    made = ["".join(chosen.choices(string.ascii_lowercase, k=chosen.randint(2, 9))) for _ in range(words)]
    return " ".join(made).capitalize() + "."


# --- size ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", TEXTS)
def test_tokens_and_language_of_prose_are_told_without_a_tokenizer(language):
    text, tokens = TEXTS[language]
    assert estimate_tokens(text) == pytest.approx(tokens, rel=0.15)
    assert detect_language(text, split_words(text), COMMON_WORDS) == language


def test_a_listing_of_numbers_has_more_tokens_than_prose_of_its_length():
    assert estimate_tokens(LISTING) == pytest.approx(79, rel=0.1)
    assert estimate_tokens(LISTING) > 1.8 * estimate_tokens(REFUNDS[: len(LISTING)])


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_a_number_of_tokens_that_grows_with_it(one, other):
    assert (
        0
        <= estimate_tokens(one)
        <= estimate_tokens(one + other)
        <= estimate_tokens(one) + estimate_tokens(other) + 2
    )
    assert detect_language(one + other, split_words(one + other), COMMON_WORDS)


def test_a_small_handbook_fits_a_prompt(tmp_path):
    found = measure(tmp_path, {"refunds.md": REFUNDS, "rules/list.txt": LISTING})["documents.size"]
    assert found.answers == {"knowledge.size": found.figures["tokens"], "knowledge.fits_prompt": "yes"}
    assert found.figures["tokens"] == pytest.approx(158, rel=0.1)
    assert found.quantities == {"corpus_tokens": found.figures["tokens"]}
    assert sum(found.figures["kinds"].values()) == pytest.approx(found.figures["tokens"], abs=2)
    assert found.figures["documents"] == found.count == 2
    low, high = found.interval
    assert low < found.figures["tokens"] < high


def test_a_size_near_the_edge_of_a_band_is_a_range_and_fits_no_prompt_for_sure(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SIZE_EDGES", (150,))
    monkeypatch.setattr(module, "_PROMPT_TOKENS", 150)
    found = measure(tmp_path, {"refunds.md": f"{REFUNDS}\n\n{REFUNDS}"})["documents.size"]
    low, high = found.interval
    assert low < 150 < high
    assert found.answers == {"knowledge.size": {"from": low, "to": high}}


def test_tokens_are_told_by_language_and_those_of_other_scripts_less_sharply(tmp_path):
    files = {f"{code}.md": "\n\n".join([text] * 5) for code, (text, _) in TEXTS.items()}
    mixed = measure(tmp_path / "mixed", files)["documents.size"]
    plain = measure(tmp_path / "plain", {"en.md": files["en.md"]})["documents.size"]
    assert set(mixed.figures["languages"]) == set(TEXTS)
    assert sum(mixed.figures["languages"].values()) == pytest.approx(mixed.figures["tokens"], abs=5)
    assert widths(mixed) > 2 * widths(plain)


def widths(found):
    low, high = found.interval
    return (high - low) / found.figures["tokens"]


def test_of_many_documents_a_sample_is_read_and_the_truth_lies_in_the_interval(tmp_path, monkeypatch):
    files = {f"{number}.md": "\n\n".join([REFUNDS] * (1 + number % 7)) for number in range(120)}
    whole = measure(tmp_path, files)["documents.size"]
    monkeypatch.setattr(module, "_SAMPLE_BYTES", 30_000)
    monkeypatch.setattr(module, "_MIN_BYTES", 1_000)
    found = measure(tmp_path, files)["documents.size"]
    assert found.count < 40
    assert any("random sample" in note for note in found.notes)
    low, high = found.interval
    assert low < whole.figures["tokens"] < high
    assert found == measure(tmp_path, files)["documents.size"]


def test_what_a_sample_of_the_documents_shows_is_said_to_be_of_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SAMPLE_BYTES", 2_000)
    monkeypatch.setattr(module, "_MIN_BYTES", 1_000)
    found = measure(tmp_path, {f"{number}.md": REFUNDS for number in range(40)})
    for probe in ("near_duplicates", "terms", "secrets"):
        assert "a random sample of" in found[f"documents.{probe}"].notes[0]


def test_of_a_huge_file_the_beginning_stands_for_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_module, "TEXT_BYTES", 4_000)
    monkeypatch.setattr(module, "TEXT_BYTES", 4_000)
    found = measure(tmp_path, {"book.txt": "\n\n".join([REFUNDS] * 100)})["documents.size"]
    assert found.figures["tokens"] == pytest.approx(7_900, rel=0.1)
    assert any("only the first" in note for note in found.notes)


def test_of_long_documents_among_many_a_part_stands_for_each(tmp_path, monkeypatch):
    files = {f"{number}.md": "\n\n".join([REFUNDS] * 50) for number in range(20)}
    whole = measure(tmp_path, files)["documents.size"]
    monkeypatch.setattr(module, "_SAMPLE_BYTES", 30_000)
    monkeypatch.setattr(module, "_MIN_BYTES", 1_000)
    monkeypatch.setattr(module, "_PART", 2_000)
    found = measure(tmp_path, files)["documents.size"]
    assert found.count == 15
    assert found.figures["tokens"] == pytest.approx(whole.figures["tokens"], rel=0.02)


def test_where_no_document_has_text_the_size_stays_unknown_with_the_reason(tmp_path):
    tmp_path.joinpath("scan.docx").write_bytes(b"PK scanned")
    found = measure(tmp_path, {})["documents.size"]
    assert found.answers == {"knowledge.size": None}
    assert "text recognition" in found.reason
    assert not found.quantities


# --- copies, terms, secrets ---------------------------------------------------------------------------------------


def test_near_copies_of_a_page_are_counted_and_named(tmp_path):
    files = {f"page{number}.md": write_prose(number) for number in range(10)}
    files["old/page3.md"] = files["page3.md"].replace(".", ", as before.")
    files["copy.md"] = files["page4.md"]
    found = measure(tmp_path, files)["documents.near_duplicates"]
    assert (found.figures["copies"], found.count, found.fault) == (2, 12, True)
    assert set(found.examples) == {"page4.md is like copy.md", "page3.md is like old/page3.md"}


def test_pages_that_all_differ_have_no_near_copies(tmp_path):
    found = measure(tmp_path, {f"{n}.md": write_prose(n) for n in range(5)})["documents.near_duplicates"]
    assert (found.figures["copies"], found.fault, found.examples) == (0, False, ())


def test_names_and_acronyms_that_recur_are_listed_and_common_words_are_not():
    text = (
        "Ask the AdTrav desk. Every Monday the OHRM sends a list to Harbourline, and Harbourline answers. "
        "The Customer calls, a customer writes, and the team reads JSON."
    )
    assert list_terms([text] * 3) == [("Harbourline", 6)]
    assert list_terms([text] * 5) == [("Harbourline", 10), ("AdTrav", 5), ("OHRM", 5)]
    assert list_terms([text] * 2) == []


KEYS = {
    "private keys": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "AWS keys": "AKIA" + "Q7ZX3M5R8T2WKJ4N",
    "GitHub tokens": "ghp_" + "a1B2" * 9,
    "Slack tokens": "xoxb-" + "123456789012-abcdefghijkl",
    "Google keys": "AIza" + "Sy0" * 11 + "ab",
    "model provider keys": "sk-proj-" + "a1B2c3D4" * 5,
    "payment keys": "sk_live_" + "4eC39HqLyjWDarjtT1zd",
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_of_each_kind_is_counted(kind):
    assert count_secrets(f"Set KEY={KEYS[kind]} first.") == {kind: 1}


@pytest.mark.parametrize("line_end", ["\n", "\\n"])
@pytest.mark.parametrize("head", ["", "Proc-Type: 4,ENCRYPTED|DEK-Info: AES-128-CBC,5FE0A1||"])
def test_the_body_of_a_private_key_is_hidden_and_tells_it_from_another(line_end, head):
    body = "MIIEpAIBAAKCAQEAq0rX9s8dF3zz|VYzUyhGQp6h6c1n8PfYbZ1kqkT9m"
    key = f"{KEYS['private keys']}|{head}{body}|-----END RSA PRIVATE " + "KEY-----"
    other = key.replace("q0rX", "zzzz")

    assert "MIIE" not in show_text(f"Use {key.replace('|', line_end)}")
    assert "VYzU" not in show_text(f"Use {key.replace('|', line_end)}")
    assert count_secrets(f"{key}|{key}|{other}".replace("|", "\n")) == {"private keys": 2}


def test_a_long_token_is_hidden_as_a_whole():
    token = f"eyJhbGciOiJSUzI1NiJ9.eyJ{'zdWIi' * 300}.{'c2ln' * 60}"

    assert show_text(f"{token} and {token}") == "••• and •••"


def test_an_address_with_an_umlaut_in_its_domain_is_hidden():
    assert show_text("Ask jörg@bücher.de.") == "Ask •••."


def test_what_looks_like_a_key_is_none():
    innocent = (
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sk-learn-is-a-library-for-machine-learning-in-python",
        "ghp_short",
        "task-" + "a1" * 20,
    )
    assert not count_secrets(" ".join(innocent))


def test_secrets_are_a_fault_and_their_values_are_shown_nowhere(tmp_path):
    found = measure(tmp_path, {"setup.md": "\n".join([REFUNDS, *KEYS.values(), "clerk@harbourline.eu"])})
    secrets = found["documents.secrets"]
    assert secrets.fault
    assert secrets.figures == {"secrets": dict.fromkeys(KEYS, 1)}
    shown = dump_json(list(found.values()))
    assert not [value for value in (*KEYS.values(), "harbourline") if value in shown]


def test_documents_without_secrets_are_not_called_free_of_personal_data(tmp_path):
    secrets = measure(tmp_path, {"a.md": REFUNDS})["documents.secrets"]
    assert not secrets.fault
    assert any("not looked for" in note for note in secrets.notes)


def test_no_measurement_shows_the_text_of_documents(tmp_path):
    found = measure(tmp_path, {"a.md": REFUNDS, "b.md": REFUNDS})
    shown = dump_json(list(found.values()))
    assert not [words for words in REFUNDS.split(". ") if words[:30] in shown]


def test_the_steps_are_told_as_they_begin(tmp_path):
    (tmp_path / "a.md").write_text(REFUNDS)
    told = []
    measure_documents(open_corpus(tmp_path), COMMON_WORDS, AS_OF, told.append)
    assert told[0] == "reading 1 document"
    assert len(told) == 3
