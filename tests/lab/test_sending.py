"""Senders' times against those of kernels."""

from dataclasses import replace
from pathlib import Path

import pytest

from data.lab.scoring import recordings
from data.lab.sending import Sending, score_sending, sending_table

CAPTURES = Path(__file__).parent / "captures"
MADE = Sending("made", "sender", "one", 1.0, 0.5, 1.0, 0.5, 0.0, 0.02)


def test_small_buffers_as_the_kernel_counts_them(capsys):
    (recording,) = [one for one in recordings(CAPTURES) if one.scenario == "small_buffers"]
    found = score_sending(recording, recording)
    assert len(found) == 3
    assert max(one.kernel_limited_s for one in found) > 0.3
    assert all(one.busy_fits and not one.is_false for one in found)
    assert sum(one.limited_fits for one in found) >= 2
    sending_table([found])
    assert "busy as the kernel counts, at the sender's side: 3 of 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("busy", "limited", "vantage", "fits"),
    [
        (1.0199, 0.5199, "sender", (True, True)),
        (1.021, 0.521, "sender", (False, False)),
        (1.0399, 0.5399, "receiver", (True, True)),
        (1.041, 0.541, "receiver", (False, False)),
        (float("nan"), float("nan"), "sender", (False, False)),
    ],
)
def test_how_near_is_near_enough(busy, limited, vantage, fits):
    row = replace(MADE, busy_s=busy, limited_s=limited, vantage=vantage)
    assert (row.busy_fits, row.limited_fits) == fits


def test_false_is_what_the_kernel_never_saw(capsys):
    row = replace(MADE, limited_s=0.03, kernel_limited_s=0.0)
    assert row.is_false
    assert not replace(row, limited_s=0.019).is_false
    assert not replace(row, kernel_limited_s=0.004).is_false
    sending_table([[row]])
    assert "made one: busy 1.000/1.000 s, limited 0.030/0.000 s" in capsys.readouterr().out
