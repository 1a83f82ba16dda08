"""What is computed of a frame once, and when it is computed anew."""

import weakref

import pandas as pd

from tradeflows.model.memory import once, remembering

MONTHS = pd.DataFrame(
    {
        "ref_period": pd.to_datetime(["2023-01-01", "2023-02-01"]),
        "n_months": 1,
        "net_wgt_kg": [1.0, 2.0],
    }
)


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
