"""The whole way from a capture to an Analysis."""

import dataclasses
import io
from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis import Selection, pipeline
from pcapframe.analysis.pipeline import select_endpoints
from tests.builders import Conversation, ethernet, merge, packet, pcap, pcapng, udp

EXAMPLES = ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz"]


@pytest.fixture(scope="module")
def resets() -> pf.Analysis:
    return pf.analyze(pf.example("resets.pcap"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_frames_are_those_of_the_stages(name: str) -> None:
    packets = pf.read_pcap(pf.example(name))
    segments = pf.label_segments(packets)
    connections = pf.build_connections(segments)
    analysis = pf.analyze(pf.example(name))
    pd.testing.assert_frame_equal(analysis.packets, packets)
    pd.testing.assert_frame_equal(analysis.segments, segments)
    pd.testing.assert_frame_equal(analysis.connections, connections)
    found = [analysis.health.qualify_pattern(seen) for seen in pf.find_patterns(segments, connections)]
    assert list(analysis.patterns) == found
    assert analysis.capture == pf.capture_info(packets)
    assert analysis.message is None


def test_a_path_bytes_a_stream_and_a_frame_give_the_same() -> None:
    path = pf.example("resets.pcap")
    wanted = pf.analyze(path)
    for source in (str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), pf.read_pcap(path), [path]):
        analysis = pf.analyze(source)
        assert analysis.statistics == wanted.statistics
        assert analysis.patterns == wanted.patterns


def test_without_a_filter_nothing_is_copied(resets: pf.Analysis) -> None:
    assert resets.filtered_segments is resets.segments
    assert resets.whole_connections is resets.connections
    again = pf.analyze(resets)
    assert again.packets is resets.packets
    assert again.segments is resets.segments
    assert again.connections is resets.connections


def test_a_filter_selects_connections_patterns_and_counts(resets: pf.Analysis) -> None:
    chosen = pf.analyze(pf.example("resets.pcap"), server_ip="198.51.100.20", server_port=8080)
    # data/captures.json: connections to port 8080 of this server, six of them refused.
    assert (chosen.connections["server_port"] == 8080).all()
    assert len(chosen.connections) == int((resets.connections["server_port"] == 8080).sum())
    assert len(chosen.whole_connections) == 42
    assert len(chosen.segments) == len(resets.segments)
    assert set(chosen.filtered_segments["conn_id"]) == set(chosen.connections.index)
    assert chosen.statistics["handshake"]["refused"] == 6
    assert chosen.statistics["total_packets"] == len(chosen.filtered_segments)
    assert chosen.filtered_segments.attrs == resets.segments.attrs


def test_the_capture_is_not_read_again_for_another_filter(resets: pf.Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    direct = pf.analyze(pf.example("resets.pcap"), server_port=80)
    for stage in ("read_pcap", "label_segments", "connections_and_turns"):
        monkeypatch.setattr(pipeline, stage, None)
    refiltered = pf.analyze(pf.analyze(resets, server_port=8080), server_port=80)
    pd.testing.assert_frame_equal(refiltered.connections, direct.connections)
    pd.testing.assert_frame_equal(refiltered.filtered_segments, direct.filtered_segments)
    assert refiltered.patterns == direct.patterns
    assert refiltered.statistics == direct.statistics
    assert refiltered.provenance == direct.provenance


def test_the_filter_tells_the_server_where_no_packet_does() -> None:
    known = Conversation("192.0.2.9", 50010, "192.0.2.2", 50001).handshake().data("client", 7)
    inferred = Conversation("192.0.2.1", 50002, "192.0.2.2", 50003, start=1.0).handshake(drop=True)
    inferred.data("client", 10).data("server", 2000).rst("server")
    capture = pcap(merge(known, inferred))
    plain = pf.analyze(capture)
    assert plain.connections.loc[1, ["client", "server"]].tolist() == ["192.0.2.1", "192.0.2.2"]
    assert plain.statistics["rst_distribution"]["by_direction"]["unknown"] == 1
    (inferred_roles,) = [f for f in plain.health.findings if f.name == "inferred_roles"]
    assert inferred_roles.sentence == (
        "No packet shows the roles in 1 of 2 connections: there, client and server are inferred "
        "from ports, shared endpoints or who sent first."
    )

    flipped = pf.analyze(plain, server_ip="192.0.2.1")
    (row,) = flipped.connections.itertuples()
    assert (row.Index, row.client, row.client_port) == (1, "192.0.2.2", 50003)
    assert (row.server, row.server_port, row.roles) == ("192.0.2.1", 50002, "inferred")
    assert (row.client_payload_bytes, row.server_payload_bytes) == (2000, 10)
    assert (row.client_rsts, row.server_rsts, row.reset_by) == (1, 0, "client")
    assert flipped.filtered_segments["from_client"].tolist() == [False, True, True]
    assert flipped.statistics["rst_distribution"]["by_direction"] == {
        "to_server": 1, "from_server": 0, "unknown": 0,
    }  # fmt: skip
    assert flipped.segments is plain.segments
    pd.testing.assert_frame_equal(pf.analyze(flipped).connections, plain.connections)


def test_endpoints_narrow_the_frames_without_analysing_again() -> None:
    older = Conversation(client_port=40001).data("client", 10).rst("client").rst("server")
    whole = pf.analyze(pcap(merge(older, Conversation(client_port=40002, start=1.0).handshake().fin("server"))))
    assert select_endpoints(whole, Selection()) is whole
    for wanted in ({"server_ip": "192.0.2.1"}, {"client_ip": "192.0.2.1"}, {"server_port": 80}, {"server_port": 1}):
        expected = pf.analyze(whole, **wanted)
        narrowed = select_endpoints(whole, Selection(**wanted))
        pd.testing.assert_frame_equal(narrowed.connections, expected.connections)
        rows = narrowed.filtered_segments
        rows = rows[rows["conn_id"].isin(narrowed.connections.index)]
        pd.testing.assert_frame_equal(rows, expected.filtered_segments)
        assert (narrowed.notes, narrowed.message) == (expected.notes, expected.message)
        assert narrowed.patterns is whole.patterns
    assert len(select_endpoints(pf.analyze(whole, server_port=1), Selection(server_port=80)).connections) == 0


@pytest.mark.parametrize("server", ["192.0.2.10", "198.51.100.20"])  # the first one is the client by its ports
def test_endpoints_narrow_what_keeps_segments_elsewhere(server: str, tmp_path: Path) -> None:
    whole, wanted = pf.analyze(pf.example("midstream.pcap")), Selection(server_ip=server)
    expected = select_endpoints(whole, wanted)
    for source in (pf.analyze(pf.write_store(whole, tmp_path / "store")), pf.analyze(whole, keep="segments")):
        narrowed = select_endpoints(source, wanted)
        pd.testing.assert_frame_equal(narrowed.connections, expected.connections)
        pd.testing.assert_frame_equal(narrowed.filtered_segments, expected.filtered_segments)
        assert narrowed.segments is source.segments  # read once
        assert narrowed.count_statistics() == expected.count_statistics()
        assert (narrowed.packet_count, source.selection) == (len(whole.packets), Selection())


def test_flipped_roles_leave_the_other_connections_as_they_were() -> None:
    whole = pf.analyze(pf.example("midstream.pcap"))
    client = whole.connections.loc[whole.connections["roles"] == "inferred", "client"].iloc[0]
    port = int(whole.connections.loc[whole.connections["roles"] == "inferred", "client_port"].iloc[0])
    flipped = pf.analyze(whole, server_ip=client, server_port=port)
    twice = pf.build_connections(flipped.filtered_segments)
    pd.testing.assert_frame_equal(flipped.connections, twice)
    before = whole.connections.loc[flipped.connections.index]
    for name in ("packets", "wire_bytes", "payload_bytes", "resent_segments", "fins", "rsts", "resend_rate"):
        ours, theirs = flipped.connections[f"server_{name}"], before[f"client_{name}"]
        pd.testing.assert_series_equal(ours, theirs, check_names=False)


def test_analysis_is_frozen_and_the_source_frame_unchanged() -> None:
    packets = pf.read_pcap(pf.example("clean.pcap"))
    before, attrs = packets.copy(), dict(packets.attrs)
    analysis = pf.analyze(packets, server_port=80)
    pd.testing.assert_frame_equal(packets, before)
    assert packets.attrs == attrs
    with pytest.raises(dataclasses.FrozenInstanceError):
        analysis.message = ""  # type: ignore[misc]


def test_thresholds_reach_the_patterns(resets: pf.Analysis) -> None:
    names = [pattern.pattern for pattern in resets.patterns]
    assert "abnormal_termination" in names
    strict = pf.Thresholds().with_values({"abnormal_termination.reset_rate": 0.9})
    analysis = pf.analyze(resets, thresholds=strict)
    assert "abnormal_termination" not in [pattern.pattern for pattern in analysis.patterns]
    assert analysis.provenance.parameters["thresholds"]["abnormal_termination.reset_rate"] == 0.9


def test_a_capture_without_tcp_says_so() -> None:
    data = ethernet(bytes.fromhex("4500001c000000004011") + b"\0\0" + bytes([10, 0, 0, 1, 10, 0, 0, 2]))
    frame = data + udp("10.0.0.1", "10.0.0.2", 53, 53)
    analysis = pf.analyze(pcap([(0.0, frame)]))
    assert analysis.message == "No TCP packets found in this capture"
    assert analysis.patterns == ()
    assert analysis.statistics["total_packets"] == 0
    assert analysis.statistics["retransmissions"]["rate_low"] is None
    assert "No TCP packets" in str(analysis)
    assert pf.analyze(pcap([])).message == "No TCP packets found in this capture"


def test_a_filter_on_packets_without_a_time() -> None:
    analysis = pf.analyze(pcapng([(0.0, packet())], packets="simple"), start="2026-01-01")
    assert analysis.message is not None
    assert analysis.notes == ("1 connection has no time and is left out by the filter on time.",)


def test_several_captures_are_one() -> None:
    sources = [pf.example("clean.pcap"), pf.example("resets.pcap")]
    merged = pf.analyze(sources)
    assert len(merged.packets) == 386 + 1096
    assert len(merged.capture.captures) == 2
    assert [Path(file.path) for file in merged.provenance.files] == sources


def test_a_frame_that_is_no_packets_frame_is_refused() -> None:
    with pytest.raises(pf.ParameterError):
        pf.analyze(pd.DataFrame({"a": [1]}))


@pytest.mark.parametrize("rows", [slice(None, None, -1), [0, 1, 1, 2], [2, 0, 1]])
def test_packets_in_another_order_are_refused(rows: slice | list[int]) -> None:
    packets = pf.read_pcap(pcap(Conversation().handshake())).iloc[rows]
    with pytest.raises(pf.ParameterError, match="not in order of their frames, each once"):
        pf.analyze(packets)


def test_arguments_are_checked_before_the_capture_is_read() -> None:
    with pytest.raises(pf.ParameterError):
        pf.analyze("there is no such file", server_ip="nowhere")
    with pytest.raises(pf.CaptureNotFoundError):
        pf.analyze("there is no such file")


def test_progress_can_stop_every_stage() -> None:
    class Stop(Exception):
        pass

    seen: list[tuple[int, int | None]] = []
    pf.analyze(pf.example("clean.pcap"), progress=lambda *at: seen.append(at))
    assert len(seen) >= 4  # reading, and before each of the three stages after it
    assert seen[-3:] == [(seen[-1][0], seen[-1][0])] * 3
    for calls in range(1, len(seen) + 1):
        left = iter(range(calls - 1))

        def stop(*_: object, left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise Stop

        with pytest.raises(Stop):
            pf.analyze(pf.example("clean.pcap"), progress=stop)


def test_segments_and_evidence_of_a_selection_have_its_roles() -> None:
    middle = pcap(Conversation("192.0.2.1", 80, "192.0.2.2", 50_000).data("client", 10).data("server", 10))
    whole = pf.analyze(middle)
    other = pf.analyze(whole, server_ip="192.0.2.2")
    assert whole.segments_of([1])["from_client"].tolist() != other.segments_of([1])["from_client"].tolist()
    pd.testing.assert_frame_equal(other.segments_of([1, 2]), other.filtered_segments)
    resets = pf.analyze(pf.example("resets.pcap"), server_port=8080)
    (refused,) = (pattern for pattern in resets.patterns if pattern.pattern == "refused_connections")
    assert resets.find_evidence("refused_connections", limit=100) == refused.evidence
    assert resets.find_evidence("refused_connections", limit=1).frame_count == refused.evidence.frame_count


@pytest.mark.parametrize("name", ["clean.pcap", "resets.pcap", "mirrored.pcap.gz", "midstream.pcap"])
def test_a_filter_on_an_analysis_finds_what_one_on_the_capture_does(name: str) -> None:
    path = pf.example(name)
    whole = pf.analyze(path)
    port = int(whole.connections["server_port"].iloc[-1])
    once = pf.analyze(path, server_port=port)
    for again in (pf.analyze(whole, server_port=port), pf.analyze(pf.analyze(whole, server_port=1), server_port=port)):
        assert again.health == once.health
        assert again.patterns == once.patterns
        assert again.statistics == once.statistics
    assert pf.analyze(once).health == whole.health


def test_findings_about_the_file_and_its_clock_stay_whatever_is_asked_for() -> None:
    talks = [Conversation(f"192.0.2.{i}", 40_000, start=10 * i).handshake().data("client", 100).close() for i in (1, 2)]
    first, second = (list(talk) for talk in talks)
    whole = pf.analyze(pcap([*second, *first], snaplen=60))  # the second goes before the first
    names = {"cut_packets", "time_backwards"}
    assert names <= {finding.name for finding in whole.health.findings}
    one = pf.analyze(whole, start="1970-01-01T00:00:19Z")
    assert len(one.connections) == 1
    for name in names:
        (before,), (after,) = (
            [finding for finding in each.health.findings if finding.name == name] for each in (whole, one)
        )
        assert after == before


def test_some_columns_are_those_of_the_filtered_segments() -> None:
    whole = pf.analyze(pf.example("resets.pcap"))
    for analysis in (whole, pf.analyze(whole, server_port=80), pf.analyze(whole, server_port=1)):
        names = ["tcp_flags", "from_client"]
        pd.testing.assert_frame_equal(
            analysis.filtered_columns(*names), analysis.filtered_segments[names], check_flags=False
        )
