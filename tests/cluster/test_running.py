"""Tasks and how they depend on each other."""

from pathlib import Path
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.cluster._running import run
from pcapframe.cluster._sources import list_sources
from pcapframe.events import Floors

pytest.importorskip("distributed")


@pytest.mark.filterwarnings("default")  # of other packages
def test_each_part_of_the_connections_is_analysed_by_a_task_of_its_own(client: Any) -> None:
    sources = list_sources([pf.example("losses.pcap")]).sources
    told: list[tuple[int, int]] = []
    found = run(
        client, sources, partitions=3, decode_as=[], names=True, floors=Floors(), whole=False,
        tell=lambda *done: told.append(done),
    )  # fmt: skip
    assert told[-1] == (4, 4)
    assert Path(found.decoded[0].info.name).name == "losses.pcap"
    assert all(part.segments for part in found.parts)
