"""What the file and its interfaces say of themselves."""

import pytest

import pcapframe as pf
from tests.analysis.health.made import finding, names, whole
from tests.builders import ARP, Conversation, Pcapng, ethernet, pcap, pcapng


def test_a_cut_off_file() -> None:
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(pcap(whole())[:-3])
    cut, noted = analysis.health.findings[:2]
    assert (cut.name, noted.name) == ("file_cut_off", "reader_notes")
    assert cut.figures["packets_read"] == 9
    assert "9 packets before that were read" in cut.sentence
    assert cut.figures["packets"] is None
    assert cut.affects["connections"] == "at least"
    assert analysis.capture.notes[0] in noted.sentence


def test_one_packet_before_a_cut() -> None:
    with pytest.warns(pf.CaptureWarning):
        found = finding(pcap(list(whole())[:2])[:-3], "file_cut_off")
    assert "1 packet before that was read" in found.sentence


@pytest.mark.parametrize(("snaplen", "where"), [(60, "within"), (100, "not within")])
def test_one_packet_captured_in_part(snaplen: int, where: str) -> None:
    found = finding(pcap(list(whole())[3:4], snaplen=snaplen), "cut_packets")
    assert found.sentence == (
        f"1 of 1 packet was captured in part (the file declares {snaplen} bytes at most), {where} the TCP header."
    )


def test_link_types_that_are_not_decoded() -> None:
    with pytest.warns(pf.CaptureWarning):
        capture = pf.read_pcap(pcap([(0, b"abc")], link_type=147))
    assert finding(capture, "reader_notes").figures["undecoded_link_types"]
    assert finding(capture, "not_decoded").affects["packets"] == "at least"


def test_packets_that_may_be_tcp() -> None:
    odd = ethernet(bytes(60), 0x1234)
    found = finding(pcap([*whole(), (90, odd), (91, odd), (92, ethernet(bytes(28), ARP))]), "not_decoded")
    assert found.sentence == (
        "Whether there is more TCP in 2 packets (Ethernet type 0x1234) is unknown; the capture has 13 packets."
    )
    assert found.figures == {"packets_not_decoded": 2, "packets": 13, "kinds": {"Ethernet type 0x1234": 2}}
    assert found.affects["connections"] == "at least"
    assert found.evidence.frames == (11, 12)
    assert "not_decoded" not in names(pcap([*whole(), (92, ethernet(bytes(28), ARP))]))


def test_packets_cut_off_before_they_were_recorded() -> None:
    frames = [(time, data[:90]) for time, data in whole()]
    found = finding(pcap(frames), "cut_packets")
    sliced = sum(len(data) > 90 for _, data in whole())
    assert found.figures["sliced"] == found.figures["cut_packets"] == sliced > 0
    assert f"; {sliced} were cut off before the capture (sliced)" in found.sentence
    assert "declares" not in found.sentence
    assert found.evidence.display_filter_all is None
    assert "bytes_not_captured" not in names(pcap(frames))


def test_dropped_comments_limit_no_statistic() -> None:
    with pytest.warns(pf.CaptureWarning):
        found = finding(pcapng([(0, b"")] * 1001, comments=dict.fromkeys(range(1, 1002), "c")), "reader_notes")
    assert not found.affects
    assert "there are 1,001 comments; the first 1,000 are kept" in found.sentence


def test_counters_of_the_interfaces() -> None:
    found = finding(pcapng(whole(), received=200, dropped=7), "dropped_packets")
    assert found.figures == {"dropped": 7, "received": 200, "packets": 10}
    unknown = finding(pcapng(whole(), dropped=7), "dropped_packets")
    assert unknown.figures["received"] is None
    assert "received" not in unknown.sentence
    assert "dropped_packets" not in names(pcapng(whole(), received=200, dropped=0))


def test_each_file_declares_its_own_length() -> None:
    short, long = (pcap(whole(start=start), snaplen=snaplen) for start, snaplen in ((0, 100), (50, 262144)))
    sentences = [finding([short, other], "cut_packets").sentence for other in (long, pcap(whole(9), snaplen=90))]
    assert f"captured in part ({len(short)} bytes declares 100 bytes at most), " in sentences[0]
    assert " declares 100 bytes at most, " in sentences[1]
    assert " declares 90 bytes at most), " in sentences[1]
    many = [pcap(whole(start), snaplen=100) for start in range(0, 50, 10)]
    assert "100 bytes at most, and 2 more files), " in finding(many, "cut_packets").sentence


def test_each_interface_declares_its_own_length() -> None:
    written = Pcapng()
    packets = b"".join(
        written.enhanced(i, data[:60], wire_bytes=len(data), interface=i % 2) for i, (_, data) in enumerate(whole())
    )
    capture = written.section() + written.interface(snaplen=60) + written.interface(snaplen=1500) + packets
    assert "(the file declares 60 to 1,500 bytes at most)" in finding(capture, "cut_packets").sentence


def test_the_file_that_is_cut_off_is_named() -> None:
    with pytest.warns(pf.CaptureWarning):
        found = finding([pcap(whole()), pcap(whole(50))[:-1]], "file_cut_off")
    assert found.sentence.startswith(f"{len(pcap(whole())) - 1} bytes ends early or is damaged: 9 packets before that")


def test_which_files_say_whether_packets_were_dropped() -> None:
    silent, counting = pcap(whole()), pcapng(whole(50), received=10, dropped=0)
    ends = {
        "The file does not record capture drops.": silent,
        "The files do not record capture drops.": [silent, pcap(whole(50))],
        "1 of 2 files does not record capture drops.": [silent, counting],
        "time runs forward.": counting,
    }
    for end, captures in ends.items():
        assert pf.analyze(captures).health.sentence.endswith(end)


@pytest.mark.parametrize(("snaplen", "headers"), [(100, 0), (60, 10)])
def test_packets_captured_in_part(snaplen: int, headers: int) -> None:
    found = finding(pcap(whole(), snaplen=snaplen), "cut_packets")
    assert found.figures["cut_tcp_headers"] == headers
    assert found.figures["packets"] == 10
    assert found.figures["snaplen"] == snaplen
    assert "snaplen" not in finding([pcap(whole(), snaplen=snaplen), pcap(whole(50))], "cut_packets").figures
    assert bool(found.affects) == bool(headers)
    assert found.evidence.display_filter_all == "frame.cap_len < frame.len"


def test_what_the_reader_noted_is_capped_beside_its_total() -> None:
    packets = pf.read_pcap(pcap(Conversation().handshake()))
    packets.attrs["capture"] |= {
        "notes": ["\x1b[31m" + "long " * 1000] * 7, "link_types": [f"link type {i}" for i in range(2000)],
    }  # fmt: skip
    found = finding(packets, "reader_notes")
    assert found.figures["notes"] == 7
    assert found.figures["undecoded_link_types"] == [f"link type {i}" for i in range(100)]
    assert found.figures["undecoded_link_types_total"] == 2000
    assert len(found.sentence) < 6_000
    assert found.sentence.isprintable()
    assert found.sentence.endswith("; and 2 more.")
