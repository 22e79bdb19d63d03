"""Lost bare ACKs, by hand."""

import numpy as np
import pandas as pd

from data.lab.acks import AckScore, score_acks

MS = 1_000_000


def test_receiver_that_sends_before_the_next_packet_arrives_leaves_a_trace() -> None:
    """The path takes 10 ms; ACKs of 20 and 50 ms are lost. The next ones arrive at 35 and 70 ms, data leaves at 61.

    So the loss of the one at 20 ms makes no difference to anything, and the data at 61 ms may show the other.
    """
    rows = pd.DataFrame(
        {"path_id": 0, "from_client": [True, True, True, True, False, True],
         "fate": ["passed", "unknown", "passed", "lost_between", "passed", "passed"]}
    )  # fmt: skip
    client = np.array([0, 20, 25, 50, 71, 60]) * MS
    server = np.array([10, -1, 35, -1, 61, 70]) * MS
    server[server < 0] = -1
    lost = np.array([False, True, False, True, False, False])
    found = score_acks(rows, rows["from_client"].to_numpy(), (client, server), lost)
    assert found == AckScore(lost=2, told=1, traced=1, traced_told=1)
    assert score_acks(rows, rows["from_client"].to_numpy(), (client, server), ~lost & False) == AckScore()
