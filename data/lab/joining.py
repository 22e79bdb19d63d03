"""How well joins of two points meet the truth, as recorded and with clocks, addresses and packets altered.

Each packet of a recording is known by its number in the link's log, so the truth needs no matching: a frame of the log
that both points have passed; one that only the point nearer to its sender has was lost, unless the alteration took it
from the other capture. Alterations: another clock (offset, drift, a step), NAPT with shifted sequence numbers and
timestamps, identifications gone, packets missing in one capture, forged RSTs, further copies, and decoys: connections
of equal sizes at the second point that the first does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

import pcapframe as pf

from .scoring import Recording, Score
from .translating import OUTSIDE, PORTS_UP, translated

__all__ = ["ALTERATIONS", "Alteration", "JoinScore", "joins_table", "score_join", "score_joins"]

RST = 0x04
FULL = 1 << 32
FORGED, MADE_COPY = -2, -3  # numbers of packets that no host put on the link


@dataclass(frozen=True)
class Alteration:
    """What is done to the capture of the second point.

    Parameters
    ----------
    offset_ns, drift_ppm, step_ns : float
        Its clock against the first one's; the step comes after half of the time.
    translates, rewrites, without_ids : bool
        NAPT; sequence numbers and timestamps shifted; IPv4 identifications 0.
    missing : float
        Share of packets that its capture lacks. [0 to 1]
    forged : bool
        RSTs in the name of clients that only it has.
    copies : bool
        Some packets arrive twice.
    decoys : bool
        It also has each connection again, with numbers of its own, a little later.
    """

    offset_ns: float = 0.0
    drift_ppm: float = 0.0
    step_ns: float = 0.0
    translates: bool = False
    rewrites: bool = False
    without_ids: bool = False
    missing: float = 0.0
    forged: bool = False
    copies: bool = False
    decoys: bool = False


CLOCK = Alteration(offset_ns=37.2e9, drift_ppm=30.0)
ALTERATIONS = {
    "as recorded": Alteration(),
    "clock": CLOCK,
    "clock step": replace(CLOCK, step_ns=2.5e9),
    "NAPT": replace(CLOCK, translates=True),
    "NAPT, rewritten": replace(CLOCK, translates=True, rewrites=True),
    "no identifications": replace(CLOCK, without_ids=True),
    "2 % missing": replace(CLOCK, missing=0.02),
    "2 % missing, no ids": replace(CLOCK, missing=0.02, without_ids=True),
    "forged RSTs": replace(CLOCK, forged=True),
    "forged RSTs, 2 % missing": replace(CLOCK, forged=True, missing=0.02),
    "copies": replace(CLOCK, copies=True),
    "decoys": replace(CLOCK, translates=True, rewrites=True, decoys=True),
}


@dataclass(frozen=True)
class JoinScore:
    """What a join said of two recordings, against the truth.

    Parameters
    ----------
    paired : Score
        Connections.
    fates : dict of Score
        By fate; frames of both captures that belong to connections that both have.
    unknown : int
        Frames of unknown fate.
    rsts : Score
        Forged RSTs.
    offsets : tuple of int
        Joins whose interval holds the true offset, and all.
    delays : tuple of int
        Packets whose interval holds the true delay, and all.
    half_width_us, drift_error_ppm : list of float
        Of the offset's interval, beyond half of the smallest time there and back; of the drift.
    """

    paired: Score = field(default_factory=Score)
    fates: dict[str, Score] = field(default_factory=dict)
    unknown: int = 0
    rsts: Score = field(default_factory=Score)
    offsets: tuple[int, int] = (0, 0)
    delays: tuple[int, int] = (0, 0)
    half_width_us: list[float] = field(default_factory=list)
    drift_error_ppm: list[float] = field(default_factory=list)

    def __add__(self, other: JoinScore) -> JoinScore:
        kinds = [*self.fates, *(kind for kind in other.fates if kind not in self.fates)]
        return JoinScore(
            self.paired + other.paired,
            {kind: self.fates.get(kind, Score()) + other.fates.get(kind, Score()) for kind in kinds},
            self.unknown + other.unknown,
            self.rsts + other.rsts,
            (self.offsets[0] + other.offsets[0], self.offsets[1] + other.offsets[1]),
            (self.delays[0] + other.delays[0], self.delays[1] + other.delays[1]),
            self.half_width_us + other.half_width_us,
            self.drift_error_ppm + other.drift_error_ppm,
        )


def altered(
    packets: pd.DataFrame, number: np.ndarray, how: Alteration, clients: Sequence[str], seed: int
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Alter the packets of a point.

    Parameters
    ----------
    packets : DataFrame
        From `read_pcap`.
    number : ndarray of int
        Of each packet, in the link's log.
    how : Alteration
        What to do.
    clients : sequence of str
        Addresses of the clients.
    seed : int
        Of the random choices.

    Returns
    -------
    DataFrame
        Numbered anew.
    ndarray of int
        Number of each packet in the link's log; below 0 where no host sent it.
    ndarray of int
        Numbers of the packets that are missing.
    """
    random = np.random.default_rng(seed)
    made = packets.assign(number=number, decoy=False)
    if how.forged:
        made = _with_forged(made, clients, random)
    if how.copies:
        arrives = (made["protocol"] == "TCP").to_numpy() & made["src"].isin(clients).to_numpy()
        chosen = made[(random.random(len(made)) < 0.01) & arrives]
        made = pd.concat([made, chosen.assign(number=MADE_COPY, time=chosen["time"] + pd.Timedelta(30, "us"))])
    if how.decoys:
        later = made.assign(decoy=True, number=FORGED, time=_slower(made["time"]))
        later = _translated(later, clients, 77)
        made = pd.concat([made, _rewritten(later, random)])
    if how.translates:
        made = pd.concat([_translated(made[~made["decoy"]], clients, 0), made[made["decoy"]]])
    if how.rewrites:
        made = pd.concat([_rewritten(made[~made["decoy"]], random), made[made["decoy"]]])
    if how.without_ids:
        made = made.assign(ip_id=made["ip_id"].mask(made["ip_id"].notna(), 0))
    taken = random.random(len(made)) < how.missing
    made, lacks = made[~taken], made.loc[taken, "number"].to_numpy()
    made = made.assign(time=_clock(made["time"], packets["time"], how)).sort_values("time", kind="stable")
    number, decoy = made["number"].to_numpy(), made["decoy"].to_numpy()
    made = made.drop(columns=["number", "decoy"])
    for column in ("src", "dst"):
        made[column] = made[column].astype(str).where(made[column].notna()).astype("category")
    both = pd.api.types.union_categoricals([made["src"], made["dst"]]).categories
    made = made.assign(src=made["src"].cat.set_categories(both), dst=made["dst"].cat.set_categories(both))
    made = made.assign(protocol=made["protocol"].astype(str).astype("category"))
    made.index = pd.RangeIndex(1, len(made) + 1, name="frame")
    made.attrs = packets.attrs
    return made, np.where(decoy, FORGED, number), lacks


def true_offset(time: np.ndarray, all_times: pd.Series, how: Alteration) -> np.ndarray:
    """Return the second clock minus the first, at some times of the first clock. [ns]."""
    known = all_times.dropna()
    first, last = (int(edge.value) for edge in (known.min(), known.max()))
    since = time - first
    return how.offset_ns + since * how.drift_ppm * 1e-6 + np.where(since * 2 > last - first, how.step_ns, 0.0)


def _clock(times: pd.Series, all_times: pd.Series, how: Alteration) -> pd.Series:
    """Show times by the second clock."""
    own = times.to_numpy("datetime64[ns]").view(np.int64)
    shifted = own + np.rint(true_offset(own, all_times, how)).astype(np.int64)
    return pd.Series(shifted.view("datetime64[ns]"), times.index).dt.tz_localize("UTC")


def _slower(times: pd.Series) -> pd.Series:
    """Return times with their own pace: a tenth slower, and later."""
    since = times - times.min()
    return times + since / 10 + pd.Timedelta(700, "ms")


def _with_forged(packets: pd.DataFrame, clients: Sequence[str], random: np.random.Generator) -> pd.DataFrame:
    """Add RSTs in the name of clients, each after some packet of one."""
    carries = (packets["payload_bytes"] >= 0).fillna(False).to_numpy() & packets["src"].isin(clients).to_numpy()
    tcp = packets[(packets["protocol"] == "TCP").to_numpy() & carries]
    if tcp.empty:
        return packets
    chosen = tcp.iloc[np.sort(random.choice(len(tcp), min(4, len(tcp)), replace=False))]
    forged = chosen.assign(
        number=FORGED,
        tcp_flags=pd.array([RST] * len(chosen), "UInt16"),
        seq=((chosen["seq"].astype("int64") + chosen["payload_bytes"].astype("int64")) % FULL).astype("UInt32"),
        payload_bytes=pd.array([0] * len(chosen), "UInt32"),
        ip_id=pd.array(random.integers(1, 1 << 16, len(chosen)), "UInt16"),
        ttl=chosen["ttl"],
        tsval=pd.array([pd.NA] * len(chosen), "UInt32"),
        tsecr=pd.array([pd.NA] * len(chosen), "UInt32"),
        time=chosen["time"] + pd.Timedelta(40, "us"),
    )
    return pd.concat([packets, forged])


def _translated(packets: pd.DataFrame, clients: Sequence[str], shift: int) -> pd.DataFrame:
    """Give clients other addresses and ports."""
    from_client = packets["src"].isin(clients).to_numpy()
    to_client = packets["dst"].isin(clients).to_numpy()
    names = {client: _moved(translated(client, clients), shift) for client in clients}
    made = packets.copy()
    for end, mine in (("src", from_client), ("dst", to_client)):
        text = made[end].astype(object)
        made[end] = text.where(~mine, text.map(lambda name: names.get(name, name)))
        port = made[f"{end}_port"]
        made[f"{end}_port"] = port.where(~mine, (port.astype("Int64") ^ PORTS_UP).astype("UInt16"))
    return made


def _moved(address: str, shift: int) -> str:
    """Return another address outside."""
    for prefix in OUTSIDE.values():
        if address.startswith(prefix):
            return f"{prefix}{int(address.removeprefix(prefix), 16 if ':' in prefix else 10) + shift}"
    return address


def _rewritten(packets: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Shift sequence numbers and timestamps of each connection and side."""
    tcp = packets["src_port"].notna().to_numpy() & (packets["protocol"] == "TCP").to_numpy()
    names = packets[["src", "dst", "src_port", "dst_port"]].astype(object).astype(str)
    ends = names["src"] + " " + names["src_port"], names["dst"] + " " + names["dst_port"]
    own, other = ends[0] + ">" + ends[1], ends[1] + ">" + ends[0]
    own, other = own.where(tcp, ""), other.where(tcp, "")
    known = {name: place for place, name in enumerate(sorted(set(own) | set(other)))}
    shifts = random.integers(1, FULL, (2, len(known)))
    made = packets.copy()
    mine, theirs = (side.map(known).to_numpy() for side in (own, other))
    for column, of, number in (("seq", mine, 0), ("ack", theirs, 0), ("tsval", mine, 1), ("tsecr", theirs, 1)):
        value = packets[column].astype("Int64")
        moved = (value + shifts[number][of]) % FULL
        kept = ~tcp | (value == 0).fillna(False).to_numpy(bool) & (column in ("ack", "tsecr"))
        made[column] = value.where(kept, moved).astype("UInt32")
    sacked = [_shifted(blocks, shifts[0][of]) for blocks, of in zip(packets["sack"], theirs, strict=True)]
    made["sack"] = pd.Series(sacked, packets.index, packets["sack"].dtype)
    return made


def _shifted(blocks: object, by: int) -> object:
    """Shift the edges of SACK blocks."""
    if blocks is None or blocks is pd.NA:
        return None
    return [int((int(edge) + int(by)) % FULL) for edge in blocks]


def score_join(one: Recording, other: Recording, how: Alteration, *, seed: int = 1) -> JoinScore:
    """Join the recordings of two points of one run, the second one altered, and compare with the truth."""
    here = pf.read_pcap(one.capture, progress=False)
    there = pf.read_pcap(other.capture, progress=False)
    numbers = [recording.truth["emitted"].reindex(packets.index, fill_value=FORGED).to_numpy()
               for recording, packets in ((one, here), (other, there))]  # fmt: skip
    times = there["time"]
    there, numbers[1], taken = altered(there, numbers[1], how, one.senders, seed)
    joined = pf.join_captures(
        {one.point: pf.analyze(here, progress=False), other.point: pf.analyze(there, progress=False)}
    )
    return _scored(joined, (one.point, other.point), numbers, taken, times, how, one.point == "client")


def score_joins(one: Recording, other: Recording) -> list[tuple[str, JoinScore]]:
    """Score all alterations of the recordings of two points of one run."""
    return [(name, score_join(one, other, how)) for name, how in ALTERATIONS.items()]


def _scored(
    joined: pf.Joined, names: tuple[str, str], numbers: list[np.ndarray], taken: np.ndarray, times: pd.Series,
    how: Alteration, forward: bool,
) -> JoinScore:  # fmt: skip
    """Compare a join with the truth."""
    connections = joined.connections
    paired = _score_pairs(joined, names, numbers)
    frames = _by_frame(joined, names, numbers)
    fates, unknown, rsts = _score_fates(frames, names, taken, forward)
    point = joined.points.loc[names[1]]
    offsets, delays, widths, drifts = (0, 0), (0, 0), [], []
    if not np.isnan(point["offset_s"]):
        offsets, delays, widths, drifts = _score_clock(joined, names, numbers, times, how)
    assert len(connections)
    return JoinScore(paired, fates, unknown, rsts, offsets, delays, widths, drifts)


def _number_of(segments: pd.DataFrame, numbers: np.ndarray) -> pd.Series:
    """Return the log's number of each segment."""
    return pd.Series(numbers[segments.index.to_numpy() - 1], segments.index)


def _score_pairs(joined: pf.Joined, names: tuple[str, str], numbers: list[np.ndarray]) -> Score:
    """Compare the pairs of connections with those that share frames of the log."""
    shared = []
    for name, number in zip(names, numbers, strict=True):
        segments = joined.analyses[name].segments
        own = pd.DataFrame({"conn": segments["conn_id"].to_numpy(), "number": _number_of(segments, number).to_numpy()})
        shared.append(own[own["number"] >= 0].drop_duplicates())
    both = shared[0].merge(shared[1], on="number")
    true = set(zip(both["conn_x"], both["conn_y"], strict=True))
    found = joined.connections.dropna(subset=[f"conn_id_{name}" for name in names])
    told = set(zip(*(found[f"conn_id_{name}"].astype(int) for name in names), strict=True))
    return Score(len(told & true), len(told - true), len(true - told))


def _by_frame(joined: pf.Joined, names: tuple[str, str], numbers: list[np.ndarray]) -> pd.DataFrame:
    """Return each row with the log's numbers of its frames."""
    made = joined.segments.copy()
    for name, number in zip(names, numbers, strict=True):
        frame = made[f"frame_{name}"]
        of_frame = number[frame.fillna(1).to_numpy(np.int64) - 1]
        piece = (
            made.groupby(frame, dropna=False)["rel_seq"].rank().to_numpy(np.int64) - 1
        )  # offload: several of the log
        made[f"number_{name}"] = np.where(frame.isna(), -1, np.where(of_frame >= 0, of_frame + piece, of_frame))
    return made


def _score_fates(
    rows: pd.DataFrame, names: tuple[str, str], taken: np.ndarray, forward: bool
) -> tuple[dict[str, Score], int, Score]:
    """Compare fates: of frames that one point has, and of pairs."""
    one, other = (rows[f"number_{name}"].to_numpy() for name in names)
    seen = [rows[f"frame_{name}"].notna().to_numpy() for name in names]
    upstream = rows["from_client"].to_numpy() == forward  # the first point is nearer to the sender
    fate = rows["fate"].astype(str).to_numpy()
    size = int(max(one.max(initial=0), other.max(initial=0))) + 1
    counts = [np.bincount(each[each >= 0], minlength=size) for each in (one, other)]
    pairs = np.minimum(*counts)
    right = seen[0] & seen[1] & (one == other) & (one >= 0)
    got = np.bincount(one[right], minlength=size)
    number = np.where(seen[0], one, other)
    paired = (number >= 0) & (pairs[np.maximum(number, 0)] > 0)
    missed = int((pairs - got).sum())
    passed = fate == "passed"
    made = {"passed": Score(int((passed & right).sum()), int((passed & ~right).sum()), missed)}
    alone = seen[0] ^ seen[1]
    downstream_only = alone & (seen[1] == upstream)
    full = paired & (got == pairs)[np.maximum(number, 0)]
    is_taken = np.isin(number, taken)
    truths = {
        "lost_between": alone & ~downstream_only & ~paired & (number >= 0) & ~is_taken,
        "not_captured": alone & ~paired & is_taken,
        "added": downstream_only & (full | (number < 0)),
    }
    for name, true in truths.items():
        said = (fate == name) & ~(alone & paired & ~full)  # a wrong pair is counted once, as passed
        made[name] = Score(int((said & true).sum()), int((said & ~true).sum()), int((~said & true).sum()))
    carries = (rows["rel_end"] > rows["rel_seq"]).to_numpy(bool)  # what became of bare ACKs often cannot be told
    true, said = truths["lost_between"] & carries, (fate == "lost_between") & carries & ~(alone & paired & ~full)
    made["lost with data"] = Score(int((said & true).sum()), int((said & ~true).sum()), int((~said & true).sum()))
    resets = (rows["tcp_flags"].to_numpy() & RST) != 0
    forged, said = alone & (number == FORGED) & resets, (fate == "added") & resets
    rsts = Score(int((said & forged).sum()), int((said & ~forged).sum()), int((~said & forged).sum()))
    return made, int((fate == "unknown").sum()), rsts


def _score_clock(
    joined: pf.Joined, names: tuple[str, str], numbers: list[np.ndarray], times: pd.Series, how: Alteration
) -> tuple[tuple[int, int], tuple[int, int], list[float], list[float]]:
    """Compare offset, drift and delays."""
    point = joined.points.loc[names[1]]
    here, there = (joined.analyses[name].packets["time"] for name in names)
    rows = _by_frame(joined, names, numbers)
    sure = rows[(rows["fate"] == "passed") & (rows[f"number_{names[0]}"] == rows[f"number_{names[1]}"])]
    mine, theirs = (
        column.loc[sure[f"frame_{name}"].to_numpy(np.int64)].to_numpy("datetime64[ns]").view(np.int64)
        for name, column in zip(names, (here, there), strict=True)
    )
    if not mine.size:
        return (0, 0), (0, 0), [], []
    true = theirs.copy()
    for _ in range(3):  # the true time by the first clock
        true = theirs - np.rint(true_offset(true, times, how)).astype(np.int64)
    delay = np.abs(true - mine) / 1e9
    slack = 2e-9
    inside = (sure["delay_low_s"] <= delay + slack) & (delay - slack <= sure["delay_high_s"])
    offset = true_offset(np.asarray([mine.min()]), times, how)[0] / 1e9
    holds = point["offset_low_s"] - slack <= offset <= point["offset_high_s"] + slack
    sides = sure["from_client"].to_numpy(bool)
    least = sum(float(delay[side].min()) for side in (sides, ~sides) if side.any())
    half = (point["offset_high_s"] - point["offset_low_s"]) / 2 - least / 2
    return (int(holds), 1), (int(inside.sum()), len(sure)), [half * 1e6], [abs(point["drift_ppm"] - how.drift_ppm)]


def joins_table(found: Iterable[tuple[str, JoinScore]], *, say: Callable[[str], None] = print) -> None:
    """Print how joins meet the truth, by alteration."""
    rows = list(found)
    for name in dict.fromkeys(name for name, _ in rows):
        made = sum((score for each, score in rows if each == name), JoinScore())
        say(f"{name}: connections {_of(made.paired)}; " + ", ".join(f"{k} {_of(v)}" for k, v in made.fates.items())
            + f"; unknown {made.unknown:,}; forged RSTs {_of(made.rsts)}")  # fmt: skip
        widths, drifts = (np.asarray(values or [np.nan]) for values in (made.half_width_us, made.drift_error_ppm))
        say(f"  true offset inside {made.offsets[0]} of {made.offsets[1]}, true delay {made.delays[0]:,} of "
            f"{made.delays[1]:,}; half-width beyond the path's p95 {np.quantile(widths, 0.95):,.0f} us, "
            f"drift off by p95 {np.quantile(drifts, 0.95):,.1f} ppm")  # fmt: skip


def _of(score: Score) -> str:
    return f"{score.precision:.4f}/{score.recall:.4f} ({score.hits:,} hits, {score.false} false, {score.missed} missed)"
