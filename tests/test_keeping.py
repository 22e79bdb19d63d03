"""What may be kept of a capture."""

import pytest

from pcapframe import ParameterError
from pcapframe.keeping import GATHERED_KEEPS, KEEPS, STORED_KEEPS, check_keep


def test_what_a_store_keeps_an_analysis_keeps_too() -> None:
    assert set(STORED_KEEPS) <= set(KEEPS)
    for keep in KEEPS:
        check_keep(keep)
    with pytest.raises(ParameterError, match="keep is 'all': expected one of packets, events, connections"):
        check_keep("all", STORED_KEEPS)


def test_what_a_cluster_sends_a_store_keeps_too() -> None:
    assert set(GATHERED_KEEPS) < set(STORED_KEEPS)
