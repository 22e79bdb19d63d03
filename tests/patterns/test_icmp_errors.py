import pcapframe as pf
from pcapframe.patterns.icmp_errors import IcmpErrorsLimits, observe
from tests.builders import pcap
from tests.patterns.views import healthy, view
from tests.segments.test_quoted import START, quoting, syn

LIMITS = IcmpErrorsLimits()
NAME = "Destination unreachable (Host unreachable)"
TOO_LONG = "Destination unreachable (Fragmentation needed)"


def test_errors_are_counted_by_name_and_sender() -> None:
    frames = [syn(0), syn(1, port=40001), quoting(2, START), quoting(3, START, sport=40001), quoting(4, START, code=4)]
    seen = observe(view(frames, healthy(1, start=10, port=3)[0], [quoting(9, START, sport=9)]), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "errors": 3,
        "connections": 2,
        "total_connections": 3,
        "errors_quoting_tcp": 4,
        "by_error": {NAME: 2, TOO_LONG: 1},
        "connections_by_error": {NAME: 2, TOO_LONG: 1},
        "kinds": 2,
        "by_source": {"203.0.113.1": 3},
        "sources": 1,
        "smallest_mtu_bytes": None,  # the router told 0
    }
    assert seen.evidence.frames == (3, 4, 5)
    assert (seen.evidence.frame_count, seen.evidence.connections) == (3, (0, 1))
    assert seen.evidence.display_filter == "frame.number in {3..5}"
    assert seen.description == (
        f"3 ICMP errors quote packets of 2 of 3 connections: 2 {NAME}, 1 {TOO_LONG}; from 203.0.113.1."
    )


def test_one_error() -> None:
    seen = observe(view([syn(0), quoting(1, START)]), LIMITS)
    assert seen is not None
    assert seen.description == f"1 ICMP error quotes packets of 1 of 1 connection: 1 {NAME}; from 203.0.113.1."
    assert observe(view([syn(0), quoting(1, START)]), IcmpErrorsLimits(min_errors=2)) is None


def test_errors_of_other_connections_are_not_reported() -> None:
    assert observe(view([syn(0), quoting(1, START + 7)]), LIMITS) is None
    assert observe(view(*healthy(1)), LIMITS) is None
    frames = [syn(0), quoting(1, START), (2, syn(0, port=7)[1])]
    whole = pf.analyze(pcap(frames), progress=False)
    assert "icmp_errors" in {seen.pattern for seen in whole.patterns}
    assert "icmp_errors" not in {seen.pattern for seen in pf.analyze(whole, start="1970-01-01T00:00:02Z").patterns}


def test_evidence_is_exact_and_bounded() -> None:
    frames = [syn(0), *(quoting(1 + i, START) for i in range(150))]
    analysis = pf.analyze(pcap(frames), progress=False)
    (seen,) = (seen for seen in analysis.patterns if seen.pattern == "icmp_errors")
    assert (len(seen.evidence.frames), seen.evidence.frame_count) == (100, 150)
    assert analysis.find_evidence("icmp_errors", limit=140).frames == tuple(range(2, 142))
