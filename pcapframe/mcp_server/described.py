"""One packet dissected, and the facts about a capture, their texts cut."""

from dataclasses import asdict
from itertools import islice
from typing import Any, TypedDict, cast

import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.answers import Brief, brief_standouts, capped_health
from pcapframe.capture.source import CaptureSource
from pcapframe.dissection import dissect
from pcapframe.mcp_server.paging import BUDGET, FEW, compact
from pcapframe.packets import count_by_interface
from pcapframe.wording import printable

__all__ = ["CaptureFacts", "DissectedPacket", "capture_facts", "dissected_packet"]

BRIEFLY = 5  # of what stands out
TEXT = 300  # longest field or comment, as JSON [bytes]
LAYERS_BYTES, LAYER_BYTES = 8_000, 50  # for all layers of a packet; for each besides its fields
LESS = ((FEW, 100), (5, 60), (3, 40), (1, 40))  # entries and longest text, tried in this order until the facts fit
NAME = 400  # reserved for the name of the capture and capture_text [bytes]


class Layer(TypedDict):
    """One layer of a packet, with the fields as scapy writes them."""

    layer: str
    fields: dict[str, str]


class DissectedPacket(TypedDict):
    """One dissected packet; `is_cut` if not all of it is shown."""

    standouts: list[Brief]
    standouts_total: int
    file: str
    frame: int
    time: str | None
    wire_bytes: int
    captured_bytes: int
    summary: str
    layers: list[Layer]
    is_cut: bool


class CaptureFacts(TypedDict):
    """Facts about a capture: times in UTC, null if not stated."""

    standouts: list[Brief]
    standouts_total: int
    file: str
    health: dict[str, Any]
    format: str
    compression: str | None
    link_types: list[str]
    link_types_total: int
    packets: int
    bytes: int
    first_time: str | None
    last_time: str | None
    snaplen: int | None
    truncated: bool
    protocols: dict[str, int]
    protocols_total: int
    tcp_connections: int
    interfaces: list[dict[str, Any]]
    interfaces_total: int
    comments: list[dict[str, Any]]
    comments_total: int
    notes: list[str]
    notes_total: int


def dissected_packet(analysis: Analysis, frame: int, source: CaptureSource) -> DissectedPacket:
    """Dissect one packet.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    frame : int
        Frame number.
    source : path or binary file
        The capture.

    Returns
    -------
    DissectedPacket
        Layers from the outermost inwards, within `LAYERS_BYTES`.

    Raises
    ------
    ParameterError
        There is no such frame.
    CaptureError
        The capture has changed.
    """
    packet = dissect(analysis, frame, source=source)
    row: Any = analysis.packets.loc[frame, ["time", "wire_bytes", "captured_bytes"]]
    layers: list[Layer] = []
    room = LAYERS_BYTES
    is_cut = False
    layer = packet
    while layer and layer.name != "NoPayload" and not is_cut:
        fields = {}
        for field in layer.fields_desc:
            if field.name not in layer.fields:  # not in the packet: a default of scapy
                continue
            value = layer.fields[field.name]
            text = str(field.i2repr(layer, value))
            if isinstance(value, int) and text not in (str(value), hex(value)):
                text = f"{text} ({value})"  # the name of a port or protocol number, and the number
            shown = _cut(text)
            is_cut |= shown != printable(text)
            fields[field.name] = shown
            room -= len(compact({field.name: shown}))
            if room < 0:
                is_cut = True
                break
        room -= LAYER_BYTES
        layers.append(Layer(layer=str(layer.name), fields=fields))
        layer = layer.payload
    return DissectedPacket(
        standouts=brief_standouts(analysis, BRIEFLY),
        standouts_total=len(analysis.standouts),
        file=analysis.capture.name,
        frame=frame,
        time=None if pd.isna(row["time"]) else row["time"].isoformat(),
        wire_bytes=int(row["wire_bytes"]),
        captured_bytes=int(row["captured_bytes"]),
        summary=_cut(str(packet.summary())),
        layers=layers,
        is_cut=is_cut,
    )


def capture_facts(analysis: Analysis, *, limit: int) -> CaptureFacts:
    """State the facts about a capture.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    limit : int
        Entries of each list; the exact total stands beside it.

    Returns
    -------
    CaptureFacts
        Its health, its own statements, and what could not be read.

    Examples
    --------
    >>> import pcapframe as pf
    >>> capture_facts(pf.analyze(pf.example("clean.pcap")), limit=3)["protocols"]["TCP"] > 300
    True
    """
    facts = _facts(analysis, limit, TEXT)
    for entries, text in LESS:
        if len(compact(facts)) <= (BUDGET if limit <= FEW else BUDGET * limit // FEW) - NAME:
            break
        facts = _facts(analysis, min(entries, limit), text)
    return facts


def _facts(analysis: Analysis, limit: int, text: int) -> CaptureFacts:
    """Return the facts with `limit` entries of each list and `text` bytes of each text."""
    facts = asdict(analysis.capture)
    protocols = analysis.packets["protocol"].value_counts()
    protocols = protocols[protocols > 0]
    interfaces = zip(facts["interfaces"], count_by_interface(analysis.packets), strict=False)
    more = {
        "standouts": brief_standouts(analysis, BRIEFLY),
        "standouts_total": len(analysis.standouts),
        "file": facts["name"],
        "health": capped_health(analysis.health, limit),
        "protocols": {str(name): int(count) for name, count in protocols[:limit].items()},
        "tcp_connections": len(analysis.whole_connections),
        "interfaces": [{**_shortened(each, text), "packets": count} for each, count in islice(interfaces, limit)],
        "comments": [_shortened(each, text) for each in facts["comments"][:limit]],
        "link_types": [_cut(each, text) for each in facts["link_types"][:limit]],
        "notes": [_cut(each, text) for each in facts["notes"][:limit]],
        "protocols_total": len(protocols),
    }
    every = facts | more
    return cast(CaptureFacts, {name: every[name] for name in CaptureFacts.__annotations__})


def _cut(text: str, most: int = TEXT) -> str:
    """Escape non-printable characters and cut the text to `most` bytes of JSON."""
    shown = printable(text[:most])
    while (size := len(compact(shown)) - 2) > most:
        shown = shown[: most * len(shown) // (size + 1)]
    return shown


def _shortened(entry: dict[str, Any], most: int) -> dict[str, Any]:
    return {name: _cut(value, most) if isinstance(value, str) else value for name, value in entry.items()}
