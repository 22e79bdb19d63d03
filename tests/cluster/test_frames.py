"""Numbers of packets in the merged captures."""

import numpy as np

from pcapframe.capture.merging import merge_order
from pcapframe.cluster._decoding import decode
from pcapframe.cluster._frames import Frames
from pcapframe.cluster._sources import Source
from pcapframe.cluster._thinning import all_of
from pcapframe.examples import example


def test_frames_are_numbered_as_when_captures_are_merged() -> None:
    path = str(example("clean.pcap"))
    *_, rest = decode(Source(path, path), 0, 1, (), False)
    assert rest is not None
    _, latest = all_of(rest)
    size = latest.size
    frames = Frames([size, size], [latest, latest])
    order = merge_order(np.concatenate([latest, latest]), [size, size])
    captures, rows = np.divmod(order, size)
    assert frames.of_rows(captures, rows).tolist() == list(range(1, 2 * size + 1))
    assert sorted([*frames.of_capture(0), *frames.of_capture(1)]) == list(range(1, 2 * size + 1))
