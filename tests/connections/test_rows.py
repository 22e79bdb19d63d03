"""What the passes read: always the same types, so that nothing is compiled twice."""

import numpy as np

import pcapframe as pf
from pcapframe.connections.rows import rows_of
from tests.builders import Conversation
from tests.connections.made import segments


def test_types_do_not_depend_on_the_capture() -> None:
    plain = segments(Conversation(timestamps=False).handshake())
    real = pf.label_segments(pf.read_pcap(pf.example("ipv6.pcapng"), progress=False))
    made = [rows_of(frame, np.zeros(len(frame), np.int64)) for frame in (plain, real, plain.iloc[:0])]
    kinds = [[(column.dtype, column.flags.c_contiguous, column.flags.writeable) for column in rows] for rows in made]
    assert kinds[0] == kinds[1] == kinds[2]
    assert all(not writeable for _, _, writeable in kinds[0])


def test_null_has_one_value() -> None:
    rows = rows_of(segments(Conversation(timestamps=False).handshake()), np.zeros(3, np.int64))
    assert not rows.has_timestamps.any()
    assert not rows.tsval.any()
    assert rows.has_length.all()
    assert np.isnan(rows.ack_rtt_s[0])
