"""Both sides of a NAT, made of recordings of real kernels at two points of one path."""

from pathlib import Path

import pytest

import pcapframe as pf
from data.lab.scoring import Recording, Score, recordings
from data.lab.translating import both_sides, score_views, views_of, views_table

CAPTURES = Path(__file__).parent / "captures"


def two_points(scenario: str) -> tuple[Recording, Recording]:
    found = {one.point: one for one in recordings(CAPTURES) if one.scenario == scenario}
    return found["client"], found["middle"]


@pytest.mark.parametrize("scenario", ["mixed", "short_connections"])
def test_every_connection_is_found_on_both_sides(scenario: str) -> None:
    inside, outside = two_points(scenario)
    score = score_views(inside, outside)
    assert score.hits >= 5
    assert score.errors == 0


def test_packets_of_both_points_are_merged_by_time() -> None:
    inside, outside = two_points("mixed")
    here, there = (pf.read_pcap(one.capture, progress=False) for one in (inside, outside))
    made = both_sides(here, there, inside.senders)
    assert len(made) == len(here) + len(there)
    assert made["time"].is_monotonic_increasing
    behind = made[made["src"].astype(str).str.startswith("203.0.113.")]
    sent = there[there["src"].isin(inside.senders)]
    assert behind["ttl"].tolist() == (sent["ttl"] - 1).tolist()
    assert behind["src_port"].tolist() == (sent["src_port"] ^ (1 << 15)).tolist()
    assert behind["seq"].tolist() == sent["seq"].tolist()


def test_truth_pairs_the_uses_of_an_endpoint_in_order() -> None:
    inside, outside = two_points("short_connections")
    here, there = (pf.read_pcap(one.capture, progress=False) for one in (inside, outside))
    made = pf.build_connections(pf.label_segments(both_sides(here, there, inside.senders)))
    pairs = views_of(made, inside.senders)
    assert len(pairs) >= 5
    for later, earlier in pairs.items():
        assert later > earlier
        assert made.loc[later, "server"] == made.loc[earlier, "server"]
        assert made.loc[later, "client"] != made.loc[earlier, "client"]


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    views_table([("good", Score(3, 0, 0)), ("bad", Score(1, 1, 2))])
    said = capsys.readouterr().out
    assert "4 found, 1 false, 2 missed" in said
    assert "bad: 1 found" in said
    assert "good" not in said
