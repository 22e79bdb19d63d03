"""Make the captures again: ``python data/make_captures.py [--workshops] [--only NAME] [--out DIR] [--keep]``.

Linux and root, with iproute2, ethtool, nftables, nginx, curl, tcpdump and tshark (Debian: ``iproute2 ethtool
nftables nginx-light curl tcpdump tshark``). All traffic stays in network namespaces of this machine, which
are removed at the end. Writes the captures, ``captures.json`` and, where DIR has a README.md, its part on the
captures. With ``--workshops`` it makes those of the incident reviews: the captures go to ``workshops``, what is
known about them to ``tests/workshop/truth.json``, and the README only says how they were made.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab import truth
from lab.hosts import CaptureForm, LabError
from lab.network import Lab
from scenarios import SCENARIOS, Scenario
from workshop_scenarios import WORKSHOPS

HERE = Path(__file__).parent
WORKSHOP_TRUTH = HERE.parent / "tests" / "workshop" / "truth.json"
TOOLS = "ip ethtool nft nginx curl tcpdump dumpcap tshark".split()
WIRESHARK_LABELS = (
    "retransmission fast_retransmission spurious_retransmission out_of_order lost_segment ack_lost_segment "
    "duplicate_ack keep_alive keep_alive_ack zero_window zero_window_probe zero_window_probe_ack "
    "window_update window_full reused_ports"
).split()
AFTER_NS = 20_000_000  # a frame reaches the link a moment after it was captured at its sender
LINE_WIDTH = 160  # of captures.json
README_START, README_END = "<!-- made by make_captures.py: start -->", "<!-- end -->"
WORKSHOPS_START, WORKSHOPS_END = "<!-- made by make_captures.py --workshops: start -->", "<!-- end of workshops -->"
_SECTION_HEADER, _INTERFACE = 0x0A0D0D0A, 1
_DROPPED_OPTIONS = {
    _SECTION_HEADER: {2, 3},
    _INTERFACE: {12},
}  # hardware and operating system of this machine


def make(scenario: Scenario, out: Path, *, keep: bool) -> dict[str, Any]:
    """Run a scenario, write its capture and return its entry of the manifest.

    Parameters
    ----------
    scenario : Scenario
        What to run.
    out : Path
        Folder of the captures.
    keep : bool
        Also keep the captures of all hosts and the link's log, in a folder of the scenario's name.

    Raises
    ------
    LabError
        When traffic did not go as the scenario says, or the capture lacks packets that the link carried.
    """
    with tempfile.TemporaryDirectory(prefix="pcapframe-") as scratch:
        folder = Path(scratch)
        suffix = Path(scenario.file.removesuffix(".gz")).suffix
        monitor = scenario.vantage == "monitor"
        form = CaptureForm(suffix, scenario.snaplen)
        with Lab(scenario.plan, folder, ipv6=scenario.ipv6, monitor=monitor, form=form) as lab:
            scenario.run(lab)
            counters = {"client": lab.client.counters(), "server": lab.server.counters()}
            log = lab.stop_link()
        times = {role: _times(path) for role, path in lab.captured.items()}
        for role, moments in times.items():
            _check_whole(scenario, lab, role, moments, log)
        window = (lab.window[0], times[scenario.vantage][-1] + AFTER_NS)
        if suffix == ".pcapng":
            for path in lab.captured.values():
                path.write_bytes(without_machine(path.read_bytes()))
        content = lab.captured[scenario.vantage].read_bytes()
        shipped = gzip.compress(content, mtime=0) if scenario.file.endswith(".gz") else content
        (out / scenario.file).write_bytes(shipped)
        if keep:
            kept = out / scenario.name
            kept.mkdir(exist_ok=True)
            for path in (*lab.captured.values(), folder / "link.jsonl"):
                shutil.copy(path, kept)
    return {
        "file": scenario.file,
        "bytes": len(shipped),
        "sha256": hashlib.sha256(shipped).hexdigest(),
        "linux": ".".join(platform.release().split(".")[:2]),
        "packets": len(times[scenario.vantage]),
        "vantage": scenario.vantage,
        "snaplen": scenario.snaplen or None,
        "description": _paragraphs(scenario),
        "plan": asdict(scenario.plan),
        "link_frames": truth.fates(log, window),
        "resent_segments_all": truth.resends_in_all(log),
        "kernel_counters_all": counters,
        "sockets": lab.sockets,
        "wireshark": _wireshark_counts(out / scenario.file),
        "connections": truth.connections(log, window, lab.notes),
    }


def _wireshark_counts(path: Path) -> dict[str, Any]:
    """Packets with each of Wireshark's labels, and its TCP streams."""
    fields = ["tcp.stream", *(f"tcp.analysis.{label}" for label in WIRESHARK_LABELS)]
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp", "-T", "fields", "-E", "occurrence=f"]
    listed = subprocess.run(
        [*command, *(part for name in fields for part in ("-e", name))],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    columns = list(zip(*(line.split("\t") for line in listed.splitlines()), strict=True))
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    labels = {label: sum(map(bool, column)) for label, column in zip(WIRESHARK_LABELS, columns[1:], strict=True)}
    return {
        "version": version,
        "streams": len(set(columns[0])),
        "labels": {k: n for k, n in labels.items() if n},
    }


def _times(path: Path) -> list[int]:
    """Read when the packets of a capture were captured, in nanoseconds of Unix time."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "frame.time_epoch"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [int(line.replace(".", "")) for line in listed.split()]


def _check_whole(scenario: Scenario, lab: Lab, role: str, times: list[int], log: truth.Log) -> None:
    """Compare the packets since the traffic began with what the link carried to and from the host."""
    since = lab.window[0]
    captured = sum(time >= since for time in times)
    carried = truth.frames_at(role, log, (since, times[-1] + AFTER_NS), scenario.plan.mirror_copies)
    at_least = truth.frames_at(role, log, lab.window, scenario.plan.mirror_copies)
    if not at_least <= captured == carried:
        raise LabError(f"{scenario.name}: {captured} packets captured at the {role}, the link carried {carried}")


def _paragraphs(scenario: Scenario) -> str:
    lines = [line.strip() for line in (scenario.run.__doc__ or "").strip().splitlines()]
    return "\n\n".join(part.replace("\n", " ") for part in "\n".join(lines).split("\n\n"))


def without_machine(pcapng: bytes) -> bytes:
    """Copy a pcapng file without the options that name the hardware and kernel it was made on."""
    order = "<" if pcapng[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    made, at = [], 0
    while at < len(pcapng):
        kind, length = struct.unpack_from(f"{order}II", pcapng, at)
        body = pcapng[at + 8 : at + length - 4]
        if kind in _DROPPED_OPTIONS:
            fixed = 16 if kind == _SECTION_HEADER else 8
            body = body[:fixed] + _kept_options(body[fixed:], _DROPPED_OPTIONS[kind], order)
        size = struct.pack(f"{order}I", len(body) + 12)
        made.append(struct.pack(f"{order}I", kind) + size + body + size)
        at += length
    return b"".join(made)


def _kept_options(options: bytes, dropped: set[int], order: str) -> bytes:
    kept, at = [], 0
    while at < len(options):
        code, length = struct.unpack_from(f"{order}HH", options, at)
        stop = at + 4 + (length + 3) // 4 * 4
        if code not in dropped:
            kept.append(options[at:stop])
        at = stop
    return b"".join(kept)


def readme_section(entry: dict[str, Any], name: str) -> str:
    """Markdown on one capture, from its entry of the manifest."""
    rows = entry["connections"]
    sides = ("client", "server")

    def total(count: str) -> int:
        return sum(row[side][count] for row in rows for side in sides)

    handshakes = sum(bool(row["client"]["syns"] and row["server"]["syns"]) for row in rows)
    older = sum(row["frames_before_capture"] > 0 for row in rows)
    lost = ("dropped", "queue_full")
    dropped = sum(n for fates in entry["link_frames"].values() for fate, n in fates.items() if fate in lost)
    wireshark = entry["wireshark"]
    labels = ", ".join(f"{label} {n}" for label, n in wireshark["labels"].items()) or "no labels"
    seed, linux = entry["plan"]["seed"], entry["linux"]
    facts = {
        "Made by": f"`python data/make_captures.py --only {name}`, seed {seed}, on Linux {linux}",
        "Captured at": f"the {entry['vantage']}"
        + (f", first {entry['snaplen']} bytes of each packet" if entry["snaplen"] else ", whole packets"),
        "Size": f"{entry['bytes']:,} bytes, {entry['packets']:,} packets",
        "SHA-256": f"`{entry['sha256']}`",
        "Connections": f"{len(rows)}, {handshakes} of them with SYN and SYN-ACK"
        + (f", {older} older than the capture" if older else ""),
        "On the link": f"{total('syns')} SYN, {total('fins')} FIN and {total('rsts')} RST segments; "
        f"{total('resent_segments')} segments resent ({total('resent_syns')} of them SYNs); "
        f"{dropped} frames dropped",
        f"Wireshark {wireshark['version']}": f"{wireshark['streams']} streams; {labels}",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
    return f"### {entry['file']}\n\n{entry['description']}\n\n| | |\n|---|---|\n{table}\n"


def write_manifest(out: Path, entries: dict[str, Any]) -> None:
    """Write ``captures.json``, keeping entries that were not made anew, and its part of the README."""
    all_entries = _merged(out / "captures.json", entries, SCENARIOS)
    sections = "\n".join(readme_section(entry, name) for name, entry in all_entries.items())
    _write_part(out / "README.md", README_START, README_END, sections)


def write_workshops(out: Path, entries: dict[str, Any]) -> None:
    """Write what is known about the captures of the reviews, and the README's lines on them, which do not tell it."""
    manifest = WORKSHOP_TRUTH if out == HERE else out / "truth.json"
    all_entries = _merged(manifest, entries, WORKSHOPS)
    rows = [
        f"| `workshops/{entry['file']}` | `python data/make_captures.py --workshops --only {name}`, "
        f"seed {entry['plan']['seed']}, Linux {entry['linux']} | the {entry['vantage']} | {entry['packets']:,} | "
        f"{entry['bytes']:,} | `{entry['sha256'][:16]}…` |"
        for name, entry in all_entries.items()
    ]
    head = ["| file | made by | captured at | packets | bytes | SHA-256 |", "|---|---|---|---|---|---|"]
    _write_part(out / "README.md", WORKSHOPS_START, WORKSHOPS_END, "\n".join([*head, *rows, ""]))


def _merged(manifest: Path, entries: dict[str, Any], scenarios: dict[str, Scenario]) -> dict[str, Any]:
    """Write entries into a manifest, and return all that it has now, in the order of the scenarios."""
    known: dict[str, Any] = json.loads(manifest.read_text()) if manifest.exists() else {}
    merged = known | entries
    found = {name: merged[name] for name in scenarios if name in merged}
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(_json(found) + "\n")
    return found


def _write_part(readme: Path, start: str, end: str, text: str) -> None:
    """Put text between two marks of a README, where there is one."""
    if readme.exists():
        before, rest = readme.read_text().split(start)
        after = rest.split(end)[1]
        readme.write_text(f"{before}{start}\n\n{text}\n{end}{after}")


def _json(value: Any, indent: str = "") -> str:
    """JSON text with one line for each value that fits on one."""
    short = json.dumps(value)
    if len(short) + len(indent) < LINE_WIDTH or not isinstance(value, dict | list):
        return short
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(key)}: {_json(part, inner)}" for key, part in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _json(part, inner) for part in value) + f"\n{indent}]"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workshops", action="store_true", help="make the captures of the incident reviews")
    parser.add_argument("--only", metavar="NAME", help=f"one of {', '.join([*SCENARIOS, *WORKSHOPS])}")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="folder to write to")
    parser.add_argument("--keep", action="store_true", help="also keep all hosts' captures and the link's log")
    arguments = parser.parse_args()
    scenarios = WORKSHOPS if arguments.workshops else SCENARIOS
    if arguments.only not in (None, *scenarios):
        parser.error(f"--only {arguments.only}: expected one of {', '.join(scenarios)}")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing or os.geteuid() != 0:
        parser.error(f"needs root and these programs: {', '.join(missing or TOOLS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the namespaces are removed
    folder = arguments.out / "workshops" if arguments.workshops else arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name in [arguments.only] if arguments.only else scenarios:
        entries[name] = make(scenarios[name], folder, keep=arguments.keep)
        print(f"{entries[name]['file']}: {entries[name]['packets']} packets, {entries[name]['bytes']} bytes")
    (write_workshops if arguments.workshops else write_manifest)(arguments.out, entries)


if __name__ == "__main__":
    main()
