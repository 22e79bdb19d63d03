"""The patterns that show what is right of each of the captures of `test_tcp`."""

import pytest

import pcapframe as pf
from tests.cases.test_tcp import analysis


def observed(name: str, pattern: str) -> pf.Pattern:
    """Return one pattern of a capture."""
    (found,) = (seen for seen in analysis(name).patterns if seen.pattern == pattern)
    return found


@pytest.mark.parametrize(("name", "differs_in"), [("d1", "sequence_number"), ("d3", "sequence_number")])
def test_d_syn_acks_of_one_handshake_differ(name: str, differs_in: str) -> None:
    assert observed(name, "differing_syn_acks").observations["differs_in"][differs_in] == 1


def test_d4_a_foreign_syn_ack_has_another_hop_limit_and_other_options() -> None:
    found = observed("d4", "differing_syn_acks").observations["differs_in"]
    assert min(found.values()) > 0


def test_f1_whether_the_syn_was_answered_is_unknown() -> None:
    assert "syn_response_imbalance" not in {found.pattern for found in analysis("f1").patterns}


def test_g1_every_health_check_is_an_aborted_handshake() -> None:
    found = observed("g1", "aborted_handshakes").observations
    assert (found["aborted_connections"], found["attempted_connections"]) == (30, 35)
    assert found["rst_after_median_s"] == pytest.approx(0.0001, rel=0.01)


def test_h1_keep_alives_unanswered() -> None:
    """Of each of three connections the first of ten is answered."""
    seen = observed("h1_", "keep_alives_unanswered")
    names = ("unanswered", "keep_alives", "connections", "ended_by_rst")
    assert [seen.observations[name] for name in names] == [27, 30, 3, 3]
    assert "unanswered" in seen.description


def test_h2_one_byte_windows_for_twelve_seconds() -> None:
    found = observed("h2", "small_window").observations
    assert (found["window_min_bytes"], found["window_median_bytes"], found["largest_segment_bytes"]) == (1, 1, 1460)
    assert found["lasted_max_s"] == pytest.approx(12, abs=0.2)


def test_h4_a_segment_of_1448_bytes_is_repeated_while_a_smaller_one_is_reported() -> None:
    (size,) = observed("h4", "largest_segment_repeated").observations["sizes"]
    assert (size["payload_bytes"], size["resends"], size["largest_reported_bytes"]) == (1448, 6, 300)


def test_h6_sack_edges_a_gigabyte_and_a_half_beyond_what_was_sent() -> None:
    seen = observed("h6", "sack_beyond_sent")
    assert seen.observations["beyond_max_bytes"] == pytest.approx(1.5e9, rel=0.01)
    assert "SACK" in seen.description


def test_h7_a_rst_sooner_than_any_round_trip() -> None:
    seen = observed("h7", "rst_unlike_peer")
    assert seen.observations["soonest_s"] == pytest.approx(0.0074)
    assert seen.observations["soonest_round_trip_s"] == pytest.approx(0.318)
    assert seen.evidence.frames == (5,)
    assert "round trip" in seen.description


def test_h10_idle_times_that_were_survived_and_those_that_were_not() -> None:
    seen = observed("h10", "first_after_idle")
    assert seen.observations["survived_longest_s"] == pytest.approx(261, abs=1)
    assert seen.observations["not_survived_shortest_s"] == pytest.approx(352, abs=1)
    assert (seen.observations["answered_by_rst"], seen.observations["unanswered"]) == (10, 0)
    assert "RST" in seen.description


ANOMALIES = {
    "differing_syn_acks", "sack_beyond_sent", "peer_falls_silent", "largest_segment_repeated", "small_window",
    "window_moved_back", "first_after_idle", "rst_at_same_age", "tsval_back", "aborted_handshakes",
    "keep_alives_unanswered", "window_probes_unanswered",
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [("43", True), ("a3", True), ("62", False), ("a1", False)])
def test_rsts_with_a_hop_limit_of_their_own(name: str, expected: bool) -> None:
    assert ("rst_unlike_peer" in {found.pattern for found in analysis(name).patterns}) == expected


@pytest.mark.parametrize("name", ["30", "43", "60", "62", "c1", "c2", "c4", "f2", "i1"])
def test_none_of_the_anomalies_is_seen_where_there_is_none(name: str) -> None:
    assert not ANOMALIES & {found.pattern for found in analysis(name).patterns}
