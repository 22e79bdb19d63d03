import pickle
from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe import disk, memory
from pcapframe.analysis import pipeline, stored
from pcapframe.analysis.kept import kept_of
from pcapframe.keeping import KEEPS, STORED_KEEPS, Keep
from pcapframe.plots import throughput
from tests.builders import Conversation, pcap
from tests.conftest import sampled

RESULTS = ("capture", "health", "patterns", "statistics", "standouts", "summary", "message", "notes", "packet_count")


def answers(analysis: pf.Analysis) -> list[object]:
    made: list[object] = [
        pf.analyze_tcp_anomalies(analysis),
        pf.analyze_tcp_connections(analysis),
        pf.analyze_tcp_retransmissions(analysis),
    ]
    if analysis.selection.server_ip:
        made.append(pf.analyze_traffic_flow(analysis, analysis.selection.server_ip, analysis.selection.server_port))
    for answer in made:
        answer.pop("analysis_timestamp", None)  # type: ignore[attr-defined]
    return made


def assert_all_keeps_say_the_same(source: object, **options: object) -> None:
    whole = pf.analyze(source, **options)  # type: ignore[arg-type]
    for keep in KEEPS[1:]:
        kept = pf.analyze(whole, keep=keep, **options)  # type: ignore[arg-type]
        for name in RESULTS:
            assert getattr(kept, name) == getattr(whole, name)
        for name in ("connections", "whole_connections"):
            pd.testing.assert_frame_equal(getattr(kept, name), getattr(whole, name))
        assert kept.count_statistics(limit=1) == whole.count_statistics(limit=1)
        assert answers(kept) == answers(whole)
        if keep == "segments":
            pd.testing.assert_frame_equal(kept.segments, whole.segments)
        if keep != "connections":
            pd.testing.assert_frame_equal(kept.events, whole.events)


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap"])
def test_all_keeps_say_the_same(name: str) -> None:
    assert_all_keeps_say_the_same(pf.example(name))


def test_all_keeps_say_the_same_on_the_disk_with_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(disk.MEMORY, "0")
    monkeypatch.setattr(disk, "SMALLEST_BLOCK", 0)
    monkeypatch.setattr(disk, "ROWS_HELD", 37)
    monkeypatch.setattr(memory, "STRETCH_ROWS", 29)
    assert_all_keeps_say_the_same(pf.example("resets.pcap"), server_ip="198.51.100.20", server_port=80)


@pytest.mark.filterwarnings("ignore::pcapframe.CaptureWarning")
@pytest.mark.fuzz
def test_all_keeps_say_the_same_of_captures_of_others(shared_corpus: Path) -> None:
    captures = sorted(path for path in shared_corpus.rglob("*") if path.is_file() and path.stat().st_size < 1_000_000)
    for path in sampled(captures, 8):
        try:
            assert_all_keeps_say_the_same(str(path))
        except pf.CaptureError:
            continue


@pytest.mark.parametrize(
    ("keep", "lacks"), [("segments", "packets"), ("events", "segments"), ("connections", "events")]
)
def test_what_is_not_kept_says_where_it_is(keep: str, lacks: str) -> None:
    kept = pf.analyze(pf.example("clean.pcap"), keep=keep)  # type: ignore[arg-type]
    assert kept.keep == keep
    with pytest.raises(pf.ParameterError, match=f'{lacks} of .*clean.pcap are not kept .*with keep="{lacks}"'):
        getattr(kept, lacks)


def test_what_needs_segments_is_refused_and_not_answered_from_events() -> None:
    kept = pf.analyze(pf.example("losses.pcap"), keep="events")
    for use in (
        lambda: pf.resends(kept),
        lambda: pf.turns(kept),
        lambda: throughput(kept),
        lambda: kept.filtered_columns("time"),
    ):
        with pytest.raises(pf.ParameterError, match="are not kept"):
            use()


@pytest.mark.parametrize("keep", KEEPS[1:])
def test_what_is_kept_answers_other_questions(keep: str) -> None:
    whole = pf.analyze(pf.example("resets.pcap"))
    kept = pf.analyze(pf.example("resets.pcap"), keep=keep)  # type: ignore[arg-type]
    start = whole.connections["start"].sort_values().iloc[20].isoformat()
    for question in ({"server_port": 80}, {"start": start}, {"server_name": "nothing.example"}):
        asked, expected = pf.analyze(kept, **question), pf.analyze(whole, **question)  # type: ignore[arg-type]
        assert asked.keep == keep
        for name in RESULTS:
            assert getattr(asked, name) == getattr(expected, name)
        pd.testing.assert_frame_equal(asked.connections, expected.connections)
        for seen in expected.patterns:
            assert asked.find_evidence(seen.pattern, limit=3) == expected.find_evidence(seen.pattern, limit=3)


def test_segments_that_are_kept_draw_charts() -> None:
    kept = pf.analyze(pf.example("losses.pcap"), keep="segments")
    assert throughput(kept) is not None
    assert len(kept.filtered_columns("time")) == kept.segment_count


def test_less_is_kept_of_a_store_and_of_an_analysis(tmp_path: Path) -> None:
    whole = pf.analyze(pf.example("clean.pcap"))
    store = pf.write_store(whole, tmp_path / "store", keep="events")
    for source in (store, pf.analyze(store), pf.analyze(whole, keep="events")):
        assert pf.analyze(source).keep == "events"
        kept = pf.analyze(source, keep="connections")
        assert (kept.keep, kept.patterns, kept.statistics) == ("connections", whole.patterns, whole.statistics)
        with pytest.raises(pf.ParameterError, match=r"packets of .*clean\.pcap are not kept"):
            pf.analyze(source, keep="packets")


def test_a_cache_gives_what_is_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "stores_folder", lambda: tmp_path / "stores")
    for _ in range(2):
        assert pf.analyze(pf.example("clean.pcap"), cache=True, keep="connections").keep == "connections"


def test_an_unknown_keep_is_refused() -> None:
    with pytest.raises(pf.ParameterError, match="keep is 'frames': expected one of packets, segments, events"):
        pf.analyze(pf.example("clean.pcap"), keep="frames")  # type: ignore[arg-type]


def test_an_analysis_that_keeps_less_can_be_copied_and_shown(tmp_path: Path) -> None:
    whole = pf.analyze(pf.example("clean.pcap"))
    stores = [pf.analyze(pf.write_store(whole, tmp_path / keep, keep=keep)) for keep in STORED_KEEPS]
    for kept in (*stores, *(kept_of(whole, keep) for keep in KEEPS)):
        again = pickle.loads(pickle.dumps(kept))
        assert (again.keep, again.statistics) == (kept.keep, kept.statistics)
        assert again.count_statistics(limit=1) == kept.count_statistics(limit=1)
        assert str(again) == str(kept)
        assert repr(again) == repr(kept)


@pytest.mark.parametrize("keep", KEEPS)
def test_lower_thresholds_keep_more_events(keep: Keep) -> None:
    lower = pf.Thresholds().with_values({"long_idle_gaps.idle_s": 0.05})
    whole = pf.analyze(pf.example("resets.pcap"))
    kept, expected = (pf.analyze(source, thresholds=lower, keep=keep) for source in (whole, pf.example("resets.pcap")))
    assert kept.patterns == expected.patterns
    if keep != "connections":
        assert len(kept.events) > len(whole.events)
        pd.testing.assert_frame_equal(kept.events, expected.events)


def test_a_name_that_tells_roles_is_asked_for_whatever_is_kept(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.1 asked.example\n")
    talk = Conversation("192.0.2.1", 50002, "192.0.2.2", 50001).data("client", 10).data("server", 10)
    asked = [pf.analyze(pcap(talk), names=hosts, server_name="asked.example", keep=keep).connections for keep in KEEPS]
    assert asked[0]["server"].tolist() == ["192.0.2.1"]
    for connections in asked[1:]:
        pd.testing.assert_frame_equal(connections, asked[0])


@pytest.mark.parametrize(("keep", "uses"), [("connections", True), ("events", True), ("packets", False)])
def test_what_is_not_kept_takes_little_memory(keep: Keep, uses: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that are let go are on the disk from a bound on, though more memory is free."""
    monkeypatch.setattr(pipeline, "IN_MEMORY", 1000)
    monkeypatch.delenv(disk.MEMORY, raising=False)
    used, judged = [], pipeline._judged

    def seen(*given: object) -> dict[str, object]:
        used.append(disk.disk_in_use() is not None)
        return judged(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "_judged", seen)
    pf.analyze(pf.example("resets.pcap"), keep=keep)
    assert used == [uses]
