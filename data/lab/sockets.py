"""What scenarios do with TCP sockets."""

from __future__ import annotations

import select
import socket
import struct
import time

from lab.hosts import LabError

ESTABLISHED = 1  # TCP_ESTABLISHED in tcpi_state
_TCP_REPAIR, _TCP_REPAIR_QUEUE, _TCP_QUEUE_SEQ = 19, 20, 21
_RECEIVED, _SENT, _REPAIR_OFF = 1, 2, -1
_TCP_INFO_BYTES = 232
_TCP_INFO = {  # format and offset
    "state": ("B", 0),
    "snd_mss": ("I", 16),
    "total_retrans": ("I", 100),
    "segs_out": ("I", 136),
    "segs_in": ("I", 140),
    "min_rtt": ("I", 148),  # [us]
    "busy_time": ("Q", 168),  # [us], and the next two
    "rwnd_limited": ("Q", 176),
    "sndbuf_limited": ("Q", 184),
    "bytes_sent": ("Q", 200),
    "bytes_retrans": ("Q", 208),
    "dsack_dups": ("I", 216),
    "reord_seen": ("I", 220),
    "rcv_ooopack": ("I", 224),
}


def text(size: int) -> bytes:
    """Make numbered lines of text, cut to size in bytes."""
    return b"".join(b"line %07d of a text that pcapframe sends\n" % n for n in range(size // 40 + 1))[:size]


def transfer(*flows: tuple[socket.socket, socket.socket, int], timeout_s: float = 60) -> None:
    """Send bytes from one socket to another, several flows at a time, until all have arrived.

    Parameters
    ----------
    *flows : tuple
        Sending socket, receiving socket, number of bytes.
    timeout_s : float
        `LabError` when it takes longer. [s]
    """
    deadline = time.monotonic() + timeout_s
    sending = {sender: memoryview(text(size)) for sender, _, size in flows}
    receiving = {receiver: size for _, receiver, size in flows}
    while receiving:
        readable, writable, _ = select.select(list(receiving), list(sending), [], 1.0)
        for sock in writable:
            sending[sock] = sending[sock][sock.send(sending[sock][:16384], socket.MSG_DONTWAIT) :]
            if not sending[sock]:
                del sending[sock]
        for sock in readable:
            receiving[sock] -= len(sock.recv(min(receiving[sock], 65536)))
            if not receiving[sock]:
                del receiving[sock]
        if time.monotonic() > deadline:
            raise LabError(f"transfer not finished after {timeout_s} s: {receiving}")


def set_options(sock: socket.socket, **options: int) -> None:
    """Set options of a socket by their C names, such as ``SO_RCVBUF=4096`` or ``TCP_SYNCNT=2``."""
    for name, value in options.items():
        level = socket.IPPROTO_TCP if name.startswith("TCP_") else socket.SOL_SOCKET
        sock.setsockopt(level, getattr(socket, name), value)


def abort(sock: socket.socket) -> None:
    """Close a socket so that the kernel sends a reset (SO_LINGER with time 0)."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def close_in_turn(first: socket.socket, second: socket.socket) -> None:
    """Close a connection with a FIN from each side, the second after it has seen the first one's."""
    first.shutdown(socket.SHUT_WR)
    while second.recv(65536):
        pass
    second.close()
    while first.recv(65536):
        pass
    first.close()


def tcp_info(sock: socket.socket) -> dict[str, int]:
    """Read the kernel's counters of a socket of resends, reordering and what it was doing (Linux 5.4 and later)."""
    raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    return {name: struct.unpack_from(form, raw, offset)[0] for name, (form, offset) in _TCP_INFO.items()}


def next_numbers(sock: socket.socket) -> tuple[int, int]:
    """Read the sequence number that the socket sends next and the one that it expects (TCP_REPAIR; needs root)."""
    sock.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
    numbers = []
    for queue in (_SENT, _RECEIVED):
        sock.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR_QUEUE, queue)
        numbers.append(sock.getsockopt(socket.IPPROTO_TCP, _TCP_QUEUE_SEQ) & 0xFFFFFFFF)
    sock.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, _REPAIR_OFF)
    return numbers[0], numbers[1]
