"""Captures of odd formats, built after public reports, each of one kind that is easily read wrongly.

Right for most of them are 12 TCP segments with 1,200 bytes of payload in one connection; the others say what is right.
"""

from pathlib import Path

import pytest

import pcapframe as pf

FOLDER = Path(__file__).parent / "formats"
USUAL = (12, 1200, 1)  # segments, bytes of their payload, connections


def seen(name: str) -> tuple[int, int, int]:
    """TCP segments, bytes of their payload, and connections of the capture of this name."""
    done = pf.analyze(FOLDER / f"{name}.pcap", progress=False)
    return len(done.segments), int(done.segments["payload_bytes"].sum()), len(done.connections)


# Link types.


# Shims between MAC addresses and IP.


@pytest.mark.parametrize("name", [path.stem for path in sorted(FOLDER.glob("shim_*.pcap"))])
def test_shims_are_skipped(name: str) -> None:
    assert seen(name) == USUAL


# Tunnels.


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("tun_etherip_97", "EtherIP"),
        ("tun_gre_mikrotik_eoip", "GRE/EoIP"),
        ("tun_mpls_udp_6635", "MPLS"),
        ("tun_tzsp_37008", "TZSP"),
        ("tun_vxlan_8472_flannel", "VXLAN"),
        ("tun_vxlan_gpe_4790", "VXLAN-GPE"),
    ],
)
def test_tunnels_are_followed(name: str, way: str) -> None:
    assert seen(name) == USUAL
    packets = pf.read_pcap(FOLDER / f"{name}.pcap", progress=False)
    assert set(packets["tunnel"]) == {way}
    assert {*packets["outer_src"], *packets["outer_dst"]} == {"203.0.113.1", "203.0.113.2"}


# Fragments.


@pytest.mark.parametrize("tunnel", ["ipip", "erspan2", "vxlan", "gtpu"])
def test_fragments_of_the_outer_packet(tunnel: str) -> None:
    assert seen(f"frag_outer_{tunnel}") == (12, 8400, 1)


# Lengths that lie.


@pytest.mark.parametrize("name", ["slice_broker_128", "slice_erspan_truncated"])
def test_frames_cut_before_they_were_recorded(name: str) -> None:
    """By the IP length (RFC 791 section 3.1), where tshark goes by the frame."""
    assert seen(name) == (14, 9600, 1)
    done = pf.analyze(FOLDER / f"{name}.pcap", progress=False)
    (connection,) = done.connections.itertuples()
    assert (connection.client_gap_bytes, connection.server_gap_bytes) == (0, 0)
    (found,) = (each for each in done.health.findings if each.name == "cut_packets")
    assert found.figures["sliced"] == found.figures["cut_packets"] == int(done.packets["sliced"].sum()) == 8
    assert "bytes_not_captured" not in {each.name for each in done.health.findings}
    assert not done.segments[["retransmission", "lost_segment", "ack_lost_segment", "resent"]].any(axis=None)


@pytest.mark.parametrize("name", ["len_caplen_gt_len", "len_original_length_0"])
def test_original_lengths_below_the_captured_ones(name: str) -> None:
    assert seen(name) == (12, 1200, 1)


def test_ipv6_payload_lengths_of_0() -> None:
    """By the frame's length; tshark takes the large segment for malformed."""
    assert seen("ipv6_lso_payload_length_0") == (5, 2800, 1)
    assert seen("ipv6_outer_length_0_vxlan") == (2, 5600, 1)


# Dialects and times.


@pytest.mark.parametrize(
    ("name", "form", "first_time"),
    [
        ("dialect_aix_ethernet", "pcap (AIX, nanoseconds)", "2023-11-14T22:13:20.123456789+00:00"),
        ("dialect_fritzbox_modified", "pcap (modified, microseconds)", "2023-11-14T22:13:20+00:00"),
    ],
)
def test_dialects(name: str, form: str, first_time: str) -> None:
    assert seen(name) == (12, 1200, 1)
    info = pf.capture_info(pf.read_pcap(FOLDER / f"{name}.pcap"))
    assert (info.format, info.first_time, info.link_types, info.notes) == (form, first_time, ["Ethernet"], [])


def test_wrong_times_lose_no_segment() -> None:
    with pytest.warns(
        pf.CaptureWarning, match="12 of 12 packets have a time whose sub-second part is a second or more"
    ):
        assert seen("time_nanoseconds_in_microsecond_file") == (12, 1200, 1)
    assert seen("time_all_the_same") == (14, 9600, 1)


@pytest.mark.filterwarnings("ignore:.*sub-second part")
@pytest.mark.parametrize("name", ["time_nanoseconds_in_microsecond_file", "time_all_the_same"])
def test_nothing_rests_on_wrong_times(name: str) -> None:
    done = pf.analyze(FOLDER / f"{name}.pcap", progress=False)
    (connection,) = done.connections.itertuples()
    assert (connection.handshake, connection.ending) == ("complete", "fin")
    of_times = [column for column in done.connections if column.endswith("_s")]
    assert "duration_s" in of_times
    stalled = {"client_stalled_s", "server_stalled_s"}  # 0 where nothing was retransmitted
    assert done.connections[[column for column in of_times if column not in stalled]].isna().all(axis=None)
    assert done.segments[["time", "ack_rtt_s"]].isna().all(axis=None)
    assert {done.health.qualifiers[each] for each in ("durations", "round_trips")} == {"unknown"}
    assert "time runs forward" not in done.health.sentence
