"""Captures built after public reports, each of one kind that is easily read wrongly: what is right of each.

The expected values follow from how each capture was built, by the RFCs named.
"""

from pathlib import Path

import pcapframe as pf

FOLDER = Path(__file__).parent / "tcp"


def analysis(name: str) -> pf.Analysis:
    """Analyse the one capture whose name begins with `name`."""
    (path,) = FOLDER.glob(f"{name}*.pcap")
    return pf.analyze(path)


def test_60_real_loss_is_a_gap_and_its_repair_a_retransmission() -> None:
    seen = analysis("60")
    assert int(seen.connections["client_resent_segments"].sum() + seen.connections["server_resent_segments"].sum()) == 1


def test_62_a_rst_while_data_is_in_flight_ends_the_connection() -> None:
    assert analysis("62").connections["ending"].tolist() == ["reset"]
