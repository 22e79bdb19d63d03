"""How the capture of a second point is altered before it is joined: clock, addresses, numbers, and what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .translating import OUTSIDE, PORTS_UP, translated

__all__ = ["ALTERATIONS", "FORGED", "RST", "Alteration", "altered", "true_offset"]

RST = 0x04
SYN = 0x02
FULL = 1 << 32
ETHERNET, IPV4, IPV6, TCP = 14, 20, 40, 20  # headers without options [bytes]
# Where the options of a SYN, and of other packets, end in those of Linux. [bytes]
OPTIONS_END = (
    ("mss", 4, 0), ("sack_permitted", 6, 0), ("tsval", 16, 12), ("tsecr", 16, 12), ("window_scale", 20, 0),
    ("sack", 0, 24),
)  # fmt: skip
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
    snaplen : int
        Bytes that its capture holds of each packet; 0 for all. Options that are cut are not known.
    mirrored : bool
        Each packet is recorded twice, as a mirror port does.
    begins : float
        Share of the time that its capture begins late. [0 to 1]
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
    snaplen: int = 0
    mirrored: bool = False
    begins: float = 0.0


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
    "NAPT, rewritten, no ids": replace(CLOCK, translates=True, rewrites=True, without_ids=True),
    "68 bytes of each": replace(CLOCK, snaplen=68),
    "mirrored": replace(CLOCK, mirrored=True),
    "begins late": replace(CLOCK, begins=0.4),
}


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
    if how.snaplen:
        made = _cut(made, how.snaplen)
    if how.mirrored:
        made = pd.concat([made, made.assign(time=made["time"] + pd.Timedelta(3, "us"))])
    if how.begins:
        began = packets["time"].min() + how.begins * (packets["time"].max() - packets["time"].min())
        made = made[made["time"] >= began]
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


def _cut(packets: pd.DataFrame, snaplen: int) -> pd.DataFrame:
    """Forget the options of TCP that are not whole in the first bytes of each packet, in the order of Linux."""
    internet = np.where(packets["src"].astype(str).str.contains(":"), IPV6, IPV4)
    room = snaplen - ETHERNET - internet - TCP
    is_cut = ((packets["tcp_header_bytes"].fillna(TCP) - TCP) > room).to_numpy(bool)
    is_syn = (packets["tcp_flags"].fillna(0).astype(int) & SYN != 0).to_numpy()
    made = packets.copy()
    for name, in_syn, in_other in OPTIONS_END:
        gone = is_cut & (np.where(is_syn, in_syn, in_other) > room)
        made[name] = made[name].where(~gone)
    made["options_malformed"] = made["options_malformed"].where(~is_cut)
    made["captured_bytes"] = made["captured_bytes"].clip(upper=snaplen)
    return made


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
