"""What read_pcap makes of single packets, as plain values: null is None."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from pcapframe.packets import read_pcap
from tests.builders import pcap, pcap_header, pcap_record


def plain(packets: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts; the SACK column's lists stay lists."""

    def value(cell: Any) -> Any:
        if isinstance(cell, str):
            return cell
        if hasattr(cell, "__len__"):
            return list(cell)
        return None if pd.isna(cell) else cell

    return [{name: value(cell) for name, cell in row.items()} for row in packets.to_dict("records")]


def rows(frames: Iterable[bytes], link_type: int = 1, *, snaplen: int = 262144) -> list[dict[str, Any]]:
    """The rows of `frames`, captured a second apart."""
    capture = pcap(list(enumerate(frames)), link_type=link_type, snaplen=snaplen)
    return plain(read_pcap(capture, progress=False))


def row(frame: bytes, link_type: int = 1, *, snaplen: int = 262144) -> dict[str, Any]:
    """The row of a capture with this one frame."""
    (only,) = rows([frame], link_type, snaplen=snaplen)
    return only


def pick(row: dict[str, Any], names: str) -> list[Any]:
    """Values of the columns named, separated by spaces."""
    return [row[name] for name in names.split()]


def tshark_fields(capture: Path, names: str, *options: str) -> list[list[str]]:
    """What tshark finds in each frame; a field of several layers is that of the innermost."""
    fields = [word for name in names.split() for word in ("-e", name)]
    command = ["tshark", "-n", "-r", str(capture), "-T", "fields", "-E", "occurrence=l", *options, *fields]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in output.removesuffix("\n").split("\n")]


def cut_rows(frame: bytes, link_type: int = 1) -> list[dict[str, Any]]:
    """The rows of a frame of which 0, 1, 2 … bytes were captured, up to all."""
    records = [pcap_record(0, frame[:length], wire_bytes=len(frame)) for length in range(len(frame) + 1)]
    return plain(read_pcap(pcap_header(link_type=link_type) + b"".join(records), progress=False))
