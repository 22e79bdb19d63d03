"""What opens a TCP stream in Wireshark that is no connection here."""

import pytest

from pcapframe.facts import capture_info
from pcapframe.packets import read_pcap
from pcapframe.segments import label_segments
from tests.builders import ICMP, TCP, ethernet, ipv4, ipv6, packet, pcap, tcp
from tests.capture.frames import CLIENT, CLIENT6, OUTER, SERVER, SERVER6
from tests.capture.rows import tshark_fields
from tests.capture.test_icmp import error, error6, message

OTHERS = ("192.0.2.77", "192.0.2.88")


def sent(flags, src=CLIENT, dst=SERVER, sport=40000, dport=80, **options):
    """A frame with a TCP segment."""
    return ethernet(ipv4(src, dst, TCP, tcp(src, dst, sport, dport, flags, **options)))


def quoted(flags="S", src=CLIENT, dst=SERVER, sport=40000, dport=80, **options):
    """An IPv4 packet with a TCP segment, to be quoted."""
    return ipv4(src, dst, TCP, tcp(src, dst, sport, dport, flags, **options))


SYN, SYN_ACK = sent("S", seq=5), sent("SA", SERVER, CLIENT, 80, 40000, seq=9, ack=6)
OTHER = sent("S", *OTHERS, seq=5)
UNSEEN = quoted("S", *OTHERS, seq=5)
DATA, ANSWER = sent("PA", seq=6, ack=10, payload=b"x"), sent("A", SERVER, CLIENT, 80, 40000, seq=10, ack=7)
RFB = b"RFB 003.008\n"
HELLO = sent("PA", SERVER, CLIENT, 80, 40000, seq=10, ack=6, payload=b"220 x\r\n")
VNC = [
    sent("S", dport=6900, seq=5),
    sent("SA", SERVER, CLIENT, 6900, 40000, seq=9, ack=6),
    sent("PA", SERVER, CLIENT, 6900, 40000, seq=10, ack=6, payload=RFB),
    sent("PA", dport=6900, seq=6, ack=22, payload=RFB),
]
SOCKS = [
    sent("S", dport=1080, seq=5),
    sent("SA", SERVER, CLIENT, 1080, 40000, seq=9, ack=6),
    sent("PA", dport=1080, seq=6, ack=10, payload=bytes.fromhex("050100")),
    sent("PA", SERVER, CLIENT, 1080, 40000, seq=10, ack=9, payload=bytes.fromhex("0500")),
    sent("PA", dport=1080, seq=9, ack=12, payload=bytes.fromhex("05010001c00002070050")),
    sent("PA", SERVER, CLIENT, 1080, 40000, seq=12, ack=19, payload=bytes.fromhex("05000001c00002070050")),
    sent("PA", dport=1080, seq=19, ack=22, payload=b"GET / HTTP/1.1\r\n\r\n"),
]
UNSEEN6 = ipv6(CLIENT6, SERVER6, TCP, tcp(CLIENT6, SERVER6, 40000, 80, "S"))
EQUAL = {
    "nothing quoted": [SYN, SYN_ACK, OTHER],
    "a quote of a connection": [SYN, error(quote=quoted("S", seq=5)), OTHER],
    "a quote of the other direction": [SYN, SYN_ACK, error(quote=quoted("A", SERVER, CLIENT, 80, 40000)), OTHER],
    "eight bytes of an unseen connection": [error(quote=UNSEEN[:28]), SYN],
    "all but the window": [error(quote=UNSEEN[:35]), SYN],
    "a redirect": [error(5, 1, UNSEEN), SYN],
    "ping": [ethernet(ipv4(*OUTER, ICMP, message(8, 0, UNSEEN))), SYN],
    "a server that speaks first": [SYN, SYN_ACK, HELLO, OTHER],
    "twelve bytes later": [SYN, SYN_ACK, DATA, sent("PA", seq=7, ack=10, payload=RFB), OTHER],
}  # fmt: skip
DIFFERENT = {
    "an unseen connection": (1, [error(quote=UNSEEN), SYN]),
    "up to the window": (1, [error(quote=UNSEEN[:36]), SYN]),
    "the same one twice": (1, [error(quote=UNSEEN), error(quote=UNSEEN), SYN]),
    "two unseen": (2, [error(quote=UNSEEN), error(11, 0, quoted("A", *OTHERS, sport=1)), SYN]),
    "a SYN of another connection": (1, [SYN, error(quote=quoted("S", seq=77)), OTHER]),
    "in a tunnel": (1, [error(quote=ipv4(*OUTER, 4, UNSEEN)), SYN]),
    "ICMPv6": (1, [error6(quote=UNSEEN6), SYN]),
    "SOCKS": (5, [*SOCKS, OTHER]),
    "VNC": (1, [*VNC, OTHER]),
}


def numberings(frames, tmp_path):
    """Stream of each segment in tshark and here, and how many packets may open a foreign one."""
    path = tmp_path / "streams.pcap"
    path.write_bytes(pcap(list(enumerate(frames))))
    packets = read_pcap(path)
    ours = label_segments(packets)["conn_id"]
    tshark = {int(frame): stream for frame, stream in tshark_fields(path, "frame.number tcp.stream", "-Y", "tcp")}
    return [int(tshark[frame]) for frame in ours.index], ours.tolist(), capture_info(packets).foreign_streams


@pytest.mark.parametrize("frames", EQUAL.values(), ids=EQUAL)
def test_without_foreign_streams_the_numbers_are_wiresharks(frames, tmp_path):
    tshark, ours, foreign = numberings(frames, tmp_path)
    assert ours == tshark
    assert foreign == 0


@pytest.mark.parametrize(("count", "frames"), DIFFERENT.values(), ids=DIFFERENT)
def test_where_the_numbers_differ_a_foreign_stream_was_counted(count, frames, tmp_path):
    tshark, ours, foreign = numberings(frames, tmp_path)
    assert ours != tshark
    assert foreign == count


def test_a_quote_before_its_connection_counts():
    frames = [error(quote=UNSEEN), SYN, OTHER]
    assert capture_info(read_pcap(pcap(list(enumerate(frames))))).foreign_streams == 1


def test_what_is_not_decoded_counts_unless_nobody_can_read_it():
    frames = [ethernet(packet()[14:], 0x1234), ethernet(ipv4(*OUTER, 50, bytes(40))), SYN]
    assert capture_info(read_pcap(pcap(list(enumerate(frames))))).foreign_streams == 1


def test_the_order_is_that_of_the_merged_capture():
    quote, connection = pcap([(1, error(quote=UNSEEN))]), pcap([(0, OTHER)])
    assert capture_info(read_pcap([quote, connection])).foreign_streams == 0
    assert capture_info(read_pcap([quote, pcap([(2, OTHER)])])).foreign_streams == 1
