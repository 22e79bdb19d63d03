"""Tunnels on UDP ports of one's own."""

import pytest

import pcapframe as pf
from pcapframe.capture.decode_as import decoded_ports, listed
from pcapframe.capture.udp_tunnels import UDP_TUNNELS
from pcapframe.errors import ParameterError
from tests.builders import ethernet, pcap
from tests.capture.frames import CLIENT, OUTER
from tests.capture.rows import pick, plain
from tests.capture.wrappings import FRAME, over_udp

OWN_PORT = pcap([(0, ethernet(over_udp(14789, "08000000 00000700", FRAME)))])


def test_a_port_of_ones_own():
    assert pick(plain(pf.read_pcap(OWN_PORT))[0], "src protocol tunnel") == [OUTER[0], "UDP", None]
    (found,) = plain(pf.read_pcap(OWN_PORT, decode_as="udp.port=14789,vxlan"))
    assert pick(found, "src protocol tunnel outer_src") == [CLIENT, "TCP", "VXLAN", OUTER[0]]


def test_the_source_port_may_be_the_tunnels():
    capture = pcap([(0, ethernet(over_udp(14789, "08000000 00000700", FRAME)))])
    (found,) = plain(pf.read_pcap(capture, decode_as=[f"udp.port=={14789 ^ 0x8000},VXLAN"]))
    assert found["tunnel"] == "VXLAN"


def test_every_tunnel_over_udp_has_its_name():
    for row in UDP_TUNNELS.values():
        (target,) = decoded_ports([f"udp.port=9,{row.name.lower()}"]).values()
        assert UDP_TUNNELS[target] is row or UDP_TUNNELS[target] == row


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {}),
        ([], {}),
        ("udp.port=14789,vxlan", {14789: 4789}),
        ("udp.port==14789,VXLAN", {14789: 4789}),
        (" UDP.port = 7 , vxlan_gpe ", {7: 4790}),
        (["udp.port=1,gtp-u", "udp.port=2,geneve"], {1: 2152, 2: 6081}),
    ],
)
def test_forms(given, expected):
    assert decoded_ports(listed(given)) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("udp.port=14789,vxlam", "no tunnel over UDP is named 'vxlam', expected one of ayiya, capwap, geneve, gre"),
        ("udp.port=0,vxlan", "the port is '0', expected a number from 1 to 65535"),
        ("udp.port=65536,vxlan", "expected a number from 1 to 65535"),
        ("udp.port=http,vxlan", "expected a number from 1 to 65535"),
        ("udp.port=\u0661,vxlan", "expected a number from 1 to 65535"),
        ("tcp.port=80,vxlan", "no tunnel over TCP is followed"),
        ("ip.proto=47,gre", "the field ip.proto is not known"),
        ("14789", "expected udp.port=PORT,TUNNEL"),
        ("udp.port=14789", "expected udp.port=PORT,TUNNEL"),
        ("", "expected udp.port=PORT,TUNNEL"),
        ([4789], "expected udp.port=PORT,TUNNEL"),
        (4789, "expected udp.port=PORT,TUNNEL"),
    ],
)
def test_errors(given, said):
    with pytest.raises(ParameterError, match="decode_as is") as caught:
        pf.read_pcap(OWN_PORT, decode_as=given)
    assert said in str(caught.value)


def test_an_analysis_says_how_its_capture_was_read():
    done = pf.analyze(OWN_PORT, decode_as="udp.port=14789,vxlan", progress=False)
    assert len(done.segments) == 1
    assert done.provenance.parameters["decode_as"] == ["udp.port=14789,vxlan"]
    assert pf.analyze(done, server_port=80).provenance.parameters["decode_as"] == ["udp.port=14789,vxlan"]
    assert "decode_as" not in pf.analyze(OWN_PORT, progress=False).provenance.parameters


def test_packets_that_are_read_already_cannot_be_decoded_again():
    packets = pf.read_pcap(OWN_PORT)
    for source in (packets, pf.analyze(packets)):
        with pytest.raises(ParameterError, match="decode_as changes how a capture is read"):
            pf.analyze(source, decode_as="udp.port=14789,vxlan")
        with pytest.raises(ParameterError, match="decode_as changes how a capture is read"):
            pf.analyze_tcp_connections(source, decode_as="udp.port=14789,vxlan")


def test_answers_take_it_too():
    found = pf.analyze_tcp_connections(OWN_PORT, decode_as="udp.port=14789,vxlan")
    assert found["summary"]["total_connections"] == 1
    assert pf.analyze_traffic_flow(OWN_PORT, "198.51.100.1", decode_as="udp.port=14789,vxlan")["total_packets"] == 1
    assert pf.analyze_tcp_retransmissions(OWN_PORT, decode_as="udp.port=14789,vxlan")["total_packets"] == 1
    assert pf.analyze_tcp_anomalies(OWN_PORT, decode_as="udp.port=14789,vxlan")["statistics"]["total_packets"] == 1
