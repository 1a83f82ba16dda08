"""What is computed of a frame once, and when it is computed anew."""

import weakref

import pandas as pd

from tradeflows import measures
from tradeflows.measures import sums
from tradeflows.model.memory import once, remembering

MONTHS = pd.DataFrame(
    {
        "ref_period": pd.to_datetime(["2023-01-01", "2023-02-01"]),
        "n_months": 1,
        "net_wgt_kg": [1.0, 2.0],
    }
)


def weight(frame, **window):
    return measures.total(frame, "net_wgt_kg", **window)["net_wgt_kg"].tolist()


def test_rows_are_prepared_once_for_all_windows(monkeypatch):
    prepared = []
    prepare = sums._rows_of
    monkeypatch.setattr(sums, "_rows_of", lambda *args: prepared.append(1) or prepare(*args))
    windows = [{"end": "2023-01"}, {"start": "2023-02"}, {}]
    with remembering():
        assert [weight(MONTHS, **window) for window in windows] == [[1.0], [2.0], [3.0]]
    assert len(prepared) == 1
    assert [weight(MONTHS, **window) for window in windows] == [[1.0], [2.0], [3.0]]
    assert len(prepared) == 4
    changed = MONTHS.assign(net_wgt_kg=5.0)
    assert weight(changed) == [10.0]


def test_frames_alike_are_two():
    with remembering():
        frames = MONTHS, MONTHS.copy(), MONTHS
        found = [once(frame, "n", lambda n=n: n) for n, frame in enumerate(frames)]
        assert found == [0, 1, 0]
    assert once(MONTHS, "n", lambda: 4) == 4


def test_a_frame_lives_while_it_is_remembered_so_that_no_other_takes_its_place():
    frame = MONTHS.copy()
    alive = weakref.ref(frame)
    with remembering():
        once(frame, "n", lambda: 1)
        del frame
        assert alive() is not None
