"""Files as people upload them, and as nobody should: made in code, as small as they can be."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="xml" ContentType="application/xml"/>
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
_RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
 Target="word/document.xml"/></Relationships>"""
_STYLES = f"""<w:styles {_W}>
<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>"""
_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def run(text: str, properties: str = "") -> str:
    """Return a run of a Word document."""
    return f"<w:r>{properties and f'<w:rPr>{properties}</w:rPr>'}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def paragraph(content: str, style: str = "") -> str:
    """Return a paragraph of runs."""
    return f"<w:p>{style and f'''<w:pPr><w:pStyle w:val='{style}'/></w:pPr>'''}{content}</w:p>"


def docx(body: str, parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a Word document with this body. parts: more files of it, or others for the usual ones."""
    file = io.BytesIO()
    document = f"<w:document {_W}><w:body>{body}</w:body></w:document>"
    usual = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS,
        "word/document.xml": document,
        "word/styles.xml": _STYLES,
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {**usual, **(parts or {})}.items():
            archive.writestr(name, part)
    return file.getvalue()


def archive(names: list[str]) -> bytes:
    """Return a ZIP archive of small files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return file.getvalue()


def pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """Return a PDF of these objects; the first is its catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (len(objects) + 1, trailer)
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % table


def stream(content: bytes, fields: bytes = b"") -> bytes:
    """Return a stream of a PDF."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (fields, len(content), content)


def pages(*contents: bytes, information: bytes = b"") -> bytes:
    """Return a PDF with a page for each content. information: its dictionary, as `/Title (Refunds)`."""
    kids = b" ".join(b"%d 0 R" % (5 + 2 * number) for number in range(len(contents)))
    objects = [
        _CATALOG,
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(contents)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<<%s>>" % information,
    ]
    for number, content in enumerate(contents):
        page = b"/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R" % (6 + 2 * number)
        objects += [b"<</Type/Page/Parent 2 0 R%s>>" % page, stream(content)]
    return pdf(objects, b"/Info 4 0 R")


def lines(*said: tuple[int, int, str]) -> bytes:
    """Return the content of a page: of every line the size, how far below the one before, and what it says."""
    steps = b" ".join(
        b"/F1 %d Tf 0 %d Td (%s) Tj" % (size, -below, text.encode("cp1252")) for size, below, text in said
    )
    return b"BT 72 740 Td %s ET" % steps


def self_holding_pages() -> bytes:
    """Return a PDF whose tree of pages holds itself."""
    return pdf([_CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"])


def counted_pages(count: int) -> bytes:
    """Return a PDF with one page, that says it has many."""
    return pdf([_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % count, b"<</Type/Page/Parent 2 0 R>>"])


def many_objects(count: int) -> bytes:
    """Return a PDF of empty objects, and no page."""
    return pdf([_CATALOG, b"<</Type/Pages/Kids[]/Count 0>>", *[b"[]"] * count])


def inflating_page(size: int) -> bytes:
    """Return a PDF with a page whose content unpacks to so many bytes."""
    packed = zlib.compress(b"\n" * size, 9)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>"
    return pdf(
        [_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream(packed, b"/Filter/FlateDecode")],
    )


def form_in_itself() -> bytes:
    """Return a PDF with a form that draws itself twice."""
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>"
    )
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"
    return pdf(
        [
            _CATALOG,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            stream(b"/X Do"),
            stream(b"/X Do /X Do", form),
        ],
    )


def encrypted_pdf() -> bytes:
    """Return a PDF that takes a password, which is not the empty one."""
    keys = b"/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">"
    identity = b"<00112233445566778899aabbccddeeff>"
    return pdf(
        [
            _CATALOG,
            b"<</Type/Pages/Kids[]/Count 0>>",
            b"<</Filter/Standard/V 2/R 3/Length 128/P -44%s>>" % keys,
        ],
        b"/Encrypt 3 0 R/ID[%s%s]" % (identity, identity),
    )


def yaml_bomb(levels: int) -> bytes:
    """Return YAML in which each line stands for nine of the line before."""
    rows = ["l0: &l0 [" + ",".join("x" * 9) + "]"]
    rows += [f"l{level}: &l{level} [{','.join([f'*l{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "\n".join(rows).encode()
