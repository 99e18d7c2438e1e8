"""Training plans of the demo: PDF of one page, a few lines of Chinese in a font every reader brings along."""

from __future__ import annotations

from collections.abc import Sequence

LINE, TOP, LEFT, LETTERS = 24, 780, 60, 38  # points of a line and of the edges; letters on a line
HEADING, TEXT = 16, 11  # points of the letters
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 7 0 R"
    b"/Resources<</Font<</F1 4 0 R>>>>>>"
)  # fmt: skip
FONT = b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[5 0 R]>>"
LETTERING = (
    b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000"
    b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/FontDescriptor 6 0 R>>"
)
DESCRIPTOR = (
    b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0"
    b"/Ascent 880/Descent -120/CapHeight 880/StemV 93>>"
)


def plan_pdf(paragraphs: Sequence[str]) -> bytes:
    """Return a PDF that shows `paragraphs`, the first as its heading."""
    lines = [part for text in paragraphs for part in _broken(text)]
    shown = b"".join(_line(number, line) for number, line in enumerate(lines))
    text = b"<</Length %d>>\nstream\n%s\nendstream" % (len(shown), shown)
    return _file([CATALOG, PAGES, PAGE, FONT, LETTERING, DESCRIPTOR, text])


def _line(number: int, line: str) -> bytes:
    size = HEADING if number == 0 else TEXT
    letters = line.encode("utf-16-be").hex()
    return f"BT /F1 {size} Tf {LEFT} {TOP - LINE * number} Td <{letters}> Tj ET\n".encode()


def _broken(text: str) -> list[str]:
    return [text[at : at + LETTERS] for at in range(0, len(text), LETTERS)] or [""]


def _file(objects: Sequence[bytes]) -> bytes:
    """Return the objects as a file with its table of places."""
    content, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return content + end % (size, table, size, len(content))
