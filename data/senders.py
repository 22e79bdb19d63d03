"""Scenarios of what holds senders back: slow readers, small buffers on long and lossy paths, applications that pause.

Registered beside those of ``impaired.py`` and ``strange.py``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from impaired import BASE, FAST, PORTS, Pair, impaired, loss
from lab.link import Plan
from lab.network import Lab
from lab.pacing import Flow, run_flows
from lab.serving import serve
from strange import IMPAIRED

__all__ = ["IMPAIRED"]  # with the scenarios of all modules


def slow_reading(name: str, plan: Plan) -> None:
    """Register a scenario of readers that are slower than the path, at either side and at both."""

    @impaired(plan)
    def run(lab: Lab) -> None:
        listener = lab.server.listen(lab.servers[0], PORTS[0], receive_buffer=20_000)
        pairs = [Pair(lab, listener, "slow reader", SO_RCVBUF=size) for size in (9_000, 30_000, 60_000, 20_000)]
        flows = [
            Flow(pairs[0].theirs, pairs[0].ours, [(0, 120_000)], 4_000, 0.05),
            Flow(pairs[1].theirs, pairs[1].ours, [(0, 200_000)], 20_000, 0.4),
            Flow(pairs[2].ours, pairs[2].theirs, [(0, 150_000)], 1_000, 0.01),
            Flow(pairs[3].ours, pairs[3].theirs, [(0, 100_000)], 8_000, 0.12),
            Flow(pairs[3].theirs, pairs[3].ours, [(0, 90_000)], 3_000, 0.06),
        ]
        run_flows(*flows)
        for pair in pairs:
            pair.close()

    IMPAIRED[name] = IMPAIRED.pop("run")


def small_buffers(name: str, plan: Plan, size: int = 120_000) -> None:
    """Register a scenario of receive buffers that are small for the path."""

    @impaired(plan)
    def run(lab: Lab) -> None:
        listener = lab.server.listen(lab.servers[0], PORTS[0], receive_buffer=12_000)
        pairs = [Pair(lab, listener, "small buffer", SO_RCVBUF=buffer) for buffer in (6_000, 16_000, 40_000)]
        for pair in pairs:
            run_flows(Flow(pair.theirs, pair.ours, [(0, size)]))
        run_flows(*(Flow(pair.ours, pair.theirs, [(0, size // 2)]) for pair in pairs))
        for pair in pairs:
            pair.close()

    IMPAIRED[name] = IMPAIRED.pop("run")


slow_reading("slow_readers", replace(BASE, seed=70))
slow_reading("slow_readers_short_path", replace(FAST, seed=71))
slow_reading("slow_readers_lossy", replace(BASE, seed=72, rules=loss(0.02)))
slow_reading("slow_readers_offload", replace(BASE, seed=73, offload=True))
small_buffers("small_buffers", replace(BASE, seed=74, delay_s=0.03))
small_buffers("small_buffers_lossy", replace(BASE, seed=75, delay_s=0.05, rules=loss(0.015)))
small_buffers("small_buffers_offload", replace(BASE, seed=76, delay_s=0.04, offload=True))


def _pauses(seed: int, count: int, most: int) -> Iterator[tuple[float, int]]:
    """Draw pauses of up to half a second and sizes up to `most`."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice((0.003, 0.03, 0.2, 0.5)) * chance.random(), chance.randrange(1, most)


def pausing(name: str, plan: Plan) -> None:
    """Register a scenario of applications that write now and then, in one direction or in both."""

    @impaired(plan)
    def run(lab: Lab) -> None:
        listener = lab.server.listen(lab.servers[0], PORTS[0])
        pairs = [Pair(lab, listener, "pauses") for _ in range(4)]
        run_flows(
            Flow(pairs[0].theirs, pairs[0].ours, list(_pauses(1, 25, 30_000))),
            Flow(pairs[1].ours, pairs[1].theirs, list(_pauses(2, 25, 5_000))),
            Flow(pairs[2].ours, pairs[2].theirs, list(_pauses(3, 15, 60_000))),
            Flow(pairs[2].theirs, pairs[2].ours, list(_pauses(4, 15, 60_000))),
            Flow(pairs[3].theirs, pairs[3].ours, list(_pauses(5, 40, 800))),
        )
        for pair in pairs:
            pair.close()

    IMPAIRED[name] = IMPAIRED.pop("run")


pausing("pauses", replace(BASE, seed=77))
pausing("pauses_lossy", replace(BASE, seed=78, delay_s=0.03, rules=loss(0.02)))


@impaired(replace(BASE, seed=79, rules=loss(0.01)))
def both_busy(lab: Lab) -> None:
    """Both directions of a connection busy at once, with buffers of different sizes."""
    listener = lab.server.listen(lab.servers[0], PORTS[0], receive_buffer=14_000)
    pairs = [Pair(lab, listener, "both busy", SO_RCVBUF=size) for size in (9_000, 50_000)]
    for pair in pairs:
        run_flows(Flow(pair.ours, pair.theirs, [(0, 150_000)]), Flow(pair.theirs, pair.ours, [(0, 150_000)]))
    for pair in pairs:
        pair.close()


def serving(name: str, plan: Plan) -> None:
    """Register a scenario of an application with known requests, service times and responses."""

    @impaired(plan)
    def run(lab: Lab) -> None:
        listener = lab.server.listen(lab.servers[0], PORTS[0])
        chance = random.Random(plan.seed)
        for _ in range(4):
            pair = Pair(lab, listener, "served")
            turns = serve(
                pair.ours,
                pair.theirs,
                [
                    (
                        chance.choice((0.0, 0.1 * chance.random())),
                        chance.choice((60, 800, 6_000)),
                        chance.choice((0.0, 0.01, 0.2)) * chance.random(),
                        chance.choice((200, 5_000, 40_000)),
                    )
                    for _ in range(12)
                ],
            )
            pair.close()
            lab.sockets[-1]["turns"] = turns  # the server's end

    IMPAIRED[name] = IMPAIRED.pop("run")


serving("services", replace(BASE, seed=80))
serving("services_lossy", replace(BASE, seed=81, rules=loss(0.02)))
