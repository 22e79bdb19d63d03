"""Make captures with known truth and score labels by them: ``python data/ground_truth.py [make|score|joins|ship]``.

Making needs Linux, root and iproute2, ethtool and nftables (Debian: ``iproute2 ethtool nftables``) and takes about a
minute per run. Scoring needs pcapframe, and tshark for Wireshark's rows. Without a command, both are done. Scores
combine all runs, since one run has only about 160 copies: two of them are more than 1 %. ``joins`` makes one run if
there is none yet, scores only the joins of two and three points, and prints each bar beside its figure (some minutes);
it exits with 1 if one is missed. ``ship`` puts the headers of some captures of the first run, and
their truth, where the tests find them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import struct
import sys
import tempfile
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lab import altering, joining, legs, meaning, resending, scoring, sending, serving, translating
from lab.link import ETHERNET, frame_fields
from lab.network import Lab
from lab.tracing import Tracing, kernel_reasons
from lab.verdicts import emissions, kernel_counts, mark_forged, resent_by, verdicts
from senders import IMPAIRED

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "tests" / "lab" / "captures"
SHIPPED_SCENARIOS = (
    "random_loss burst_loss short_path reordering late_originals duplication delay_spikes mixed without_sack "
    "without_timestamps ipv6 offload short_connections tail_loss zero_window keep_alive endings satellite blackouts "
    "forged_rsts keep_alives_unanswered"
).split()
AT_THE_SERVER = ("services", "small_buffers")  # whose bytes are the server's
IN_THE_MIDDLE_TOO = ("mixed", "short_connections")
SKEWED = ("clean", "random_loss", "reordering", "mixed")  # scored with one direction captured late, at the ends
SHIPPED_BYTES = 100  # of a packet at most
AT_ONCE = 3
FIRST_PORT, PORTS_EACH = 20000, 200  # client ports of a scenario, so that the kernel's traces can be told apart


def make(name: str, out: Path, seed: int) -> str:
    """Run a scenario, write its captures and their truth, and return a line about it."""
    scenario = IMPAIRED[name]
    plan = replace(scenario.plan, seed=scenario.plan.seed + seed)
    with tempfile.TemporaryDirectory(prefix="pcapframe-") as scratch:
        folder = Path(scratch)
        first_port = FIRST_PORT + PORTS_EACH * list(IMPAIRED).index(name)
        ports = range(first_port, first_port + PORTS_EACH)
        with (
            Tracing(f"pcapframe-{os.getpid()}", ports) as tracing,
            Lab(plan, folder, ipv6=scenario.ipv6, first_port=first_port) as lab,
        ):
            for host in lab.hosts.values():
                for key, value in scenario.settings:
                    host.sysctl(f"net/ipv4/{key}", value)
            scenario.run(lab)
            log = lab.stop_link()
            kernel = {role: host.counters() for role, host in lab.hosts.items()}
            traced = tracing.resends() if tracing.available else None
        mark_forged(log, lab.forged)
        made = emissions(log)
        sockets = kernel_counts(made, lab.sockets)
        serving.note_packets(log, sockets)
        records = json.loads((folder / "records.json").read_text())
        at = {"client": lab.clients, "middle": (), "server": lab.servers}
        for point, addresses in at.items():
            shutil.copy(folder / f"{point}.pcap", out / f"{name}.{point}.pcap")
            here = [info for info in sockets if info["local"][0] in addresses]
            columns = verdicts(made, records[point])
            columns["rst_ignored"] = [int(log[number].get("ignored", False)) for number, _ in records[point]]
            reasons = None
            if traced is not None and addresses:
                reasons = kernel_reasons(log, resent_by(made, log, records[point], addresses), traced)
            path = out / f"{name}.{point}.truth.json.gz"
            scoring.write_truth(path, columns, addresses, here, kernel.get(point, {}), reasons)
    resent = sum(emission.resent for emission in made)
    unlike = sum(info["logged_resends"] != info["total_retrans"] for info in sockets)
    note = f", {unlike} sockets whose kernel counts other resends than the link saw" if unlike else ""
    return f"{name}: {len(log)} frames, {resent} resent{note}"


def make_all(names: list[str], out: Path, seed: int) -> None:
    """Run scenarios, some at a time."""
    out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(AT_ONCE) as pool:
        for line in pool.map(make, names, [out] * len(names), [seed] * len(names)):
            print(line, flush=True)


def score_all(folders: list[Path]) -> None:
    """Score every recording of some runs and print tables."""
    has_tshark = shutil.which("tshark") is not None
    recordings = [recording for folder in folders for recording in scoring.recordings(folder)]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(_score, recordings, [has_tshark] * len(recordings)))
    rows = [row for rows, _ in found for row in rows]
    agree = [same for _, some in found for same in some]
    scoring.table(rows)
    print(f"\nresends as many as the kernel counted: {sum(agree)} of {len(agree)} sockets, at their own side")
    copied = {recording.scenario for recording in recordings if recording.truth["capture_duplicate"].any()}
    told = [
        count
        for recording in recordings
        if recording.scenario not in copied and not recording.scenario.startswith("without")  # no SACK, no DSACK
        for count in scoring.needless_counts(recording)
    ]
    shown, unknown, kernel = (sum(getattr(count, name) for count in told) for name in ("shown", "unknown", "kernel"))
    print(
        f"needless resends: {shown} shown and {unknown} unknown, {kernel} DSACKs counted by the kernel; as many as it "
        f"counted, or unknown, at {sum(count.agrees for count in told)} of {len(told)} sockets"
    )
    resends = [resending.score_resends(recording) for recording in recordings]
    print()
    resending.needs_table(resends)
    print()
    resending.reasons_table(resends)
    print()
    resending.own_reasons_table(resends)
    print()
    with ProcessPoolExecutor(2) as pool:
        meaning.meaning_table(pool.map(meaning.score_meaning, recordings))
        print()
        altering.cuts_table(pool.map(altering.cut_score, recordings))
        print()
        ends = [recording for recording in recordings if recording.scenario in SKEWED and recording.point != "middle"]
        skews = pool.map(altering.skew_score, ends)
        altering.skews_table(zip([recording.scenario for recording in ends], skews, strict=True))
        print()
        by_point = {(one.capture.parent, one.scenario, one.point): one for one in recordings}
        inside = [one for one in recordings if one.point == "client"]
        outside = [by_point[one.capture.parent, one.scenario, "server"] for one in inside]
        views = pool.map(translating.score_views, inside, outside)
        translating.views_table(zip([one.scenario for one in inside], views, strict=True))
        print()
        _score_joins(pool, by_point)
        print()
        pairs = [(*inside, *inside, *outside, *outside), (*inside, *outside, *inside, *outside)]
        sending.sending_table(pool.map(sending.score_sending, *pairs))
        print()
        serving.services_table(pool.map(serving.score_services, (*outside, *inside), (*outside, *outside)))
    if has_tshark:
        print("more errors than Wireshark:", scoring.worse_than_wireshark(rows) or "nowhere")


def score_joins(folders: list[Path], seed: int) -> bool:
    """Score only the joins of the recordings in some folders; return whether all bars are reached."""
    recordings = [recording for folder in folders for recording in scoring.recordings(folder)]
    by_point = {(one.capture.parent, one.scenario, one.point): one for one in recordings}
    with ProcessPoolExecutor(2) as pool:
        return _score_joins(pool, by_point, 1 + seed)


def _score_joins(pool: Executor, by_point: dict[tuple[Path, str, str], scoring.Recording], seed: int = 1) -> bool:
    """Print how joins of two and of three points meet the truth; return whether all bars of two are reached."""
    inside = [one for one in by_point.values() if one.point == "client"]
    outside, between = (
        [by_point[one.capture.parent, one.scenario, point] for one in inside] for point in ("server", "middle")
    )
    scores = [one for each in pool.map(joining.score_joins, inside, outside, [seed] * len(inside)) for one in each]
    joining.joins_table(scores)
    found = pool.map(legs.score_three, inside, between, outside)
    legs.legs_table(one for each in found for one in each)
    print()
    return joining.bars_table(scores)


def _score(recording: scoring.Recording, tshark: bool) -> tuple[list[dict[str, object]], list[bool]]:
    return scoring.score_recording(recording, tshark=tshark)


def ship(out: Path) -> None:
    """Put the headers of some captures, and their truth, where the tests find them."""
    SHIPPED.mkdir(exist_ok=True)
    for name in (*SHIPPED_SCENARIOS, *AT_THE_SERVER):
        points = ("client", "middle") if name in IN_THE_MIDDLE_TOO else ("client",)
        for point in ("server",) if name in AT_THE_SERVER else points:
            headers = without_payload((out / f"{name}.{point}.pcap").read_bytes())
            (SHIPPED / f"{name}.{point}.pcap.gz").write_bytes(gzip.compress(headers, mtime=0))
            shutil.copy(out / f"{name}.{point}.truth.json.gz", SHIPPED)


def without_payload(capture: bytes) -> bytes:
    """Cut the packets of a recording after their TCP headers."""
    made = [capture[:16] + struct.pack("<II", SHIPPED_BYTES, 1)]
    at = 24
    while at < len(capture):
        seconds, nanoseconds, captured, size = struct.unpack_from("<IIII", capture, at)
        frame = capture[at + 16 : at + 16 + captured]
        at += 16 + captured
        if frame_fields(frame)["kind"] != "other":
            tcp = ETHERNET + ((frame[ETHERNET] & 0x0F) * 4 if frame[12:14] == b"\x08\x00" else 40)
            frame = frame[: tcp + (frame[tcp + 12] >> 4) * 4]
        frame = frame[:SHIPPED_BYTES]
        made.append(struct.pack("<IIII", seconds, nanoseconds, len(frame), size) + frame)
    return b"".join(made)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=["make", "score"], metavar="make|score|joins|ship")
    parser.add_argument("--only", choices=IMPAIRED, metavar="NAME", help=f"one of {', '.join(IMPAIRED)}")
    parser.add_argument("--out", type=Path, default=HERE.parent / ".lab", metavar="DIR", help="folder of the captures")
    parser.add_argument("--seed", type=int, default=0, help="added to all seeds, for other losses and alterations")
    parser.add_argument("--runs", type=int, help="how many runs, each with other seeds (3; for joins alone 1)")
    arguments = parser.parse_args()
    runs = arguments.runs or (1 if arguments.what == ["joins"] else 3)
    seeds = [arguments.seed + 1000 * run for run in range(runs)]
    folders = [arguments.out / f"seed-{seed}" for seed in seeds]
    for seed, folder in zip(seeds, folders, strict=True):
        if "make" in arguments.what or ("joins" in arguments.what and not any(folder.glob("*.truth.json.gz"))):
            if os.geteuid() != 0:
                parser.error("making captures needs root")
            make_all([arguments.only] if arguments.only else list(IMPAIRED), folder, seed)
    if "score" in arguments.what:
        score_all(folders)
    if "ship" in arguments.what:
        ship(folders[0])
    if "joins" in arguments.what and not score_joins(folders, arguments.seed):
        sys.exit(1)


if __name__ == "__main__":
    main()
