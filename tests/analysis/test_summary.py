"""How many patterns there are, and which stand out."""

from typing import Any

import pytest

from pcapframe.analysis.summary import summarise_patterns
from pcapframe.patterns import Evidence, Pattern


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
    summary = summarise_patterns([pattern("rst_directional_asymmetry", "connection_termination", seen)])
    assert [notable["detail"] for notable in summary["notable_observations"]] == ([detail] if detail else [])


def test_summary_counts_every_category() -> None:
    seen = {
        "data_retransmissions": 5, "data_packets": 100, "data_rate": 0.05, "data_rate_low": 0.0215,
        "data_rate_high": 0.1118, "threshold": 0.02, "syn_retries": 0, "fin_retries": 0,
    }  # fmt: skip
    summary = summarise_patterns([pattern("packet_retransmission", "reliability", seen)])
    assert summary == {
        "total_patterns": 1,
        "by_category": {
            "connection_establishment": 0, "connection_termination": 0, "reliability": 1, "connection_lifecycle": 0,
            "timing": 0,
        },
        "notable_observations": [
            {
                "type": "high_retransmission",
                "detail": "5 of 100 segments with payload (5.0 %, 95 % interval 2.1 % to 11.2 %) were retransmitted; "
                "the interval is above the threshold of 2.0 %",
            }
        ],
    }  # fmt: skip
