"""Why the kernel sent each segment again, by its own word: tracepoints with their kernel stacks.

``tcp:tcp_retransmit_skb`` fires for each segment that is sent again. The functions that led there say why: the
retransmission timer, a tail loss probe, or neither, and then an acknowledgement or RACK's timer asked for it. Of those
``tcp:tcp_cong_state_set`` tells which came while the sender made up for a timeout (state *Loss*); the kernel counts
them apart too (``TCPSlowStartRetrans`` and ``TCPFastRetrans``). The kernel cannot unwind the stack of a timer that
interrupted a program, or only in part; of these resends the state alone tells: each timeout enters *Loss* and then
sends one segment again, and without *Loss* or *Recovery* only a tail loss probe sends again. Where there is a stack
both say the same (``ground_truth.py`` prints how often not). Needs root and a kernel with these tracepoints
(``CONFIG_FTRACE``, ``CONFIG_STACKTRACE``). Without them nothing is recorded, and reasons are held against the kernel's
counters alone.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

TRACING = Path("/sys/kernel/tracing")
KERNEL_REASONS = ("timeout", "after_timeout", "fast", "tail_probe", "other")
_EVENTS = ("tcp_retransmit_skb", "tcp_cong_state_set")
_BUFFER_KB = 8192  # a processor
_RECOVERY, _LOSS = 3, 4  # TCP_CA_Recovery, TCP_CA_Loss
_EARLY_NS, _LATE_NS = 5_000_000, 300_000_000  # of a frame at the link against the event; the machine may be loaded
_EVENT = re.compile(r"\s(\d+)\.(\d{6}): (tcp_\w+): (.*)")
_FIELD = re.compile(r"(\w+)=(\S+)")

_MTU_CHANGED = {"tcp_simple_retransmit", "tcp_v4_mtu_reduced", "tcp_v6_mtu_reduced"}
_BY_STATE = {_RECOVERY: "fast", _LOSS: "after_timeout"}

Ends = tuple[str, int, str, int]
Event = tuple[int, str]  # Unix time [ns], reason


class Tracing:
    """A trace buffer of its own, which takes the resends of connections with a port of a range; a context manager.

    Parameters
    ----------
    name : str
        Of the buffer.
    ports : range
        Client ports, which tell this lab's connections from those of another one.
    """

    def __init__(self, name: str, ports: range) -> None:
        self._folder, self._ports = TRACING / "instances" / name, ports
        self.available = False

    def __enter__(self) -> Self:
        """Begin, where the kernel can."""
        self._offset = time.time_ns() - time.monotonic_ns()
        with suppress(OSError, subprocess.CalledProcessError):
            if not (TRACING / "instances").is_dir():
                subprocess.run(["mount", "-t", "tracefs", "nodev", str(TRACING)], check=True, capture_output=True)
            self._folder.mkdir()
            self._begin()
            self.available = True
        return self

    def _begin(self) -> None:
        low, high = self._ports.start, self._ports.stop
        some = f"(sport >= {low} && sport < {high}) || (dport >= {low} && dport < {high})"
        settings = [("trace_clock", "mono"), ("buffer_size_kb", str(_BUFFER_KB)), ("options/stacktrace", "1")]
        settings += [(f"events/tcp/{event}/filter", some) for event in _EVENTS]
        settings += [(f"events/tcp/{event}/enable", "1") for event in _EVENTS]
        for name, value in settings:
            (self._folder / name).write_text(value)

    def __exit__(self, *_: object) -> None:
        """Remove the buffer."""
        if self._folder.is_dir():
            for event in _EVENTS:
                with suppress(OSError):
                    (self._folder / "events/tcp" / event / "enable").write_text("0")
            self._folder.rmdir()

    def resends(self) -> dict[Ends, list[Event]]:
        """Read what was traced so far: time and reason of each resend, by sender and receiver with their ports."""
        return parsed((self._folder / "trace").read_text(), self._offset) if self.available else {}


def parsed(text: str, offset: int = 0) -> dict[Ends, list[Event]]:
    """Read a trace in text form.

    Parameters
    ----------
    text : str
        What the kernel wrote, with stacks.
    offset : int
        From its clock to Unix time. [ns]

    Returns
    -------
    dict
        By sender and receiver with their ports: time [Unix, ns] and one of ``KERNEL_REASONS``, in order. SYNs and
        what could not be sent are left out.
    """
    found: dict[Ends, list[Event]] = defaultdict(list)
    states: dict[Ends, int] = {}
    timed_out: set[Ends] = set()  # entered Loss and sent nothing again since
    for ends, fields, moment, stack in _events(text):
        if "cong_state" in fields:
            states[ends] = int(fields["cong_state"])
            (timed_out.add if states[ends] == _LOSS else timed_out.discard)(ends)
        elif fields.get("err", "0") == "0" and fields["state"] not in ("TCP_SYN_SENT", "TCP_SYN_RECV"):
            state = states.get(ends, 0)
            by_state = "timeout" if ends in timed_out else _BY_STATE.get(state, "tail_probe")
            timed_out.discard(ends)
            found[ends].append((moment + offset, _reason(stack, is_loss=state == _LOSS) or by_state))
    return dict(found)


def _events(text: str) -> Iterator[tuple[Ends, dict[str, str], int, list[str]]]:
    """Yield each event: sender and receiver, its fields, its time [ns], the functions that led there."""
    pending: tuple[Ends, dict[str, str], int, list[str]] | None = None
    for line in text.splitlines():
        if line.startswith(" => ") and pending is not None:
            pending[3].append(line[4:].split(".")[0].strip())  # without the compiler's suffixes
        event = _EVENT.search(line)
        if event is None:
            continue
        if pending is not None:
            yield pending
        fields = dict(_FIELD.findall(event[4]))
        pending = _ends(fields), fields, int(event[1]) * 1_000_000_000 + int(event[2]) * 1000, []
    if pending is not None:
        yield pending


def _ends(fields: dict[str, str]) -> Ends:
    addresses = ("saddr", "daddr") if fields["family"] == "AF_INET" else ("saddrv6", "daddrv6")
    return fields[addresses[0]], int(fields["sport"]), fields[addresses[1]], int(fields["dport"])


def _reason(stack: list[str], *, is_loss: bool) -> str | None:
    """Tell why, from the functions that led to a resend and whether the sender makes up for a timeout; None if cut."""
    if "tcp_send_loss_probe" in stack:
        return "tail_probe"
    if "tcp_retransmit_timer" in stack:
        return "timeout"
    if not _MTU_CHANGED.isdisjoint(stack):
        return "other"
    if "tcp_xmit_retransmit_queue" in stack:
        return "after_timeout" if is_loss else "fast"
    return None


def kernel_reasons(
    log: list[dict[str, Any]], resent: list[tuple[int, int]], events: dict[Ends, list[Event]]
) -> dict[int, str]:
    """Give each resend of one point of capture the kernel's reason.

    Parameters
    ----------
    log : list of dict
        The link's.
    resent : list of tuple
        Packets that the hosts at this point sent again: frame of the capture, and the number of its first frame in
        the log; in order.
    events : dict
        From `Tracing.resends`.

    Returns
    -------
    dict
        By frame of the capture. A frame is the next event's of its direction if it reached the link about then. One
        event may be of several segments, which the kernel cuts afterwards: what follows at once, with the next
        bytes, has the same reason. A frame for which there is no event is left out.
    """
    waiting = {ends: list(some) for ends, some in events.items()}
    last: dict[Ends, tuple[int, int, str]] = {}  # when the last one came, where it ends, its reason
    found = {}
    for frame, number in resent:
        entry = log[number]
        ends = entry["src"], entry["src_port"], entry["dst"], entry["dst_port"]
        queue = waiting.get(ends, [])
        while queue and queue[0][0] < entry["at"] - _LATE_NS:
            queue.pop(0)
        if queue and queue[0][0] <= entry["at"] + _EARLY_NS:
            found[frame] = queue.pop(0)[1]
        elif ends in last and entry["at"] - last[ends][0] <= _EARLY_NS and entry["seq"] == last[ends][1]:
            found[frame] = last[ends][2]
        if frame in found:
            last[ends] = entry["at"], (entry["seq"] + entry["payload_bytes"]) % (1 << 32), found[frame]
    return found
