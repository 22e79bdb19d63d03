"""Connections whose numbers were rewritten: by payload lengths and times."""

import struct
from fractions import Fraction

import numpy as np
import pytest

from pcapframe.arrays import NO_TIME
from pcapframe.joining.contents import begun_together
from tests.builders import Conversation, merge
from tests.joining.made import beyond, from_client, joined, translated
from tests.joining.test_pairing import pairs


def shop(number, *, start, size=1000, gap=0.05):
    """A connection of three requests."""
    made = Conversation(
        client_port=40_000 + number, start=start, timestamps=False, client_isn=0x12345678 + 99_999 * number,
        server_isn=0x3ABCDEF0 + 77_777 * number,
    ).handshake()  # fmt: skip
    for _ in range(3):
        made.data("client", 100, after=gap).ack("server").data("server", size).ack("client")
    return list(made.close())


def rewritten(frames, by=0x01020304):
    """Sequence numbers shifted: those of the client up, those of the server down."""
    made = []
    for time, data in frames:
        own = bytearray(data)
        seq, ack = struct.unpack_from(">II", own, 38)
        up = by if from_client(data) else -by
        struct.pack_into(">II", own, 38, (seq + up) % 2**32, (ack - up) % 2**32 if own[47] & 0x10 else 0)
        made.append((time, bytes(own)))
    return made


def there(frames, **given):
    return translated(rewritten(beyond(frames, offset=Fraction(7))), **given)


def test_connections_of_different_times():
    shops = [shop(n, start=start) for n, start in enumerate((0, 1.7, 2.2, 5.9))]
    made = joined(merge(*shops), merge(*(there(one, port=50_000 + n) for n, one in enumerate(shops))))
    assert pairs(made) == [(n, n, "sequence") for n in range(4)]
    assert made.connections["rewritten"].tolist() == [True] * 4
    assert (made.segments["fate"] == "passed").all()


def test_decoy_of_equal_size_is_not_taken():
    """The third connection is not in the other capture, which has one of the same size at another time."""
    shops = [shop(n, start=start) for n, start in enumerate((0, 1.7, 2.2, 5.9))]
    others = [shops[0], shops[1], shop(2, start=3.1), shops[3]]
    made = joined(merge(*shops), merge(*(there(one, port=50_000 + n) for n, one in enumerate(others))))
    assert pairs(made) == [(0, 0, "sequence"), (1, 1, "sequence"), (3, 3, "sequence")]


def test_too_few_of_one_size_say_nothing():
    shops = [shop(n, start=start) for n, start in enumerate((0, 1.7))]
    made = joined(merge(*shops), merge(*(there(one, port=50_000 + n) for n, one in enumerate(shops))))
    assert pairs(made) == []


def test_clock_of_connections_that_are_known():
    """One connection keeps its numbers: its clock tells which of the others are one."""
    shops = [shop(n, start=start) for n, start in enumerate((0, 1.7, 2.2))]
    known = translated(beyond(shops[0], offset=Fraction(7)), port=50_000)
    made = joined(merge(*shops), merge(known, *(there(one, port=50_001 + n) for n, one in enumerate(shops[1:]))))
    assert pairs(made) == [(0, 0, "isn"), (1, 1, "sequence"), (2, 2, "sequence")]


def test_what_repeats_every_day_is_not_one_connection():
    shops = [shop(n, start=start) for n, start in enumerate((0, 1.7, 2.2, 5.9))]
    next_day = [(time + 86_400, data) for one in shops for time, data in there(one)]
    assert pairs(joined(merge(*shops), merge(next_day))) == []


def with_ids(frames, first=0x2000):
    """Each side counts its identifications from a number of its own; checksums stay, nobody looks at them."""
    made, count = [], [first, first + 0x3000]
    for time, data in frames:
        own, side = bytearray(data), 0 if from_client(data) else 1
        count[side] += 1
        struct.pack_into(">H", own, 18, count[side])
        made.append((time, bytes(own)))
    return made


def test_identifications_show_a_single_connection():
    """Also where the capture beyond lacks its last bytes."""
    one = with_ids(shop(0, start=0))
    for other in (one, one[:-8]):
        made = joined(merge(one), merge(there(other, port=50_000)))
        assert pairs(made) == [(0, 0, "sequence")]


@pytest.mark.parametrize("gap", [0.5, 0.03])
def test_decoy_with_the_same_identifications_at_another_pace(gap):
    """A tenth slower: of a connection of 0.1 s some packets are 10 ms farther apart."""
    one = with_ids(shop(0, start=0, gap=gap))
    slower = [(Fraction(time) * Fraction(11, 10) + 1, data) for time, data in one]
    made = joined(merge(one), merge(there(slower, port=50_000), there(one, port=50_001)))
    (shown,) = made.connections.dropna(subset=["conn_id_client", "conn_id_server"]).to_dict("records")
    ends = made.analyses["server"].connections.loc[int(shown["conn_id_server"])]
    assert ends["client_port"] == 50_001


def refused(number, *, start, ip_id):
    """A SYN that a RST answers."""
    isn = 0x22345678 + 99_999 * number
    made = Conversation(client_port=42_000 + number, start=start, client_isn=isn, ip_ids={"192.0.2.1": ip_id})
    return list(made.refused())


def beside_shops(one, other):
    """Join captures with four shops each, and one attempt each besides: which attempts are paired."""
    shops = [shop(n, start=start) for n, start in enumerate((0, 1.7, 2.2, 5.9))]
    far = [there(each, port=50_000 + n) for n, each in enumerate([*shops, other])]
    made = joined(merge(*shops, one), merge(*far))
    assert len(made.connections) - (made.connections["matched_by"].notna().sum()) in (0, 2)
    return len(pairs(made)) - len(shops)


def test_attempts_by_their_syn_and_when_they_began():
    one = refused(0, start=3.3, ip_id=20_000)
    assert beside_shops(one, one) == 1


def test_attempts_at_another_time_or_with_another_syn_are_not_one():
    one = refused(0, start=3.3, ip_id=20_000)
    assert beside_shops(one, refused(0, start=3.5, ip_id=20_000)) == 0
    assert beside_shops(one, refused(0, start=3.3, ip_id=20_001)) == 0
    simple = refused(0, start=3.3, ip_id=1)  # as simple stacks number their packets
    assert beside_shops(simple, simple) == 0


def test_what_begins_together_by_the_clocks_of_others():
    """The clocks differ by 7 s, but for one known pair, whose SYN was lost: 10, 20 and 30 s are 17, 27 and 37 s."""
    second = 1_000_000_000
    known = np.arange(5) * 10 * second
    far = known + 7 * second + np.array([0, 0, 1, 0, 0]) * second
    mine, theirs = begun_together(
        np.array([10 * second, 20 * second, 30 * second, NO_TIME]),
        np.array([37 * second + 10**7, 17 * second, 28 * second, 27 * second - 10**8]), known, far,
    )  # fmt: skip
    assert list(zip(mine.tolist(), theirs.tolist(), strict=True)) == [(0, 1), (2, 0)]
    assert begun_together(known, far, known[:0], far[:0])[0].size == 0


def stamped(number, gaps):
    """A connection with timestamps that a translator shifts, and without identifications."""
    made = Conversation(
        client_port=43_000 + number, start=number, client_isn=0x52345678 + number, server_isn=0x1ABCDEF0
    )
    made.handshake()
    for gap in gaps:
        made.data("client", 100, after=gap).ack("server").data("server", 1000)
    return [(time, data[:18] + b"\0\0" + data[20:]) for time, data in made.ack().close()]


def restamped(frames, by=0x0A0B0C0D):
    """Timestamps shifted: those of the client up, those of the server down."""
    made = []
    for time, data in frames:
        own, at = bytearray(data), data.index(b"\x01\x01\x08\x0a", 54) + 4
        tsval, tsecr = struct.unpack_from(">II", own, at)
        up = by if from_client(data) else -by
        struct.pack_into(">II", own, at, (tsval + up) % 2**32, (tsecr - up) % 2**32 if own[47] & 0x10 else 0)
        made.append((time, bytes(own)))
    return made


def test_timestamps_show_a_single_connection():
    """Not one of the same size, whose requests come a little later."""
    gaps = (0.213, 0.471, 0.318, 1.207)
    one, other = stamped(0, gaps), stamped(1, [gap + 0.013 for gap in gaps])
    assert pairs(joined(one, there(restamped(one), port=50_000))) == [(0, 0, "sequence")]
    assert pairs(joined(one, there(restamped(other), port=50_000))) == []
