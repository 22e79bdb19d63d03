import json
from pathlib import Path

import pytest

from pcapframe.errors import ParameterError
from pcapframe.examples import example
from pcapframe.packets import read_pcap

DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize("name", sorted(path.relative_to(DATA).as_posix() for path in DATA.rglob("*.pcap*")))
def test_every_capture_is_an_example_and_can_be_read(name):
    assert example(name).read_bytes() == (DATA / name).read_bytes()
    assert len(read_pcap(example(name), progress=False)) > 0


def test_packets_are_as_many_as_captures_json_says():
    told = json.loads((DATA / "captures.json").read_text(encoding="utf-8"))
    entries = told if isinstance(told, list) else list(told.values())
    counts = {entry["file"]: entry["packets"] for entry in entries}
    assert counts
    assert {name: len(read_pcap(example(name), progress=False)) for name in counts} == counts


@pytest.mark.parametrize(
    "name",
    [
        "nothing.pcap",
        "",
        ".",
        "../pyproject.toml",
        "/etc/hostname",
        "lab/link.py",
        "patterns",
        "patterns/../make_captures.py",
    ],
)
def test_what_is_no_example(name):
    with pytest.raises(ParameterError, match=r"expected one of .*resets\.pcap"):
        example(name)
