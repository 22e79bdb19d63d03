"""Joins of recordings of real kernels at two points of one path, as recorded and altered."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.lab import joining
from data.lab.acks import AckScore
from data.lab.alterations import ALTERATIONS
from data.lab.scoring import Recording, Score, recordings

CAPTURES = Path(__file__).parent / "captures"


def two_points(scenario: str) -> tuple[Recording, Recording]:
    found = {one.point: one for one in recordings(CAPTURES) if one.scenario == scenario}
    return found["client"], found["middle"]


@pytest.mark.parametrize("how", ["clock", "NAPT", "forged RSTs", "68 bytes of each", "mirrored", "begins late"])
@pytest.mark.parametrize("scenario", ["mixed", "short_connections"])
def test_join_meets_the_truth(scenario: str, how: str) -> None:
    score = joining.score_join(*two_points(scenario), ALTERATIONS[how])
    assert score.paired.hits >= 5
    assert score.paired.errors == 0
    assert score.fates["passed"].errors == 0
    assert score.fates["passed"].hits > 100
    assert score.fates["lost_between"].errors == 0
    assert score.rsts.errors == 0
    assert score.offsets == (1, 1)
    assert score.delays[0] == score.delays[1] > 100


def test_table_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    one = joining.JoinScore(Score(3), {"passed": Score(9, 1)}, 2, Score(), AckScore(), (1, 1), (8, 9), [4.0], [0.5])
    joining.joins_table([("clock", one), ("clock", one)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("clock: connections 1.0000/1.0000 (6 hits, 0 false, 0 missed); passed 0.9000/1.0000")
    assert lines[1].startswith(
        "  true offset inside 2 of 2, true delay 16 of 18; half-width beyond the path's p95 4 us"
    )
    assert not np.isnan((one + one).half_width_us).any()


def test_bars_beside_their_figures(capsys: pytest.CaptureFixture[str]) -> None:
    fates = {"passed": Score(999, 1, 1), "lost_between": Score(17, 0, 0, 2), "lost with data": Score(9)}
    right = joining.JoinScore(Score(4), fates, rsts=Score(2), acks=AckScore(10, 8, 4, 3), offsets=(1, 1), delays=(9, 9))
    assert not joining.bars_table([("clock", right)])  # 2 of 19 are not told, one of 13 that leave a trace
    assert joining.bars_table([("clock", replace(right, outside=2, acks=AckScore(8, 8, 3, 3)))])
    lines = capsys.readouterr().out.splitlines()
    assert lines[5].split() == ["passed,", "precision", "0.9990", "bar", "0.995", "reached"]
    assert [line.endswith("MISSED") for line in lines].count(True) == 2
    worse = replace(right, paired=Score(3, 0, 1))  # in a second scenario
    joining.bars_table([("NAPT", right), ("decoys", right), ("NAPT", worse), ("decoys", worse)])
    recalls = {line[:40].strip(): line[40:48].strip() for line in capsys.readouterr().out.splitlines()}
    assert recalls["with NAPT and rewriting"] == recalls["beside decoys"] == "0.8750"
    assert any(line.startswith("not in these shares: 2 lost packets and 0 forged RSTs") for line in lines)
    assert "lost, told: with data 9 of 9, bare ACKs 8 of 10, of the 4 that leave a trace 3" in "\n".join(lines)
