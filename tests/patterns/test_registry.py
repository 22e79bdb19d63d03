"""One file and one line a pattern: what the file declares holds everywhere."""

import inspect
import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

import pcapframe as pf
from pcapframe import patterns
from pcapframe.analysis.health import STATISTICS
from pcapframe.errors import ParameterError
from pcapframe.mcp_server.server import CaptureServer
from pcapframe.mcp_server.settings import Settings
from pcapframe.patterns import CATEGORIES, columns_read, find_notable, find_patterns, rests_on
from pcapframe.patterns._registry import NAMES, PATTERNS
from pcapframe.report.sections import CaptureReport
from pcapframe.schema import SEGMENTS, names
from pcapframe.widgets._patterns import PatternView
from pcapframe.widgets._state import ExplorerState
from tests.analysis.health.made import broken
from tests.cli.running import text_of
from tests.patterns import toy
from tests.patterns.views import frames, healthy


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with its file in the folder and its name in the list."""
    monkeypatch.setitem(PATTERNS, toy.NAME, toy)


def test_every_file_is_registered() -> None:
    folder = Path(patterns.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert set(NAMES) == files
    assert len(NAMES) == len(files)
    assert {pattern.CATEGORY for pattern in PATTERNS.values()} == set(CATEGORIES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_declares_what_its_pattern_needs(name: str) -> None:
    pattern = PATTERNS[name]
    assert pattern.NAME == name
    assert set(pattern.RESTS_ON) <= set(STATISTICS)
    assert pattern.RESTS_ON
    assert set(pattern.LIMITS._field_defaults) == set(pattern.LIMITS._fields)
    assert list(inspect.signature(pattern.observe).parameters) == ["traffic", "limits"]
    assert set(getattr(pattern, "READS", ())) <= set(names(SEGMENTS))


def test_a_new_pattern_is_found_everywhere(registered: None) -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    (seen,) = [found for found in analysis.patterns if found.pattern == toy.NAME]
    assert seen.observations == {"wide": len(analysis.events), "fewest": 1}
    assert analysis.summary["by_category"][toy.CATEGORY] == 1 + sum(
        found.category == toy.CATEGORY for found in analysis.patterns if found.pattern != toy.NAME
    )
    assert {"type": "all_wide", "detail": f"{len(analysis.events)} packets"} in analysis.summary["notable_observations"]
    assert toy.DESCRIPTION in str(analysis)
    assert toy.DESCRIPTION in analysis._repr_html_()
    assert seen.evidence.frame_count == analysis.find_evidence(toy.NAME, limit=5).frame_count
    answer = pf.analyze_tcp_anomalies(analysis)
    assert "patterns" in answer
    assert [found["pattern"] for found in answer["patterns"]][-1] == toy.NAME
    json.dumps(answer)
    assert rests_on(toy.NAME) == ("packets",)
    (seen,) = [found for found in broken().patterns if found.pattern == toy.NAME]
    assert seen.description == f"As captured (at least: packets): {toy.DESCRIPTION}"


def test_every_front_end_has_a_new_pattern(registered: None) -> None:
    assert "toy.fewest" in text_of("thresholds")
    assert toy.DESCRIPTION in text_of("analyze", "--full", str(pf.example("resets.pcap")))
    assert toy.NAME not in text_of("analyze", str(pf.example("resets.pcap")), "--threshold", "toy.fewest=10000")
    assert toy.DESCRIPTION in CaptureReport(pf.example("resets.pcap")).patterns().text
    explored = ExplorerState(pf.analyze(pf.example("resets.pcap")))
    view = PatternView(explored, lambda called: called)
    view.show()
    assert any(toy.DESCRIPTION in text for text in view.table.df["observed"])
    server = CaptureServer(Settings(roots=(pf.example("resets.pcap").parent,)))

    async def ask() -> list[Any]:
        async with Client(server) as client:
            said = await client.call_tool("analyze_tcp_anomalies", {"pcap_file": "clean.pcap"})
            packets = await client.call_tool("get_packets", {"pcap_file": "clean.pcap", "pattern": toy.NAME})
            return [said, packets]

    anomalies, packets = anyio.run(ask)
    assert toy.NAME in [found["pattern"] for found in anomalies.structured_content["patterns"]]
    assert not packets.is_error, packets


def test_the_thresholds_of_a_new_pattern_are_known(registered: None) -> None:
    assert pf.Thresholds().to_dict()["toy.fewest"] == 1
    strict = pf.Thresholds().with_values({"toy.fewest": 10**6})
    analysis = pf.analyze(pf.example("resets.pcap"), thresholds=strict)
    assert toy.NAME not in [found.pattern for found in analysis.patterns]


def test_a_column_that_is_declared_can_be_read_with_and_without_a_filter(registered: None) -> None:
    assert "window_scale" not in columns_read()[:7]
    for given in ({}, {"server_port": 80}):
        found = pf.analyze(pf.example("resets.pcap"), **given).patterns  # type: ignore[arg-type]
        assert toy.NAME in [one.pattern for one in found]


def test_a_column_that_is_not_declared_cannot_be_read_at_all(registered: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(toy, "READS")
    for given in ({}, {"server_port": 80}):
        with pytest.raises(ParameterError, match="the column 'tcp_header_bytes' is read and not declared"):
            pf.analyze(pf.example("resets.pcap"), **given)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="not declared"):
        find_patterns(*frames(*healthy(1)))


def test_what_no_pattern_names_does_not_stand_out() -> None:
    seen = pf.Pattern("other", "reliability", "", {}, pf.Evidence())
    assert find_notable(seen) is None
    assert rests_on("other") == ()
