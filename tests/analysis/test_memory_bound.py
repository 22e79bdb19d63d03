"""What an analysis is expected to take, before its costly stages."""

import io

import pytest

import pcapframe as pf
from pcapframe.analysis.memory_bound import claim_memory
from pcapframe.capture.fetching import BoundedCapture
from pcapframe.memory import bytes_to_analyze
from pcapframe.packets import read_pcap
from tests.builders import packet, pcap

SYN, ACK = packet(flags="S"), packet(flags="A")
BACK = packet("192.0.2.10", "198.51.100.20", 80, 40_000, flags="A")
FORTH = packet("198.51.100.20", "192.0.2.10", 40_000, 80, flags="A")


@pytest.mark.parametrize(
    ("frames", "segments", "connections"),
    [
        ([], 0, 0),
        ([b""] * 3, 0, 0),
        ([ACK] * 3, 3, 1),
        ([FORTH, BACK, FORTH, b""], 3, 1),
        ([SYN] * 4, 4, 4),
        ([packet(sport=port, flags="A") for port in range(1000, 1050)], 50, 50),
    ],
)
def test_connections_are_counted_by_endpoints_and_syns(frames: list[bytes], segments: int, connections: int) -> None:
    packets = read_pcap(pcap(list(enumerate(frames))))
    claimed: list[tuple[int, int]] = []
    source = BoundedCapture("a", None, 0, None, lambda *claim: claimed.append(claim))  # type: ignore[arg-type]
    claim_memory([source, b""], packets)
    assert claimed == [(bytes_to_analyze(len(frames), segments, connections), len(frames))]


def test_without_a_bound_nothing_is_counted() -> None:
    claim_memory(b"", None)  # type: ignore[arg-type]


def test_a_bound_on_memory_ends_an_analysis() -> None:
    class TooMuchError(Exception):
        pass

    def claim(_nbytes: int, packets: int) -> None:
        if packets == 3:
            raise TooMuchError

    capture = pcap(list(enumerate([SYN] * 3)))
    with pytest.raises(TooMuchError):
        pf.analyze(BoundedCapture("a", io.BytesIO(capture), len(capture), None, claim))
