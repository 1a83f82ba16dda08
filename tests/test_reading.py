"""Delimited text is taken as it stands, or refused with the record that is not as it should be."""

import re

import pytest

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import reading

LONG = b"x" * reading.BLOCK


@pytest.fixture
def read(tmp_path):
    """Return the records of some bytes, below a header of a and b and other lines above."""

    def run(raw, above=0):
        path = tmp_path / "a.csv"
        path.write_bytes(raw)
        names = reading.header(path)
        blocks = list(reading.blocks(path, names, names, above=above))
        return {
            block.record(at).partition(": ")[2]: record
            for block in blocks
            for at, record in enumerate(block.cells.to_pylist())
        }

    return run


def test_records_are_counted_as_a_trace_counts_them(read, tmp_path):
    raw = b'\xef\xbb\xbfa,b\r\n\r\n1,"two\r\nlines"\r\n\r\n2,"5"" pipe"'
    records = read(raw)
    assert records == {
        "record 1": {"a": "1", "b": "two\r\nlines"},
        "record 2": {"a": "2", "b": '5" pipe'},
    }
    assert [*reading.records(tmp_path / "a.csv", ())] == [1, 2]
    assert [*read(raw, above=3)] == ["record 4", "record 5"]
    many = b"a,b\n" + b"".join(b"%d,x\n" % n for n in range(200_000))  # of several blocks
    assert read(many)["record 200000"] == {"a": "199999", "b": "x"}


@pytest.mark.parametrize(
    ("raw", "above", "found"),
    [
        (b"", 0, "a header line, found an empty file"),
        (LONG + b"\n1,2\n", 0, "a header line, found more than 1048576 bytes without a line's end"),
        (b'a,"b\n1,2\n', 0, "a header line, found unexpected end of data"),
        ("Zoll für b\n".encode("cp1252"), 0, "UTF-8 text, found another encoding"),
        ("a,b\n1,für\n2\n".encode("cp1252"), 0, "UTF-8 text, found another encoding"),
        (b"a,b\n", 0, "at least one record, found a header alone"),
        (b'a,b\n1,2\n3,"4\n5,6\n', 0, "a mark .* of record 2, found the end of the file"),
        (b"a,b\n1,2\n1\n", 0, "lines of 2 cells, found 1 in record 2"),
        (b"a,b\n1,2\n1,2,3\n", 5, "lines of 2 cells, found 3 in record 7"),
        (b"a,b\n1," + 2 * LONG + b"\n", 0, "lines of 2 cells, found one above 1024 KiB"),
    ],
)
def test_what_it_refuses(read, raw, above, found):
    with pytest.raises(LayoutError, match=f"a.csv: expected {found}"):
        read(raw, above)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a"], "none of ['b']"),
        (["a", "b", "x"], "besides ['x']"),
        (["a", "b", "a"], "more than once ['a']"),
        (["b", "x", "x"], "none of ['a'] and besides ['x', 'x'] and more than once ['x']"),
    ],
)
def test_what_is_wrong_with_a_header(names, found):
    with pytest.raises(LayoutError, match=re.escape(f"the columns a,b, found {found}") + "$"):
        reading.require_header("a.csv", names, ["a", "b"], ())
    reading.require_header("a.csv", ["a", "b", "x", "x"], ["a", "b"])


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("-1,234.5", -1234.5),
        ("N/A", None),
        ("1e5", "a number in a, found '1e5'"),
        ("12,34", "a number in a, found '12,34'"),
        ("inf", "a number in a, found 'inf'"),
        ("9" * 400, "a number in a that a double holds"),
    ],
)
def test_a_number_is_plain(read, tmp_path, cell, number):
    (tmp_path / "a.csv").write_text(f'a,b\n1,\n"{cell}",\n')
    block = reading.block(tmp_path / "a.csv", ["a", "b"])
    if isinstance(number, str):
        with pytest.raises(LayoutError, match=f"record 2: expected {number}"):
            block.number("a", marks=reading.WITH_COMMAS, absent=("N/A",))
    else:
        numbers = block.number("a", marks=reading.WITH_COMMAS, absent=("N/A",))
        assert numbers.to_pylist() == [1.0, number]
