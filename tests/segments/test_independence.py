"""What is said of a connection does not depend on what else is in the capture."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.plain import PlainColumns
from pcapframe.schema import CONNECTIONS, SEGMENTS, names
from pcapframe.segments.times import stand_still
from tests.builders import Conversation, pcap
from tests.segments.traffic import random_capture

FIRST_PORT, MANY, CAPTURED = 1024, 7_000, 100
CLIENT_PORT = {True: 34, False: 36}  # where it is in a frame, by whether the client sent it
OF_OTHERS = {"conn_id", "same_as", "client_name", "server_name"}  # by what they mean
OF_ALIKE = [
    name for name in names(SEGMENTS)
    if name not in {"conn_id", "time", "src_port", "dst_port", "source_frame", "offset", "answered_by", "sack"}
]  # fmt: skip


def in_parts(segments: pd.DataFrame) -> Iterator[np.ndarray]:
    """Rows of one pair of endpoints, and of two halves: connections that use the same ports again stay together."""
    ends = [segments[side].astype(str) + " " + segments[f"{side}_port"].astype(str) for side in ("src", "dst")]
    pair, _ = pd.factorize(np.where(ends[0] < ends[1], ends[0] + " " + ends[1], ends[1] + " " + ends[0]))
    yield from (np.flatnonzero(part) for part in (pair == pair.max() // 2, pair % 2 == 0, pair % 2 == 1))


def alike(one: pd.DataFrame, other: pd.DataFrame, columns: set[str]) -> None:
    """Compare columns, whatever the categories are numbered like and the connections."""
    chosen = sorted(columns)
    pd.testing.assert_frame_equal(one[chosen], other[chosen].set_axis(one.index), check_categorical=False)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), at_once=st.integers(2, 12))
def test_each_connection_is_judged_as_without_the_others(seed: int, at_once: int) -> None:
    packets = pf.read_pcap(random_capture(seed, 200, at_once=at_once, damage=0.05), progress=False)
    whole = pf.label_segments(packets)
    connections = pf.build_connections(whole)
    for rows in in_parts(whole):
        own = packets.loc[whole.index[rows]]
        if stand_still(own):  # then its times cannot be, and in the whole they can
            continue
        alone, seen = pf.label_segments(own), whole.iloc[rows]
        alike(alone, seen, set(names(SEGMENTS)) - OF_OTHERS - {"from_client"})
        summed = pf.build_connections(alone)
        is_told = (summed["roles"] != "inferred").to_numpy()  # else the others show which endpoint is shared
        told = is_told[alone["conn_id"].to_numpy()]
        alike(alone[told], seen[told], {"from_client"})
        alike(summed[is_told], connections.loc[seen["conn_id"].unique()][is_told], set(names(CONNECTIONS)) - OF_OTHERS)


def eventful() -> Conversation:
    """A conversation whose labels rest on what was remembered: copies, late bytes, an overtaken first copy."""
    talk = Conversation(rtt=0.02, client_port=FIRST_PORT).handshake()
    for _ in range(4):
        talk.data("client", 100).ack("server")
    copied = talk.data("client", 100).ack("server").frames[-2][1]
    talk.data("server", 1_000, drop=True).data("server", 1_000)
    lost = talk.hosts["server"].next
    talk.data("server", 1_400, drop=True, lost=True).data("server", 1_000).ack("client", ack=lost)
    talk.retransmit("server", lost, after=0.02).ack("client", after=0.00001)
    repair = talk.frames.pop(-2)
    talk.frames.append((talk.frames[-1][0] + 0.00005, repair[1]))
    talk.wait(0.001)
    late = talk.data("client", 100, drop=True, lost=True)._segments[-1]
    ident = talk.ip_ids["192.0.2.1"] - 1
    talk.data("client", 100).ack("server")
    talk.retransmit("client", late[1], after=0.05).ack("server")
    talk.send("client", "PA", late[3], seq=late[1], ip_id=ident, after=0.0001)
    for _ in range(12):
        talk.data("server", 100).ack("client", after=0.0001)
    talk.frames.append((talk.now + 0.0001, copied))
    return talk


def all_alike(talk: Conversation, count: int) -> bytes:
    """Capture of many connections with the contents of one, each a microsecond later than the one before."""
    numbers = np.arange(count, dtype=np.int64)
    records, times = np.zeros((len(talk.frames), count, 16 + CAPTURED), np.uint8), []
    for record, (time, frame) in zip(records, talk, strict=True):
        record[:] = np.frombuffer(pcap([(0, frame.ljust(CAPTURED, b"\0"))], snaplen=CAPTURED)[24:], np.uint8)
        at = 16 + CLIENT_PORT[frame[26:30] == bytes([192, 0, 2, 1])]
        record[:, at : at + 2] = (FIRST_PORT + numbers).astype(">u2").view(np.uint8).reshape(-1, 2)
        times.append(round(time * 1e6) + numbers)
        record[:, :8] = np.stack([times[-1] // 10**6, times[-1] % 10**6], 1).astype("<u4").view(np.uint8)
    order = np.argsort(np.concatenate(times), kind="stable")
    return pcap([]) + records.reshape(-1, 16 + CAPTURED)[order].tobytes()


def test_many_connections_with_equal_contents() -> None:
    """More than 65,536 packets lie between a packet and its copy."""
    talk = eventful()
    alone = pf.label_segments(pf.read_pcap(all_alike(talk, 1), progress=False))
    counts = [int(alone[name].sum()) for name in ("capture_duplicate", "ack_early", "resent", "reordered")]
    assert counts == [1, 1, 2, 1]
    made = pf.label_segments(pf.read_pcap(all_alike(talk, MANY), progress=False))
    place = np.argsort(made["conn_id"].to_numpy(), kind="stable")
    expected, found = (PlainColumns(frame, SEGMENTS, OF_ALIKE) for frame in (alone, made))
    for name in OF_ALIKE:
        rows = found[name][place].reshape(MANY, -1)
        np.testing.assert_array_equal(rows, np.broadcast_to(expected[name], rows.shape), err_msg=name)
