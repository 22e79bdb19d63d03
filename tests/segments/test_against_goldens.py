"""A sample of real captures beside what tshark 4.0 said of them, where the shared goldens are."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import in_ci

SHARED = Path(__file__).parent.parent.parent.parent / "shared"
ORACLE = SHARED / "oracle"
EVERY = 10  # of the captures
# Wireshark takes the last four bytes of a packet in FabricPath for a frame check sequence, which is not there.
LEFT_OUT = {"ajp.pcap.csv.gz"}


@pytest.fixture(scope="module")
def agree() -> ModuleType:
    path = ORACLE / "agree.py"
    if not path.exists():
        pytest.skip("no ../shared/oracle beside this checkout")
    spec = importlib.util.spec_from_file_location("agree", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_labels_and_headers_are_those_of_wireshark(agree: ModuleType) -> None:
    goldens = [path for path in sorted((ORACLE / "goldens").rglob("*.csv.gz"))[::EVERY] if path.name not in LEFT_OUT]
    goldens = in_ci(goldens, len(goldens) // 2)
    expected = 0
    equal: dict[str, int] = {}
    for golden in goldens:
        capture = SHARED / "corpus" / golden.relative_to(ORACLE / "goldens").with_suffix("").with_suffix("")
        found = agree.compare(capture, golden)
        expected += found["golden"]
        for column, (count, _rows) in found["columns"].items():
            equal[column] = equal.get(column, 0) + count
    assert expected > 500
    share = {column: count / expected for column, count in equal.items()}
    assert share["all labels"] >= 0.999
    for column in ("stream", "src_port", "dst_port", "seq", "ack", "tcp_flags", "payload", "duplicate_ack_num"):
        assert share[column] >= 0.999, column
