"""How large a document may be, and what reading one may cost. Bytes, characters and seconds."""

from __future__ import annotations

MEBIBYTE = 1024 * 1024

MAX_OBJECT_BYTES = 25 * MEBIBYTE
"""A file as it was uploaded. What is larger is refused before it is fetched."""

MAX_TEXT_CHARACTERS = 5_000_000
"""The text found in a file."""

MAX_TEXT_BYTES = 4 * MAX_TEXT_CHARACTERS
"""A file that is a text itself: no encoding needs more for the characters that are allowed."""

MAX_CHUNKS = 3_000
"""The chunks of a document."""

MAX_TITLE_CHARACTERS = 300
"""What a row keeps of a title."""

MAX_PAGES = 3_000
"""The pages of a PDF."""

MAX_ELEMENTS = 200_000
"""The elements of a web page: each takes about 1 KB while it is read."""

MAX_XML_ELEMENTS = 200_000
"""The elements of a part of a docx: each takes about 3 KB while it is read."""

MAX_DEPTH = 120
"""How deeply elements and values may stand in each other. Web pages are flattened there, all others refused."""

MAX_PARTS = 5_000
"""The files in a docx."""

MAX_UNPACKED_BYTES = 200 * MEBIBYTE
"""All files of a docx, unpacked."""

MAX_PART_BYTES = 40 * MEBIBYTE
"""Those files of a docx that are read, unpacked."""

MAX_RATIO = 200
"""To how many times its size a part of a docx over 1 MB may unpack: text makes 5 to 50."""

MAX_NODES = 1_000_000
"""The values of a JSON or YAML file, each alias counted with all that it stands for."""

MAX_MEMORY_BYTES = 768 * MEBIBYTE
"""The address space of the process that reads; the function needs this and what it holds itself."""

MAX_CPU_SECONDS = 30
"""Of one core."""

MAX_WALL_SECONDS = 60
"""From the start of the process that reads to its end."""

EXIT_NO_MEMORY = 77
"""How the process that reads ends when there is not even memory left to say so."""

MAX_OUTPUT_BYTES = 64 * MEBIBYTE
"""What the process that reads may answer: text and headings of all chunks as JSON."""
