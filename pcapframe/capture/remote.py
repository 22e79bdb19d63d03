"""Captures by URL: their limits, and which hosts may be asked.

A host is resolved once, and every address that it has must be public unless the user allows the host by name.
``pcapframe.capture.fetching`` holds each redirect to the same.
"""

import ipaddress
import numbers
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pcapframe.errors import ParameterError, RemoteCaptureError
from pcapframe.memory import mib

__all__ = ["RemoteCapture", "host_key", "is_public", "is_url", "masked_url", "public_addresses"]

MOST_BYTES = 1 << 50
MOST_SECONDS = 7 * 86400
# Metadata services at addresses that count as public: Azure's and Oracle's.
METADATA = {ipaddress.ip_address(text) for text in ("168.63.129.16", "192.0.0.192")}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
# Names of query parameters that hold credentials.
CREDENTIAL = re.compile(r"token|key|sig|secret|passw|pwd|auth|credential|session|code|jwt", re.IGNORECASE)
MASK = "***"


@dataclass(frozen=True, repr=False)
class RemoteCapture:
    """A capture by URL, with its limits.

    A URL given as text gets the defaults.

    Parameters
    ----------
    url : str
        http or https.
    allow_hosts : sequence of str, optional
        Host names and addresses, as written in the URL, that may be asked although they are not public.
    max_bytes : int, default 1 GiB
        Largest download. [bytes]
    max_decompressed_bytes : int, default 4 GiB
        Largest length of a compressed capture after decompression. [bytes]
    max_memory_bytes : int, default 2 GiB
        Most memory for reading and analysing it, estimated from its packets and connections. [bytes]
    max_seconds : float, default 300
        Longest time for fetching. [s]

    Raises
    ------
    ParameterError
        The URL is not http or https, or a limit is not a positive number within reason.

    Examples
    --------
    >>> RemoteCapture("https://me:secret@example.com/a.pcap?token=abc&part=2")
    RemoteCapture('https://***@example.com/a.pcap?token=***&part=2')
    """

    url: str
    allow_hosts: tuple[str, ...] = ()
    max_bytes: int = 1 << 30
    max_decompressed_bytes: int = 4 << 30
    max_memory_bytes: int = 2 << 30
    max_seconds: float = 300.0

    def __post_init__(self) -> None:
        if not is_url(self.url):
            raise ParameterError(f"{masked_url(self.url)!r} is not a URL of a capture: expected http:// or https://")
        if isinstance(self.allow_hosts, str):
            raise ParameterError(f"allow_hosts is {self.allow_hosts!r}: expected a sequence of host names")
        object.__setattr__(self, "allow_hosts", tuple(host_key(host) for host in self.allow_hosts))
        for name in ("max_bytes", "max_decompressed_bytes", "max_memory_bytes"):
            _check_bound(name, getattr(self, name), MOST_BYTES, "a whole number of bytes")
        _check_bound("max_seconds", self.max_seconds, MOST_SECONDS, "seconds")

    @property
    def name(self) -> str:
        """The URL with credentials masked, for messages and answers."""
        return masked_url(self.url)

    def __repr__(self) -> str:
        return f"RemoteCapture({self.name!r})"

    def claim(self, nbytes: int, packets: int) -> None:
        """Refuse an analysis that takes more memory than is allowed.

        Parameters
        ----------
        nbytes : int
            Memory that it takes so far. [bytes]
        packets : int
            How many were read so far.

        Raises
        ------
        RemoteCaptureError
            It takes more than `max_memory_bytes`.
        """
        if nbytes > self.max_memory_bytes:
            raise RemoteCaptureError(
                self.name,
                f"takes {mib(nbytes)} of memory after {packets:,} packets, more than the {mib(self.max_memory_bytes)} "
                "allowed (max_memory_bytes)",
            )


def _check_bound(name: str, value: Any, most: int, unit: str) -> None:
    """Refuse a limit that is not a positive number, or so large that clocks and counters overflow."""
    whole = unit != "seconds"
    is_number = isinstance(value, numbers.Integral if whole else numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 < value <= most:
        raise ParameterError(f"{name} is {value!r}: expected {unit}, more than 0 and at most {most:,}")


def is_url(text: object) -> bool:
    """Tell a URL from a path.

    Parameters
    ----------
    text : object
        The capture, as the user named it.

    Returns
    -------
    bool
        Whether it is text that begins with ``http://`` or ``https://``.

    Examples
    --------
    >>> is_url("HTTPS://example.com/a.pcap"), is_url("a.pcap")
    (True, False)
    """
    return isinstance(text, str) and text[:8].lower().startswith(("http://", "https://"))


def masked_url(url: str) -> str:
    """Return a URL with its credentials masked.

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
    """Return whether an address belongs to the public Internet.

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


def public_addresses(remote: RemoteCapture, host: str, found: Iterable[str]) -> list[str]:
    """Return the addresses of a host, unless it may not be asked.

    Parameters
    ----------
    remote : RemoteCapture
        What is fetched.
    host : str
        As written in its URL or in a redirect.
    found : iterable of str
        Addresses that the host's name has now.

    Returns
    -------
    list of str
        Each once, in order.

    Raises
    ------
    RemoteCaptureError
        One of them is not public, and the user does not allow the host.
    """
    addresses = list(dict.fromkeys(found))
    if host_key(host) not in remote.allow_hosts and not all(is_public(address) for address in addresses):
        raise RemoteCaptureError(
            remote.name, f"the host {host} is not a public one: refused unless it is allowed by name (--allow-host)"
        )
    return addresses


def host_key(host: str) -> str:
    """Return the form in which host names are compared."""
    return host.strip().strip("[]").rstrip(".").lower()
