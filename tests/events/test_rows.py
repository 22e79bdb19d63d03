import numpy as np

from pcapframe.events.rows import SAYS, mark_says
from pcapframe.schema import FIN, RST, SYN
from tests.builders import Conversation
from tests.patterns.views import frames


def test_says_are_labels_flags_and_gaps() -> None:
    talk = Conversation().handshake().data("client", 10).data("client", 10, lost=True).retransmit("client", after=0.4)
    segments, _ = frames(talk.ack("server").rst("server"))
    is_event = np.zeros(len(segments), np.bool_)
    mark_says(segments, is_event)
    flagged = segments["tcp_flags"].to_numpy() & (SYN | FIN | RST) != 0
    said = segments[[name for name in SAYS if name not in ("probe", "capture_gap")]].fillna(False).any(axis=1)
    other = (segments["capture_gap"] > 0) | segments["probe"].notna()
    assert is_event.tolist() == (flagged | said.to_numpy(bool) | other.to_numpy(bool)).tolist()
    assert not is_event.all()
    assert {"resent", "zero_window", "capture_duplicate"} <= set(SAYS)
