"""What is observed: evidence and filters of patterns."""

import pcapframe as pf


def test_patterns_carry_their_evidence_and_filters_name_what_is_listed() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    answer = pf.analyze_tcp_anomalies(analysis, limit=3)
    assert "patterns" in answer
    for pattern, whole in zip(answer["patterns"], analysis.patterns, strict=True):
        evidence = pattern["evidence"]
        assert evidence["frames"] == list(whole.evidence.frames[:3])
        assert evidence["frame_count"] == whole.evidence.frame_count
        assert evidence["connections"] == list(whole.evidence.connections[:3])
        if evidence["frames"]:
            assert evidence["display_filter"] is not None
            assert str(evidence["frames"][-1]) in evidence["display_filter"]
    (seen,) = [p["observations"] for p in answer["patterns"] if p["pattern"] == "packet_retransmission"]
    assert len(seen["by_connection"]) == 3
    assert seen["by_connection_total"] == 7
