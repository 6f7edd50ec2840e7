"""One way in: a file's bytes and its name become something readable, or a reason why not."""

from __future__ import annotations

from functions.knowledge.extraction.characters import decode
from functions.knowledge.extraction.detect import FileType, detect, refined
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES
from functions.knowledge.extraction.readable import Readable, Unreadable


def read(body: bytes, name: str) -> Readable:
    """Return what stands in a file, whatever it claims to be.

    name: of the document, `guides/refunds.md`; only its end matters. Raises Unreadable and nothing else, except that
    a hostile file may take all memory, or crash the process it is read in: see `child`.
    """
    if len(body) > MAX_OBJECT_BYTES:
        raise Unreadable("too_large")
    try:
        return _read(body, name, detect(body, name))
    except RecursionError as error:
        raise Unreadable("too_complex") from error
    except MemoryError as error:
        raise Unreadable("too_much_memory") from error


def _read(body: bytes, name: str, file_type: FileType) -> Readable:
    # Libraries are imported where a file needs them: a Markdown file waits for no PDF engine.
    if file_type.form == "pdf":
        from functions.knowledge.extraction.pdf import read_pdf

        return read_pdf(body)
    if file_type.form == "docx":
        from functions.knowledge.extraction.docx import read_docx

        return read_docx(body)
    text = decode(body)
    return _read_text(text, name, refined(file_type, text))


def _read_text(text: str, name: str, file_type: FileType) -> Readable:
    if file_type.form == "html":
        from functions.knowledge.extraction.html import read_html

        return read_html(text)
    if file_type.form == "json":
        from functions.knowledge.extraction.data import read_json

        return read_json(text, name)
    if file_type.form == "yaml":
        from functions.knowledge.extraction.data import read_yaml

        return read_yaml(text, name)
    if file_type.form == "code":
        from functions.knowledge.extraction.code import read_code

        return read_code(text, file_type.media_type, file_type.language)
    from functions.knowledge.extraction.text import read_markdown, read_text

    reader = read_markdown if file_type.form == "markdown" else read_text
    return reader(text, file_type.media_type)
