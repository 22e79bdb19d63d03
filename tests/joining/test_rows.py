"""One row a transmission, over three points."""

import pcapframe as pf
from tests.joining.made import MS, analysis, beyond, talk


def test_a_packet_that_the_middle_lacks_is_still_one_row():
    frames = list(talk(4))
    made = pf.join_captures({
        "client": analysis(frames),
        "middle": analysis(beyond(frames, path=2 * MS, without=(4, 9))),
        "server": analysis(beyond(frames, without=(9,))),
    })  # fmt: skip
    assert len(made.segments) == len(frames)
    row = made.segments.set_index("frame_client").loc[[4, 9]]
    assert row["frame_middle"].isna().tolist() == [True, True]
    assert row["frame_server"].isna().tolist() == [False, True]
