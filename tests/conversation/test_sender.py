"""The pass over segments that finds what senders were doing: chunks, and the pool of windows."""

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.arrays import fixed
from pcapframe.conversation.sender import Senders, Sent
from pcapframe.plain import PlainColumns
from pcapframe.schema import SEGMENTS


@pytest.mark.parametrize("name", ["losses.pcap", "mirrored.pcap.gz"])
def test_chunks_change_nothing(name: str) -> None:
    segments = pf.analyze(pf.example(name), progress=False).segments
    plain = PlainColumns(segments, SEGMENTS, Sent._fields[1:])
    place = fixed(segments["conn_id"], np.int32)
    found = []
    for rows in (7, len(place)):
        senders = Senders(int(place.max()) + 1)
        for start in range(0, len(place), rows):
            stop = min(start + rows, len(place))
            senders.feed(Sent(place=place[start:stop], **plain.chunk(start, stop)))
        senders.finish()
        found.append([senders.senders[field].tolist() for field in ("busy_ns", "limited_ns", "repairing_ns")])
    assert found[0] == found[1]
    assert max(found[0][0]) > 0
