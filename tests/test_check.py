"""Our labels beside tshark's."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import rich

import pcapframe as pf
from pcapframe.capture.udp_tunnels import UDP_TUNNELS
from pcapframe.check import TsharkError, check_labels, compare_labels, tshark_segments
from tests.builders import Conversation, ethernet, ipv4, merge, packet, pcap, tcp
from tests.capture.frames import SNAP, aggregate
from tests.capture.wrappings import FRAME, VXLAN, over_udp


def capture() -> bytes:
    lossy = Conversation(client_port=40001).handshake().data("client", 3000, segment=1000, lost=True)
    return pcap(merge(Conversation().handshake().close(), lossy.retransmit("client", seq=1, after=0.4).ack("server")))


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap"])
def test_our_captures_agree(name: str) -> None:
    checked = check_labels(pf.example(name))
    assert checked.differing.empty, checked.differing.head(20)
    assert checked.agreement == 1


@pytest.mark.needs_program("tshark")
def test_a_compressed_capture_and_bytes_are_checked_too() -> None:
    assert check_labels(pf.example("mirrored.pcap.gz")).agreement > 0.999
    checked = check_labels(capture())
    assert checked.labels.loc["retransmission"].tolist() == [1, 0, 0, 13]
    assert checked.labels.loc["segment", "both"] == 14


@pytest.mark.needs_program("tshark")
def test_a_difference_is_counted_and_named(tmp_path: Path) -> None:
    file = tmp_path / "made.pcap"
    file.write_bytes(capture())
    segments = pf.label_segments(pf.read_pcap(file))
    changed = segments.assign(retransmission=segments.index == 2).drop(index=1)
    labels, differing, agreement = compare_labels(changed, tshark_segments(file))
    resent = int(segments.index[segments["retransmission"]][0])
    assert labels.loc["retransmission"].tolist() == [0, 1, 1, 11]
    assert labels.loc["segment"].tolist() == [13, 1, 0, 0]
    expected = pd.DataFrame(
        {"label": ["segment", "retransmission", "retransmission"], "tshark": [True, False, True]},
        index=pd.Index([1, 2, resent], name="frame"),
    )
    pd.testing.assert_frame_equal(differing[["label", "tshark"]], expected)
    assert agreement == pytest.approx(11 / 14)


@pytest.mark.needs_program("tshark")
def test_it_shows_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    rich.print(check_labels(capture()))
    printed = capsys.readouterr().out
    assert "retransmission" in printed
    assert "100.0 % of the segments agree" in " ".join(printed.split())


@pytest.mark.needs_program("tshark")
def test_it_says_what_is_not_decoded(capsys: pytest.CaptureFixture[str]) -> None:
    made = check_labels(pcap([(0, ethernet(bytes(60), 0x1234)), (1, packet())]))
    assert (made.undecoded, check_labels(capture()).undecoded) == (1, 0)
    rich.print(made)
    told = "whether there is TCP in 1 packet that pcapframe does not decode is unknown"
    assert told in " ".join(capsys.readouterr().out.split())


def test_a_capture_without_tcp() -> None:
    checked = check_labels(pcap([]))
    assert checked.differing.empty
    assert checked.agreement != checked.agreement  # NaN: there is nothing to agree on


def test_without_tshark_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(TsharkError, match="tshark is not installed"):
        check_labels(capture())


def test_a_tshark_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = shutil.which("false")
    monkeypatch.setattr(shutil, "which", lambda _name: failing)
    with pytest.raises(TsharkError, match="cannot read"):
        check_labels(capture())


@pytest.mark.needs_program("tshark")
def test_what_is_no_capture_is_said_by_the_reader(tmp_path: Path) -> None:
    with pytest.raises(pf.CaptureNotFoundError):
        check_labels(tmp_path / "none.pcap")
    with pytest.raises(pf.CaptureFormatError):
        check_labels(b"not a capture at all")


@pytest.mark.needs_program("tshark")
def test_an_open_file_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "made.pcap").write_bytes(capture())
    with (tmp_path / "made.pcap").open("rb") as file:
        assert check_labels(file).agreement == 1


@pytest.mark.needs_program("tshark")
def test_frames_without_a_segment_of_their_own_are_left_out() -> None:
    inner = ipv4("10.0.0.1", "10.0.0.2", 6, tcp("10.0.0.1", "10.0.0.2", flags="S"))
    quote = ethernet(ipv4("10.0.0.9", "10.0.0.1", 1, bytes([3, 1, 0, 0, 0, 0, 0, 0]) + inner))
    only_ports = packet()[:44]
    checked = check_labels(pcap([(1, packet()), (2, quote), (3, only_ports), (4, packet(flags="A", seq=1))]))
    assert checked.labels.loc["segment"].tolist() == [2, 0, 0, 0]


@pytest.mark.needs_program("tshark")
def test_preferences_of_the_user_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "preferences").write_text("tcp.analyze_sequence_numbers: FALSE\n")
    monkeypatch.setenv("WIRESHARK_CONFIG_DIR", str(tmp_path))
    assert check_labels(capture()).labels.loc["retransmission", "both"] == 1


@pytest.mark.needs_program("tshark")
def test_one_pass_shows_what_was_known_at_each_frame(tmp_path: Path) -> None:
    file = tmp_path / "made.pcap"
    file.write_bytes(pcap(Conversation().handshake().close()))
    first, final = (tshark_segments(file, passes=passes)["completeness"] for passes in (1, 2))
    assert first.iloc[1] == 1
    assert final.iloc[1] == final.iloc[-1] == 1 + 2 + 4 + 16


def test_tshark_knows_the_tunnels_by_the_names_that_it_is_told() -> None:
    ports = {name: 14789 + at for at, name in enumerate(sorted({row.name.lower() for row in UDP_TUNNELS.values()}))}
    capture = pcap([(0, ethernet(over_udp(port, VXLAN, FRAME))) for port in ports.values()])
    checked = check_labels(capture, decode_as=[f"udp.port={port},{name}" for name, port in ports.items()])
    assert checked.labels.loc["segment", "both"] == 1  # of VXLAN's; a name unknown to tshark would be an error


def test_flannels_port_is_that_of_vxlan_for_both() -> None:
    checked = check_labels(pcap([(0, ethernet(over_udp(8472, VXLAN, FRAME)))]))
    assert checked.labels.loc["segment"].tolist() == [1, 0, 0, 0]


@pytest.mark.needs_program("tshark")
def test_frames_that_hold_several_packets_are_left_out(tmp_path: Path) -> None:
    segments = [SNAP + b"\x08\x00" + frame[14:] for _, frame in Conversation().handshake().data("client", 3000)]
    file = tmp_path / "aggregates.pcap"
    file.write_bytes(pcap([(0, aggregate(*segments[:2])), *((i, aggregate(one)) for i, one in enumerate(segments[2:]))],
                          link_type=105))  # fmt: skip
    checked = check_labels(file)
    assert checked.labels.loc["segment"].tolist() == [len(segments) - 2, 0, 0, 0]
