"""Word documents (.docx) as Markdown, by way of HTML. Macros, pictures, fields and embedded files are not touched."""

from __future__ import annotations

from functions.knowledge.extraction.characters import bounded, one_line
from functions.knowledge.extraction.detect import DOCX
from functions.knowledge.extraction.package import core_title, open_package, packed
from functions.knowledge.extraction.readable import Prose, Unreadable
from functions.knowledge.extraction.text import title_of

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
"""


def read_docx(body: bytes) -> Prose:
    """Return a Word document as prose. Raises Unreadable: `damaged`, `encrypted`, `archive_bomb`, `empty`, …"""
    parts = open_package(body)
    # After the checks: what is refused waits for no library.
    import mammoth

    from functions.knowledge.extraction.html import markdown_of

    try:
        html = mammoth.convert_to_html(
            packed(parts),
            style_map=_STYLES,
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(lambda _: {}),
            external_file_access=False,
        ).value
    except (RecursionError, MemoryError):
        raise
    except Exception as error:
        # The library trusts its file: a part that is missing or of another form ends in whatever Python says then.
        raise Unreadable("damaged") from error
    _, markdown = markdown_of(str(html))
    return Prose(DOCX, one_line(core_title(parts)) or title_of(markdown), bounded(markdown))
