"""Sentences on what a join did not find."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.errors import CaptureWarning
from tests.builders import UDP, Conversation, ethernet, ip, pcap, udp
from tests.joining.made import beyond, joined, talk

QUERY = ("192.0.2.1", "198.51.100.1")


def test_no_common_connection_and_other_times():
    one = list(talk(2))
    numbers = {"client_isn": 0x51234567, "server_isn": 0x61234567}
    two = list(Conversation("192.0.2.7", server="198.51.100.9", start=3 * 86_400, **numbers).handshake().close())
    made = joined(one, two)
    assert made.notes == (
        "No connection of client (1 TCP connection) was found in server (1 TCP connection): no address is "
        "in both, and their times are 3.0 days apart.",
    )
    assert len(made.segments) == 0


def test_packets_of_one_direction_only():
    frames = [frame for frame in talk(3) if frame[1][26:30] == bytes([192, 0, 2, 1])]
    made = joined(frames, [(time + Fraction(1), data) for time, data in frames])
    assert made.notes == (
        "client and server have 1 connection in common, but no packets of both directions: how their clocks differ, "
        "and which of them is nearer to the clients, is unknown.",
    )
    assert set(made.segments["fate"]) == {"passed"}
    assert made.segments["delay_s"].isna().all()


@pytest.mark.parametrize(
    ("other", "held"),
    [
        ([], "it has no packets"),
        ([(1, ethernet(ip(*QUERY, UDP, udp(*QUERY, 5353, 5353))))], "none of its 1 packet is of a TCP connection"),
    ],
    ids=["empty", "no TCP"],
)
def test_nothing_to_join(other, held):
    assert joined(talk(2), other).notes == (f"Nothing of server can be joined: {held}.",)


def test_connection_of_which_no_packet_is_in_both():
    """One capture ends before the other begins."""
    frames = list(talk(10))
    (note,) = joined(frames[:20], beyond(frames)[25:]).notes
    assert note.startswith("client and server have 1 connection in common, but no packet of them: ")


def test_one_capture_with_another_clock():
    frames = list(talk(3))
    (note,) = joined(frames, [(time + 1, data) for time, data in frames]).notes
    assert note.startswith("Packets take no time between client and server: ")


def test_times_of_one_capture_that_are_unknown():
    frames = list(talk(3))
    (note,) = joined(frames, [(Fraction(0), data) for _, data in frames]).notes
    assert note.startswith("client and server have 1 connection in common, but no times of both: ")


def test_capture_in_reverse_order():
    frames = list(talk(3))
    notes = joined(frames, list(reversed(beyond(frames)))).notes
    assert any("server are not in order of time (17 of 18 are earlier than the one before)" in note for note in notes)


def test_clocks_a_year_apart():
    """366 days and 5 s."""
    frames = list(talk(3))
    made = joined(frames, beyond(frames, offset=Fraction(366 * 86_400 + 5)))
    assert made.notes == ("The clock of server is 366.0 days ahead of that of client.",)
    assert set(made.segments["fate"]) == {"passed"}


def test_names_the_wrong_way_round():
    frames = list(talk(3))
    assert joined(beyond(frames), frames).notes == (
        "Packets of the clients pass server before client: the names seem to be swapped.",
    )


def test_file_that_is_cut_off():
    """166 packets; the file ends within the 110th."""
    frames = list(talk(40))
    data = pcap(beyond(frames))
    with pytest.warns(CaptureWarning, match="cut off in a record"):
        made = pf.join_captures({"client": pcap(frames), "server": data[: len(data) * 2 // 3 + 5]})
    assert made.notes == (
        "The file of server is cut off. Of 57 transmissions the fate is unknown, since server has no packets from "
        "before, or none from after.",
    )
    assert made.segments["fate"].value_counts()[["passed", "unknown"]].tolist() == [109, 57]


def test_few_packets_of_a_connection():
    """Ten of 166 were captured: of the rest nothing is said."""
    frames = list(talk(40))
    made = joined(frames, beyond(frames)[100:110])
    assert made.notes[0].startswith("Of 156 transmissions the fate is unknown, since server has no packets from before")
    assert made.segments["fate"].value_counts()[["passed", "unknown"]].tolist() == [10, 156]


def test_ipv6_at_both_points():
    """Real traffic over IPv6; each way takes 2 ms more from and to the second point."""
    packets = pf.read_pcap(pf.example("ipv6.pcapng"), progress=False)
    here = pf.analyze(packets, progress=False)
    late = here.segments["from_client"].reindex(packets.index, fill_value=False).to_numpy()
    time = packets["time"] + pd.to_timedelta(np.where(late, 2, -2), unit="ms")
    there = packets.assign(time=time).sort_values("time", kind="stable")
    there.index = packets.index
    there.attrs = packets.attrs
    made = pf.join_captures({"client": here, "server": pf.analyze(there, progress=False)})
    assert made.notes == ()
    assert len(made.segments)
    assert set(made.segments["fate"]) == {"passed"}
    assert made.points.loc["server", "order"] == 1
    assert made.segments["delay_s"].median() == pytest.approx(0.002, abs=1e-4)
