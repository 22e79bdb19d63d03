"""Turns as Wireshark's TRANSUM finds them."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

FIELDS = ("firstreq", "lastreq", "firstrsp", "lastrsp", "st")


class Pair(NamedTuple):
    """A request and its response: frames, and the service time [s]."""

    request: int
    request_end: int
    response: int | None
    response_end: int | None
    service_s: float | None


def pairs(capture: Path, ports: Iterable[int]) -> list[Pair]:
    """What TRANSUM finds, where these ports are those that served."""
    command = [
        "tshark", "-r", str(capture), "-2", "--enable-protocol", "transum", "--disable-protocol", "smb",
        "-o", "transum.capture_position:Intermediate",
        "-o", f"transum.tcp_port_ranges:{','.join(str(port) for port in sorted(set(ports)))}",
        "-Y", "transum.firstreq && tcp.len > 0", "-T", "fields", "-E", "occurrence=f",
    ]  # fmt: skip
    for name in FIELDS:
        command += ["-e", f"transum.{name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        first, last, response, end, service = line.split("\t")
        found[int(first)] = Pair(
            int(first), int(last), int(response) if response else None, int(end) if end else None,
            float(service) if service else None,
        )  # fmt: skip
    return sorted(found.values())


def alerts(capture: Path) -> list[int]:
    """Frames with TLS alerts, which TRANSUM passes over."""
    command = [
        "tshark",
        "-r",
        str(capture),
        "-Y",
        "tls.record.content_type == 21",
        "-T",
        "fields",
        "-e",
        "frame.number",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]
