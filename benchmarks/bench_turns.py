"""Measure what turns cost: ``python -m benchmarks.bench_turns`` from the root of the project.

Prints, for a quarter of a million turns of few connections and of as many connections as turns, how much memory an
analysis holds for them beside the limit, how much it takes at most while it counts them, and the frame of `pf.turns`.
Then how much processor time turns, what senders were doing and names take of an analysis of the benchmark's capture.
"""

import resource
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import pcapframe as pf
from benchmarks.costly_input import repeated, tcp
from benchmarks.make_capture import make_capture
from pcapframe.connections.rows import in_chunks
from pcapframe.connections.sending import Sending
from pcapframe.connections.waits import Waits
from pcapframe.conversation import make_turns

TURNS, BYTES_BAR, TIME_BAR = 250_000, 40, 0.15
PACKETS, RUNS = 120_000, 9


def asked_and_answered(connections: int) -> bytes:
    """Return a capture of turns: requests of 10 bytes, responses of 20."""
    turn, place = np.divmod(np.arange(TURNS), connections)
    frames = tcp(0x18, payload=bytes(20))
    made = np.repeat(np.arange(TURNS), 2), np.tile([True, False], TURNS)
    asks, step, owner = made[1], turn[made[0]], place[made[0]]
    client = (0x0A000000 + (owner >> 14)).astype(np.uint32)
    port = (1024 + (owner & 0x3FFF)).astype(np.uint16)
    server = np.full(asks.size, 0xC6336401, np.uint32)
    seq, ack = 10 * step + 10 * ~asks, 20 * step
    columns = {
        16: np.where(asks, 50, 60).astype(np.uint16),
        26: np.where(asks, client, server), 30: np.where(asks, server, client),
        34: np.where(asks, port, 443).astype(np.uint16), 36: np.where(asks, 443, port).astype(np.uint16),
        38: np.where(asks, seq, ack).astype(np.uint32), 42: np.where(asks, ack, seq).astype(np.uint32),
    }  # fmt: skip
    return repeated(frames, asks.size, columns)


def traced(function: Callable[[], Any]) -> tuple[Any, int, int]:
    """Return what a function returns, what it holds, and the most that it took [bytes]."""
    tracemalloc.start()
    made = function()
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, held, most


def followed(measure: Any, segments: pd.DataFrame, place: np.ndarray) -> Any:
    """Feed a measure of connections."""
    for rows in in_chunks(segments, place):
        measure.feed(rows)
    return measure


def memory(connections: int) -> bool:
    """Print memory for turns of so many connections; return whether the limit is met."""
    segments = pf.label_segments(pf.read_pcap(asked_and_answered(connections), progress=False))
    frame = pf.build_connections(segments)
    place = segments["conn_id"].to_numpy()
    before = Waits(connections)
    _, state, _ = traced(partial(Waits, connections))
    _, held, most = traced(partial(followed, before, segments, place))
    table, _, peak = traced(partial(make_turns, segments, frame))
    found = len(table)
    reached = held <= BYTES_BAR * found
    print(f"{found:,} turns of {len(frame):,} connections, bytes a turn")
    print(f"  held by analyze {held / found:6.1f}  (limit {BYTES_BAR}: {'met' if reached else 'MISSED'})")
    print(f"  most while it counts {most / found:6.1f}; state of a connection {state / connections:.0f} bytes each")
    print(f"  frame of pf.turns {table.memory_usage().sum() / found:6.1f}; most while it is made {peak / found:.1f}")
    return reached


def processor_s(*functions: Callable[[], Any]) -> list[float]:
    """Return the least processor time of functions that are run in turn, after one run that is not counted [s]."""
    times: list[list[float]] = [[] for _ in functions]
    for run in range(RUNS + 1):
        for function, own in zip(functions, times, strict=True):
            before = resource.getrusage(resource.RUSAGE_SELF)
            function()
            after = resource.getrusage(resource.RUSAGE_SELF)
            if run:
                own.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return [min(own) for own in times]


def share_of_time() -> bool:
    """Print the processor time of each part; return whether all of them stay below the limit."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.pcap"
        make_capture(path, packets=PACKETS)
        whole, with_names, without = processor_s(
            partial(pf.analyze, path, progress=False),
            partial(pf.read_pcap, path, progress=False),
            partial(pf.read_pcap, path, progress=False, names=False),
        )
        segments = pf.label_segments(pf.read_pcap(path, progress=False))
    conn_ids, place = np.unique(segments["conn_id"].to_numpy(), return_inverse=True)

    def nothing() -> None:
        for _ in in_chunks(segments, place):
            pass

    def part(measure: Any) -> Any:
        return followed(measure(conn_ids.size), segments, place).columns()

    chunks, turns, senders = processor_s(nothing, partial(part, Waits), partial(part, Sending))
    parts = {"turns": turns - chunks, "what senders did": senders - chunks, "names": with_names - without}
    rest = whole - sum(parts.values())
    share = sum(parts.values()) / rest
    print(f"analyze of {PACKETS:,} packets: {whole:.3f} s of processor time, of it")
    for name, seconds in parts.items():
        print(f"  {name:17} {seconds:.3f} s ({seconds / rest:.1%} of the rest)")
    print(
        f"  together {share:.1%} more than without  (limit {TIME_BAR:.0%}: {'met' if share <= TIME_BAR else 'MISSED'})"
    )
    return share <= TIME_BAR


if __name__ == "__main__":
    met = [memory(connections) for connections in (10, TURNS)]
    sys.exit(not all([*met, share_of_time()]))
