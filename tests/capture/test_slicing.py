"""Frames cut before they were recorded, and IP lengths that lie, by the bytes."""

import pytest

import pcapframe as pf
from tests.builders import TCP, ethernet, ipv4, pcap, tcp

HEADERS = 14 + 20 + 20  # bytes before the payload


def frame(payload: int, *, says: int | None = None, seq: int = 1) -> bytes:
    """A frame with some payload, whose IP header may say another length."""
    segment = tcp("192.0.2.1", "198.51.100.1", seq=seq, payload=bytes(payload))
    total = None if says is None else 40 + says
    return ethernet(ipv4("192.0.2.1", "198.51.100.1", TCP, segment, total_length=total))


def read(*frames: bytes) -> list[tuple[int | None, bool]]:
    packets = pf.read_pcap(pcap([(float(at), data) for at, data in enumerate(frames)]), progress=False)
    payloads = packets["payload_bytes"].astype(object).where(packets["payload_bytes"].notna(), None)
    return list(zip(payloads.tolist(), packets["sliced"].tolist(), strict=True))


def test_frames_cut_at_one_length() -> None:
    cut = [frame(1_200, seq=1 + 1_200 * k)[:128] for k in range(3)]
    assert read(frame(0), *cut, frame(50)) == [(0, False), *[(1_200, True)] * 3, (50, False)]


def test_frames_cut_to_their_headers() -> None:
    # An option makes a whole frame longer than the headers that are kept of the others.
    whole = ethernet(ipv4("192.0.2.1", "198.51.100.1", TCP, tcp("192.0.2.1", "198.51.100.1", options=bytes(20))))
    assert read(whole, frame(700)[:HEADERS], frame(300)[:HEADERS]) == [(0, False), (700, True), (300, True)]


@pytest.mark.parametrize("has", [0, 10])
def test_a_length_that_lies_among_whole_frames(has: int) -> None:
    assert read(frame(900), frame(has, says=4_096), frame(20)) == [(900, False), (has, False), (20, False)]


def test_a_length_that_lies_in_a_frame_without_a_whole_header() -> None:
    (_, lying) = read(frame(900), frame(0, says=500)[: 14 + 20 + 18])
    assert lying == (None, False)


def test_another_capture_does_not_tell() -> None:
    cut, whole = pcap([(0.0, frame(1_200)[:128])]), pcap([(1.0, frame(900))])
    packets = pf.read_pcap([cut, whole], progress=False)
    assert packets["payload_bytes"].tolist() == [1_200, 900]
