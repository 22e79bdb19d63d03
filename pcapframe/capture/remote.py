"""Captures by URL: fetched once into a temporary file that has no name, so that it never stays.

Only GET, over http and https. The host is resolved once, every address it has must be public unless the user
allows the host by name, and the connection goes to such an address; each redirect is held to the same. Size, time
(resolving and connecting included) and what compressed data unfolds to are bounded. No proxy and no ``.netrc`` of
the environment is used.
"""

import hashlib
import ipaddress
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

from pcapframe.errors import ParameterError, RemoteCaptureError, needs_extra

__all__ = ["Fetched", "RemoteCapture", "fetch", "is_public", "is_url", "masked_url"]

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
CONNECT_S, READ_S = 10.0, 30.0  # longest wait for a connection, and for the next bytes
RESOLVING_S = 0.1  # between looks at whether a name's addresses are still waited for
Progress: TypeAlias = Callable[[int, int | None], object]
# Metadata services at addresses that count as public: Azure's and Oracle's.
METADATA = {ipaddress.ip_address(text) for text in ("168.63.129.16", "192.0.0.192")}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
# Names of query parameters whose values let whoever knows them in.
CREDENTIAL = re.compile(r"token|key|sig|secret|passw|pwd|auth|credential|session|code|jwt", re.IGNORECASE)
MASK = "***"


@dataclass(frozen=True, repr=False)
class RemoteCapture:
    """A capture by URL, with what is allowed for it.

    A URL as plain text is the same with the defaults.

    Parameters
    ----------
    url : str
        http or https.
    allow_hosts : sequence of str, optional
        Host names and addresses that may be asked although their addresses are not public, as written in the URL.
    max_bytes : int, default 1 GiB
        Most that is fetched. [bytes]
    max_decompressed_bytes : int, default 4 GiB
        Most that a compressed capture may unfold to. [bytes]
    max_seconds : float, default 300
        Longest time that fetching may take. [s]

    Raises
    ------
    ParameterError
        It is not such a URL.

    Examples
    --------
    >>> RemoteCapture("https://me:secret@example.com/a.pcap?token=abc&part=2")
    RemoteCapture('https://***@example.com/a.pcap?token=***&part=2')
    """

    url: str
    allow_hosts: tuple[str, ...] = ()
    max_bytes: int = 1 << 30
    max_decompressed_bytes: int = 4 << 30
    max_seconds: float = 300.0

    def __post_init__(self) -> None:
        if not is_url(self.url):
            raise ParameterError(f"{masked_url(self.url)!r} is not a URL of a capture: expected http:// or https://")
        if isinstance(self.allow_hosts, str):
            raise ParameterError(f"allow_hosts is {self.allow_hosts!r}: expected a sequence of host names")
        object.__setattr__(self, "allow_hosts", tuple(_host_key(host) for host in self.allow_hosts))

    @property
    def name(self) -> str:
        """The URL with credentials masked: what messages and answers call it."""
        return masked_url(self.url)

    def __repr__(self) -> str:
        return f"RemoteCapture({self.name!r})"


@dataclass(frozen=True)
class Fetched:
    """A capture that was fetched, as long as its temporary file is open.

    Parameters
    ----------
    name : str
        What messages and answers call it.
    file : binary file
        Its content, from the beginning.
    size : int
        As fetched. [bytes]
    sha256 : str
        Of the content, hexadecimal.
    max_decompressed_bytes : int
        Most that it may unfold to. [bytes]
    """

    name: str
    file: IO[bytes]
    size: int
    sha256: str
    max_decompressed_bytes: int


def is_url(text: object) -> bool:
    """Tell a URL from a path.

    Parameters
    ----------
    text : object
        What a user names as a capture.

    Returns
    -------
    bool
        Whether it is text that begins as a URL of http or https does.

    Examples
    --------
    >>> is_url("HTTPS://example.com/a.pcap"), is_url("a.pcap")
    (True, False)
    """
    return isinstance(text, str) and text[:8].lower().startswith(("http://", "https://"))


def masked_url(url: str) -> str:
    """Return a URL without what lets others in.

    Parameters
    ----------
    url : str
        Any.

    Returns
    -------
    str
        User name and password, and the values of query parameters named like credentials, as ``***``; no fragment.

    Examples
    --------
    >>> masked_url("https://user:secret@example.com/a.pcap?X-Amz-Signature=1f#x")
    'https://***@example.com/a.pcap?X-Amz-Signature=***'
    """
    rest, _, _ = url.partition("#")
    rest, asks, query = rest.partition("?")
    scheme, slashes, after = rest.partition("//")
    authority, slash, path = after.partition("/")
    _, at, host = authority.rpartition("@")
    pairs = [pair.partition("=") for pair in query.split("&")]
    shown = [
        f"{name}={MASK}" if is_ and CREDENTIAL.search(name) else f"{name}{is_}{value}" for name, is_, value in pairs
    ]
    return f"{scheme}{slashes}{MASK if at else ''}{at}{host}{slash}{path}{asks}{'&'.join(shown)}"


def is_public(text: str) -> bool:
    """Tell whether an address is one of the public Internet.

    Parameters
    ----------
    text : str
        IPv4 or IPv6 address.

    Returns
    -------
    bool
        False for private, loopback, link-local, multicast, reserved and metadata addresses, and for IPv6 addresses
        that stand for such an IPv4 address (mapped, NAT64, 6to4).

    Examples
    --------
    >>> is_public("8.8.8.8"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and (address in NAT64 or address in IPV4_COMPATIBLE):
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    public = address.is_global and not address.is_multicast and not address.is_reserved
    return public and address not in METADATA


@contextmanager
def fetch(remote: RemoteCapture, progress: Progress | None = None) -> Iterator[Fetched]:
    """Fetch a capture.

    Parameters
    ----------
    remote : RemoteCapture
        What is fetched, and the bounds.
    progress : callable, optional
        Called with how much has been fetched and how much there is (None where unknown) [bytes]; what it raises
        ends the fetching.

    Yields
    ------
    Fetched
        With its temporary file, which is gone afterwards.

    Raises
    ------
    RemoteCaptureError
        It may not be fetched, cannot be, or is beyond a bound.
    """
    # Named and removed at once where the system can do so: not even a killed process leaves it behind.
    with tempfile.TemporaryFile(prefix="pcapframe-") as file:
        try:
            size, sha256 = _download(remote, file, progress or (lambda _done, _size: None))
            file.seek(0)
        except OSError as error:
            raise RemoteCaptureError(remote.name, f"could not be stored ({error.strerror or error})") from None
        yield Fetched(remote.name, file, size, sha256, remote.max_decompressed_bytes)


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
                        if deadline.passed:  # a body without a stated length just ends when it is cut
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
    """Ask one server at the addresses its name has now; yield its response, whose body is still to come."""
    httpx = _httpx()
    host = url.raw_host.decode("ascii")
    found = _resolved(host, url.port or (443 if url.scheme == "https" else 80), deadline, progress)
    if found is None:
        raise httpx.ConnectTimeout("")
    addresses = _addresses(remote, host, found)
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "pcapframe",
    }
    if url.userinfo:
        headers["Authorization"] = f"Basic {b64encode(unquote_to_bytes(url.userinfo)).decode('ascii')}"
    # The certificate is held against the name, although the connection goes to an address.
    extensions = {"sni_hostname": host, "trace": deadline.trace}
    # The transport alone: a client would write the URL into the log, and follow proxies.
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
    """Resolve a host; None where the time is over before that.

    In a thread of its own, since the system's resolver takes its time and cannot be stopped.
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


def _addresses(remote: RemoteCapture, host: str, resolved: "Future[list[Any]]") -> list[str]:
    """Return the addresses of a host, and refuse it unless all of them are public or the user allows it."""
    try:
        found = resolved.result()
    except (OSError, UnicodeError):
        raise RemoteCaptureError(remote.name, f"there is no address for the host {host}") from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if _host_key(host) not in remote.allow_hosts and not all(is_public(address) for address in addresses):
        raise RemoteCaptureError(
            remote.name, f"the host {host} is not a public one: refused unless it is allowed by name (--allow-host)"
        )
    return addresses


def _host_key(host: str) -> str:
    return host.strip().strip("[]").rstrip(".").lower()


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
    """Ends a connection when its time is over, whatever it waits for then."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end

    @property
    def left(self) -> float:
        """Seconds to the end."""
        return max(0.0, self._end - time.monotonic())

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take note of a connection that has been made; httpx calls this."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # a TLS socket's own would disturb its reader
