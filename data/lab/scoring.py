"""How well labels meet the truth: precision and recall a class and point of capture, and counts a connection.

Needs pcapframe, and tshark only for Wireshark's column; knows nothing of how the captures were made.
"""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import pcapframe as pf
from pcapframe.segments import label_segments

CLASSES = ("resent", "reordered", "capture_duplicate")
IDS = ("kernel", "zero", "random", "one counter")
WIRESHARK = {"resent": "tcp.analysis.retransmission", "reordered": "tcp.analysis.out_of_order"}


@dataclass(frozen=True)
class Score:
    """Hits, false alarms and misses of a class; `untraced` ones, which the capture cannot show, are neither."""

    hits: int = 0
    false: int = 0
    missed: int = 0
    untraced: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def errors(self) -> int:
        """False alarms and misses."""
        return self.false + self.missed

    @property
    def precision(self) -> float:
        """Share of the labelled that are right; 1 when none is labelled."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of the true that are labelled; 1 when none is true."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0


def score(labelled: pd.Series, truth: pd.DataFrame, name: str) -> Score:
    """Compare a label with the truth.

    Parameters
    ----------
    labelled : Series of bool
        By frame; frames that it lacks carry no label.
    truth : DataFrame
        Columns of ``verdicts.TRUTH``, by frame. Perhaps also ``order_shown``: which of those that were overtaken follow
        later bytes in this capture.
    name : {"resent", "reordered", "capture_duplicate"}
        The class.
    """
    if name == "capture_duplicate":
        truth = truth[truth.index.isin(labelled.index)]  # pcapframe labels TCP only, not copies of ARP
    said = labelled.reindex(truth.index, fill_value=False).to_numpy(bool)
    true = truth[name].to_numpy(bool)
    shows = {"resent": "traced", "reordered": "order_shown"}.get(name)
    counted = true & truth[shows].to_numpy(bool) if shows in truth else true
    return Score(
        hits=int((said & counted).sum()),
        false=int((said & ~true).sum()),
        missed=int((~said & counted).sum()),
        untraced=int((true & ~counted).sum()),
    )


def with_ids(packets: pd.DataFrame, emitted: pd.Series, how: str) -> pd.DataFrame:
    """Give the packets other IPv4 identifications; copies of one frame keep the same.

    Parameters
    ----------
    packets : DataFrame
        From `read_pcap`.
    emitted : Series
        Number of each packet's frame, in order of emission.
    how : {"kernel", "zero", "random", "one counter"}
        As captured, all 0, random, or counted up by one counter for all.
    """
    if how == "kernel":
        return packets
    numbers = emitted.reindex(packets.index).to_numpy(np.int64)
    if how == "zero":
        made = np.zeros(len(packets), np.uint16)
    elif how == "random":
        made = np.random.default_rng(5).integers(1, 1 << 16, int(numbers.max()) + 1, np.uint16)[numbers]
    else:
        made = (numbers % 0xFFFF + 1).astype(np.uint16)
    return packets.assign(ip_id=pd.array(made, "UInt16").astype("UInt16").copy()).assign(
        ip_id=lambda frame: frame["ip_id"].mask(packets["ip_id"].isna())
    )


def resends_per_connection(segments: pd.DataFrame, segment_bytes: int) -> pd.Series:
    """Resent segments as the kernel counts them, by ``conn_id`` and ``from_client``: one for each full segment.

    Options beyond those that every packet has, SACK blocks above all, leave a segment less room.
    """
    header = segments["tcp_header_bytes"].astype(int)
    carries = segments["payload_bytes"] > 0
    usual = header[carries].groupby([segments["conn_id"], segments["from_client"]]).min()
    resent = segments[segments["resent"]]
    keys = [resent["conn_id"], resent["from_client"]]
    extra = header[resent.index] - usual.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy()
    room = segment_bytes - extra.fillna(0).clip(lower=0)
    parts = np.ceil(resent["resent_bytes"] / room).clip(lower=1).astype(int)
    return parts.groupby(keys).sum()


def counts_agree(segments: pd.DataFrame, truth: pd.DataFrame, sockets: list[dict[str, Any]]) -> list[bool]:
    """Whether our count of resends is the kernel's, for each socket at this point of capture."""
    frame_of = pd.Series(truth.index, truth["emitted"]).groupby(level=0).first()
    agree = []
    for info in sockets:
        first = segments.loc[frame_of[info["first_frame"]]]
        counted = resends_per_connection(segments, info["snd_mss"])
        ours = int(counted.get((first["conn_id"], first["from_client"]), 0))
        agree.append(ours == info["total_retrans"])
    return agree


@dataclass(frozen=True)
class Needless:
    """Needless resends of a socket: shown as such, perhaps so, and those that the kernel was told of by DSACK."""

    shown: int
    unknown: int
    kernel: int

    @property
    def agrees(self) -> bool:
        """Whether the kernel's count is among those that the label leaves possible."""
        return self.shown <= self.kernel <= self.shown + self.unknown


def needless_counts(recording: Recording) -> list[Needless]:
    """Compare the label ``needless`` with the kernel's count of DSACKs, for each socket at its own side.

    The kernel counts a DSACK for a copy made by the network too: without those in the scenario only.
    """
    segments = label_segments(pf.read_pcap(recording.capture))
    frame_of = pd.Series(recording.truth.index, recording.truth["emitted"]).groupby(level=0).first()
    resent = segments[segments["resent"] & (segments["payload_bytes"] > 0)]
    counts = []
    for info in recording.sockets:
        first = segments.loc[frame_of[info["first_frame"]]]
        own = resent[(resent["conn_id"] == first["conn_id"]) & (resent["from_client"] == first["from_client"])]
        needless = own["needless"]
        counts.append(Needless(int(needless.sum()), int(needless.isna().sum()), info["dsack_dups"]))
    return counts


def wireshark_labels(capture: Path) -> dict[str, pd.Series]:
    """Wireshark's labels that come nearest to each class, by frame."""
    fields = ["frame.number", *WIRESHARK.values()]
    command = ["tshark", "-n", "-r", str(capture), "-Y", "tcp", "-T", "fields", "-E", "occurrence=f"]
    command += [part for name in fields for part in ("-e", name)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in listed.splitlines()]
    frames = pd.Index([int(row[0]) for row in rows])
    return {name: pd.Series([bool(row[n]) for row in rows], frames) for n, name in enumerate(WIRESHARK, 1)}


@dataclass(frozen=True)
class Recording:
    """A capture with its truth.

    Parameters
    ----------
    scenario, point : str
        What ran, and where it was captured: ``client``, ``middle`` or ``server``.
    capture : Path
        The packets.
    truth : DataFrame
        Columns of ``verdicts.TRUTH``, by frame.
    senders : tuple of str
        Addresses of the hosts at this point.
    sockets : list of dict
        The kernel's counters of the connections' ends at this point.
    kernel : dict
        The kernel's counters of the whole host at this point; empty where they were not recorded.
    reasons : Series or None
        The kernel's reason of each resend of the hosts at this point, by frame; None where it was not recorded.
    """

    scenario: str
    point: str
    capture: Path
    truth: pd.DataFrame
    senders: tuple[str, ...]
    sockets: list[dict[str, Any]]
    kernel: dict[str, int]
    reasons: pd.Series | None = None


def write_truth(
    path: Path,
    columns: dict[str, list[int]],
    senders: Iterable[str],
    sockets: list[dict[str, Any]],
    kernel: dict[str, int],
    reasons: dict[int, str] | None = None,
) -> None:
    """Write a capture's truth as compressed JSON: frames of each class, what each packet is, the kernel's counters.

    `reasons` are the kernel's, by frame; None where they were not recorded.
    """
    packed: dict[str, Any] = {"senders": list(senders), "sockets": sockets, "kernel": kernel}
    if reasons is not None:
        packed["reasons"] = {
            name: [frame for frame, reason in reasons.items() if reason == name] for name in sorted({*reasons.values()})
        }
    packed["emitted"] = columns["emitted"]
    for name, values in columns.items():
        if name != "emitted":
            packed[name] = [frame for frame, value in enumerate(values, 1) if value]
    path.write_bytes(gzip.compress(json.dumps(packed).encode(), mtime=0))


def recordings(folder: Path) -> list[Recording]:
    """Find the captures of a folder that have their truth beside them: ``SCENARIO.POINT.truth.json.gz``."""
    found = []
    for path in sorted(folder.glob("*.truth.json.gz")):
        scenario, point = path.name.split(".")[:2]
        (capture,) = (p for p in folder.glob(f"{scenario}.{point}.pcap*"))
        packed = json.loads(gzip.decompress(path.read_bytes()))
        emitted = packed["emitted"]
        truth = pd.DataFrame({"emitted": emitted}, index=pd.RangeIndex(1, len(emitted) + 1))
        for name in (*CLASSES, "traced", "needless", "rst_ignored"):
            if name in packed:  # recordings made by former versions lack the last
                truth[name] = truth.index.isin(packed[name])
        senders, sockets, kernel = tuple(packed["senders"]), packed["sockets"], packed.get("kernel", {})
        reasons = None
        if "reasons" in packed:
            by_frame = {frame: reason for reason, frames in packed["reasons"].items() for frame in frames}
            reasons = pd.Series(by_frame, dtype=object).sort_index()
        found.append(Recording(scenario, point, capture, truth, senders, sockets, kernel, reasons))
    return found


def score_recording(
    recording: Recording, ids: Iterable[str] = IDS, *, tshark: bool = False
) -> tuple[list[dict[str, Any]], list[bool]]:
    """Score what pcapframe, and perhaps Wireshark, says of a recording.

    Parameters
    ----------
    recording : Recording
        A capture with its truth.
    ids : iterable of str
        Ways of `with_ids`; each is scored as a reader of its own.
    tshark : bool
        Also run tshark.

    Returns
    -------
    rows : list of dict
        ``scenario reader vantage name score``; the vantage is ``sender``, ``middle`` or ``receiver``.
    agree : list of bool
        `counts_agree` with the ids as captured.
    """
    packets = pf.read_pcap(recording.capture)
    near = packets["src"].astype(str).isin(recording.senders)
    agree: list[bool] = []
    labels: dict[str, dict[str, pd.Series]] = {}
    for how in ids:
        if how != "kernel" and packets["ip_id"].notna().sum() == 0:
            continue
        segments = label_segments(with_ids(packets, recording.truth["emitted"], how))
        labels[how] = {name: segments[name] for name in CLASSES}
        if how == "kernel":
            agree = counts_agree(segments, recording.truth, recording.sockets)
    if tshark:
        labels["tshark"] = wireshark_labels(recording.capture)
    parts = {"middle": near | True} if recording.point == "middle" else {"sender": near, "receiver": ~near}
    rows = [
        {
            "scenario": recording.scenario,
            "reader": reader,
            "vantage": vantage,
            "name": name,
            "score": score(labelled, recording.truth[part.to_numpy()], name),
        }
        for reader, by_name in labels.items()
        for vantage, part in parts.items()
        for name, labelled in by_name.items()
    ]
    return rows, agree


def totals(rows: list[dict[str, Any]], *keys: str) -> dict[tuple[str, ...], Score]:
    """Add the scores up by some of ``scenario reader vantage name``."""
    made: dict[tuple[str, ...], Score] = {}
    for row in rows:
        key = tuple(row[k] for k in keys)
        made[key] = made.get(key, Score()) + row["score"]
    return made


def worse_than_wireshark(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Scenarios, vantages and classes in which pcapframe has more errors than Wireshark."""
    errors = totals(rows, "reader", "scenario", "vantage", "name")
    return [
        key[1:]
        for key, theirs in errors.items()
        if key[0] == "tshark" and errors["kernel", *key[1:]].errors > theirs.errors
    ]


def table(rows: list[dict[str, Any]], *, say: Callable[[str], None] = print) -> None:
    """Print precision and recall by class, vantage and reader."""
    made = totals(rows, "name", "vantage", "reader")
    say(
        f"{'class':18}{'vantage':10}{'ids or reader':14}{'true':>7}{'precision':>11}"
        f"{'recall':>8}{'false':>7}{'missed':>8}{'untraced':>10}"
    )
    for (name, vantage, reader), found in sorted(made.items(), key=lambda item: (CLASSES.index(item[0][0]), item[0])):
        say(
            f"{name:18}{vantage:10}{reader:14}{found.hits + found.missed:7}{found.precision:11.4f}{found.recall:8.4f}"
            f"{found.false:7}{found.missed:8}{found.untraced:10}"
        )
