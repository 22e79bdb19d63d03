"""Make, from a capture of one point, what a second point nearer to the servers has of the same traffic."""

from pathlib import Path

import numpy as np

import pcapframe as pf

RECORD_BYTES = 16  # of a packet's header in a pcap file
CHUNK = 1 << 17
PATH_US, JITTER_US, SLOWEST_US, OFFSET_US = 60, 10, 40, 37_000_000  # requests are answered in 200 us or more
NOT_CAPTURED = 0.0005
LITTLE = bytes.fromhex("d4c3b2a1")  # how a file begins whose byte order is little-endian


def make_second_point(path: Path, made: Path, *, seed: int = 1) -> None:
    """Write the second capture: what clients sent again was lost between before, and one packet of 2,000 is missing.

    Parameters
    ----------
    path : Path
        A pcap file in microseconds of traffic whose clients send SYNs.
    made : Path
        Where to.
    seed : int
        Of the random choices.
    """
    random = np.random.default_rng(seed)
    segments = pf.label_segments(pf.read_pcap(path, progress=False))
    forward = segments["from_client"].to_numpy()
    time = segments["time"].to_numpy("datetime64[ns]").view(np.int64) // 1_000
    queued = np.minimum(random.exponential(JITTER_US, time.size), SLOWEST_US).astype(np.int64)
    time = time + np.where(forward, 1, -1) * (PATH_US + queued)
    for side in (True, False):  # no packet overtakes another
        of = np.flatnonzero(forward == side)
        time[of] = np.maximum.accumulate(time[of])
    again = segments.duplicated(["conn_id", "from_client", "rel_seq"], keep="last").to_numpy()
    lost = again & forward & (segments["payload_bytes"] > 0).fillna(False).to_numpy(np.bool_)
    kept = np.flatnonzero(~lost & (random.random(time.size) >= NOT_CAPTURED))
    order = kept[np.argsort(time[kept], kind="stable")]
    begin = segments["offset"].to_numpy()[order] - RECORD_BYTES
    length = segments["captured_bytes"].to_numpy().astype(np.int64)[order] + RECORD_BYTES
    source = np.memmap(path, np.uint8, "r")
    stamps = np.stack(np.divmod(time[order] + OFFSET_US, 1_000_000), axis=1)
    stamps = stamps.astype("<u4" if source[:4].tobytes() == LITTLE else ">u4")
    with made.open("wb") as file:
        file.write(source[:24].tobytes())
        for at in range(0, order.size, CHUNK):
            rows = slice(at, at + CHUNK)
            size = length[rows]
            starts = np.cumsum(size) - size
            block = source[np.arange(size.sum()) + np.repeat(begin[rows] - starts, size)]
            for place in range(8):
                block[starts + place] = stamps[rows].view(np.uint8).reshape(-1, 8)[:, place]
            file.write(block.tobytes())


def points(folder: Path, first: Path) -> dict[str, Path]:
    """Return both captures by name, made if need be."""
    second = folder / f"{first.stem}_second.pcap"
    if not second.exists():
        make_second_point(first, second)
    return {"client": first, "server": second}
