"""A host of the lab: a network namespace with one interface, the commands run in it, and captures at it.

Linux and root. Sockets and processes belong to the namespace in which they are made.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INTERFACE = "eth0"

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_TUNSETOFFLOAD = 0x400454D0
_IFF_TAP_NO_PI, _IFF_VNET_HDR = 0x0002 | 0x1000, 0x4000
_OFFLOADS = 0x01 | 0x02 | 0x04  # checksums, TCP segmentation over IPv4 and IPv6
_KERNEL_COUNTERS = (
    "RetransSegs OutRsts TCPSynRetrans TCPTimeouts TCPLossProbes TCPFastRetrans TCPSlowStartRetrans "
    "TCPLostRetransmit TCPDSACKRecv TCPOFOQueue TCPKeepAlive TCPAbortOnData TCPAbortOnClose TCPAbortOnTimeout "
    "TCPWinProbe TCPChallengeACK"
).split()
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


class LabError(RuntimeError):
    """Something in the lab went wrong."""


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
    """Wait until the condition holds, or raise `LabError` naming what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(0.02)


class Host:
    """A network namespace with one TAP interface.

    Parameters
    ----------
    role : str
        ``client``, ``server`` or ``monitor``; part of the namespace's name.
    mac : str
        Address of its interface.
    addresses, reach : tuple of str
        Its own addresses, and those of the other side, which it takes to be on the link.
    offload : bool
        Leave segmentation and checksums to whoever reads the TAP device.
    """

    def __init__(
        self,
        role: str,
        mac: str,
        addresses: tuple[str, ...] = (),
        reach: tuple[str, ...] = (),
        *,
        offload: bool = False,
    ) -> None:
        self.role, self._offload = role, offload
        self.namespace = f"pcapframe-{os.getpid()}-{role}"
        self.tap: int | None = None
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        self._inside = os.open(f"/var/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            self.tap = self._open_tap()
            self._bring_up(mac, addresses, reach)
        except BaseException:
            self.close()
            raise

    def _bring_up(self, mac: str, addresses: tuple[str, ...], reach: tuple[str, ...]) -> None:
        ipv6 = any(":" in address for address in addresses)
        for name in ("all", "default", INTERFACE):
            self.sysctl(f"net/ipv6/conf/{name}/disable_ipv6", int(not ipv6))
            self.sysctl(f"net/ipv6/conf/{name}/accept_dad", 0)
            self.sysctl(f"net/ipv6/conf/{name}/router_solicitations", 0)
        self.sysctl("net/ipv4/tcp_no_metrics_save", 1)  # no TCP metrics are shared between connections
        self.run("ip", "link", "set", INTERFACE, "address", mac, "up")
        # Without offload segments and checksums are as on a wire.
        state = "on" if self._offload else "off"
        self.run("ethtool", "-K", INTERFACE, "tx", state, "tso", state, "gso", state, "gro", "off")
        for address in addresses:
            bits = ["128", "nodad"] if ":" in address else ["32"]
            self.run("ip", "address", "add", f"{address}/{bits[0]}", "dev", INTERFACE, *bits[1:])
        for address in reach:
            self.run("ip", "route", "add", address, "dev", INTERFACE)

    def _open_tap(self) -> int:
        with self.inside():
            tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            flags = _IFF_TAP_NO_PI | (_IFF_VNET_HDR if self._offload else 0)
            fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", INTERFACE.encode(), flags))
            if self._offload:
                fcntl.ioctl(tap, _TUNSETOFFLOAD, _OFFLOADS)
        return tap

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Switch the thread to this namespace; sockets and processes made meanwhile stay in it."""
        _set_namespace(self._inside)
        try:
            yield
        finally:
            _set_namespace(self._home)

    def run(self, *command: str, allowed: tuple[int, ...] = (0,), text: str | None = None) -> str:
        """Run a command to its end and return its output; `LabError` if its exit status is not allowed."""
        with self.inside():
            done = subprocess.run(
                command,
                input=text,
                capture_output=True,
                text=True,
                env=_ENVIRONMENT,
                timeout=120,
                check=False,
            )
        if done.returncode not in allowed:
            raise LabError(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def spawn(self, *command: str, log: Path, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a process, its output in a file."""
        with self.inside(), log.open("wb") as output:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
                                    env=_ENVIRONMENT)  # fmt: skip

    def sysctl(self, name: str, value: int) -> None:
        """Set a kernel parameter of the namespace."""
        with self.inside():
            Path("/proc/sys", name).write_text(str(value))

    def filter(self, *rules: str, hook: str = "input") -> None:
        """Put nftables rules on a hook, in place of its former ones. Captures come before ``input``."""
        table = f"table inet {hook}"
        lines = "".join(f"{rule}; " for rule in rules)
        chain = f"chain traffic {{ type filter hook {hook} priority 0; {lines}}}"
        self.run("nft", "-f", "-", text=f"{table}\ndelete {table}\n{table} {{\n{chain}\n}}\n")

    def listen(self, address: str, port: int, *, receive_buffer: int | None = None) -> socket.socket:
        """Make a listening socket."""
        with self.inside():
            listener = socket.socket(family(address))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        listener.bind((address, port))
        listener.listen()
        listener.settimeout(30)
        return listener

    def send_raw(self, packet: bytes, target: str) -> None:
        """Send an IPv4 packet as it is; the kernel fills in its length, identification and header checksum."""
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
            sock.sendto(packet, (target, 0))

    def counters(self) -> dict[str, int]:
        """Read the kernel's TCP counters of the namespace (those about retransmissions and resets)."""
        with self.inside():
            lines = [line.split() for name in ("snmp", "netstat") for line in _proc_net(name)]
        found: dict[str, str] = {}
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            if names[0] in ("Tcp:", "TcpExt:"):
                found |= dict(zip(names[1:], values[1:], strict=True))
        return {name: int(found[name]) for name in _KERNEL_COUNTERS}

    def close(self) -> None:
        """Remove the namespace."""
        for number in (self.tap, self._inside, self._home):
            if number is not None:
                os.close(number)
        subprocess.run(["ip", "netns", "delete", self.namespace], check=False)


def _set_namespace(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _proc_net(name: str) -> list[str]:
    return Path("/proc/thread-self/net", name).read_text().splitlines()


def family(address: str) -> socket.AddressFamily:
    """Socket family of an address text."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@dataclass(frozen=True)
class CaptureForm:
    """Format of captures.

    Parameters
    ----------
    suffix : {".pcap", ".pcapng"}
        File format.
    snaplen : int
        Bytes kept of each packet; 0 for all. [bytes]
    """

    suffix: str = ".pcap"
    snaplen: int = 0


WHOLE_PCAP = CaptureForm()


class Capture:
    """A running capture at one host: tcpdump for ``.pcap``, dumpcap for ``.pcapng``.

    Parameters
    ----------
    host : Host
        Where it listens.
    path : Path
        File to write; the suffix says the format.
    snaplen : int
        Bytes kept of each packet; 0 for all. [bytes]
    """

    def __init__(self, host: Host, path: Path, snaplen: int) -> None:
        self._log = path.with_suffix(".log")
        if path.suffix == ".pcapng":
            command = ["dumpcap", "-q", "-i", INTERFACE, "-s", str(snaplen), "-w", str(path)]
            ready, self._dropped = "File: ", r"dropped on interface '\w+': \d+/(\d+)"
        else:
            command = ["tcpdump", "-n", "-U", "--immediate-mode", "-Z", "root", "-i", INTERFACE]
            command += ["-s", str(snaplen), "-w", str(path)]
            ready, self._dropped = "listening on", r"(\d+) packets? dropped by kernel"
        self.process = host.spawn(*command, log=self._log)
        try:
            wait_until(lambda: ready in self._log.read_text(), f"{command[0]} to begin")
        except BaseException:
            end(self.process)
            raise
        time.sleep(0.3)

    def stop(self) -> None:
        """End the capture; raise `LabError` when packets passed that it did not write."""
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        report = self._log.read_text()
        dropped = re.search(self._dropped, report)
        if not dropped or int(dropped[1]):
            raise LabError(f"the capture is not whole: {report}")


def end(process: subprocess.Popen[Any]) -> int:
    """End a process if it still runs, and return its exit status."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def finish(*processes: subprocess.Popen[bytes], allowed: tuple[int, ...] = (0,), timeout_s: float = 60) -> None:
    """Wait for processes; an exit status that is not allowed raises `LabError`."""
    for process in processes:
        status = process.wait(timeout_s)
        if status not in allowed:
            raise LabError(f"exit status {status}: {process.args!r}")
