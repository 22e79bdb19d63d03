"""Plain ICMP errors: what the small kernel says of them is what the large one says, and it leaves everything else."""

import random

import pytest

from pcapframe.capture import columns
from pcapframe.capture.plain_errors import NOT_PLAIN, decode_plain_errors
from pcapframe.packets import read_pcap
from tests.builders import (
    FRAGMENT,
    GRE,
    ICMP,
    TCP,
    UDP,
    ethernet,
    ipv4,
    ipv6,
    packet,
    pcap,
    tcp,
    udp,
)
from tests.capture.frames import CLIENT, CLIENT6, OUTER, SERVER, SERVER6
from tests.capture.test_icmp import ERRORS, ERRORS6, QUOTE, QUOTE6, error, error6, message

QUOTED_UDP = ipv4(CLIENT, SERVER, UDP, udp(CLIENT, SERVER, 50000, 53, bytes(20)))
VXLAN = ipv4(CLIENT, SERVER, UDP, udp(CLIENT, SERVER, 5000, 4789, b"\x08" + bytes(7) + packet()))
WITH_VLAN = error()[:12] + bytes.fromhex("8100 0007") + error()[12:]
PLAIN = [
    *(error(*each) for each in ERRORS),
    *(error6(*each) for each in ERRORS6),
    *(error(3, 1, QUOTE[:size]) for size in (28, 29, 35, 36, 40)),
    *(error6(1, 0, QUOTE6[:size]) for size in (48, 55, 56, 60)),
    error(3, 3, QUOTED_UDP),
    error(3, 4, QUOTE, rest=b"\0\0\x05\x78"),
    error(11, 0, QUOTE + bytes(200), rest=b"\0\x20\0\0"),
    WITH_VLAN,
    error() + bytes(8),
]
OTHER = [
    error()[: 14 + 20 + 1],
    error(3, 1, QUOTE[:27]),
    error(3, 1, b""),
    error(3, 1, ipv4(CLIENT, SERVER, GRE, bytes(4) + QUOTE)),
    error(3, 1, VXLAN),
    error(3, 1, ipv4(CLIENT, SERVER, ICMP, message(3, 1, QUOTE))),
    error6(1, 0, ipv6(CLIENT6, SERVER6, TCP, tcp(CLIENT6, SERVER6, 1, 2), extensions=[(FRAGMENT, bytes(6))])),
    ethernet(ipv4(*OUTER, ICMP, message(3, 1, QUOTE))[:-4]),
]


def small_and_large(frames, monkeypatch):
    """What both kernels make of frames, and what the small one returns."""
    capture, said = pcap(list(enumerate(frames))), []

    def noted(*these):
        said.append(decode_plain_errors(*these))
        return said[-1]

    with monkeypatch.context() as patch:
        patch.setattr(columns, "decode_plain_errors", noted)
        small = read_pcap(capture, progress=False)
        patch.setattr(columns, "decode_plain_errors", lambda *_: NOT_PLAIN)
        return small, read_pcap(capture, progress=False), said


@pytest.mark.parametrize("frames", [PLAIN, [packet(), *PLAIN[::-1], packet()]], ids=["errors", "among segments"])
def test_the_small_kernel_says_what_the_large_one_says(frames, monkeypatch):
    small, large, said = small_and_large(frames, monkeypatch)
    assert said == [len(PLAIN)]
    assert small.equals(large)
    assert small.attrs == large.attrs


@pytest.mark.parametrize("frame", OTHER)
def test_anything_else_is_left_to_the_large_kernel(frame, monkeypatch):
    small, large, said = small_and_large([error(), frame, error6()], monkeypatch)
    assert said == [NOT_PLAIN]
    assert small.equals(large)


def test_changed_errors_are_read_as_by_the_large_kernel(monkeypatch):
    draw, plain = random.Random(3), 0
    for frame in draw.sample([*PLAIN, *OTHER], 40):
        changed = bytearray(frame)
        for _ in range(draw.randrange(3)):
            changed[draw.randrange(14, len(changed))] = draw.randrange(256)
        small, large, said = small_and_large([bytes(changed[: draw.randrange(60, 200)])], monkeypatch)
        assert small.equals(large)
        plain += said == [1]
    assert plain > 5
