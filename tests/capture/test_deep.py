"""Records that the common kernel leaves, among those that it decodes: rows do not depend on what is around them."""

import numpy as np

from pcapframe.packets import read_pcap
from tests.builders import IPV6, ethernet, packet, pcap
from tests.capture.frames import TUNNELS
from tests.capture.rows import plain

COMMON = [
    packet(seq=i, src=f"192.0.2.{i}", flags="A", sack=[(10 * i, 10 * i + 1)] * (i % 4), ts=(i, i)) for i in range(1, 20)
]
RARE = [ethernet(tunnel, IPV6 if tunnel[0] >> 4 == 6 else 0x0800) for tunnel in TUNNELS.values()]
SACKED_IN_MPLS = [
    frame[:12] + bytes.fromhex("8847 00010140") + frame[14:]
    for frame in (packet(flags="A", sack=[(i, i + 1)] * (i % 4), src=f"198.18.0.{i}") for i in range(1, 40))
]


def shuffled() -> list[bytes]:
    frames = COMMON * 3 + RARE * 2 + SACKED_IN_MPLS
    return [frames[i] for i in np.random.default_rng(7).permutation(len(frames))]


def test_rows_are_those_of_the_records_alone():
    frames = shuffled()
    together = plain(read_pcap(pcap([(0, frame) for frame in frames])).drop(columns=["offset", "source_frame"]))
    alone = [plain(read_pcap(pcap([(0, frame)])).drop(columns=["offset", "source_frame"]))[0] for frame in frames]
    assert together == alone


def test_addresses_are_numbered_by_their_first_appearance_however_they_are_decoded():
    packets = read_pcap(pcap([(0, frame) for frame in shuffled()]))
    seen = [address for pair in zip(packets["src"], packets["dst"], strict=True) for address in pair]
    in_order = list(dict.fromkeys(seen))
    assert packets["src"].cat.categories.tolist()[: len(in_order)] == in_order
    outer = {*packets["outer_src"].dropna(), *packets["outer_dst"].dropna()}
    assert set(packets["src"].cat.categories) == {*in_order, *outer}
    assert packets["outer_src"].dtype == packets["src"].dtype == packets["outer_dst"].dtype
