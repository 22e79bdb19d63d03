import json
import re
import subprocess
from pathlib import Path

import pytest

from pcapframe import build_connections, example, label_segments, read_pcap
from pcapframe.errors import ParameterError
from pcapframe.patterns import CATEGORIES, Evidence, Pattern, Thresholds, find_evidence, find_patterns
from pcapframe.patterns._registry import PATTERNS
from tests.builders import Conversation, merge, pcap
from tests.patterns.views import frames, healthy

CAPTURES = ("clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz")
EVERYTHING = Thresholds().with_values(
    {name: 0 for name in Thresholds().to_dict() if name.rpartition(".")[2].startswith(("min_", "share", "rate"))}
)


def seen_in(name: str, thresholds: Thresholds = EVERYTHING) -> list[Pattern]:
    segments = label_segments(read_pcap(example(name), progress=False))
    return find_patterns(segments, build_connections(segments), thresholds=thresholds)


def test_healthy_connections_show_nothing_but_their_states() -> None:
    seen = find_patterns(*frames(*healthy(100)))
    assert [pattern.pattern for pattern in seen] == ["state_transitions"]


def test_empty_frames_show_nothing() -> None:
    segments, connections = frames(*healthy(1))
    assert find_patterns(segments[:0], connections[:0]) == ()
    assert find_patterns(segments[:0], connections) == ()
    assert find_patterns(segments, connections[:0]) == ()
    assert find_patterns(*frames()) == ()


@pytest.mark.parametrize("name", CAPTURES)
def test_every_pattern_keeps_the_rules(name: str) -> None:
    order = list(PATTERNS)
    seen = seen_in(name)
    assert [pattern.pattern for pattern in seen] == sorted((p.pattern for p in seen), key=order.index)
    for pattern in seen:
        json.dumps(pattern.to_dict(), allow_nan=False)
        assert pattern.category in CATEGORIES
        assert pattern.description.endswith(".")
        assert pattern.evidence.connection_count > 0
        assert len(pattern.evidence.frames) == min(pattern.evidence.frame_count, 100)
        assert (pattern.evidence.display_filter is None) == (pattern.evidence.frame_count == 0)


def test_one_is_not_several() -> None:
    refused = [Conversation(client_port=port, start=port).syn().rst("server") for port in (1, 2)]
    half_open = Conversation(client_port=3, start=3.0).syn().syn_ack()
    lacking = Conversation().handshake().data("client", 1, drop=True).ack("server").data("client", 9).ack("server")
    lossy = Conversation().handshake().data("client", 9, lost=True).retransmit("client", after=0.4).ack("server")
    closed = Conversation().handshake().data("client", 9).ack("server", window=0)
    repeating = Conversation().handshake().data("server", 9, lost=True).data("server", 9).ack("client")
    older = Conversation().handshake(drop=True).data("client", 9).ack("server")
    alone = [(talk,) for talk in (refused[0], half_open, lacking, lossy, closed, repeating, older)]
    together = [(refused[0], half_open, *healthy(1, port=9)), (*refused, *healthy(1, port=9))]
    found = [find_patterns(*frames(*talks), thresholds=EVERYTHING) for talks in alone + together]
    texts = {f"{pattern.pattern}: {pattern.description}" for seen in found for pattern in seen}
    shown = {text.partition(":")[0] for text in texts}
    assert shown >= {
        "abnormal_termination", "capture_gaps", "half_open_handshakes", "handshake_completion", "open_at_edges",
        "packet_retransmission", "refused_connections", "syn_response_imbalance", "zero_window", "duplicate_ack_share",
    }  # fmt: skip
    disagreeing = re.compile(
        r"(?<![\d.,])(?<!of )(?<!to )1 (of [\d,]+ )?[a-zA-Z -]*(\([^)]*\) )?(to 1 server endpoint )?(were|are|repeat)\b"
    )
    assert sorted(text for text in texts if disagreeing.search(text)) == []


def test_thresholds_decide() -> None:
    segments, connections = frames(
        Conversation().handshake().data("client", 10).rst("server"), *healthy(3, port=2, start=1)
    )
    names = [pattern.pattern for pattern in find_patterns(segments, connections)]
    assert "abnormal_termination" in names
    strict = Thresholds().with_values({"abnormal_termination.reset_rate": 0.25})
    names = [pattern.pattern for pattern in find_patterns(segments, connections, thresholds=strict)]
    assert "abnormal_termination" not in names


@pytest.mark.parametrize("name", CAPTURES)
def test_selected_connections_alone_give_the_same(name: str) -> None:
    segments = label_segments(read_pcap(example(name), progress=False))
    connections = build_connections(segments)
    chosen = connections[::2]
    only = segments[segments["conn_id"].isin(chosen.index)]
    assert find_patterns(segments, chosen, thresholds=EVERYTHING) == find_patterns(only, chosen, thresholds=EVERYTHING)


def test_frames_are_those_of_the_merged_list() -> None:
    first, second = Conversation().refused(), Conversation(client_port=2, start=10).refused()
    segments = label_segments(read_pcap([pcap(second), pcap(first)], progress=False))
    seen = {p.pattern: p for p in find_patterns(segments, build_connections(segments))}
    assert seen["refused_connections"].evidence.frames == (1, 2, 3, 4)


def test_packets_without_a_time() -> None:
    segments, _ = frames(*(Conversation(client_port=i).refused() for i in range(1, 4)), *healthy(2, start=1))
    segments["time"] = segments["time"].where(segments["conn_id"] > 1)
    seen = find_patterns(segments, build_connections(segments), thresholds=EVERYTHING)
    refused = next(pattern for pattern in seen if pattern.pattern == "refused_connections")
    assert refused.observations["response_median_s"] == pytest.approx(0.02)
    for pattern in seen:
        json.dumps(pattern.to_dict(), allow_nan=False)


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", ["resets.pcap", "ipv6.pcapng"])
def test_display_filters_select_the_evidence(name: str) -> None:
    evidence = [pattern.evidence for pattern in seen_in(name) if pattern.category != "reliability"]
    listed = {e.display_filter: e.frames for e in evidence if e.display_filter is not None}
    assert len(listed) > 1
    for display_filter, frames_listed in listed.items():
        assert selected(name, display_filter) == list(frames_listed)
    of_all = next(e for e in evidence if e.display_filter_all is not None)
    assert of_all.display_filter_all is not None
    assert set(of_all.frames) <= set(selected(name, of_all.display_filter_all))


@pytest.mark.needs_program("tshark")
def test_display_filter_of_all_selects_every_packet_of_the_connections(tmp_path: Path) -> None:
    talks = [Conversation(client_port=port, start=port).refused() for port in range(1, 61)]
    others = healthy(1, start=100, server="203.0.113.5")
    path = tmp_path / "refused.pcap"
    path.write_bytes(pcap(merge(*talks, *others)))
    segments = label_segments(read_pcap(path, progress=False))
    seen = {p.pattern: p for p in find_patterns(segments, build_connections(segments))}
    evidence = seen["refused_connections"].evidence
    assert evidence.frame_count == 120
    assert evidence.display_filter_all is not None
    assert selected(path, evidence.display_filter_all) == list(range(1, 121))


def selected(capture: Path | str, display_filter: str) -> list[int]:
    path = example(capture) if isinstance(capture, str) else capture
    command = ["tshark", "-n", "-r", path, "-Y", display_filter, "-T", "fields", "-e", "frame.number"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(frame) for frame in result.stdout.split()]


@pytest.mark.parametrize("name", CAPTURES)
def test_evidence_can_be_named_in_full(name: str) -> None:
    segments = label_segments(read_pcap(example(name), progress=False))
    connections = build_connections(segments)
    for seen in find_patterns(segments, connections, thresholds=EVERYTHING):
        whole = find_evidence(segments, connections, seen.pattern, limit=10**6, thresholds=EVERYTHING)
        assert len(whole.frames) == whole.frame_count == seen.evidence.frame_count
        assert len(whole.connections) == whole.connection_count == seen.evidence.connection_count
        assert whole.frames[:100] == seen.evidence.frames
        assert whole.connections[:100] == seen.evidence.connections
        few = find_evidence(segments, connections, seen.pattern, limit=3, thresholds=EVERYTHING)
        assert (few.frames, few.connections) == (whole.frames[:3], whole.connections[:3])


def test_evidence_of_what_is_not_seen_is_empty() -> None:
    assert find_evidence(*frames(*healthy(3)), "zero_window", limit=5) == Evidence()
    empty = label_segments(read_pcap(pcap([])))
    assert find_evidence(empty, build_connections(empty), "zero_window", limit=5) == Evidence()
    with pytest.raises(ParameterError, match="there is no pattern 'rsts': expected one of rst_directional_asymmetry"):
        find_evidence(*frames(*healthy(3)), "rsts", limit=5)
