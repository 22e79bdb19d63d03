"""What the benchmark runs in processes of its own works with the package as it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench import LIGHT, STAGES

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("worker", "figures"),
    [
        ("stages", {*STAGES, "analyze", LIGHT, "analyze_tcp_anomalies"}),
        ("on two cores", {"analyze"}),
        ("plain", {"analyze"}),
    ],
)
def test_a_worker_times_what_it_says(worker: str, figures: set[str]) -> None:
    command = [sys.executable, ROOT / "benchmarks" / "bench.py", "--worker", worker, ROOT / "data" / "clean.pcap", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == figures
    assert all(len(seconds) == 1 and seconds[0] > 0 for seconds in found.values())
