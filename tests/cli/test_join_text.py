"""Text of a join, fitted to a narrow terminal."""

from pathlib import Path

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from pcapframe.cli.join_text import join_text
from tests.builders import Conversation
from tests.joining.made import beyond, joined, talk

POINTS = Path(__file__).parent.parent.parent / "data" / "points"


def test_points_and_fates():
    frames = list(talk(5))
    lines = plain_text(join_text(joined(frames, beyond(frames, without=(8,)))), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    (titles,) = (line for line in lines if "clock ahead" in line)
    assert titles.split() == "point capture clock ahead give or take drift [ppm]".split()
    (row,) = (line for line in lines if line.strip().startswith("to the server"))
    assert row.split()[3:] == ["13", "1"]  # SYN, ACK, five requests and ACKs, FIN and last ACK: 14 less frame 8


def test_nothing_common():
    two = list(Conversation("192.0.2.7", client_isn=0x51234567, server_isn=0x61234567).handshake())
    text = plain_text(join_text(joined(list(talk(2)), two)), width=80)
    assert text.startswith("0 common connections  client and server")
    assert "unknown" in text


def test_ordinary_pairs_fit_a_screen():
    """What the lab's mixed path made of nine connections, at 80 by 24."""
    both = {name: pf.analyze(POINTS / f"{name}.pcap.gz", progress=False) for name in ("client", "middle")}
    lines = plain_text(join_text(pf.join_captures(both)), width=80).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
