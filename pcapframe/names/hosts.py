"""Names that are given beside the packets: a file in the format of hosts(5), or the blocks of a pcapng that name hosts.

Name resolution blocks: draft-ietf-opsawg-pcapng section 4.6.
"""

import ipaddress
import os
import socket
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from pcapframe.errors import ParameterError
from pcapframe.wording import printable

__all__ = ["Given", "names_of_block", "read_hosts"]

Given: TypeAlias = Sequence[tuple[str, str]]
"""Addresses, as `read_pcap` writes them, each with a name; in order."""

LARGEST_FILE = 64 << 20  # [bytes]
END, IPV4, IPV6 = 0, 1, 2  # records of a block
IPV4_BYTES, IPV6_BYTES = 4, 16
SHOWN = 60


def read_hosts(path: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """Read a file of names: on each line an address and its names, after ``#`` a remark.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    list of tuple
        Addresses with a name each, in order.

    Raises
    ------
    ParameterError
        The file cannot be read, is too large, or a line does not begin with an address.
    """
    name = printable(os.fspath(path))
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ParameterError(f"{name} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ParameterError(f"{name} is not a path") from None
    if len(content) > LARGEST_FILE:
        raise ParameterError(f"{name} has more than {LARGEST_FILE >> 20} MB: expected a file of names")
    given: list[tuple[str, str]] = []
    for number, line in enumerate(content.decode("utf-8", "backslashreplace").splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        address = _address(words[0])
        if address is None or len(words) == 1:
            shown = printable(line.strip()[:SHOWN])
            raise ParameterError(f"{name}, line {number}: expected an address and names, got {shown!r}")
        given += [(address, word) for word in words[1:]]
    return given


def _address(text: str) -> str | None:
    """Return an address as `read_pcap` writes it, None for anything else."""
    try:
        return _written(ipaddress.ip_address(text.partition("%")[0]).packed)
    except ValueError:
        return None


def _written(packed: bytes) -> str:
    """Return an address of 4 or 16 bytes as text."""
    return socket.inet_ntop(socket.AF_INET if len(packed) == IPV4_BYTES else socket.AF_INET6, packed)


def names_of_block(block: bytes, big_endian: bool) -> Given:
    """Read the records of a name resolution block, up to one whose length is not possible.

    Parameters
    ----------
    block : bytes
        What is between its two lengths.
    big_endian : bool
        The byte order of its section.

    Returns
    -------
    list of tuple
        Addresses with a name each, in order.

    Examples
    --------
    >>> names_of_block(bytes.fromhex("01000e00 c0000201") + b"a.example" + bytes(7), False)
    [('192.0.2.1', 'a.example')]
    """
    order: Literal["big", "little"] = "big" if big_endian else "little"
    given: list[tuple[str, str]] = []
    at = 0
    while at + 4 <= len(block):
        kind, size = (int.from_bytes(block[at + k : at + k + 2], order) for k in (0, 2))
        value = block[at + 4 : at + 4 + size]
        if kind == END or len(value) < size:
            break
        at += 4 + (size + 3) // 4 * 4
        length = {IPV4: IPV4_BYTES, IPV6: IPV6_BYTES}.get(kind)
        if length is None or size < length:
            continue
        address = _written(value[:length])
        given += [(address, name) for name in _texts(value[length:])]
    return given


def _texts(value: bytes) -> Sequence[str]:
    """Return the texts that end in zeros."""
    parts: Iterable[bytes] = value.split(b"\0")
    return [part.decode("utf-8", "backslashreplace") for part in parts if part]
