"""The captures that ship with the project."""

from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
CAPTURES = sorted([*DATA.glob("*.pcap*"), *(DATA / "patterns").glob("*.pcap")])
