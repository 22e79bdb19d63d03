"""Servers that several tests share: starting one takes seconds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Conversation, merge, pcap
from tests.mcp_server.clients import DATA, Blocking, stdio


@pytest.fixture(scope="session")
def served() -> Iterator[Blocking]:
    """A client over stdio, of a server that reads the captures in data/."""
    with stdio() as client:
        yield client


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with captures of which many entries could be listed, with the longest addresses."""
    folder = tmp_path_factory.mktemp("large")
    resets, again = [], []
    for i in range(5_000):
        client, server = (f"2001:db8:aaaa:bbbb:cccc:dddd:{place:04x}:1111" for place in (i, 0x8000 + i % 50))
        talk = Conversation(client, 40_000 + i % 10_000, server)
        resets.append(talk.handshake().data("client", 100).rst("server" if i % 3 else "client"))
    for i in range(300):
        talk = Conversation(client=f"192.0.2.{i % 250}", client_port=40_000 + i)
        again.append(talk.handshake().data("client", 100).retransmit("client", after=0.3).close())
    (folder / "resets.pcap").write_bytes(pcap(merge(*resets)))
    (folder / "again.pcap").write_bytes(pcap(merge(*again)))
    shutil.copy(DATA / "clean.pcap", folder)
    return folder


@pytest.fixture(scope="session")
def served_large(large: Path) -> Iterator[Blocking]:
    """A client over stdio, of a server that reads the captures of which many entries could be listed."""
    with stdio(folder=large) as client:
        yield client
