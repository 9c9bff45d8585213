"""A folder of documents: which files count, and what their text is."""

import zipfile

import pytest

from ragortune.evidence.measurements import corpus as module
from ragortune.evidence.measurements.corpus import extract_text, open_corpus, read_markup
from ragortune.support.errors import UsageError


def write_files(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def kinds(corpus):
    return {source.name: source.kind for source in corpus.sources}


def make_pdf(text, entries=b""):
    """Return the smallest PDF that shows a line of text, with these entries for its page besides."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page " + entries + b"/Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, rows)
    return data + table + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))


def zip_files(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_documents_are_found_by_kind_and_come_by_name(tmp_path):
    write_files(
        tmp_path,
        {
            "guide/b.md": "# B",
            "guide/a.rst": "A\n=",
            "c.adoc": "= C",
            "d.html": "<p>D</p>",
            "e.txt": "E",
            "main.py": "print()",
        },
    )
    corpus = open_corpus(tmp_path)
    assert list(kinds(corpus).items()) == [
        ("c.adoc", "asciidoc"),
        ("d.html", "html"),
        ("e.txt", "text"),
        ("guide/a.rst", "rst"),
        ("guide/b.md", "markdown"),
    ]
    assert corpus.size == 3 + 3 + 3 + 8 + 1


def test_packages_hidden_folders_and_links_out_of_the_folder_are_left_out(tmp_path):
    docs = tmp_path / "docs"
    write_files(tmp_path, {"secret.md": "the neighbour's"})
    write_files(docs, {"a.md": "ours"})
    write_files(docs / "node_modules", {"readme.md": "theirs"})
    write_files(docs / ".git", {"description.md": "git's"})
    (docs / "link.md").symlink_to(tmp_path / "secret.md")
    (docs / "folder").symlink_to(tmp_path)
    assert list(kinds(open_corpus(docs))) == ["a.md"]


def test_empty_and_binary_files_are_skipped_and_counted(tmp_path):
    write_files(tmp_path, {"a.md": "text", "b.md": "", "c.txt": b"GIF89a\0\0\1", "d.md": b"\0"})
    corpus = open_corpus(tmp_path)
    assert list(kinds(corpus)) == ["a.md"]
    assert corpus.skipped == {"empty": 1, "binary": 2}


def test_a_folder_without_documents_is_an_error_that_says_what_was_skipped(tmp_path):
    write_files(tmp_path, {"a.md": "", "code.py": "print()"})
    with pytest.raises(UsageError, match=r"no documents that can be read \(1 skipped: empty"):
        open_corpus(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        open_corpus(tmp_path / "missing")


def test_a_text_is_read_whatever_it_was_saved_as(tmp_path):
    write_files(
        tmp_path,
        {
            "a.txt": "\ufeffGrüße",
            "b.txt": "Grüße".encode("cp1252"),
            "c.txt": "Grüße".encode("utf-16"),
            "d.txt": b"one\r\ntwo",
        },
    )
    corpus = open_corpus(tmp_path)
    assert [corpus.read(source) for source in corpus.sources] == ["Grüße"] * 3 + ["one\ntwo"]


def test_of_a_huge_file_only_the_beginning_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TEXT_BYTES", 1_000)
    write_files(tmp_path, {"a.txt": "é" * 5_001})
    corpus = open_corpus(tmp_path)
    assert corpus.sources[0].size == 10_002
    assert corpus.read(corpus.sources[0]) == "é" * 500
    assert extract_text(b"x" + "é".encode() * 999, "text").startswith("xéé")


def test_a_file_that_has_gone_since_reads_as_nothing(tmp_path):
    write_files(tmp_path, {"a.txt": "text"})
    corpus = open_corpus(tmp_path)
    (tmp_path / "a.txt").unlink()
    assert corpus.read(corpus.sources[0]) == ""


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<h1>Fees</h1><p>Two &euro; &amp; up<p>Per day", "\nFees\n\nTwo € & up\nPer day"),
        ("<style>p { color: red }</style>a<script>if (1 < 2) b()</script>c", "ac"),
        ("a<!-- <p>not this</p> -->b<!-- nor -- this", "ab"),
        ("<!DOCTYPE html><?xml?>a < b <c", "a < b "),
        ("<p>2 <5</p>", "\n2 <5\n"),
        ("<script/>shown", "shown"),
        (f"a&#{'9' * 5000};b&#x{'f' * 5000};&#233;&#00000065;", "a\ufffdb\ufffdéA"),
    ],
)
def test_a_page_reads_as_what_a_browser_shows(page, text):
    assert read_markup(page) == text


def test_word_powerpoint_and_open_document_files_give_their_paragraphs(tmp_path):
    word = "<w:document><w:body><w:p><w:r><w:t>Refunds take</w:t></w:r><w:r><w:t> 14 days.</w:t></w:r></w:p>"
    zip_files(tmp_path / "a.docx", {"word/document.xml": word + "<w:p><w:t>R &amp; D</w:t></w:p></w:body>"})
    slides = {f"ppt/slides/slide{n}.xml": f"<a:p><a:t>Slide {n}</a:t></a:p>" for n in (10, 2)}
    zip_files(tmp_path / "b.pptx", slides)
    style = '<style:style style:name="P1"><style:text/></style:style><style:style style:name="P2"/>'
    zip_files(tmp_path / "c.odt", {"content.xml": style + "<text:h>Title</text:h><text:p>Body</text:p>"})
    corpus = open_corpus(tmp_path)
    texts = [corpus.read(source).split("\n") for source in corpus.sources]
    assert [[line for line in lines if line] for lines in texts] == [
        ["Refunds take 14 days.", "R & D"],
        ["Slide 2", "Slide 10"],
        ["Title", "Body"],
    ]


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"no zip at all"])
def test_a_broken_office_file_reads_as_nothing(tmp_path, content):
    write_files(tmp_path, {"a.docx": content})
    corpus = open_corpus(tmp_path)
    assert corpus.read(corpus.sources[0]) == ""


def test_the_text_of_a_pdf_is_read_where_the_extra_is_installed(tmp_path):
    write_files(tmp_path, {"a.pdf": make_pdf("Refunds take 14 days."), "b.pdf": b"%PDF-1.4 broken"})
    corpus = open_corpus(tmp_path)
    assert [corpus.read(source).strip() for source in corpus.sources] == ["Refunds take 14 days.", ""]


def test_a_pdf_cannot_speak_to_a_terminal_through_its_library(tmp_path, caplog):
    spoken = b"/A#0A::error::owned#1B#5B31m 1 "
    write_files(tmp_path, {"a.pdf": make_pdf("Refunds take 14 days.", spoken * 2)})
    corpus = open_corpus(tmp_path)

    assert corpus.read(corpus.sources[0]).strip() == "Refunds take 14 days."
    assert caplog.text == ""


def test_without_the_extra_a_pdf_is_skipped_and_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    write_files(tmp_path, {"a.pdf": make_pdf("text"), "b.md": "text"})
    (reason,) = open_corpus(tmp_path).skipped
    assert "extra 'pdf'" in reason
    (tmp_path / "b.md").unlink()
    with pytest.raises(UsageError, match="extra 'pdf'"):
        open_corpus(tmp_path)
