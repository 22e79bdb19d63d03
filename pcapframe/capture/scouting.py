"""Bring the headers of the next records into the processor's caches, before a walker needs them one by one.

A record's place depends on the length of the one before, so a walker waits for memory at each long record. Here several
places ahead are guessed where a record may begin, and all are followed at the same time: then it waits for all of them
at once. A wrong guess costs time, and changes nothing: the walker itself goes from record to record as before.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pcapframe.capture.bits import LINE_BYTES, u32
from pcapframe.jit import inner_jit, prefetch

__all__ = ["MEAN", "SCOUTED", "new_scouts", "scout_blocks", "scout_records"]

Array = npt.NDArray[Any]

SCOUTS = 12  # how many places are followed at once
WINDOW = 1 << 21  # looked over at a time: the headers in it stay in the caches until they are needed [bytes]
LIKELY_S = 3_600  # from the time of one record to others in the same window
PACKET_BLOCK, BLOCK_BYTES, LIKELY_BYTES = 6, 32, 1 << 18  # the usual block of pcapng, its least and most length
SHORTEST = 12  # a block; a shorter one would not lead on [bytes]
# Mean lengths of records with which there is something to gain: of shorter ones the processor sees by itself what comes
# next, and longer ones take more time to find than to wait for. [bytes]
SHORT, LONG = 256, 3_000
LOOK = 4_096  # from where a scout is placed to the first likely record, at most [bytes]
# What is kept: where each scout is and where it stops; up to where the buffer was looked over; mean length of records.
STOP, SCOUTED, MEAN = SCOUTS, 2 * SCOUTS, 2 * SCOUTS + 1


def new_scouts() -> Array:
    """Return what is kept from window to window."""
    return np.zeros(2 * SCOUTS + 2, np.int64)


@inner_jit
def _place(scouts: Any, at: Any, end: Any) -> Any:
    """Share the next window among the scouts; return whether there is anything to gain by it."""
    stop = min(at + WINDOW, end)
    scouts[SCOUTED] = stop
    for k in range(SCOUTS):
        scouts[k] = at + k * (stop - at) // SCOUTS
        scouts[STOP + k] = at + (k + 1) * (stop - at) // SCOUTS
    return SHORT <= scouts[MEAN] < LONG and stop - at >= WINDOW // 4


@inner_jit
def _follow(buffer: Any, scouts: Any, header: Any, length_at: Any, big: Any, longest: Any) -> None:
    """Let all scouts go from record to record.

    Parameters
    ----------
    buffer : ndarray of uint8
        The bytes.
    scouts : ndarray of int64
        Where each of them is, and where it stops.
    header, length_at : int
        Length of a record's header, and where in it the length of the rest is. [bytes]
    big : bool
        Byte order.
    longest : int
        No record's rest is longer. [bytes]
    """
    goes_on = True
    while goes_on:
        goes_on = False
        for k in range(SCOUTS):
            at = scouts[k]
            if at + header + LINE_BYTES < scouts[STOP + k]:
                length = np.int64(u32(buffer, at + length_at, big))
                if length > longest or header + length < SHORTEST:
                    scouts[k] = scouts[STOP + k]
                    continue
                prefetch(buffer, at + LINE_BYTES)
                at += header + length
                prefetch(buffer, at)
                scouts[k] = at
                goes_on = True


@inner_jit
def scout_records(buffer: Any, at: Any, end: Any, form: Any, scouts: Any) -> None:
    """Look over the next window of a file of pcap.

    Parameters
    ----------
    buffer : ndarray of uint8
        The bytes.
    at, end : int
        Where the next record begins, and where the bytes end.
    form : Form
        Of its records.
    scouts : ndarray of int64
        What is kept from window to window.
    """
    if form.lengths or not _place(scouts, at, end):
        return
    big, units = form.big_endian, 1_000_000_000 // form.unit_ns
    seconds = u32(buffer, at, big)
    for k in range(1, SCOUTS):
        place, stop = scouts[k], min(scouts[k] + LOOK, scouts[STOP + k])
        scouts[k] = scouts[STOP + k]
        while place + form.record_bytes < stop:
            if abs(u32(buffer, place, big) - seconds) < LIKELY_S and u32(buffer, place + 4, big) < units:
                captured, wire = u32(buffer, place + 8, big), u32(buffer, place + 12, big)
                if 0 < captured <= min(wire, form.longest):
                    scouts[k] = place
                    break
            place += 1
    _follow(buffer, scouts, form.record_bytes, 8, big, form.longest)


@inner_jit
def scout_blocks(buffer: Any, at: Any, end: Any, big: Any, scouts: Any) -> None:
    """Look over the next window of a file of pcapng.

    Parameters
    ----------
    buffer : ndarray of uint8
        The bytes.
    at, end : int
        Where the next block begins, and where the bytes end.
    big : bool
        Byte order.
    scouts : ndarray of int64
        What is kept from window to window.
    """
    if not _place(scouts, at, end):
        return
    for k in range(1, SCOUTS):
        place, stop = at + (scouts[k] - at) // 4 * 4, min(scouts[k] + LOOK, scouts[STOP + k])
        scouts[k] = scouts[STOP + k]
        while place + BLOCK_BYTES < stop:
            length = u32(buffer, place + 4, big)
            if u32(buffer, place, big) == PACKET_BLOCK and BLOCK_BYTES <= length < LIKELY_BYTES:
                if place + length > end or u32(buffer, place + length - 4, big) == length:
                    scouts[k] = place
                    break
            place += 4
    _follow(buffer, scouts, 0, 4, big, LIKELY_BYTES)
