"""A conversation is the same in every stack of link type, shims and tunnels."""

from collections.abc import Iterator
from itertools import product
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pcapframe.connections import build_connections
from pcapframe.packets import read_pcap
from pcapframe.segments import label_segments
from tests.builders import Conversation, Pcapng, packet, pcap
from tests.capture.links import LINKS
from tests.capture.rows import pick, plain, tshark_fields
from tests.capture.stacks import IP, IPV4, IPV6, WRAPPERS, Packet, capwap_pieces, fragments

LENGTHS = ["wire_bytes", "captured_bytes", "offset"]
WAY = ["vlan", "outer_src", "outer_dst", "tunnel"]
MOST_WRAPPERS = 8
SEEDS = st.integers(0, 2**16)
FRAGMENTS, PIECES = "fragments", "CAPWAP fragments"
Step = tuple[str, int]  # name of a wrapper or a link type, and the seed of its random numbers


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[float, bytes]]:
    """IP packets of a TCP connection, with losses and repeats."""
    ends = {"client": "2001:db8::1", "server": "2001:db8::2"} if draw(st.booleans()) else {}
    talk = Conversation(**ends, timestamps=draw(st.booleans()), client_isn=draw(st.integers(0, 2**32 - 1))).handshake()
    sides = st.sampled_from(["client", "server"])
    for _ in range(draw(st.integers(0, 6))):
        side, kind = draw(sides), draw(st.sampled_from(["data", "data", "lost", "again", "ack", "keep_alive"]))
        if kind in ("data", "lost"):
            talk.data(side, draw(st.integers(1, 1400)), lost=kind == "lost")
        elif kind == "again":
            talk.retransmit(side)
        else:
            getattr(talk, kind)(side)
    if draw(st.booleans()):
        talk.close(draw(sides))
    return [(time, frame[14:]) for time, frame in talk]


def bare(packets: list[tuple[float, bytes]]) -> pd.DataFrame:
    return read_pcap(pcap(packets, link_type=101), progress=False)


def wrap(stack: list[Step], link: Step, packet: bytes) -> tuple[bytes, int | None]:
    """A frame, and its innermost VLAN id; the same numbers for every packet, as in one tunnel."""
    made: Packet = (IPV4 if packet[0] >> 4 == 4 else IPV6, packet)
    innermost = None
    for name, seed in stack:
        made = WRAPPERS[name].wrap(Random(seed), *made)
        if name == "VLAN" and innermost is None:
            innermost = int.from_bytes(made[1][:2], "big") & 0xFFF
    name, seed = link
    frame = LINKS[name].frame(Random(seed), *made)
    if name == "ISL" and innermost is None:
        innermost = int.from_bytes(frame[20:22], "big") >> 1
    return frame, innermost


@st.composite
def stacks(draw: st.DrawFn, kind: int) -> tuple[list[Step], Step]:
    """Wrappers, from inside to outside, and a link type that can carry them."""
    stack: list[Step] = []
    for _ in range(draw(st.integers(0, MOST_WRAPPERS))):
        name = draw(st.sampled_from([name for name, wrapper in WRAPPERS.items() if kind in wrapper.carries]))
        stack.append((name, draw(SEEDS)))
        kind = WRAPPERS[name].wrap(Random(stack[-1][1]), kind, bytes(40))[0]
    links = [name for name, link in LINKS.items() if kind in link.carries]
    if not links:  # an Ethernet frame: the wrapper that makes it is left out
        stack.pop()
        links = ["Ethernet"]
    return stack, (draw(st.sampled_from(links)), draw(SEEDS))


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """Without what the way changes; categories are text."""
    kept = frame.drop(columns=[name for name in [*LENGTHS, *WAY] if name in frame])
    kept = kept[[name for name in kept if not name.endswith("wire_bytes")]]
    kept.attrs.clear()
    return kept.astype(dict.fromkeys(kept.select_dtypes("category").columns, "str"))


@pytest.mark.fuzz
@given(st.data())
def test_a_conversation_is_the_same_in_any_stack(data):
    packets = data.draw(conversations())
    stack, link = data.draw(stacks(IPV4 if packets[0][1][0] >> 4 == 4 else IPV6))
    frames = [(time, wrap(stack, link, packet)) for time, packet in packets]
    capture = pcap([(time, frame) for time, (frame, _) in frames], link_type=LINKS[link[0]].number)
    ours, wanted = read_pcap(capture, progress=False), bare(packets)
    pd.testing.assert_frame_equal(comparable(ours), comparable(wanted))
    assert [row["vlan"] for row in plain(ours)] == [vlan for _, (_, vlan) in frames]
    segments, wanted_segments = label_segments(ours), label_segments(wanted)
    pd.testing.assert_frame_equal(comparable(segments), comparable(wanted_segments))
    pd.testing.assert_frame_equal(
        comparable(build_connections(segments)), comparable(build_connections(wanted_segments))
    )


@st.composite
def stacks_with_fragments(draw: st.DrawFn, kind: int) -> tuple[list[Step], Step]:
    """A stack in which a packet is cut into fragments, at one or more of the places where it is IP."""
    stack, link = draw(stacks(kind))
    cut: list[Step] = []
    for step in [None, *stack]:
        if step is not None:
            cut.append((PIECES, step[1]) if step[0] == "CAPWAP" and draw(st.booleans()) else step)
            kind = WRAPPERS[step[0]].wrap(Random(step[1]), kind, bytes(40))[0]
        if kind in IP and draw(st.booleans()):
            cut.append((FRAGMENTS, draw(SEEDS)))
    return cut, link


def wrap_all(stack: list[Step], link: Step, packet: bytes) -> list[bytes]:
    """The frames of a packet."""
    made: list[Packet] = [(IPV4 if packet[0] >> 4 == 4 else IPV6, packet)]
    for name, seed in stack:
        if name == FRAGMENTS:
            made = [piece for one in made for piece in fragments(Random(seed), *one)]
        elif name == PIECES:
            made = [piece for one in made for piece in capwap_pieces(Random(seed), *one)]
        else:
            made = [WRAPPERS[name].wrap(Random(seed), *one) for one in made]
    name, seed = link
    return [LINKS[name].frame(Random(seed), *one) for one in made]


@pytest.mark.fuzz
@given(st.data())
def test_a_conversation_is_the_same_in_fragments(data):
    packets = data.draw(conversations())
    stack, link = data.draw(stacks_with_fragments(IPV4 if packets[0][1][0] >> 4 == 4 else IPV6))
    groups = [wrap_all(stack, link, packet) for _, packet in packets]
    frames = [(time, frame) for (time, _), group in zip(packets, groups, strict=True) for frame in group]
    assume(len(frames) < 3000)
    ours, wanted = read_pcap(pcap(frames, link_type=LINKS[link[0]].number), progress=False), bare(packets)
    last = np.cumsum([len(group) for group in groups])
    assert ours.index[ours["seq"].notna()].tolist() == last.tolist()
    ours, wanted = (
        comparable(frame.drop(columns="source_frame").reset_index(drop=True)) for frame in (ours.loc[last], wanted)
    )
    pd.testing.assert_frame_equal(ours, wanted)


PACKETS = {
    IPV4: packet(payload=10, flags="PA", ts=(1, 2))[14:],
    IPV6: packet("2001:db8::1", "2001:db8::2", payload=10, flags="PA", ts=(1, 2))[14:],
}
# Wireshark knows an Ethernet pseudowire by known makers of network cards only, and VXLAN by its own port.
DECODED_AS = "-d", "mpls.label==16-99,pwethcw", "-d", "udp.port==8472,vxlan"
BELOW = [[], ["bridged"], ["MPLS"]]  # so that each wrapper has something that it can carry


def ways(seeds: int) -> Iterator[tuple[str, list[Step], Step, int]]:
    """Every wrapper and link type by itself, with some of the forms that each has: its name, the way, and the IP."""
    for kind, seed in product(PACKETS, range(seeds)):
        for name, link in LINKS.items():
            if kind in link.carries:
                yield name, [], (name, seed), kind
        for (name, wrapper), below in product(WRAPPERS.items(), BELOW):
            inner = kind
            for step in below:
                inner = WRAPPERS[step].wrap(Random(0), inner, b"")[0]
            made = wrapper.wrap(Random(seed), inner, b"")[0] if inner in wrapper.carries else None
            if made in LINKS["Ethernet"].carries:
                yield name, [*((step, 0) for step in below), (name, seed)], ("Ethernet", 0), kind


def test_every_wrapper_is_tried():
    assert {name for name, *_ in ways(1)} == {*LINKS, *WRAPPERS} - {"bridged"}


@pytest.mark.needs_program("tshark")
def test_wireshark_finds_the_same_in_each_wrapper(tmp_path):
    tried = list(ways(8))
    followed = [WRAPPERS[name].in_tshark if name in WRAPPERS else LINKS[name].in_tshark for name, *_ in tried]
    numbers = sorted({link.number for link in LINKS.values()})
    ng = Pcapng()
    blocks = [ng.section(), *(ng.interface(link_type=number) for number in numbers)]
    for at, (_, stack, link, kind) in enumerate(tried):
        frame, _ = wrap(stack, link, PACKETS[kind])
        blocks.append(ng.enhanced(at, frame, interface=numbers.index(LINKS[link[0]].number)))
    capture = tmp_path / "ways.pcapng"
    capture.write_bytes(b"".join(blocks))
    theirs = tshark_fields(capture, "tcp.srcport tcp.seq_raw tcp.len tcp.options.timestamp.tsval", *DECODED_AS)
    wanted = ["40000", "0", "10", "1"]
    theirs = [(way[0], row) for way, row, known in zip(tried, theirs, followed, strict=True) if known]
    assert [(name, row) for name, row in theirs if row != wanted] == []
    found = [pick(row, "src_port seq payload_bytes tsval") for row in plain(read_pcap(capture, progress=False))]
    assert [way for way, row in zip(tried, found, strict=True) if list(map(str, row)) != wanted] == []
