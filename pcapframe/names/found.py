"""What was found while a capture was read, as it stays with frames.

Packets keep what was heard in which frame, segments which connection has what. Both are text in ``attrs``: pandas
copies text for nothing, and files keep it.
"""

import base64
import json
import socket
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import Array, changes
from pcapframe.names.applications import combined
from pcapframe.names.beginnings import HEARD, NOT_FIRST
from pcapframe.names.hosts import Given

__all__ = [
    "ADDRESSED",
    "HEARD_IN",
    "NAMES",
    "SEPARATOR",
    "Heard",
    "Named",
    "heard_by_frame",
    "named_connections",
    "read_heard",
    "read_named",
    "written_heard",
    "written_named",
]

HEARD_IN = "payload_names"  # in attrs of packets
NAMES = "names"  # in attrs of segments and connections
SEPARATOR = ", "  # between the names of an address
KINDS = 1 << 16  # more than there are codes of applications
# What is known of a connection: places in lists, -1 for nothing.
ENTRY = np.dtype([("conn_id", np.int32), ("server_name", np.int32), ("alpn", np.int32), ("application", np.int32)])


# Which name an address was given: from which frame on (0 for all), and places in lists.
ADDRESSED = np.dtype([("frame", np.uint32), ("address", np.int32), ("name", np.int32)])


class Heard(NamedTuple):
    """What the payload of which frame says."""

    names: list[str]
    entries: Array  # HEARD, where `row` is the frame's number
    addresses: list[str]
    answers: Array  # ADDRESSED, in order


class Named(NamedTuple):
    """What the connections are called."""

    names: list[str]  # of servers and protocols, and of addresses
    applications: list[str]
    entries: Array  # ENTRY, by conn_id
    addresses: list[str]
    answers: Array  # ADDRESSED, in order


def _packed(values: Array) -> str:
    return base64.b64encode(zlib.compress(values.tobytes(), 1)).decode()


def _unpacked(text: str, dtype: npt.DTypeLike) -> Array:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype)


def heard_by_frame(
    names: list[str],
    entries: Array,
    answers: Array,
    places: Array | None,
    *,
    known: Callable[[], Sequence[str]] = tuple,
    given: Given = (),
) -> Heard:
    """Return what was heard by frame.

    Parameters
    ----------
    names : list of str
        By number.
    entries : ndarray of HEARD
        What was heard in which row.
    answers : ndarray of ANSWER
        Which addresses DNS gave to names.
    places : ndarray of int or None
        To which row each one was moved, None where none was.
    known : callable
        Returns the addresses of packets; names of others are left out.
    given : list of tuple
        Addresses with names that hold from the first frame on.

    Returns
    -------
    Heard
        In the order of frames.
    """
    entries, frames = entries.copy(), _frames(answers["row"], places)
    entries["row"] = _frames(entries["row"], places)
    entries = entries[np.argsort(entries["row"], kind="stable")]
    if not (answers.size or given):
        return Heard(names, entries, [], np.zeros(0, ADDRESSED))
    addresses = list(known())
    numbers = dict(zip(addresses, range(len(addresses)), strict=True))
    place = np.array([numbers.get(text, -1) for text in _address_texts(answers)], np.int64)
    is_here = place >= 0
    told = list(dict.fromkeys((numbers[address], name) for address, name in given if address in numbers))
    made = np.zeros(len(told) + int(is_here.sum()), ADDRESSED)
    made["address"] = [*(address for address, _ in told), *place[is_here].tolist()]
    made["name"] = [*range(len(names), len(names) + len(told)), *answers["name"][is_here].tolist()]
    made["frame"][len(told) :] = frames[is_here]
    made = made[np.argsort(made["frame"], kind="stable")]
    return _with_few_addresses(Heard([*names, *(name for _, name in told)], entries, addresses, made))


def _frames(rows: Array, places: Array | None) -> Array:
    rows = rows.astype(np.int64)
    return (rows if places is None else places[rows]) + 1


def _address_texts(answers: Array) -> list[str]:
    """Return the addresses as text."""
    packed = np.stack([answers["high"], answers["low"]], axis=1).astype(">u8").tobytes()
    return [
        socket.inet_ntop(socket.AF_INET6, packed[at : at + 16])
        if family == 6
        else socket.inet_ntoa(packed[at + 12 : at + 16])
        for at, family in zip(range(0, len(packed), 16), answers["family"].tolist(), strict=True)
    ]


def _with_few_addresses(heard: Heard) -> Heard:
    """Keep only the addresses that have names."""
    used, places = np.unique(heard.answers["address"], return_inverse=True)
    heard.answers["address"] = places
    return heard._replace(addresses=[heard.addresses[number] for number in used.tolist()])


def written_heard(heard: Heard) -> str:
    """Write it as the text that ``attrs`` hold."""
    return json.dumps([heard.names, _packed(heard.entries), heard.addresses, _packed(heard.answers)])


def read_heard(attrs: Mapping[Any, Any]) -> Heard | None:
    """Return what ``attrs`` of packets hold, None where no payload was read."""
    if HEARD_IN not in attrs:
        return None
    names, entries, addresses, answers = json.loads(attrs[HEARD_IN])
    return Heard(names, _unpacked(entries, HEARD), addresses, _unpacked(answers, ADDRESSED))


def written_named(named: Named) -> str:
    """Write it as the text that ``attrs`` hold."""
    packed = _packed(named.entries), named.addresses, _packed(named.answers)
    return json.dumps([named.names, named.applications, *packed])


def read_named(attrs: Mapping[Any, Any]) -> Named | None:
    """Return what ``attrs`` of segments hold, None where no payload was read."""
    if NAMES not in attrs:
        return None
    names, applications, entries, addresses, answers = json.loads(attrs[NAMES])
    return Named(names, applications, _unpacked(entries, ENTRY), addresses, _unpacked(answers, ADDRESSED))


def named_connections(heard: Heard, frames: Array, conn_id: Array, from_client: Array) -> Named:
    """Find the connections of what was heard.

    Parameters
    ----------
    heard : Heard
        By frame.
    frames, conn_id, from_client : ndarray
        Of each segment, in capture order.

    Returns
    -------
    Named
        By connection: the first name that was heard, the protocols with it, and the application by what each side said
        first.
    """
    entries = heard.entries
    if not (entries.size and frames.size):
        return _compact(Named(heard.names, [], np.zeros(0, ENTRY), heard.addresses, heard.answers.copy()))
    place = (entries["row"].astype(np.int64) - int(frames[0])).clip(0, frames.size - 1)
    if (frames[place] != entries["row"]).any():  # the frames are not simply one after the other
        order = np.argsort(frames, kind="stable")
        place = order[np.searchsorted(frames, entries["row"], sorter=order).clip(max=frames.size - 1)]
    is_here = frames[place] == entries["row"]
    entries, place = entries[is_here], place[is_here]
    owner = conn_id[place].astype(np.int64)
    owners, own = np.unique(owner, return_inverse=True)
    made = np.full(owners.size, -1, ENTRY)
    made["conn_id"] = owners
    for field, source in (("server_name", "name"), ("alpn", "alpn")):
        rows = np.flatnonzero(entries[source] >= 0)[::-1]
        made[field][own[rows]] = entries[source][rows]  # the first one is written last
    is_first = entries["application"] != NOT_FIRST
    side = 2 * own[is_first] + from_client[place[is_first]]
    said = entries["application"][is_first]
    order = np.argsort(side, kind="stable")
    begins = order[changes(side[order])]
    begins = begins[np.argsort(begins, kind="stable")]  # who spoke first
    pairs = np.full((owners.size, 2), -1)
    connection = side[begins] // 2
    _, earliest = np.unique(connection, return_index=True)
    pairs[connection, 1] = said[begins]
    pairs[connection[earliest], 0] = said[begins[earliest]]
    kinds, which = np.unique((pairs[:, 0] + 1) * KINDS + pairs[:, 1] + 1, return_inverse=True)
    texts = [combined([kind // KINDS - 1, kind % KINDS - 1]) for kind in kinds.tolist()]
    applications = sorted({text for text in texts if text})
    numbers = np.array([applications.index(text) if text else -1 for text in texts])
    made["application"] = numbers[which]
    return _compact(Named(heard.names, applications, made, heard.addresses, heard.answers.copy()))


def _compact(named: Named) -> Named:
    """Keep only the names that connections and addresses have."""
    entries, answers = named.entries, named.answers
    used = np.unique(np.concatenate([entries["server_name"], entries["alpn"], answers["name"]]))
    used = used[used >= 0]
    numbers = np.full(len(named.names) + 1, -1)
    numbers[used] = np.arange(used.size)
    for field in ("server_name", "alpn"):
        entries[field] = numbers[entries[field]]
    answers["name"] = numbers[answers["name"]]
    return named._replace(names=[named.names[number] for number in used.tolist()])
