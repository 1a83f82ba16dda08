"""A few mutated files of every format, and raw files; `make fuzz` has a thousand of each."""

from operator import attrgetter

import fuzz_files
import mutate_raw
import pytest


@pytest.mark.parametrize("form", fuzz_files.FORMATS, ids=attrgetter("name"))
def test_no_file_gives_other_rows_in_silence(form, tmp_path):
    found = fuzz_files.counts(form, tmp_path, 60)
    assert found["refused"]
    assert not found["silent"] + found["traceback"]


@pytest.mark.parametrize(
    "source", ["comtrade_energy_imports_from_russia", "published_figures_energy"]
)
def test_each_change_of_a_raw_file_is_refused_or_in_the_digest(source):
    found = {outcome for *_, outcome, _ in mutate_raw.outcomes(13, [source])}
    assert found in ({"refused", "digest"}, {"refused", "digest", "says the same"})
