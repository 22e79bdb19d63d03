"""Statistics are JSON, say what the patterns say, and are nested as they are described."""

import json
from typing import Any, get_type_hints, is_typeddict

import pytest

import pcapframe as pf
from pcapframe.analysis.statistics import Shown, Statistics


@pytest.mark.parametrize("name", ["clean.pcap", "resets.pcap", "mirrored.pcap.gz", "midstream.pcap"])
def test_statistics_and_patterns_say_the_same(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    seen = {pattern.pattern: pattern.observations for pattern in analysis.patterns}
    statistics = analysis.statistics
    json.dumps(statistics, allow_nan=False)
    if "packet_retransmission" in seen:
        observed = seen["packet_retransmission"]
        assert observed["total_retransmissions"] == statistics["retransmissions"]["total"]
        assert observed["total_packets"] == statistics["total_packets"]
        assert observed["by_connection"] == statistics["retransmissions"]["by_connection"]
    if "handshake_completion" in seen:
        observed = seen["handshake_completion"]
        assert observed["successful"] == statistics["handshake"]["successful"]
        assert observed["failed"] == statistics["handshake"]["failed"]
    if "abnormal_termination" in seen:
        assert seen["abnormal_termination"]["reset_count"] == statistics["connection_states"]["reset"]


def keys(kind: Any, value: Any) -> None:
    described = get_type_hints(kind)
    assert set(described) == set(value)
    for name, of in described.items():
        if is_typeddict(of):
            keys(of, value[name])


def test_statistics_have_the_keys_that_are_described() -> None:
    keys(Statistics, pf.analyze(pf.example("losses.pcap")).statistics)


def test_a_notebook_shows_numbers_by_name_escaped() -> None:
    html = Shown({"total_connections": 12345, "retransmissions": {"rate": None, "by_connection": [1, 2], "<b>": True}})
    shown = html._repr_html_()
    assert "<td style='text-align:right'>12,345</td>" in shown
    assert "retransmissions: by connection</td><td style='text-align:right'>2 listed<" in shown
    assert "&lt;b&gt;" in shown
    assert json.loads(json.dumps(html)) == dict(html)
    assert "handshake: successful" in pf.analyze(pf.example("clean.pcap")).statistics._repr_html_()  # type: ignore[attr-defined]
