"""How near any estimate of two clocks can come: ``python -m benchmarks.clock_bounds`` from the root of the project.

Each of many made paths has 300 packets each way over 60 s, a drift of 30 ppm, and queues of known kinds. Beside what
`compare_clocks` states stands what no method can do better without knowing more: the range of offsets that is left if
the drift were known, by the quickest packet each way; and, if the queues' distribution were known, the mean drift over
its likelihood, whose error is the least on average, and the range of offsets of nine in ten drifts. The range of all
lines that fit between the differences of both directions is what holds the truth without any likelihood.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pcapframe.joining.clocks import compare_clocks
from pcapframe.joining.hulls import MOST_DRIFT, Points

PACKETS, SPAN_S, DRIFT, PATH_S, PATHS = 300, 60.0, 30e-6, 0.004, 100
WIDTH_BAR_US, DRIFT_BAR_PPM = 20, 0.6
GRID, UNLIKELY = 81, 0.1
Log = Callable[[np.ndarray], np.ndarray]


class Queue(NamedTuple):
    """A distribution of waiting times with a mean of 1 ms: how to draw it, and the logarithm of its density."""

    draw: Callable[[np.random.Generator, int], np.ndarray]
    log_density: Log


def _gamma(shape: float) -> Queue:
    scale = 1e-3 / shape
    return Queue(
        lambda random, count: random.gamma(shape, scale, count),
        lambda wait: np.where(wait > 0, (shape - 1) * np.log(np.maximum(wait, 1e-12)) - wait / scale, -np.inf),
    )


QUEUES = {"exponential": _gamma(1.0), "gamma 0.5 (often empty)": _gamma(0.5), "gamma 2 (hardly empty)": _gamma(2.0)}


class Found(NamedTuple):
    """What was found of one path, and what is possible.

    Half-widths beyond the path: as stated, with the drift known, with the distribution known, of all lines [us]; errors
    of the drift: as stated, and at best [ppm].
    """

    width: float
    known_width: float
    least_width: float
    all_width: float
    drift: float
    least_drift: float
    holds: bool


def one_path(queue: Queue, seed: int) -> Found:
    """Make a path, compare its clocks, and find what is possible."""
    random = np.random.default_rng(seed)
    here = np.sort(random.uniform(0, SPAN_S, 2 * PACKETS))
    is_forward = random.permutation(np.arange(2 * PACKETS) % 2 == 0)
    took = np.where(is_forward, 1, -1) * (PATH_S + queue.draw(random, here.size))
    begin = 1_700_000_000 * 10**9
    times = [begin + np.rint(each * 1e9).astype(np.int64) for each in (here, here + took + DRIFT * here)]
    order = np.argsort(times[1], kind="stable")
    clock = compare_clocks(times[0][order], times[1][order], is_forward[order], np.arange(here.size))
    assert clock is not None
    piece = clock.pieces[0]
    at = piece.begin + (clock.origin - begin) / 1e9  # of the first common packet, by the second clock
    truth = DRIFT * at / (1 + DRIFT) - clock.base / 1e9
    points = Points(np.arange(here.size), here, took + DRIFT * here, is_forward, 0.0)
    every, some, drift = _possible(points, queue, float(here[0]))
    half = (piece.high[0] - piece.low[0]) / 2
    quickest = sum(float(np.abs(took[side]).min()) for side in (is_forward, ~is_forward)) / 2
    widths = (half, quickest, some, every)
    errors = (piece.drift - DRIFT, drift - DRIFT)
    holds = bool(piece.low[0] <= truth <= piece.high[0])
    return Found(*((width - PATH_S) * 1e6 for width in widths), *(error * 1e6 for error in errors), holds)


def _possible(points: Points, queue: Queue, at: float) -> tuple[float, float, float]:
    """Return half the range of offsets at a time, of all lines and of those with likely drifts, and the mean drift."""
    hulls = points.hulls()
    assert hulls is not None
    slopes = np.linspace(-MOST_DRIFT, MOST_DRIFT, 20_001)
    top, bottom = hulls.edges(slopes)
    fits = top >= bottom
    every = ((top + slopes * at)[fits].max() - (bottom + slopes * at)[fits].min()) / 2
    slopes = DRIFT + np.linspace(-4e-6, 4e-6, GRID)
    weights = np.empty(GRID)
    sides = [(points.is_upper, 1.0), (~points.is_upper, -1.0)]
    for row, slope in enumerate(slopes):  # both directions by themselves: how long the path is, is not known
        total = 0.0
        for mask, sign in sides:
            left = sign * (points.y[mask] - slope * points.x[mask])
            floors = left.min() - np.linspace(1e-9, 4e-4, 4 * GRID)
            logs = queue.log_density(left[None] - floors[:, None]).sum(axis=1)
            total += float(np.logaddexp.reduce(logs))
        weights[row] = total
    shares = np.exp(weights - weights.max())
    shares /= shares.sum()
    summed = np.cumsum(shares)
    likely = slopes[(summed >= UNLIKELY / 2) & (summed - shares <= 1 - UNLIKELY / 2)]
    top, bottom = hulls.edges(likely)
    some = ((top + likely * at).max() - (bottom + likely * at).min()) / 2
    return float(every), float(some), float(slopes @ shares)


def main() -> None:
    """Print the 95th percentiles of each kind of queue."""
    print(f"{PATHS} paths of {PACKETS} packets each way over {SPAN_S:.0f} s, 30 ppm; p95, beyond half of the path")
    for name, queue in QUEUES.items():
        found = [one_path(queue, seed) for seed in range(PATHS)]
        columns = [np.quantile(np.abs([one[place] for one in found]), 0.95) for place in range(6)]
        inside = sum(one.holds for one in found)
        print(
            f"{name}: half-width {columns[0]:.0f} us, with the drift known {columns[1]:.0f}, with the distribution "
            f"known {columns[2]:.0f}, of all lines that fit {columns[3]:.0f} (limit {WIDTH_BAR_US}); "
            f"drift off by {columns[4]:.2f} ppm, at best {columns[5]:.2f} "
            f"(limit {DRIFT_BAR_PPM}); true offset inside {inside} of {PATHS}"
        )


if __name__ == "__main__":
    main()
