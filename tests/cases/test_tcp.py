"""Captures built after public reports, each of one kind that is easily read wrongly: what is right of each.

The expected values follow from how each capture was built, by the RFCs named.
"""

from pathlib import Path

import pytest

import pcapframe as pf

FOLDER = Path(__file__).parent / "tcp"


def analysis(name: str) -> pf.Analysis:
    """Analyse the one capture whose name begins with `name`."""
    (path,) = FOLDER.glob(f"{name}*.pcap")
    return pf.analyze(path)


def test_60_real_loss_is_a_gap_and_its_repair_a_retransmission() -> None:
    seen = analysis("60")
    assert int(seen.connections["client_resent_segments"].sum() + seen.connections["server_resent_segments"].sum()) == 1


def test_62_a_rst_while_data_is_in_flight_ends_the_connection() -> None:
    assert analysis("62").connections["ending"].tolist() == ["reset"]


def test_f2_a_client_may_send_the_syn_ack() -> None:
    (seen,) = analysis("f2").connections.itertuples()
    assert (seen.handshake, seen.syn_count, seen.syn_ack_count) == ("complete", 2, 1)


def test_f5_a_connection_that_begins_with_a_syn_ack_was_not_open_before() -> None:
    seen = analysis("f5")
    assert "open_at_start" not in {finding.name for finding in seen.health.findings}
    (edges,) = (found for found in seen.patterns if found.pattern == "open_at_edges")
    assert edges.observations["open_at_start"] == 0


def test_g1_health_checks_abort_the_handshake_and_are_not_half_open() -> None:
    seen = analysis("g1")
    counts = seen.statistics["handshake"]
    assert (counts["half_open"], counts["aborted"]) == (0, len(seen.connections) - counts["successful"])
    assert counts["aborted"] > 0
    assert "half_open_handshakes" not in {found.pattern for found in seen.patterns}


def test_h4_one_segment_is_sent_seven_times_and_never_acknowledged() -> None:
    (seen,) = analysis("h4").connections.itertuples()
    assert (seen.client_most_copies, seen.server_most_copies) == (1, 7)
    assert seen.server_stalled_s == pytest.approx(45.5)  # from frame 10 at 0.3 s to the last packet


def test_endings_begin_with_the_fin_that_the_other_acknowledges() -> None:
    by = {name: analysis(name).connections["first_fin_by"].iloc[0] for name in ("f2", "a3", "d3")}
    assert set(by.values()) == {"client"}


def test_a3_two_hop_limits_of_one_side() -> None:
    (seen,) = analysis("a3").connections.itertuples()
    assert (seen.client_ttl_min, seen.client_ttl_max, seen.server_ttl_min, seen.server_ttl_max) == (64, 64, 49, 57)


@pytest.mark.parametrize(("name", "frame"), [("a1", 13), ("a3", 8), ("b1", 13), ("b2", 9), ("d3", 7)])
def test_a_rst_that_ended_nothing_is_not_the_ending(name: str, frame: int) -> None:
    seen = analysis(name)
    assert seen.segments.index[seen.segments["rst_ignored"]].tolist() == [frame]
    last = seen.connections.iloc[-1]
    assert (last["ending"], last["reset_by"], last["conn_state"]) == ("fin", "none", "SF")
    assert last["handshake"] == "complete"


def test_a5_a_syn_that_was_refused_twice_and_then_connected() -> None:
    seen = analysis("a5").connections
    assert seen["handshake"].tolist() == ["complete"]
    assert seen["ending"].tolist() == ["fin"]
    assert seen["syn_count"].tolist() == [3]
    assert seen["server_rsts"].tolist() == [2]


def test_62_none_of_its_rsts_ended_nothing() -> None:
    assert not analysis("62").segments["rst_ignored"].any()


def test_h1_keep_alives_until_a_rst() -> None:
    """Each of three connections has an answer to its first of ten keep-alives only."""
    seen = analysis("h1_").segments
    probes = seen[seen["probe"].notna()]
    assert set(probes["probe"]) == {"keep_alive"}
    assert (len(probes), int(probes["answered_by"].isna().sum())) == (30, 27)


def test_h2_bytes_sent_into_windows_of_one_byte_probe_nothing() -> None:
    assert analysis("h2").segments["probe"].isna().all()


def rsts(name: str) -> list[tuple[object, ...]]:
    """Facts of each RST of a capture."""
    found = pf.rst_evidence(analysis(name)).reset_index()
    facts = found[["frame", "seq_fit", "took_effect", "challenge_ack"]].astype(object)
    return list(facts.where(facts.notna(), None).itertuples(index=False, name=None))


def test_rst_evidence_of_the_cases() -> None:
    assert rsts("a3") == [(8, "in_window", False, 9)]
    assert rsts("62") == [(6, "exact", True, None), (9, "exact", None, None), (10, "exact", None, None)]
    assert rsts("d3") == [(7, "outside", False, None)]


def test_h7_a_rst_sooner_than_any_round_trip() -> None:
    first = pf.rst_evidence(analysis("h7")).iloc[0]
    assert (first.name, first["answers"]) == (5, 4)
    assert (first["answer_delay_s"], first["smallest_rtt_s"]) == (pytest.approx(0.0074), pytest.approx(0.318))
    assert (first["ttl"], first["others_ttl_min"], first["ip_id"]) == (57, 44, 0xBEEF)


def facts(name: str) -> tuple[int, int, int]:
    """Bytes that the capture lacks, segments sent again, and how many of these needlessly."""
    seen = analysis(name).segments
    return int(seen["capture_gap"].sum()), int(seen["resent"].sum()), int((seen["needless"] == True).sum())  # noqa: E712


@pytest.mark.parametrize(
    ("name", "frames", "expected"),
    [("a1", [12], (0, 1, 0)), ("b1", [12], (0, 1, 0)), ("b2", [8], (0, 1, 0)), ("b4", [3, 4], (0, 3, 0))],
)
def test_an_acknowledgement_of_what_was_never_sent_shows_nothing(
    name: str, frames: list[int], expected: tuple[int, int, int]
) -> None:
    seen = analysis(name).segments
    assert seen.index[seen["acks_unsent"]].tolist() == frames
    assert facts(name) == expected


def test_b4_an_acknowledgement_of_what_was_never_sent_completes_no_handshake() -> None:
    assert analysis("b4").connections["handshake"].tolist() == ["half_open"]


def test_43_the_acknowledgement_of_a_rst_moves_nothing() -> None:
    assert facts("43") == (0, 0, 0)


@pytest.mark.parametrize(("name", "early"), [("c1", 20), ("c2", 1), ("c4", 1)])
def test_acknowledgements_captured_early(name: str, early: int) -> None:
    seen = analysis(name)
    assert facts(name) == (0, 0, 0)
    assert int(seen.segments["ack_early"].sum()) == early
    (finding,) = (finding for finding in seen.health.findings if finding.name == "captured_late")
    assert finding.figures["acknowledgements_early"] == early
    assert finding.affects["round_trips"] == "unknown"
    assert finding.figures["client_late"] == (name == "c2")


def test_c1_how_late_the_direction_is() -> None:
    """Both segments come 20 and 30 us after their acknowledgement."""
    (finding,) = (finding for finding in analysis("c1").health.findings if finding.name == "captured_late")
    assert finding.figures["median_s"] == pytest.approx(30e-6, abs=1e-9)
    assert "the server sent was captured late" in finding.sentence


def test_60_bytes_acknowledged_before_they_were_sent_again_were_missing() -> None:
    assert facts("60") == (300, 1, 1)
    assert not analysis("60").segments["ack_early"].any()


@pytest.mark.parametrize("name", ["d1", "d3", "d4"])
def test_a_second_syn_ack_with_another_number_shifts_no_account_of_bytes(name: str) -> None:
    """Only the SYN was sent again by its sender."""
    seen = analysis(name).segments
    assert facts(name)[:2] == (0, 1)
    assert (seen.loc[seen["resent"], "tcp_flags"] == 2).all()


def test_i1_a_capture_that_begins_in_a_recovery() -> None:
    """Frame 8 fills the oldest hole, and its identification follows that of frame 6 by one."""
    seen = analysis("i1").segments
    assert seen.index[seen["resent"]].tolist() == [8]
    assert not seen["reordered"].any()
    assert seen.loc[8, "resend_rule"] == "identification"


def test_h1_keep_alives_of_each_side_and_how_many_were_not_answered() -> None:
    seen = analysis("h1_").connections
    sent, unanswered = (
        int(seen[f"client_{name}"].sum() + seen[f"server_{name}"].sum())
        for name in ("keep_alives", "keep_alives_unanswered")
    )
    assert (sent, unanswered) == (30, 27)
    assert (seen["client_window_probes"].sum(), seen["server_window_probes"].sum()) == (0, 0)


def test_a3_one_rst_of_the_server_ended_nothing() -> None:
    (seen,) = analysis("a3").connections.itertuples()
    assert (seen.client_rsts_ignored, seen.server_rsts_ignored, seen.server_rsts) == (0, 1, 1)


def test_e1_a_connection_on_both_sides_of_a_nat_counts_once() -> None:
    seen = analysis("e1")
    assert seen.connections["same_as"].isna().tolist() == [True, False]
    assert seen.connections["same_as"].iloc[1] == 0
    assert seen.statistics["total_connections"] == 1
    assert seen.statistics["total_packets"] == len(seen.packets) // 2
    (finding,) = (found for found in seen.health.findings if found.name == "connections_seen_twice")
    assert "twice" in finding.sentence


def test_h4_icmp_says_that_the_segment_is_too_long() -> None:
    seen = analysis("h4")
    (connection,) = seen.connections.itertuples()
    said = "Destination unreachable (Fragmentation needed)"
    assert (connection.icmp_errors, connection.icmp_error) == (6, said)
    (pattern,) = (found for found in seen.patterns if found.pattern == "icmp_errors")
    assert pattern.evidence.frames == (11, 13, 15, 17, 19, 21)
    assert pattern.observations["smallest_mtu_bytes"] == 1400
    assert "ICMP" in pattern.description


def test_h5_icmp_answers_every_syn() -> None:
    seen = analysis("h5")
    said = "Destination unreachable (Communication administratively filtered)"
    assert seen.connections["icmp_errors"].tolist() == [1] * 4
    assert seen.connections["icmp_error"].tolist() == [said] * 4
    by_name = {found.pattern: found for found in seen.patterns}
    assert by_name["icmp_errors"].evidence.frames == (2, 4, 6, 8)
    unanswered = by_name["unanswered_syns"]
    assert "without a TCP answer" in unanswered.description
    assert unanswered.description.endswith(f"ICMP errors quote packets of 4 of them: {said}.")
