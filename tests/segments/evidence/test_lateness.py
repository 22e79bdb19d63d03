"""Bytes of a gap captured after their acknowledgement, on a lossy or reordering path with one direction late."""

import ipaddress

import pytest

from pcapframe.segments.evidence.lateness import MOST_CLAIMED
from tests.builders import Conversation, Frame
from tests.segments.made import segments, where

KINDS: dict[str, dict[str, object]] = {
    "ipv4": {},
    "ipv6": {"client": "2001:db8::1", "server": "2001:db8::2"},
    "no timestamps": {"timestamps": False},
    "sides swapped": {"client": "198.51.100.9", "client_port": 80, "server": "192.0.2.1", "server_port": 40000},
    "numbers wrap": {"server_isn": 2**32 - 5_000},
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def lossy(kind: str, turns: int = 6) -> tuple[Conversation, list[int]]:
    """A transfer whose every fourth segment is lost before the capture point; and the frames that fill the holes."""
    talk, repairs = Conversation(rtt=0.02, **KINDS[kind]).handshake().data("client", 100), []  # type: ignore[arg-type]
    for _ in range(turns):
        lost = talk.hosts["server"].next
        talk.data("server", 1_000, drop=True, lost=True, after=0.001)
        for _ in range(3):
            talk.data("server", 1_000, after=0.0005)
            talk.ack("client", sack=[(lost + 1_000, talk.hosts["server"].next)])
        talk.retransmit("server", lost, after=0.02)
        repairs.append(len(talk.frames))
        talk.ack("client", after=0.000005)
    return talk.close(), repairs


def late(talk: Conversation, by: float, address: str) -> tuple[list[Frame], dict[int, int]]:
    """The packets of an address captured later, and the new numbers of the frames."""
    size, start = (16, 22) if ":" in address else (4, 26)
    ours = ipaddress.ip_address(address).packed
    moved = [
        (time + by * (data[start : start + size] == ours), place, data)
        for place, (time, data) in enumerate(talk.frames, 1)
    ]
    moved.sort()
    return [(time, data) for time, _, data in moved], {place: k for k, (_, place, _) in enumerate(moved, 1)}


@pytest.mark.parametrize("by", [0.00001, 0.00005, 0.0002, 0.001, 0.005])
@every_kind
def test_the_retransmission_that_fills_a_hole_is_not_missing(kind: str, by: float) -> None:
    talk, repairs = lossy(kind)
    plain = segments(talk)
    assert where(plain, "resent") == repairs
    assert plain["capture_gap"].sum() == plain["ack_early"].sum() == 0
    frames, numbers = late(talk, by, talk.hosts["server"].address)
    made = segments(frames)
    assert made["capture_gap"].sum() == 0
    assert where(made, "resent") == sorted(numbers[frame] for frame in repairs)
    assert not made["needless"].fillna(False).any()
    assert made["ack_early"].sum() >= len(repairs)
    assert not made["acks_unsent"].any()


@every_kind
def test_late_acknowledgements_change_nothing(kind: str) -> None:
    talk, repairs = lossy(kind)
    frames, numbers = late(talk, 0.005, talk.hosts["client"].address)
    made = segments(frames)
    assert made["capture_gap"].sum() == 0
    assert where(made, "resent") == sorted(numbers[frame] for frame in repairs)


@every_kind
def test_a_segment_that_was_overtaken_and_captured_late_is_reordered(kind: str) -> None:
    talk = Conversation(rtt=0.02, **KINDS[kind]).handshake().data("client", 100)  # type: ignore[arg-type]
    first = talk.hosts["server"].next
    talk.data("server", 1_000, after=0.001).data("server", 1_000, after=0.0001)
    talk.ack("client", ack=first, sack=[(first + 1_000, first + 2_000)], after=0.0001).ack("client", after=0.0005)
    early, ours = talk.frames[-3:-1], talk.frames[-4]
    frames = [*talk.frames[:-4], *early, talk.frames[-1], (talk.frames[-1][0] + 0.0003, ours[1])]
    made = segments(frames)
    assert where(made, "reordered") == [len(frames)]
    assert where(made, "ack_early") == [len(frames) - 1]
    assert (made["resent"].sum(), made["capture_gap"].sum()) == (0, 0)


@every_kind
def test_real_gaps_stay_found(kind: str) -> None:
    """The capture dropped a segment that arrived; and one whose acknowledgement was lost is sent again."""
    talk = Conversation(rtt=0.02, **KINDS[kind]).handshake().data("client", 100)  # type: ignore[arg-type]
    for _ in range(5):
        talk.data("server", 1_000).data("server", 1_000, drop=True).data("server", 1_000).ack("client")
    made = segments(talk)
    assert (made["capture_gap"].sum(), made["ack_early"].sum(), made["resent"].sum()) == (5_000, 0, 0)
    missing = talk.hosts["server"].next
    talk.data("server", 1_000, drop=True).data("server", 1_000).ack("client", lost=True)
    talk.retransmit("server", missing, after=0.25).ack("client")
    made = segments(talk.data("server", 500).ack("client"))
    assert (made["capture_gap"].sum(), made["ack_early"].sum(), made["resent"].sum()) == (6_000, 0, 1)


@every_kind
def test_a_gap_beside_late_bytes(kind: str) -> None:
    """An acknowledgement covers two holes: one segment comes late, the capture dropped the other."""
    talk = Conversation(rtt=0.02, **KINDS[kind]).handshake().data("client", 100)  # type: ignore[arg-type]
    dropped = talk.hosts["server"].next
    talk.data("server", 1_000, drop=True).data("server", 1_000)
    lost = talk.hosts["server"].next
    talk.data("server", 1_400, drop=True, lost=True).data("server", 1_000).ack("client", ack=dropped)
    talk.retransmit("server", lost, after=0.02).ack("client", after=0.00001)
    repair, answer = talk.frames[-2], talk.frames[-1]
    frames = [*talk.frames[:-2], answer, (answer[0] + 0.00005, repair[1])]
    made = segments(frames)
    assert made["capture_gap"].tolist()[-2:] == [1_000, 0]
    assert where(made, "ack_early") == [len(frames) - 1]
    assert where(made, "resent") == [len(frames)]


def test_more_ranges_than_are_remembered() -> None:
    talk = Conversation().handshake()
    for _ in range(3 * MOST_CLAIMED):
        talk.data("server", 10, drop=True).data("server", 10)
    made = segments(talk.ack("client").data("server", 10).ack("client"))
    assert made["capture_gap"].sum() == 10 * 3 * MOST_CLAIMED


@pytest.mark.parametrize("late_by", [0.00003, 0.003])
@pytest.mark.parametrize("timestamps", [True, False])
def test_a_syn_captured_after_its_answer(late_by: float, timestamps: bool) -> None:
    talk = Conversation(timestamps=timestamps).syn().syn_ack(after=0.0001).ack().data("client", 10).ack("server")
    first, second = talk.frames[:2]
    frames = [second, (second[0] + late_by, first[1]), *((time + 1, data) for time, data in talk.frames[2:])]
    made = segments(frames)
    assert where(made, "ack_early") == [1]
    assert (made["resent"].sum(), made["capture_gap"].sum()) == (0, 0)
    again = [second, (second[0] + 1, Conversation(timestamps=timestamps).wait(1).syn().frames[0][1])]
    assert where(segments([*again, *((time + 2, data) for time, data in talk.frames[2:])]), "resent") == [2]
