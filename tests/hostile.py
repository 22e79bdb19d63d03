"""An HTTP server on loopback that misbehaves as asked; the path says how."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ZEROS = bytes(1 << 16)


class Server(ThreadingHTTPServer):
    """What was asked of it is in `asked`; `files` are served as they are."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.files: dict[str, bytes] = {}
        self.sent = 0
        self.closing = threading.Event()

    def url(self, path: str, host: str = "localhost") -> str:
        """URL of a path, by a name that a test allows."""
        return f"http://{host}:{self.server_port}{path}"

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is what the tests want."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        parts = urlsplit(self.path)
        with suppress(OSError):
            getattr(self, f"say_{parts.path.split('/')[1]}", self.say_file)(
                {k: v[0] for k, v in parse_qs(parts.query).items()}
            )
        self.close_connection = True

    do_POST = do_PUT = do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def begin(self, status: int = 200, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.flush()

    def write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.server.sent += len(data)

    def say_file(self, _: dict[str, str]) -> None:
        data = self.server.files.get(urlsplit(self.path).path)
        if data is None:
            self.begin(404, Content_Length=0)
        else:
            self.begin(Content_Length=len(data))
            self.write(data)

    def say_redirect(self, query: dict[str, str]) -> None:
        self.begin(int(query.get("status", 302)), Location=query["to"], Content_Length=0)

    def say_again(self, query: dict[str, str]) -> None:
        left = int(query["left"])
        to = f"/again?left={left - 1}" if left else "/capture.pcap"
        self.begin(302, Location=to, Content_Length=0)

    def say_zeros(self, query: dict[str, str]) -> None:
        total = 10 << 30
        self.begin(**({"Content_Length": total} if "stated" in query else {}))
        for _ in range(total // len(ZEROS)):
            self.write(ZEROS)

    def say_drip(self, _: dict[str, str]) -> None:
        self.begin()
        while not self.server.closing.wait(0.05):
            self.write(b"\0")

    def say_dripping_head(self, _: dict[str, str]) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000:
            self.write(bytes([letter]))
            if self.server.closing.wait(0.05):
                return

    def say_silence(self, _: dict[str, str]) -> None:
        self.server.closing.wait(60)

    def say_cut(self, _: dict[str, str]) -> None:
        data = self.server.files["/capture.pcap"]
        self.begin(Content_Length=len(data) + 1000)
        self.write(data)

    def say_short(self, _: dict[str, str]) -> None:
        data = self.server.files["/capture.pcap"]
        self.begin(Content_Length=len(data) - 5)
        self.write(data)

    def say_unstated(self, _: dict[str, str]) -> None:
        self.begin()
        self.write(self.server.files["/capture.pcap"])

    def say_garbage(self, _: dict[str, str]) -> None:
        self.write(b"\x00\xff no HTTP at all\r\n\r\n")


@contextmanager
def serving() -> Iterator[Server]:
    """Run the server in a thread."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def bomb(capture: bytes, zeros: int) -> bytes:
    """A capture, gzipped, that decompresses to many records of a second each, without a byte in them."""
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb") as file:
        file.write(capture)
        records = (b"\1" + bytes(15)) * 4096
        for _ in range(zeros // len(records)):
            file.write(records)
    return made.getvalue()
