"""ICMP errors of each connection: how many, and which most often."""

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.connections.icmp import icmp_columns
from tests.builders import pcap
from tests.segments.test_quoted import START, quoting, syn

UNREACHABLE = "Destination unreachable (Host unreachable)"
TOO_LONG = "Destination unreachable (Fragmentation needed)"


def connections(*frames):
    return pf.analyze(pcap(frames), progress=False).connections


def test_errors_are_counted_and_named():
    found = connections(
        syn(0), syn(1, port=40001), syn(2, port=40002),
        quoting(3, START), quoting(4, START, code=4), quoting(5, START, code=4), quoting(6, START, sport=40001),
    )  # fmt: skip
    assert found["icmp_errors"].tolist() == [3, 1, 0]
    assert found["icmp_error"].tolist()[:2] == [TOO_LONG, UNREACHABLE]
    assert pd.isna(found["icmp_error"].iloc[2])


@pytest.mark.parametrize(("codes", "name"), [((1, 4), UNREACHABLE), ((4, 1), TOO_LONG), ((1, 4, 4, 1), UNREACHABLE)])
def test_of_equally_frequent_errors_the_first_one_is_named(codes, name):
    found = connections(syn(0), *(quoting(1 + i, START, code=code) for i, code in enumerate(codes)))
    assert found["icmp_error"].tolist() == [name]


def test_without_errors_there_are_none():
    found = connections(syn(0))
    assert found["icmp_errors"].tolist() == [0]
    assert found["icmp_error"].isna().all()


def test_a_frame_that_does_not_tell_gives_null():
    segments = pf.label_segments(pf.read_pcap(pcap([syn(0), quoting(1, START)])))
    segments.attrs = {}
    found = pf.build_connections(segments)
    assert found["icmp_errors"].isna().all()
    assert found["icmp_error"].isna().all()


def test_no_connections():
    found = pf.build_connections(pf.label_segments(pf.read_pcap(pcap([quoting(1, START)]))))
    assert str(found["icmp_errors"].dtype) == "UInt32"
    assert len(icmp_columns({}, found.index.to_numpy())["icmp_error"]) == 0


def test_roles_that_a_filter_tells_keep_the_errors():
    quote = quoting(3, 5000, src="198.51.100.1", dst="192.0.2.1", sport=80, dport=40000)
    from tests.builders import packet

    talk = [(0, packet("198.51.100.1", "192.0.2.1", 80, 40000, "A", seq=5000, ack=9, payload=10)), quote]
    whole = pf.analyze(pcap(talk), progress=False)
    server = whole.connections["client"].iloc[0]
    turned = pf.analyze(whole, server_ip=server)
    assert turned.connections["server"].tolist() == [server]
    assert turned.connections["icmp_errors"].tolist() == [1]
    assert "icmp_errors" in {seen.pattern for seen in turned.patterns}
