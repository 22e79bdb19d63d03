"""Retransmissions: the threshold, and the rates page by page."""

from pathlib import Path

import pcapframe as pf
from tests.mcp_server.clients import FOUR, Blocking


def test_without_a_threshold_that_of_the_patterns_holds(served: Blocking) -> None:
    default = pf.Thresholds().packet_retransmission.rate
    assert served.answer(FOUR[2], pcap_file="losses.pcap")["threshold"] == default
    assert served.answer(FOUR[2], pcap_file="losses.pcap", threshold=0.5)["threshold"] == 0.5


def test_pages_go_on(large: Path, served_large: Blocking) -> None:
    rates = served_large.answer(FOUR[2], pcap_file="again.pcap")
    following = served_large.answer(FOUR[2], pcap_file="again.pcap", cursor=rates["next_cursor"])
    together = rates["by_connection"] + following["by_connection"]
    whole = pf.analyze_tcp_retransmissions(large / "again.pcap", limit=len(together))
    assert together == whole["by_connection"]  # type: ignore[typeddict-item]


def test_cursors_list_every_connection_once(served_large: Blocking) -> None:
    cursor, found = None, {}
    for _ in range(100):
        answer = served_large.answer(FOUR[0], pcap_file="again.pcap", limit=50, cursor=cursor)
        found |= answer["statistics"]["retransmissions"]["by_connection"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert len(found) == answer["statistics"]["retransmissions"]["by_connection_total"] == 300
