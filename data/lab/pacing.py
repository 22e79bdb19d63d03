"""Applications that write and read at a pace of their own: pauses between writes, slow readers."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from lab.hosts import LabError
from lab.sockets import text

__all__ = ["Flow", "run_flows"]


@dataclass
class Flow:
    """Bytes that one application writes and another one reads.

    Parameters
    ----------
    sender, receiver : socket
        The two ends.
    writes : iterable of tuple
        Each a pause and then a size: the pause begins when all bytes before are with the kernel. [s], [bytes]
    read_bytes : int
        Most that the reader takes at once. [bytes]
    read_pause_s : float
        How long the reader then waits. [s]
    """

    sender: socket.socket
    receiver: socket.socket
    writes: Iterable[tuple[float, int]]
    read_bytes: int = 65536
    read_pause_s: float = 0.0
    _left: memoryview = field(default=memoryview(b""), init=False)
    _due: list[tuple[float, int]] = field(default_factory=list, init=False)
    _missing: int = field(default=0, init=False)
    _write_at: float = field(default=0.0, init=False)
    _read_at: float = field(default=0.0, init=False)

    def begin(self, now: float) -> None:
        """Begin with the first pause."""
        self._due = list(self.writes)
        self._missing = sum(size for _, size in self._due)
        self._write_at = now + self._due[0][0]

    def wants_write(self, now: float) -> bool:
        """Return whether the writer has something to write now."""
        if not self._left and self._due and now >= self._write_at:
            self._left = memoryview(text(self._due.pop(0)[1]))
        return bool(self._left)

    def wants_read(self, now: float) -> bool:
        """Return whether the reader reads now."""
        return self._missing > 0 and now >= self._read_at

    def write(self) -> None:
        """Write what the kernel takes."""
        self._left = self._left[self.sender.send(self._left, socket.MSG_DONTWAIT) :]
        if not self._left and self._due:
            self._write_at = time.monotonic() + self._due[0][0]

    def read(self) -> None:
        """Read once."""
        self._missing -= len(self.receiver.recv(min(self._missing, self.read_bytes)))
        self._read_at = time.monotonic() + self.read_pause_s

    @property
    def is_over(self) -> bool:
        """Whether all has arrived."""
        return self._missing == 0


def run_flows(*flows: Flow, timeout_s: float = 60) -> None:
    """Run flows until all bytes are read; `LabError` when it takes longer."""
    begun = time.monotonic()
    for flow in flows:
        flow.begin(begun)
    while not all(flow.is_over for flow in flows):
        now = time.monotonic()
        if now > begun + timeout_s:
            raise LabError(f"flows not finished after {timeout_s} s")
        readers = {flow.receiver: flow for flow in flows if flow.wants_read(now)}
        writers = {flow.sender: flow for flow in flows if flow.wants_write(now)}
        readable, writable, _ = select.select(list(readers), list(writers), [], 0.001)
        for sock in writable:
            writers[sock].write()
        for sock in readable:
            readers[sock].read()
