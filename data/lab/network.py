"""The lab itself: a client and a server host joined by the link, and a script's view of both.

A `Lab` is a context manager; it removes its namespaces and ends its processes when left, whatever happened.
One single-threaded script holds both ends of each connection, so a scenario reads from top to bottom.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from lab.hosts import WHOLE_PCAP, Capture, CaptureForm, Host, LabError, end, family, wait_until
from lab.link import Plan, bare_segment, plan_json, read_log
from lab.sockets import set_options, tcp_info, text

CLIENTS = ("192.0.2.10", "192.0.2.11", "192.0.2.12")
SERVERS = ("198.51.100.20", "198.51.100.21", "198.51.100.22")
CLIENTS_6 = ("2001:db8:1::10", "2001:db8:1::11")
SERVERS_6 = ("2001:db8:2::20", "2001:db8:2::21")
HTTP = 80

_NGINX = """
daemon off; master_process off; pid nginx.pid; error_log error.log; user root;
events {{ worker_connections 64; }}
http {{
  access_log off; server_tokens off; default_type text/plain; keepalive_timeout 10s;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; scgi_temp_path scgi;
  uwsgi_temp_path uwsgi;
  server {{ listen {listen}; root www; client_header_timeout 2s; reset_timedout_connection on; }}
}}
"""


class Lab:
    """A client and a server namespace, the link between them, and a script's view of both.

    Parameters
    ----------
    plan : Plan
        What the link does.
    folder : Path
        Existing folder for the captures, the link's log and scratch files.
    ipv6 : bool
        IPv6 addresses in place of IPv4.
    monitor : bool
        Add a third namespace that receives the link's copies of the frames.
    form : CaptureForm
        Format of the captures.
    first_port : int
        Below the client's port of the first connection.

    Attributes
    ----------
    client, server, monitor : Host
        The namespaces.
    notes : dict
        What a scenario meant to do, by (client, client port, server, server port).
    sockets : list of dict
        TCP_INFO of sockets, as read by `read_info`.
    forged : list of dict
        Segments sent in the name of a host's socket: endpoints, ``seq``, ``flags``, and for a RST whether it was
        ``ignored``.
    window : tuple of int
        When the traffic to capture began and ended. [Unix time, ns]
    captured : dict
        The capture files, by the role of the host where they were made.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        *,
        ipv6: bool = False,
        monitor: bool = False,
        form: CaptureForm = WHOLE_PCAP,
        first_port: int = 40000,
    ) -> None:
        self.plan, self.folder, self.form = plan, folder, form
        self.clients: tuple[str, ...] = CLIENTS_6 if ipv6 else CLIENTS
        self.servers: tuple[str, ...] = SERVERS_6 if ipv6 else SERVERS
        self._with_monitor = monitor
        self._next_port = first_port
        self._exit = ExitStack()
        self.notes: dict[tuple[str, int, str, int], str] = {}
        self.sockets: list[dict[str, Any]] = []
        self.forged: list[dict[str, Any]] = []
        self.window = (0, 0)
        self.captured: dict[str, Path] = {}

    def __enter__(self) -> Self:
        """Make the namespaces and start the link."""
        with self._exit:  # undoes what was made when something fails half-way
            self.client = self._host("client", "02:00:00:00:00:01", self.clients, self.servers)
            self.server = self._host("server", "02:00:00:00:00:02", self.servers, self.clients)
            self.hosts = {"client": self.client, "server": self.server}
            if self._with_monitor:
                self.hosts["monitor"] = self._host("monitor", "02:00:00:00:00:03")
            self._start_link()
            self._exit = self._exit.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End every process and remove the namespaces."""
        self._exit.close()

    def _host(self, *arguments: Any) -> Host:
        host = Host(*arguments, offload=self.plan.offload)
        self._exit.callback(host.close)
        return host

    def _start_link(self) -> None:
        plan, self._link_log = self.folder / "plan.json", self.folder / "link.jsonl"
        plan.write_text(plan_json(self.plan))
        program = str(Path(__file__).with_name("link.py"))
        devices = [f"{role}={host.tap}" for role, host in self.hosts.items()]
        self._link = subprocess.Popen(
            [sys.executable, program, str(plan), str(self._link_log), *devices],
            pass_fds=[host.tap for host in self.hosts.values() if host.tap is not None],
        )
        self._exit.callback(end, self._link)

    def stop_link(self) -> list[dict[str, Any]]:
        """End the link and return its log, one dict a frame."""
        if end(self._link):
            raise LabError("the link ended with an error")
        return read_log(self._link_log)

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Capture at every host meanwhile."""
        with ExitStack() as stack:
            captures = []
            for role, host in self.hosts.items():
                self.captured[role] = self.folder / f"{role}{self.form.suffix}"
                captures.append(Capture(host, self.captured[role], self.form.snaplen))
                stack.callback(end, captures[-1].process)
            started = time.time_ns()
            yield
            self.window = (started, time.time_ns())
            for capture in captures:
                capture.stop()

    def spawn(self, host: Host, *command: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a process that ends with the lab at the latest."""
        process = host.spawn(*command, log=self.folder / f"{Path(command[0]).name}.log", cwd=cwd)
        self._exit.callback(end, process)
        return process

    def nginx(self, **files: int) -> None:
        """Start nginx at the server's port 80.

        Parameters
        ----------
        **files : int
            Names and sizes of the text files that it serves. [bytes]
        """
        folder = self.folder / "nginx"
        (folder / "www").mkdir(parents=True)
        for name, size in files.items():
            (folder / "www" / name).write_bytes(text(size))
        listen = f"[::]:{HTTP}" if ":" in self.servers[0] else HTTP
        (folder / "nginx.conf").write_text(_NGINX.format(listen=listen))
        self.spawn(self.server, "nginx", "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log")
        wait_until(lambda: bool(self.server.run("ss", "-Hltn", f"sport = :{HTTP}")), "nginx")

    def curl(
        self,
        *paths: str,
        note: str,
        client: int = 0,
        server: int = 0,
        port: int = HTTP,
        options: tuple[str, ...] = (),
    ) -> subprocess.Popen[bytes]:
        """Start curl at the client for paths of one server, over one connection; n-th address of each."""
        local, address, remote = self._register(client, server, port, note)
        host = f"[{remote}]" if ":" in remote else remote
        urls = [part for path in paths for part in ("-o", "/dev/null", f"http://{host}:{port}/{path}")]
        source = ["--interface", address, "--local-port", str(local)]
        return self.spawn(self.client, "curl", "-q", "-sS", "--noproxy", "*", *source, *options, *urls)

    def connect(
        self, port: int, *, note: str, client: int = 0, server: int = 0, timeout_s: float = 30, **options: int
    ) -> socket.socket:
        """Open a connection from the client; raise OSError as the socket does.

        Parameters
        ----------
        port : int
            The server's port.
        note : str
            What the connection is meant to be.
        client, server : int
            Which of the addresses of each side.
        timeout_s : float
            Limit for this and every later operation of the socket. [s]
        **options : int
            Options of the socket by their C names, such as ``SO_RCVBUF=4096`` or ``TCP_SYNCNT=2``.
        """
        local, address, remote = self._register(client, server, port, note)
        with self.client.inside():
            sock = socket.socket(family(address))
        try:
            set_options(sock, **options)
            sock.settimeout(timeout_s)
            sock.bind((address, local))
            sock.connect((remote, port))
        except OSError:
            sock.close()
            raise
        return sock

    def pair(self, listener: socket.socket, *, note: str, **options: int) -> tuple[socket.socket, socket.socket]:
        """Open a connection to a listening socket and accept it: the client's and the server's socket."""
        address, port = listener.getsockname()[:2]
        ours = self.connect(port, note=note, server=self.servers.index(address), **options)
        theirs = listener.accept()[0]
        theirs.settimeout(30)
        return ours, theirs

    def forge(self, host: Host, sock: socket.socket, flags: int, seq: int, ack: int) -> dict[str, Any]:
        """Send a segment without data in the name of a host's socket; the row of `forged` that tells of it."""
        (source, port), (target, remote) = sock.getsockname()[:2], sock.getpeername()[:2]
        seq &= 0xFFFFFFFF
        host.send_raw(bare_segment(source, port, target, remote, flags, seq, ack), target)
        self.forged.append({"src": source, "src_port": port, "dst": target, "dst_port": remote, "seq": seq,
                            "flags": flags})  # fmt: skip
        return self.forged[-1]

    def same_port_again(self) -> None:
        """Let the next connection have the client's port of the last one."""
        self._next_port -= 1

    def _register(self, client: int, server: int, port: int, note: str) -> tuple[int, str, str]:
        self._next_port += 1
        local, remote = self.clients[client], self.servers[server]
        self.notes[local, self._next_port, remote, port] = note
        return self._next_port, local, remote

    def read_info(self, *sockets: socket.socket) -> None:
        """Keep what the kernel says of these sockets (TCP_INFO)."""
        for sock in sockets:
            local, remote = sock.getsockname()[:2], sock.getpeername()[:2]
            self.sockets.append({"local": local, "remote": remote} | tcp_info(sock))
