"""Dissect one packet with scapy, from its bytes in the capture."""

import os
import warnings
from typing import Any

import pandas as pd

from pcapframe.capture.remote import MASK, is_url
from pcapframe.capture.source import CaptureSource, CaptureStream, open_capture
from pcapframe.errors import CaptureFormatError, ParameterError, needs_extra
from pcapframe.facts import capture_info, interface_of, stores_lengths

__all__ = ["dissect", "packet_bytes"]

WIRE_LENGTH_BYTES = 4


def dissect(packets: Any, frame: int, *, source: CaptureSource | None = None) -> Any:
    """Dissect one packet, layer by layer.

    Parameters
    ----------
    packets : DataFrame or Analysis
        What `read_pcap` or `analyze` returned, or rows of the frame that still have its ``attrs``.
    frame : int
        Frame number, as in the index of the frame.
    source : path, URL, bytes or binary file, optional
        The capture that the packet is in; by default the file that it was read from.

    Returns
    -------
    scapy.packet.Packet
        Its outermost layer; ``show()`` prints all of them. One ``Raw`` layer where scapy does not know the link type
        or cannot read its header.

    Raises
    ------
    ParameterError
        There is no such frame; or the capture cannot be read again, such as standard input: pass `source`.
    CaptureError
        The capture is gone or has changed.
    MissingExtraError
        Scapy is not installed.

    Notes
    -----
    A compressed capture is decompressed up to the packet. The last layer of a packet cut by the snaplen is incomplete.

    Examples
    --------
    >>> import pcapframe as pf
    >>> packet = dissect(pf.analyze(pf.example("clean.pcap")), 3)
    >>> packet["TCP"].dport
    80
    """
    data = packet_bytes(packets, frame, source=source)
    row, _ = _row(packets, frame)
    info = capture_info(packets if isinstance(packets, pd.DataFrame) else packets.packets)
    interface = interface_of(info, row["source"], None if pd.isna(row["interface"]) else row["interface"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scapy warns about itself and about malformed bytes
        with needs_extra("dissecting needs", "dissect"):
            from scapy.config import conf
            from scapy.layers import all as _layers  # noqa: F401  # registers them with conf
            from scapy.packet import Raw
        try:
            return conf.l2types.num2layer.get(interface["link_type_number"], Raw)(data)
        except Exception:  # malformed bytes may raise anything; scapy does the same for inner layers
            return Raw(data)


def packet_bytes(packets: Any, frame: int, *, source: CaptureSource | None = None) -> bytes:
    """Read the bytes of one packet from its capture.

    Parameters
    ----------
    packets, frame, source
        As for `dissect`.

    Returns
    -------
    bytes
        As captured, from the link layer's header on.

    Raises
    ------
    ParameterError
        As for `dissect`.
    CaptureError
        The capture is gone or has changed.

    Examples
    --------
    >>> import pcapframe as pf
    >>> packets = pf.read_pcap(pf.example("clean.pcap"))
    >>> len(packet_bytes(packets, 3)) == int(packets.loc[3, "captured_bytes"])
    True
    """
    row, capture = _row(packets, frame)
    begin = int(row["offset"]) - WIRE_LENGTH_BYTES
    with open_capture(_source(packets, row, capture) if source is None else source) as stream:
        stream.skip(begin)
        data = _read(stream, WIRE_LENGTH_BYTES + int(row["captured_bytes"]))
        # Most formats store the length on the wire right before the bytes: a check that the capture is still the same.
        before = [int.from_bytes(data[:WIRE_LENGTH_BYTES], order) for order in ("little", "big")]
        captured, wire = int(row["captured_bytes"]), int(row["wire_bytes"])
        # One below the captured length stands for that; before version 2.4 of pcap, the captured length is the second.
        is_there = not stores_lengths(capture["format"]) or wire in before or min(before) < captured == wire
        is_there = is_there or captured in before
        if not is_there or len(data) < WIRE_LENGTH_BYTES + int(row["captured_bytes"]):
            raise CaptureFormatError(stream.name, f"frame {frame} is not there: the capture has changed", begin)
    return data[WIRE_LENGTH_BYTES:]


def _row(packets: Any, frame: int) -> tuple[pd.Series, dict[str, Any]]:
    """Return the row of a frame, and the facts about the capture that it is in."""
    rows = packets if isinstance(packets, pd.DataFrame) else packets.packets
    facts = rows.attrs.get("capture")
    if facts is None:
        raise ParameterError('the frame carries no attrs["capture"]: expected what read_pcap returned')
    if isinstance(frame, bool) or frame not in rows.index:
        raise ParameterError(f"there is no frame {frame!r}: expected one of the {len(rows):,} frames")
    place: Any = rows.index.get_loc(frame)
    row: pd.Series = rows[["offset", "captured_bytes", "wire_bytes", "source", "interface"]].iloc[place]
    return row, facts["captures"][row["source"]] if facts["captures"] else facts


def _source(packets: Any, row: pd.Series, capture: dict[str, Any]) -> CaptureSource:
    """Return what the capture of a packet can be read from again."""
    files = [] if isinstance(packets, pd.DataFrame) else packets.provenance.files
    known = files[row["source"]].path if len(files) > row["source"] else capture["name"]
    if os.path.isfile(known) or (is_url(known) and MASK not in known):
        return str(known)
    raise ParameterError(f"{known} cannot be read again here: name the capture as source")


def _read(stream: CaptureStream, count: int) -> bytes:
    data = memoryview(bytearray(count))
    done = 0
    while done < count and (read := stream.read_into(data[done:])):
        done += read
    return bytes(data[:done])
