"""The frames that matter, by the headers of a capture: worked out by hand here."""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.builders import Conversation, merge, pcap

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def truth() -> Iterator[Any]:
    """The module, which is found as the benchmarks find each other."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import mcp_truth

        yield mcp_truth
    finally:
        sys.path.remove(str(BENCHMARKS))


def matter(truth: Any, path: Path, *talks: Conversation) -> dict[str, set[int]]:
    path.write_bytes(pcap(merge(*talks)))
    found = truth.frames_that_matter(truth.read_segments(path))
    return {kind: frames for kind, frames in found.items() if frames}


@pytest.mark.parametrize("ends", [("192.0.2.1", "198.51.100.2"), ("2001:db8::1", "2001:db8::2")])
def test_openings(truth: Any, tmp_path: Path, ends: tuple[str, str]) -> None:
    path = tmp_path / "a.pcap"
    client, server = ends

    def talk() -> Conversation:
        return Conversation(client, 1000, server)

    assert matter(truth, path, talk().handshake().data("client", 5).close()) == {}
    assert matter(truth, path, talk().syn().syn(after=1.0)) == {"unanswered_syn": {1, 2}}
    assert matter(truth, path, talk().syn().rst("server")) == {"refused_syn": {1}, "rst": {2}}
    assert matter(truth, path, talk().syn().syn_ack().syn_ack(after=1.0)) == {"half_open": {2, 3}}
    assert matter(truth, path, talk().handshake().rst("client")) == {"rst": {4}}


def test_headers_are_read_from_every_file_of_the_project(truth: Any) -> None:
    import pcapframe as pf

    for path in sorted((BENCHMARKS.parent / "data").glob("*.pcap*")):
        segments = pf.label_segments(pf.read_pcap(path))
        ours = truth.read_segments(path)
        assert [one.frame for one in ours] == segments.index.tolist()
        assert [one.flags for one in ours] == (segments["tcp_flags"] & 0xFF).tolist()
        assert [one.length for one in ours] == segments["payload_bytes"].tolist()


def test_what_an_answer_misses_is_counted(truth: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import mcp_naming
    from mcp.client.client import Client

    from pcapframe.mcp_server import Settings
    from pcapframe.mcp_server.server import CaptureServer

    (tmp_path / "a.pcap.gz").write_bytes(
        gzip.compress(pcap(Conversation().handshake().data("client", 9).rst("server")))
    )
    lab = {"resent": {4}, "traced": {4}, "reordered": set(), "capture_duplicate": set(), "rst_ignored": set()}

    async def ask() -> Any:
        async with Client(CaptureServer(Settings(roots=(tmp_path,)))) as client:
            return await mcp_naming.score_capture(client, tmp_path / "a.pcap.gz", "a.pcap.gz", lab)

    scored = anyio.run(ask)
    assert scored.matter == {"rst": 1, "resent": 1}
    assert scored.missed == {"resent": [4]}
    assert scored.wrong == {}
    assert len(scored.sizes) <= mcp_naming.MOST_ANSWERS
