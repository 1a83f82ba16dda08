"""A few mutated files of every format; `make fuzz` has a thousand of each."""

from operator import attrgetter

import fuzz_files
import pytest


@pytest.mark.parametrize("form", fuzz_files.FORMATS, ids=attrgetter("name"))
def test_no_file_gives_other_rows_in_silence(form, tmp_path):
    found = fuzz_files.counts(form, tmp_path, 60)
    assert found["refused"]
    assert not found["silent"] + found["traceback"]
