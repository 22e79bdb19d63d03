"""Labels against captures of real kernels whose truth is known; `make lab` makes and scores many more."""

import functools
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from data.lab.scoring import (
    Score,
    needless_counts,
    needs_table,
    reasons_table,
    recordings,
    score,
    score_recording,
    score_resends,
    totals,
    with_ids,
)
from data.lab.verdicts import Emission, emissions, verdicts

CAPTURES = Path(__file__).parent / "captures"


@functools.cache
def scored():
    found = [score_recording(recording, ("kernel", "zero", "random")) for recording in recordings(CAPTURES)]
    return [row for rows, _ in found for row in rows], [same for _, some in found for same in some]


@pytest.mark.parametrize(
    ("reader", "vantage", "name", "precision", "recall"),
    [
        ("kernel", "sender", "resent", 0.995, 0.995),
        ("kernel", "middle", "resent", 0.99, 0.99),
        ("kernel", "receiver", "resent", 0.99, 0.99),
        ("kernel", "middle", "reordered", 0.97, 0.99),
        ("kernel", "receiver", "reordered", 0.97, 0.99),
        ("kernel", "receiver", "capture_duplicate", 0.99, 0.99),
        *((ids, at, "resent", 0.98, 0.95) for ids in ("zero", "random") for at in ("sender", "middle", "receiver")),
        *((ids, point, "reordered", 0.9, 0.9) for ids in ("zero", "random") for point in ("middle", "receiver")),
        ("random", "receiver", "capture_duplicate", 0.99, 0.99),
    ],
)
def test_labels_meet_the_truth(reader, vantage, name, precision, recall):
    found = totals(scored()[0], "reader", "vantage", "name")[reader, vantage, name]
    assert found.hits > 10
    assert found.precision >= precision, found
    assert found.recall >= recall, found


def test_as_many_resends_as_the_kernel_counted():
    agree = scored()[1]
    assert len(agree) > 100
    assert sum(agree) >= 0.99 * len(agree)


def test_needless_resends_are_not_more_than_the_kernel_was_told_of():
    """Without copies made by the network, which it counts too, and with SACK."""
    names = ("random_loss", "burst_loss", "delay_spikes", "tail_loss", "short_path", "reordering")
    found = [c for recording in recordings(CAPTURES) if recording.scenario in names for c in needless_counts(recording)]
    assert sum(count.kernel for count in found) > 10
    assert sum(count.agrees for count in found) >= 0.95 * len(found)


def test_untraced_resends_are_neither_hits_nor_misses():
    truth = pd.DataFrame({"resent": [True, True, False], "traced": [True, False, False]}, index=[1, 2, 3])
    assert score(pd.Series([True, False, True], index=[1, 2, 3]), truth, "resent") == Score(1, 1, 0, 1)


def frame(seq, payload_bytes, flags=0x10):
    return {"kind": "data", "src": "a", "src_port": 1, "dst": "b", "dst_port": 2, "seq": seq, "flags": flags,
            "payload_bytes": payload_bytes, "out": [1]}  # fmt: skip


def test_verdicts_of_a_resend_an_overtaken_original_and_a_copy():
    made = emissions([frame(100, 10), frame(110, 10), frame(120, 10), frame(110, 10)])
    assert [emission.resent for emission in made] == [False, False, False, True]
    # The third passes twice and overtakes the second, which comes after its resend.
    told = verdicts(made, [(0, 1), (2, 1), (2, 1), (3, 1), (1, 1)])
    assert told["capture_duplicate"] == [0, 0, 1, 0, 0]
    assert told["resent"] == told["traced"] == [0, 0, 0, 1, 0]
    assert told["reordered"] == [0, 0, 0, 0, 1]


def test_a_resend_is_needless_if_a_copy_sent_before_was_there_before():
    first, second = frame(100, 10) | {"out": [5]}, frame(110, 10) | {"out": [20]}
    lost, late = frame(120, 10) | {"out": []}, frame(130, 10) | {"out": [40]}
    again = [
        frame(100, 10) | {"out": [9]},  # the first copy was there
        frame(110, 10) | {"out": [9]},  # it came later
        frame(120, 10) | {"out": [9]},  # it never came
        frame(130, 10) | {"out": []},  # lost itself
        frame(100, 20) | {"out": [30]},  # all of both were there by then
    ]
    made = emissions([first, second, lost, late, *again])
    assert [emission.needless for emission in made] == [False] * 4 + [True, False, False, True, True]


def test_needless_and_reasons_are_scored_where_the_truth_has_them(capsys):
    recording = next(r for r in recordings(CAPTURES) if r.scenario == "random_loss")
    found = score_resends(recording)
    assert found.reasons is not None
    assert sum(found.reasons.values()) > 5
    needs_table([found])
    reasons_table([found])
    printed = capsys.readouterr().out
    assert printed.count("not recorded") == 2 - bool(found.needs) - bool(found.kernel)
    truth = recording.truth.assign(needless=False)
    needs = score_resends(replace(recording, truth=truth)).needs
    assert needs["sender"].right_false + needs["sender"].null_needed == sum(found.reasons.values())
    assert needs["sender"].wrong_false == needs["sender"].right_true == 0


def test_a_lost_tail_leaves_no_trace():
    made = [Emission(("s",), 0, 10), Emission(("s",), 10, 20), Emission(("s",), 10, 20, True)]
    told = verdicts(made, [(0, 1), (2, 1)])
    assert (told["resent"], told["traced"]) == ([0, 1], [0, 0])


def test_copies_keep_one_identification():
    packets = pd.DataFrame({"ip_id": pd.array([5, 5, 6], "UInt16")}, index=[1, 2, 3])
    made = with_ids(packets, pd.Series([0, 0, 1], index=[1, 2, 3]), "random")["ip_id"]
    assert made[1] == made[2] != made[3]
    assert (with_ids(packets, pd.Series([0, 0, 1], index=[1, 2, 3]), "zero")["ip_id"] == 0).all()
