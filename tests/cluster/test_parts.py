"""The connections of a part."""

from pathlib import Path

import pandas as pd

import pcapframe as pf
from pcapframe.cluster._decoding import decode
from pcapframe.cluster._parts import analyze_part
from pcapframe.cluster._sources import Source
from pcapframe.events import Floors
from tests.builders import packet, pcap


def test_parts_have_all_connections_once() -> None:
    path = str(pf.example("losses.pcap"))
    pieces, *_ = decode(Source(path, path), 0, 3, (), True)
    parts = [analyze_part([piece], True, Floors()) for piece in pieces]
    whole = pf.build_connections(pf.label_segments(pf.read_pcap(path)))
    ends = ["client", "client_port", "server", "server_port", "start", "client_packets", "server_resent_segments"]
    got = pd.concat([part.connections[ends].astype({"client": str, "server": str}) for part in parts])
    want = whole[ends].astype({"client": str, "server": str})
    pd.testing.assert_frame_equal(
        got.sort_values(ends[:5], ignore_index=True), want.sort_values(ends[:5], ignore_index=True)
    )


def test_a_clock_that_stood_still_is_known_in_every_part(tmp_path: Path) -> None:
    data = [(7, packet(sport=1000 + i)) for i in range(4)]
    made = []
    for number in range(2):
        path = tmp_path / f"{number}.pcap"
        path.write_bytes(pcap(data[2 * number : 2 * number + 2]))
        pieces, *_ = decode(Source(str(path), path.name), number, 3, (), True)
        made.append(pieces)
    parts = [analyze_part(pieces, True, Floors()) for pieces in zip(*made, strict=True)]
    assert all(part.connections["start"].isna().all() for part in parts)
    alone = [analyze_part([piece], True, Floors()) for piece in made[0]]
    assert all(part.connections["start"].notna().all() for part in alone)
