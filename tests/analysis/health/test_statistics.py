"""Every number of an answer rests on statistics that are named."""

import json
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.analysis.health import STATISTICS
from pcapframe.analysis.statistics import QUALIFIED
from pcapframe.answers.connections import QUALIFIED_CONNECTIONS
from pcapframe.answers.flow import QUALIFIED_FLOW
from pcapframe.answers.retransmissions import QUALIFIED_RETRANSMISSIONS

EXAMPLES = ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz"]


def at(answer: Any, path: str) -> list[Any]:
    """Values at a path with dots, of each entry where it is a list."""
    found = [answer]
    for key in path.split("."):
        found = [item for value in found for item in (value if isinstance(value, list) else [value])]
        found = [value[key] for value in found]
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_qualifiers_of_answers_name_their_numbers(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    server = str(analysis.connections["server"].iloc[0])
    answers: list[tuple[Any, dict[str, Any]]] = [
        (pf.analyze_tcp_anomalies(analysis), {f"statistics.{path}": of for path, of in QUALIFIED.items()}),
        (pf.analyze_tcp_connections(analysis), QUALIFIED_CONNECTIONS),
        (pf.analyze_tcp_retransmissions(analysis), QUALIFIED_RETRANSMISSIONS),
        (pf.analyze_traffic_flow(analysis, server), QUALIFIED_FLOW),
    ]
    for answer, qualified in answers:
        assert list(answer)[:4] == ["standouts", "standouts_total", "file", "health"]
        assert json.loads(json.dumps(answer["health"])) == answer["health"]
        for path, rests_on in qualified.items():
            assert set(rests_on) <= set(STATISTICS)
            assert at(answer, path), path
        unreliable = answer["health"]["qualifiers"]
        assert set(answer["qualifiers"]) == {path for path, on in qualified.items() if set(on) & set(unreliable)}
