"""The measures that patterns rest on: intervals, text of endpoints."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.measures import (
    connection_text,
    distinct,
    endpoint_text,
    host_text,
    wilson_interval,
    without_attrs,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (1, 1000, 0.00018, 0.00564)],
)
def test_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_without_trials() -> None:
    assert all(math.isnan(bound) for bound in wilson_interval(0, 0))


@given(st.integers(1, 10**9), st.data())
def test_wilson_interval_holds_the_share(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1


def test_endpoint_text() -> None:
    addresses = pd.Series(["2001:db8::1", "192.0.2.1", "2001:db8::1"], dtype="category")
    assert endpoint_text(addresses, np.array([80, 443, 0], np.uint16)).tolist() == [
        "[2001:db8::1]:80",
        "192.0.2.1:443",
        "[2001:db8::1]:0",
    ]
    assert endpoint_text(addresses[:0], []).tolist() == []
    assert host_text("::1") == "[::1]"


def test_connection_text_of_nothing() -> None:
    frame = pd.DataFrame({"client": [], "client_port": [], "server": [], "server_port": []})
    assert connection_text(frame.astype({"client": "category", "server": "category"})).tolist() == []


def test_distinct() -> None:
    assert distinct(np.array([7, 0, 7, 3]), 8).tolist() == [0, 3, 7]
    assert distinct(np.array([], np.int64), 0).tolist() == []


def test_a_frame_without_attrs_shares_the_data_and_copies_no_attrs(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index([4, 5], name="frame"))
    frame.attrs["capture"] = {"name": "a.pcap"}
    with monkeypatch.context() as patched:
        patched.setattr("pandas.core.generic.deepcopy", lambda _attrs: pytest.fail("copied"))
        bare = without_attrs(frame)
    assert not bare.attrs
    assert bare.index.equals(frame.index)
    assert np.shares_memory(bare["a"].to_numpy(), frame["a"].to_numpy())
    assert without_attrs(bare) is bare
    assert frame.attrs["capture"] == {"name": "a.pcap"}
    own = bare["a"]
    own.iloc[0] = 9  # a column taken out of it may be changed
    assert frame["a"].tolist() == bare["a"].tolist() == [1, 2]
