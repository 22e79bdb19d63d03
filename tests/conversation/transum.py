"""Turns as Wireshark's TRANSUM finds them, and ours beside them."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

import pcapframe as pf
from pcapframe.schema import FIN, TURNS

FIELDS = ("firstreq", "lastreq", "firstrsp", "lastrsp", "st")
FRAMES = [column.name for column in TURNS if column.name.endswith("frame")]
SMB_PORTS = {135, 139, 445}
NEAR_S = 1e-6  # times that are equal


class Compared(NamedTuple):
    """How many turns were compared, and the first frames of those with other frames or another service time."""

    turns: int
    other_frames: list[int]
    other_service: list[int]

    @property
    def unequal(self) -> list[int]:
        """Frames of both."""
        return self.other_frames + self.other_service


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


def compared(capture: Path) -> Compared:
    """Compare the turns of a capture, but for what TRANSUM does otherwise: see the Notes of `pcapframe.turns`."""
    analysis = pf.analyze(capture, progress=False)
    connections, segments = analysis.connections, analysis.segments
    found, ports = pf.turns(analysis), set(connections["server_port"].tolist())
    if found.empty:
        return Compared(0, [], [])
    carries = segments["payload_bytes"].fillna(0) > 0
    odd = segments["resent"] | segments["capture_duplicate"] | (segments["capture_gap"] > 0) | segments["reordered"]
    odd |= segments["probe"].notna() | segments["time"].isna() | (carries & (segments["tcp_flags"] & FIN != 0))
    odd |= segments.index.isin(alerts(capture)) | ~segments["tcp_flags"].between(0, 0x1FF)
    odd |= segments["payload_bytes"].fillna(0) > 65_535
    left_out = set(segments.loc[odd, "conn_id"])
    both = connections["client_port"].isin(ports) | connections["server_port"].isin(SMB_PORTS)
    left_out |= set(connections.index[both])
    kept = found[~found["conn_id"].isin(left_out)].set_index("request_frame")
    conn_id = segments["conn_id"]
    theirs = {
        pair.request: pair for pair in pairs(capture, ports)
        if pair.request in conn_id.index and conn_id[pair.request] not in left_out
    }  # fmt: skip
    frames = sorted({*kept.index, *theirs})
    other_frames = [frame for frame in frames if not _same_frames(kept, theirs, frame)]
    rest = sorted({*frames} - {*other_frames})
    return Compared(len(frames), other_frames, [at for at in rest if not _same_service(kept.loc[at], theirs[at])])


def _same_frames(kept: pd.DataFrame, theirs: dict[int, Pair], frame: int) -> bool:
    if frame not in kept.index or frame not in theirs:
        return False
    own, other = kept.loc[frame], theirs[frame]
    ends = [None if pd.isna(value) else int(value) for value in own[FRAMES[1:]]]
    return ends == [other.request_end, other.response, other.response_end]


def _same_service(own: Any, other: Pair) -> bool:
    return other.service_s is None or bool(abs(own["service_s"] - other.service_s) < NEAR_S)
