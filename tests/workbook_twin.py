"""A workbook as sites write it: cells as texts, numbers and booleans, a theme, an empty sheet."""

import io
import zipfile
from html import escape

from tradeflows.publishers.workbooks import column_letters

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(*sheets, names=(), parts=None):
    """Bytes of an .xlsx with these sheets, each a list of lines; None or no text is no cell."""
    numbers = range(1, len(sheets) + 1)
    names = names or [f"Sheet{n}" for n in numbers]
    more = parts or {}
    parts = {
        "xl/theme/theme1.xml": '<theme><fillToRect l="50000" r="50000"/></theme>',
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + _override("workbook.xml", "sheet.main")
        + "".join(_override(f"worksheets/sheet{n}.xml", "worksheet") for n in numbers)
        + "</Types>",
        "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, names, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
        ),
    }
    for number, lines in zip(numbers, sheets, strict=True):
        rows = "".join(_row(down, line) for down, line in enumerate(lines, start=1))
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (parts | more).items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _override(part, kind):
    return f'<Override PartName="/xl/{part}" ContentType="{TYPE}.{kind}+xml"/>'


def _relations(targets):
    each = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in targets
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{each}</Relationships>'


def _row(down, line):
    cells = [_cell(f"{column_letters(at)}{down}", cell) for at, cell in enumerate(line)]
    return f'<row r="{down}">{"".join(cells)}</row>'


def _cell(place, value):
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    return f'<c r="{place}" t="str"><v>{escape(value)}</v></c>'
