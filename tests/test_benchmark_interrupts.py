"""The benchmark of interrupted commands sees what a command leaves behind."""

import sys
from pathlib import Path

import pytest

from benchmarks import interrupts

LEAVES_A_FILE = """
import sys, time
try:
    open(sys.argv[1], "w").close()
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_what_an_interrupted_command_leaves_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text(LEAVES_A_FILE)
    monkeypatch.setattr(interrupts, "PROGRAM", [sys.executable, str(program)])
    monkeypatch.setitem(interrupts.COMMANDS, "leaves a file", (["OUT/half"], {}))
    took, left = interrupts.try_once("leaves a file", tmp_path / "capture.pcap", 0.5)
    assert took is not None
    assert left == {"half"}
