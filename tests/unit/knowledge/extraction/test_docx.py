"""Word documents as Markdown; and archives that are none, or too much."""

from __future__ import annotations

import pytest

from functions.knowledge.extraction.docx import read_docx
from functions.knowledge.extraction.package import open_package
from functions.knowledge.extraction.readable import Prose, Unreadable
from tests.unit.knowledge.extraction import files
from tests.unit.knowledge.extraction.files import paragraph, run

CORE = """<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>House rules</dc:title></cp:coreProperties>"""
ENTITY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


def test_a_document_keeps_its_structure() -> None:
    table = (
        f"<w:tbl><w:tr><w:tc>{paragraph(run('Plan'))}</w:tc><w:tc>{paragraph(run('9'))}</w:tc></w:tr></w:tbl>"
    )
    body = files.docx(
        paragraph(run("Refunds"), "H1") + paragraph(run("Within ") + run("30 days", "<w:b/>")) + table
    )

    assert read_docx(body) == Prose(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "Refunds",
        "# Refunds\n\nWithin **30 days**\n\n| Plan | 9 |\n| --- | --- |",
    )


def test_the_title_is_what_the_file_says() -> None:
    assert read_docx(files.docx(paragraph(run("text")), {"docProps/core.xml": CORE})).title == "House rules"


def test_hidden_runs_are_left_out() -> None:
    body = paragraph(
        run("HID", "<w:vanish/>") + run("seen", '<w:vanish w:val="0"/>') + run("HID", "<w:b/><w:vanish/>")
    )

    assert read_docx(files.docx(body)).markdown == "seen"


def test_a_document_in_utf_16_is_read() -> None:
    xml = """<?xml version="1.0" encoding="UTF-16"?><w:document
    xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>""" + paragraph(
        run("Größe")
    )
    body = files.docx("", {"word/document.xml": f"{xml}</w:body></w:document>".encode("utf-16")})

    assert read_docx(body).markdown == "Größe"


def test_a_macro_a_picture_and_a_linked_file_are_not_touched() -> None:
    parts = {
        "word/vbaProject.bin": b"\x00macro",
        "word/media/a.png": files.PNG,
        "word/embeddings/a.xlsx": b"PK",
    }

    kept = open_package(files.docx(paragraph(run("text")), parts))

    assert sorted(kept) == ["[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/styles.xml"]


def nested(levels: int) -> bytes:
    return files.docx(
        "<w:tbl><w:tr><w:tc>" * levels + paragraph(run("deep")) + "</w:tc></w:tr></w:tbl>" * levels
    )


def test_tables_in_tables_are_read_to_a_depth_that_people_use() -> None:
    assert "deep" in read_docx(nested(30)).markdown


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (nested(100), "too_complex"),
        (files.docx("", {"word/footer1.xml": b" " * 3_000_000}), "archive_bomb"),
        (files.docx("", {"word/media/a.png": b" " * 3_000_000}), "archive_bomb"),
        (files.docx("", {f"word/media/{number}.png": b"" for number in range(5001)}), "archive_bomb"),
        (files.docx(paragraph(run("x")))[:-40], "damaged"),
        (files.docx(paragraph(run("x")))[:300], "damaged"),
        (files.docx("<w:p>"), "damaged"),
        (files.docx("", {"word/document.xml": f"{ENTITY}<x>&a;</x>"}), "forbidden_part"),
        (files.docx("", {"word/styles.xml": f"{LAUGHS}<x>&b;</x>"}), "forbidden_part"),
        (files.docx("", {"word/document.xml": f"{ENTITY}<x/>".encode("utf-16")}), "forbidden_part"),
        (files.docx("", {"[Content_Types].xml": "<Types/>"}), "wrong_type"),
        (files.archive(["a.txt"]), "wrong_type"),
        (files.archive(["xl/workbook.xml"]), "wrong_type"),
        (files.OLD_OFFICE, "wrong_type"),
        (files.OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (files.docx(""), "empty"),
    ],
    ids=[
        *(
            "nested tables",
            "steep part",
            "steep picture",
            "many files",
            "cut off",
            "beginning only",
            "not well-formed",
        ),
        *(
            "external entity",
            "entities",
            "entity in UTF-16",
            "no Word",
            "archive",
            "Excel",
            "old Word",
            "password",
            "empty",
        ),
    ],
)
def test_a_broken_or_hostile_archive_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_docx(body)

    assert refused.value.code == code


def test_a_part_that_is_larger_than_it_says_is_damaged() -> None:
    body = bytearray(files.docx(paragraph(run("x" * 1000))))
    entry = body.index(b"PK\x01\x02", body.index(b"word/styles.xml"))
    while body[entry + 46 : entry + 63] != b"word/document.xml":
        entry = body.index(b"PK\x01\x02", entry + 1)
    body[entry + 24 : entry + 28] = (10).to_bytes(4, "little")

    with pytest.raises(Unreadable, match="damaged"):
        read_docx(bytes(body))


def test_a_password_of_the_archive_is_seen() -> None:
    body = bytearray(files.docx(paragraph(run("x"))))
    body[body.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(Unreadable, match="encrypted"):
        read_docx(bytes(body))
