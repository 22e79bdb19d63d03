"""Compare our labels with those of tshark, packet by packet.

``label_segments`` follows the rules of Wireshark 4.0 in two passes with default preferences. Other versions differ in
places (duplicate ACKs with SACK, acknowledgements of unseen data). Dissectors that open or skip TCP streams themselves
are switched off. Segments quoted in ICMP errors and frames with several TCP headers are left out.
"""

import csv
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from pcapframe.capture.decode_as import decoded_ports, listed
from pcapframe.capture.source import CaptureSource, open_capture, source_name
from pcapframe.capture.udp_tunnels import UDP_TUNNELS
from pcapframe.errors import PcapframeError
from pcapframe.packets import DecodeAs, read_pcap
from pcapframe.schema import LABELS, names
from pcapframe.segments import label_segments
from pcapframe.wording import agreeing, counted, percent

__all__ = ["LabelCheck", "TsharkError", "check_labels", "compare_labels", "tshark_segments"]

# Dissectors that open or skip TCP streams themselves.
DISTURBING = ("vnc", "socks", "ftp", "sip", "sdp", "h225", "q931", "h245")
NUMBERS = {
    "frame": "frame.number",
    "conn_id": "tcp.stream",
    "seq": "tcp.seq_raw",
    "payload_bytes": "tcp.len",
    "window_bytes": "tcp.window_size",
    "ack_rtt_s": "tcp.analysis.ack_rtt",
    "initial_rtt_s": "tcp.analysis.initial_rtt",
    "bytes_in_flight": "tcp.analysis.bytes_in_flight",
    "duplicate_ack_num": "tcp.analysis.duplicate_ack_num",
    "completeness": "tcp.completeness",
}
FIELDS = NUMBERS | {name: f"tcp.analysis.{name}" for name in names(LABELS)}
# Names of tunnels over UDP that tshark does not have in small letters, and a port of a tunnel that it does not have.
TUNNEL_NAMES = {"GTP-U": "gtp", "VXLAN-GPE": "vxlan_gpe", "LISP": "lisp-data", "CAPWAP": "capwap.data"}
OTHER_PORTS = {8472: "VXLAN"}
UNKNOWN_TO_TSHARK = frozenset({"GUE"})
SEGMENT = "segment"  # stands for "is a segment" among the labels
COPY_BYTES = 1 << 20


class TsharkError(PcapframeError):
    """tshark is not installed, or cannot read a capture that pcapframe reads."""


@dataclass(frozen=True)
class LabelCheck:
    """How far our labels of a capture agree with those of tshark.

    Attributes
    ----------
    name : str
        Name of the capture, as the user gave it.
    tshark : str
        First line of ``tshark --version``.
    labels : DataFrame
        Confusion matrix, index ``label``: how many segments ``both``, ``tshark_only``, ``pcapframe_only`` or
        ``neither`` give the label. The row ``segment`` counts frames that each of them reads as TCP segments.
    differing : DataFrame
        One row per difference, index ``frame``: ``label`` (``segment`` where only one of the two has a segment), and
        whether ``tshark`` and ``pcapframe`` give it.
    agreement : float
        Share of tshark's segments on which all labels agree [0 to 1]; NaN if there are none.
    undecoded : int
        Packets that pcapframe does not decode and that may hold TCP.
    """

    name: str
    tshark: str
    labels: pd.DataFrame
    differing: pd.DataFrame
    agreement: float
    undecoded: int = 0

    def __rich__(self) -> Table:
        share = "" if np.isnan(self.agreement) else f", {percent(self.agreement)} of the segments agree"
        if self.undecoded:
            packets = counted(self.undecoded, "packet")
            share += f"; whether there is TCP in {packets} that pcapframe does not decode is unknown"
        differ = self.differing.index.nunique()
        table = Table(
            "label",
            title=f"Labels by pcapframe and by {self.tshark}",
            caption=f"{counted(differ, 'frame')} {agreeing(differ, 'differs', 'differ')}{share}",
        )
        for column in self.labels:
            table.add_column(str(column).replace("_", " "), justify="right")
        for label, counts in zip(self.labels.index, self.labels.to_numpy().tolist(), strict=True):
            style = "yellow" if counts[1] or counts[2] else "" if counts[0] else "dim"
            table.add_row(label, *(f"{count:,}" for count in counts), style=style)
        return table


def check_labels(source: CaptureSource, *, decode_as: DecodeAs | None = None) -> LabelCheck:
    """Compare our labels of a capture with those of tshark.

    Parameters
    ----------
    source : path, bytes or binary file
        A capture as for `read_pcap`.
    decode_as : str or iterable of str, optional
        As for `read_pcap`; tshark is told the same.

    Returns
    -------
    LabelCheck
        Counts and the frames that differ; ``rich.print`` shows it as a table.

    Raises
    ------
    TsharkError
        tshark is not installed, or cannot read the capture.
    CaptureError
        The capture cannot be read.
    ParameterError
        `decode_as` is not valid.
    """
    texts = listed(decode_as)
    ports = {port: UDP_TUNNELS[row].name for port, row in decoded_ports(texts).items()}
    program = _program()
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    with _as_file(source) as path:
        packets = read_pcap(path, decode_as=texts)
        segments = label_segments(packets)
        theirs = tshark_segments(path, ports=ports)
    tables = compare_labels(segments, theirs)
    undecoded = int(packets["undecoded"].notna().sum())
    return LabelCheck(source_name(source), version.partition("\n")[0].rstrip("."), *tables, undecoded)


def compare_labels(segments: pd.DataFrame, theirs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Compare two tables of labels, frame by frame.

    Parameters
    ----------
    segments : DataFrame
        What `label_segments` returns; not modified.
    theirs : DataFrame
        What `tshark_segments` returns; not modified.

    Returns
    -------
    tuple
        ``labels``, ``differing`` and ``agreement`` as in `LabelCheck`.
    """
    left_out = theirs.index[theirs["layers"] > 1]
    theirs = theirs.drop(left_out)
    facts = segments.attrs.get("capture", {})
    if facts.get("rows", 0) > facts.get("packets", 0):  # frames that hold several packets, of which most are left out
        numbers = segments["source_frame"].astype("int64")
        segments = segments.set_axis(pd.Index(numbers, name="frame"))[~numbers.duplicated(keep=False).to_numpy()]
    ours = segments.drop(left_out, errors="ignore")
    shared = theirs.index.intersection(ours.index)
    alone = [(theirs.index.difference(shared), True), (ours.index.difference(shared), False)]
    parts = [pd.DataFrame({"label": SEGMENT, "tshark": they, "pcapframe": not they}, index=f) for f, they in alone]
    counts = [[shared.size, alone[0][0].size, alone[1][0].size, 0]]
    same = np.ones(shared.size, np.bool_)
    for name in names(LABELS):
        a, b = (table.loc[shared, name].to_numpy(np.bool_) for table in (theirs, ours))
        differs = a != b
        same &= ~differs
        counts.append([int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), int((~a & ~b).sum())])
        part = {"label": name, "tshark": a[differs], "pcapframe": b[differs]}
        parts.append(pd.DataFrame(part, index=shared[differs]))
    columns = ["both", "tshark_only", "pcapframe_only", "neither"]
    labels = pd.DataFrame(counts, pd.Index([SEGMENT, *names(LABELS)], name="label"), columns)
    differing = pd.concat(parts).rename_axis("frame").sort_index(kind="stable")
    return labels, differing, float(same.sum() / len(theirs)) if len(theirs) else float("nan")


def tshark_segments(path: str | Path, *, passes: int = 2, ports: Mapping[int, str] | None = None) -> pd.DataFrame:
    """Return what tshark reports for each TCP segment.

    Parameters
    ----------
    path : path
        A capture file that is not compressed.
    passes : int, default 2
        With 1, each frame shows what was known when it was captured. With 2, ``window_bytes``, ``initial_rtt_s`` and
        ``completeness`` show what is known at the end of the capture.
    ports : mapping of int to str, optional
        Tunnels on UDP ports of one's own, by their name.

    Returns
    -------
    DataFrame
        Index ``frame``: the labels as bool; ``conn_id``, ``seq``, ``payload_bytes``, ``window_bytes``, ``ack_rtt_s``,
        ``initial_rtt_s``, ``bytes_in_flight``, ``duplicate_ack_num`` and ``completeness`` as float64, NaN where
        tshark gives none; ``layers``, how many TCP headers the frame has: the values are from the innermost.

    Raises
    ------
    TsharkError
        tshark is not installed or cannot read the capture.
    """
    command = [_program(), "-n", "-r", str(Path(path).absolute()), "-Y", "tcp && !icmp && !icmpv6"]
    command += ["-2"] if passes == 2 else []
    command += ["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;", "-E", "separator=/t"]
    for protocol in DISTURBING:
        command += ["--disable-protocol", protocol]
    for port, name in {**OTHER_PORTS, **(ports or {})}.items():
        if name not in UNKNOWN_TO_TSHARK:
            command += ["-d", f"udp.port=={port},{TUNNEL_NAMES.get(name, name.lower())}"]
    for field in ("tcp.srcport", *FIELDS.values()):
        command += ["-e", field]
    # An empty configuration folder, because the user's preferences would change tshark's output.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
        environment = {**os.environ, "WIRESHARK_CONFIG_DIR": folder}
        ran = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, env=environment, check=False)
        size = output.tell()
        output.seek(0)
        if ran.returncode and not size:
            complaint = ran.stderr.decode("utf-8", "replace").strip()
            raise TsharkError(f"{path}: tshark cannot read it: {complaint}")
        columns = ["layers", *FIELDS]
        options: dict[str, Any] = {"sep": "\t", "dtype": "str", "quoting": csv.QUOTE_NONE}
        table = pd.read_csv(output, names=columns, **options) if size else pd.DataFrame(columns=columns, dtype="str")
    table = table[table["layers"].notna() & table["seq"].notna()]  # otherwise only the ports were captured
    made: dict[str, pd.Series] = {"layers": table["layers"].str.count(";") + 1}
    innermost = table[list(FIELDS)].apply(lambda column: column.str.replace(r"^.*;", "", regex=True))
    for name in NUMBERS:
        made[name] = pd.to_numeric(innermost[name]).astype("float64")
    for name in names(LABELS):
        made[name] = innermost[name].notna()
    frame = pd.DataFrame(made)
    return frame.set_index(frame.pop("frame").astype("int64"))


def _program() -> str:
    """Return the path of tshark."""
    program = shutil.which("tshark")
    if program is None:
        raise TsharkError("tshark is not installed: it comes with Wireshark (Debian and Ubuntu: apt install tshark)")
    return program


@contextmanager
def _as_file(source: CaptureSource) -> Iterator[str | Path]:
    """Yield the path of an uncompressed file with the capture: a temporary copy unless the source is one."""
    with open_capture(source) as stream:
        is_path = isinstance(source, str | os.PathLike) and source != "-"
        if is_path and stream.compression is None:
            yield Path(source)  # type: ignore[arg-type]
            return
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            view = memoryview(bytearray(COPY_BYTES))
            while count := stream.read_into(view):
                file.write(view[:count])
            file.flush()
            yield Path(file.name)
