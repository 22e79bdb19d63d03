"""Facts about a capture: what its file states, and what could not be read."""

import html
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.errors import ParameterError
from pcapframe.wording import counted, joined, printable

__all__ = [
    "CaptureInfo",
    "capture_info",
    "count_by_interface",
    "interface_of",
    "stores_lengths",
]

SHOWN_COMMENTS, SHOWN_CHARACTERS = 5, 500  # to a reader, and of each


@dataclass(frozen=True)
class CaptureInfo:
    """Facts about a whole capture, even if packets of it were selected.

    Attributes
    ----------
    name : str
        The capture, as its user called it.
    format : str
        ``pcap (microseconds)``, ``pcap (nanoseconds)``, a dialect as in ``pcap (AIX, nanoseconds)``, ``pcapng``,
        ``snoop`` or ``ERF``; several joined by "and" where one file holds several captures.
    compression : str or None
        ``gzip``, ``zstd``, ``lz4``, ``xz`` or ``bz2``.
    link_types : list of str
        Names of its first 100 link types, and of all that are decoded.
    packets : int
        How many packets were read, as captured.
    bytes : int
        Length of the capture, decompressed; of a damaged one, as far as it could be read. [bytes]
    first_time, last_time : str or None
        Earliest and latest time of a packet: ISO 8601, UTC. None where no packet has a time.
    snaplen : int or None
        Declared limit on the captured bytes of a packet, the largest of several; None if none is declared. [bytes]
    interfaces : list of dict
        The first 1,000 pcapng interfaces: ``name description link_type link_type_number snaplen received dropped``
        (None where not stated).
    comments : list of dict
        The first 1,000 pcapng comments, 1 MiB in all: ``frame`` (None for the capture as a whole) and ``text``.
    truncated : bool
        The capture ends early or is damaged: packets after some point are missing.
    notes : list of str
        What could not be read, with its offset, and what is left out of the lists here.
    captures : list of dict
        For several captures read as one: these facts of each. Empty for one.
    link_type_numbers : list of int
        Numbers of `link_types` in the pcap registry.
    link_types_total, interfaces_total, comments_total, notes_total : int
        How many there are in all. One note may stand for several.
    rows : int
        How many rows they make: more than `packets` where one of 802.11 holds several (A-MSDU).
    foreign_streams : int
        How many packets may open a TCP stream in Wireshark that is no connection here: ICMP errors that quote a
        connection not seen before, SOCKS and VNC, and what is not decoded. If it is 0, ``conn_id`` is Wireshark's
        ``tcp.stream``. Of several captures read as one, it is that of the merged capture.
    """

    name: str
    format: str
    compression: str | None
    link_types: list[str]
    packets: int
    bytes: int
    first_time: str | None
    last_time: str | None
    snaplen: int | None
    interfaces: list[dict[str, Any]]
    comments: list[dict[str, Any]]
    truncated: bool
    notes: list[str]
    captures: list[dict[str, Any]] = field(default_factory=list)
    link_type_numbers: list[int] = field(default_factory=list)
    link_types_total: int = 0
    interfaces_total: int = 0
    comments_total: int = 0
    notes_total: int = 0
    rows: int = 0
    foreign_streams: int = 0

    def facts(self) -> dict[str, str]:
        """Return the facts as texts for a reader.

        Returns
        -------
        dict
            Texts by label, in order. Texts from the capture are not escaped.

        Examples
        --------
        >>> import pcapframe as pf
        >>> capture_info(pf.read_pcap(pf.example("clean.pcap"))).facts()["link types"]
        'Ethernet'
        """
        drops = [each["dropped"] for each in self.interfaces if each.get("dropped") is not None]
        facts = {
            "format": ", ".join([self.format, *([self.compression] if self.compression else [])]),
            "link types": joined(self.link_types, self.link_types_total),
            "packets": f"{self.packets:,}",
            "length": counted(self.bytes, "byte"),
            "first packet": self.first_time or "not known",
            "last packet": self.last_time or "not known",
            "snapshot length": self._snapshot_lengths(),
            "dropped there": "not stated" if not drops else counted(sum(drops), "packet"),
            "cut off": "yes: packets after some point are missing" if self.truncated else "no",
        }
        shown = self.comments[:SHOWN_COMMENTS]
        facts |= {f"comment on {_place(each['frame'])}": _shortened(each["text"]) for each in shown}
        if self.comments_total > len(shown):
            facts["comments"] = f"{self.comments_total:,} in all"
        return facts | {f"note {number}": note for number, note in enumerate(self.notes, 1)}

    @property
    def files(self) -> list[dict[str, Any]]:
        """The facts of each capture: of several read as one, or of the only one."""
        return self.captures or [vars(self)]

    def _snapshot_lengths(self) -> str:
        texts = ["not stated" if one["snaplen"] is None else counted(one["snaplen"], "byte") for one in self.files]
        if len(set(texts)) == 1:
            return texts[0]
        return ", ".join(f"{one['name']}: {text}" for one, text in zip(self.files, texts, strict=True))

    def __str__(self) -> str:
        facts = self.facts()
        width = max(len(label) for label in facts)
        lines = [self.name, *(f"  {label:{width}}  {text}" for label, text in facts.items())]
        return "\n".join(printable(line) for line in lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left;white-space:normal'>{html.escape(text)}</td></tr>"
            for label, text in self.facts().items()
        )
        return f"<div><b>{html.escape(self.name)}</b><table>{rows}</table></div>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the facts in IPython's terminal."""
        printer.text("…" if cycle else str(self))


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(text):,} characters)"


def _place(frame: int | None) -> str:
    return "the capture" if frame is None else f"frame {frame}"


def capture_info(packets: pd.DataFrame) -> CaptureInfo:
    """Return the facts about the capture that a frame was read from.

    Parameters
    ----------
    packets : DataFrame
        What `read_pcap` returned, or a selection of it.

    Returns
    -------
    CaptureInfo
        Facts about the whole capture.

    Raises
    ------
    ParameterError
        The frame does not come from `read_pcap` (pandas drops ``attrs`` in some operations, such as ``concat``).

    Examples
    --------
    >>> import pcapframe as pf
    >>> capture_info(pf.read_pcap(pf.example("clean.pcap"))).format
    'pcap (microseconds)'
    """
    facts = packets.attrs.get("capture")
    if facts is None:
        raise ParameterError('the frame carries no attrs["capture"]: expected what read_pcap returned')
    return CaptureInfo(**{f.name: facts[f.name] for f in fields(CaptureInfo) if f.name in facts})


def interface_of(info: CaptureInfo, source: int, number: int | None) -> dict[str, Any]:
    """Return what is known about the interface that a packet was captured on.

    Parameters
    ----------
    info : CaptureInfo
        Of the packet's capture, or of several read as one.
    source, number : int
        ``source`` and ``interface`` of the packet; None for an interface that is null.

    Returns
    -------
    dict
        As in ``info.interfaces``. One that is not listed there has its link type and snaplen only.

    Raises
    ------
    ParameterError
        The interface is not listed, and the capture has several link types.

    Examples
    --------
    >>> import pcapframe as pf
    >>> interface_of(capture_info(pf.read_pcap(pf.example("clean.pcap"))), 0, None)["link_type_number"]
    1
    """
    file = info.files[source]
    if number is not None:
        place = number - sum(before["interfaces_total"] for before in info.files[:source])
        if place < len(file["interfaces"]):
            listed: dict[str, Any] = file["interfaces"][place]
            return listed
        if file["link_types_total"] != 1:
            raise ParameterError(
                f"interface {number:,} is not among the first {len(file['interfaces']):,} of {file['name']}, which are "
                "listed: its link type is unknown"
            )
    if file["link_types_total"] != 1:
        raise ParameterError(f"{file['name']} has several link types and no interfaces: that of a packet is unknown")
    return {
        "name": "",
        "description": "",
        "link_type": file["link_types"][0],
        "link_type_number": file["link_type_numbers"][0],
        "snaplen": file["snaplen"],
        "received": None,
        "dropped": None,
    }


def stores_lengths(form: str) -> bool:
    """Whether a record's lengths stand right before its packet, so that they show that a capture is still the same.

    Parameters
    ----------
    form : str
        As in ``CaptureInfo.format``.

    Returns
    -------
    bool
        False for some dialects of pcap, and for formats that store them elsewhere.

    Examples
    --------
    >>> stores_lengths("pcap (microseconds) and pcapng"), stores_lengths("snoop")
    (True, False)
    """
    return set(form.split(" and ")) <= {"pcap (microseconds)", "pcap (nanoseconds)", "pcapng"}


def count_by_interface(packets: pd.DataFrame) -> list[int]:
    """Count packets by the interface that they were captured on.

    Parameters
    ----------
    packets : DataFrame
        What `read_pcap` returned; not modified.

    Returns
    -------
    list of int
        One count for each of ``capture_info(packets).interfaces``; packets of further interfaces are not counted.

    Examples
    --------
    >>> import pcapframe as pf
    >>> count_by_interface(pf.read_pcap(pf.example("ipv6.pcapng")))
    [899]
    """
    numbers = packets["interface"].dropna().to_numpy(np.int64)
    listed = len(capture_info(packets).interfaces)
    counts: list[int] = np.bincount(numbers[numbers < listed], minlength=listed).tolist()
    return counts
