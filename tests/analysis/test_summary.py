"""How many patterns there are, and which stand out."""

from typing import Any

import pytest

from pcapframe.analysis.standouts import Standout
from pcapframe.analysis.summary import summarise_patterns
from pcapframe.patterns import Evidence, Pattern, find_notable


def pattern(name: str, category: str, observations: dict[str, Any]) -> Pattern:
    return Pattern(name, category, "", observations, Evidence())


@pytest.mark.parametrize(
    ("to_server", "from_server", "unknown", "detail"),
    [
        (10, 0, 0, "10 of 10 RSTs go to the server (100.0 %)"),
        (10, 0, 1, "10 of 10 RSTs go to the server (100.0 %); 1 RST of unknown direction is left out"),
        (1, 19, 0, "19 of 20 RSTs go from the server (95.0 %)"),
        (9, 1, 0, None),
        (2, 8, 5, None),
    ],
)
def test_strong_asymmetry_is_notable(to_server: int, from_server: int, unknown: int, detail: str | None) -> None:
    ratio = to_server / (to_server + from_server)
    seen = {
        "rst_to_server": to_server, "rst_from_server": from_server, "rst_of_unknown_direction": unknown, "ratio": ratio,
    }  # fmt: skip
    notable = find_notable(pattern("rst_directional_asymmetry", "connection_termination", seen))
    assert (notable and notable.detail) == detail


def test_summary_counts_every_category() -> None:
    stands_out = Standout(
        "high_retransmission", "A sentence", 0.5, 2, (), None, None, Evidence(), "packet_retransmission"
    )
    summary = summarise_patterns([pattern("packet_retransmission", "reliability", {})], [stands_out])
    assert summary == {
        "total_patterns": 1,
        "by_category": {
            "connection_establishment": 0, "connection_termination": 0, "reliability": 1, "connection_lifecycle": 0,
            "timing": 0,
        },
        "notable_observations": [
            {"type": "high_retransmission", "detail": "A sentence"},
        ],
    }  # fmt: skip
