import json

import numpy as np
import pandas as pd
import pytest

from pcapframe.measures import Differing
from pcapframe.patterns import Evidence, Pattern
from pcapframe.patterns._api import beside, native, rate

EVIDENCE = Evidence((4,), 1, (1, 2, 5), 3, "frame.number in {1, 2, 5}", "ip.addr == 192.0.2.1 && tcp")


def pattern(**observations: object) -> Pattern:
    return Pattern("zero_window", "reliability", "One <b>window</b>.", observations, EVIDENCE)


def test_observations_become_what_json_takes() -> None:
    seen = pattern(
        count=np.uint32(3), share=np.float32(0.5), unknown=float("nan"), flag=np.bool_(True), missing=pd.NA,
        time=pd.Timestamp(0, tz="UTC"), nested={"a": [np.int64(1), (2,)]}, pairs=np.array([1, 2]),
    )  # fmt: skip
    assert seen.observations == {
        "count": 3, "share": 0.5, "unknown": None, "flag": True, "missing": None,
        "time": "1970-01-01T00:00:00+00:00", "nested": {"a": [1, [2]]}, "pairs": [1, 2],
    }  # fmt: skip
    assert type(seen.observations["count"]) is int
    assert type(seen.observations["flag"]) is bool


def test_to_dict_is_what_json_takes() -> None:
    made = pattern(rates=[0.1, float("inf")]).to_dict()
    assert json.loads(json.dumps(made, allow_nan=False)) == {
        "pattern": "zero_window",
        "category": "reliability",
        "description": "One <b>window</b>.",
        "observations": {"rates": [0.1, None]},
        "evidence": {
            "connections": [4],
            "connection_count": 1,
            "frames": [1, 2, 5],
            "frame_count": 3,
            "display_filter": "frame.number in {1, 2, 5}",
            "display_filter_all": "ip.addr == 192.0.2.1 && tcp",
        },
    }


def test_to_dict_is_made_of_new_objects() -> None:
    seen = pattern(by_connection={"a": 1})
    seen.to_dict()["observations"]["by_connection"]["a"] = 2
    assert seen.observations == {"by_connection": {"a": 1}}


def test_other_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        native(object())


def test_text_names_numbers_and_evidence() -> None:
    text = str(pattern(count=1234, share=0.12345, closed_s=None, by_connection={str(i): i for i in range(7)}))
    assert text.splitlines() == [
        "zero_window (reliability)",
        "  One <b>window</b>.",
        "  count: 1,234",
        "  share: 0.1235",
        "  closed_s: unknown",
        "  by_connection: 0 0, 1 1, 2 2, 3 3, 4 4, 2 more",
        "  evidence: 3 frames in 1 connection: 1, 2, 5",
    ]


def test_html_is_escaped() -> None:
    html = pattern(**{"<script>": "<img>"})._repr_html_()
    assert "all packets of these endpoints</th>" in html
    assert "<script>" not in html
    assert "<img>" not in html
    assert "One &lt;b&gt;window&lt;/b&gt;." in html
    assert "frame.number in {1, 2, 5}" in html


def test_evidence_without_frames_counts_connections() -> None:
    assert str(Evidence((1,), 2000)) == "2,000 connections"


def test_rate_without_trials_is_null() -> None:
    assert native(rate("share", 0, 0)) == {"share": None, "share_low": None, "share_high": None}


def test_nothing_is_said_beside_where_both_agree() -> None:
    none = np.empty(0, np.intp)
    assert beside(Differing(5, none, none), "out of order") == ""


@pytest.mark.parametrize(
    ("total", "more", "fewer", "said"),
    [
        (1200, 3, 0, "all of these as out of order, and 3 other packets"),
        (6, 1, 4, "5 of these as out of order, and 1 other packet"),
        (2, 0, 3, "2 of these as out of order, and no other packet"),
        (1, 1, 2, "none of these as out of order, but 1 other packet"),
        (0, 0, 2, "none of these as out of order, nor any other packet"),
    ],
)
def test_what_wireshark_labels_otherwise(total: int, more: int, fewer: int, said: str) -> None:
    found = Differing(total, np.arange(more), np.arange(fewer))
    assert beside(found, "out of order") == f" Wireshark's rules label {said}."
