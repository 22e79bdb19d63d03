"""Fetch a capture by URL into a temporary file without a name, which cannot be left behind.

Only GET, over http and https. Connections go only to addresses that were checked (``pcapframe.capture.remote``), for
each redirect too. Size and time are limited, including the time to resolve and connect. Proxy settings and ``.netrc``
of the environment are ignored.
"""

import hashlib
import re
import socket
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any, TypeAlias
from urllib.parse import unquote_to_bytes

from pcapframe.capture.remote import RemoteCapture, public_addresses
from pcapframe.errors import RemoteCaptureError, needs_extra
from pcapframe.memory import Claim

__all__ = ["BoundedCapture", "Fetched", "fetch"]

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
CONNECT_S, READ_S = 10.0, 30.0  # longest wait for a connection and for the next bytes
RESOLVING_S = 0.1  # between checks of the deadline while a name is resolved
Progress: TypeAlias = Callable[[int, int | None], object]


@dataclass(frozen=True)
class BoundedCapture:
    """An open capture, with limits on reading it.

    Parameters
    ----------
    name : str
        For messages and answers.
    file : binary file
        Its content, from the beginning.
    size : int
        As stored. [bytes]
    max_decompressed_bytes : int or None
        Largest length after decompression; None for no limit. [bytes]
    claim : callable
        Called with the memory that an analysis of it takes so far and its packets; raises where that is too much.
    """

    name: str
    file: IO[bytes]
    size: int
    max_decompressed_bytes: int | None
    claim: Claim


@dataclass(frozen=True)
class Fetched(BoundedCapture):
    """A fetched capture; valid while its temporary file is open.

    Parameters
    ----------
    sha256 : str
        Of the content, hexadecimal.
    """

    sha256: str


@contextmanager
def fetch(remote: RemoteCapture, progress: Progress | None = None) -> Iterator[Fetched]:
    """Fetch a capture.

    Parameters
    ----------
    remote : RemoteCapture
        The URL and its limits.
    progress : callable, optional
        Called with the bytes fetched so far and their total (None if unknown). An exception from it ends the fetching.

    Yields
    ------
    Fetched
        With its temporary file, which is removed afterwards.

    Raises
    ------
    RemoteCaptureError
        It may not be fetched, cannot be fetched, or exceeds a limit.
    """
    # Without a name where the system allows that: not even a killed process leaves it behind.
    with tempfile.TemporaryFile(prefix="pcapframe-") as file:
        try:
            size, sha256 = _download(remote, file, progress or (lambda _done, _size: None))
            file.seek(0)
        except OSError as error:
            raise RemoteCaptureError(remote.name, f"could not be stored ({error.strerror or error})") from None
        yield Fetched(remote.name, file, size, remote.max_decompressed_bytes, remote.claim, sha256)


def _download(remote: RemoteCapture, file: IO[bytes], progress: Progress) -> tuple[int, str]:
    """Write the capture to a file; return its size and SHA-256."""
    httpx = _httpx()
    try:
        url = httpx.URL(remote.url)
    except httpx.InvalidURL as error:
        raise RemoteCaptureError(remote.name, f"is not a URL ({error})") from None
    with _Deadline(remote.max_seconds) as deadline:
        try:
            for _ in range(MOST_REDIRECTS + 1):
                with ExitStack() as stack:
                    response = stack.enter_context(_answer(remote, url, deadline, progress))
                    if response.status_code == 200:
                        stored = _store(remote, response, file, progress)
                        if deadline.passed:  # a body without Content-Length just ends when it is cut
                            raise httpx.ReadTimeout("")
                        return stored
                    if response.status_code not in REDIRECTS or "location" not in response.headers:
                        raise RemoteCaptureError(remote.name, f"the server answered {response.status_code}, not 200")
                    url = _redirected(remote, url, response.headers["location"])
            raise RemoteCaptureError(remote.name, f"redirects more than {MOST_REDIRECTS} times")
        except httpx.HTTPError as error:
            if deadline.passed:
                raise RemoteCaptureError(remote.name, f"took longer than {remote.max_seconds:g} s") from None
            what = str(error) or type(error).__name__
            raise RemoteCaptureError(remote.name, f"could not be fetched ({what})") from None


def _httpx() -> Any:
    with needs_extra("captures by URL need", "url"):
        return import_module("httpx")


def _redirected(remote: RemoteCapture, url: Any, location: str) -> Any:
    httpx = _httpx()
    try:
        target = url.join(location)
    except httpx.InvalidURL:
        target = None
    if target is None or target.scheme not in ("http", "https") or not target.host:
        raise RemoteCaptureError(remote.name, "redirects to what is no URL of http or https")
    return target


@contextmanager
def _answer(remote: RemoteCapture, url: Any, deadline: "_Deadline", progress: Progress) -> Iterator[Any]:
    """Send the request to one of the host's addresses; yield the response, its body not yet read."""
    httpx = _httpx()
    host = url.raw_host.decode("ascii")
    found = _resolved(host, url.port or (443 if url.scheme == "https" else 80), deadline, progress)
    if found is None:
        raise httpx.ConnectTimeout("")
    try:
        addresses = public_addresses(remote, host, (str(address[0]) for *_, address in found.result()))
    except (OSError, UnicodeError):
        raise RemoteCaptureError(remote.name, f"there is no address for the host {host}") from None
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "pcapframe",
    }
    if url.userinfo:
        headers["Authorization"] = f"Basic {b64encode(unquote_to_bytes(url.userinfo)).decode('ascii')}"
    # Verify the certificate against the name, although the connection goes to an address.
    extensions = {"sni_hostname": host, "trace": deadline.trace}
    # Only the transport: a client would log the URL and use proxies.
    with httpx.HTTPTransport(trust_env=False) as transport:
        for place, address in enumerate(addresses):
            target = url.copy_with(host=address, userinfo=b"", fragment=None)
            timeout = httpx.Timeout(READ_S, connect=min(CONNECT_S, deadline.left)).as_dict()
            request = httpx.Request("GET", target, headers=headers, extensions={**extensions, "timeout": timeout})
            try:
                response = transport.handle_request(request)
                break
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place + 1 == len(addresses) or deadline.passed:
                    raise
        try:
            yield response
        finally:
            response.close()


def _resolved(host: str, port: int, deadline: "_Deadline", progress: Progress) -> "Future[list[Any]] | None":
    """Resolve a host; None if time runs out first.

    This runs in its own thread, since the system's resolver can block and cannot be stopped.
    """
    found: Future[list[Any]] = Future()

    def resolve() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=resolve, name="pcapframe-resolver", daemon=True).start()
    while not wait([found], min(RESOLVING_S, deadline.left)).done:
        if deadline.passed:
            return None
        progress(0, None)
    return found


def _store(remote: RemoteCapture, response: Any, file: IO[bytes], progress: Progress) -> tuple[int, str]:
    """Write the body of a response to a file."""
    stated = response.headers.get("content-length", "")
    size = int(stated) if re.fullmatch(r"[0-9]{1,15}", stated) else None
    too_large = RemoteCaptureError(remote.name, f"is larger than {remote.max_bytes:,} bytes, the most that is fetched")
    if size is not None and size > remote.max_bytes:
        raise too_large
    digest = hashlib.sha256()
    done = 0
    for chunk in response.iter_raw():
        done += len(chunk)
        if done > remote.max_bytes:
            raise too_large
        digest.update(chunk)
        file.write(chunk)
        progress(done, size)
    return done, digest.hexdigest()


class _Deadline:
    """Closes a connection at the deadline, whatever it is waiting for."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None

    @property
    def passed(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self._end

    @property
    def left(self) -> float:
        """Time left [s]."""
        return max(0.0, self._end - time.monotonic())

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Remember a new connection; httpx calls this."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # a TLS socket's own disturbs its reader
