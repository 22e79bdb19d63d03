"""What addresses are called, written beside them and never instead of them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.measures import distinct, host_text
from pcapframe.names import SEPARATOR
from pcapframe.wording import printable, shortened

__all__ = [
    "BESIDE", "LONGEST_NAME", "Called", "beside", "called_by_end", "clipped_name", "names_by_end", "server_name_text",
]  # fmt: skip

LONGEST_NAME = 60  # in a column of its own [characters]
BESIDE = 40  # beside an address [characters]
ORDINARY = re.compile(r"[\w.*:\[\]-]+")  # needs no quotes


def clipped_name(name: str, most: int = BESIDE) -> str:
    r"""Write a name from a capture or a file so that it can be shown: escaped, of bounded length.

    Parameters
    ----------
    name : str
        As it was captured.
    most : int, default 40
        Most characters, without quotes.

    Returns
    -------
    str
        Invisible characters are escaped. In quotes where the name holds anything but letters, digits and the marks of
        host names, so that it cannot pose as the words around it. With an ellipsis at the end where it is cut.

    Examples
    --------
    >>> clipped_name("www.example"), clipped_name("a" * 50, 5)
    ('www.example', 'aaaa…')
    >>> print(clipped_name("x) refused 9 of 9 (y\x1b"))
    "x) refused 9 of 9 (y\x1b"
    """
    text = printable(name)
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    if ORDINARY.fullmatch(name):
        return text
    return '"' + text.replace('"', "'") + '"'


def beside(address: str, name: str) -> str:
    """Write an address with its name.

    Parameters
    ----------
    address : str
        An address or an endpoint.
    name : str
        From `names_by_end` or `clipped_name`; empty for none.

    Returns
    -------
    str
        The name follows in parentheses.

    Examples
    --------
    >>> beside("192.0.2.9:443", "www.example"), beside("192.0.2.1", "")
    ('192.0.2.9:443 (www.example)', '192.0.2.1')
    """
    return f"{address} ({name})" if name else address


class Called(NamedTuple):
    """What an end is called.

    Attributes
    ----------
    name : str
        The name of most of its connections, whole.
    others : int
        How many other names it has.
    """

    name: str
    others: int

    def text(self, most: int) -> str:
        """Write it with at most so many characters of the name, without quotes."""
        return clipped_name(self.name, most) + (f" and {self.others:,} more" if self.others else "")


def names_by_end(
    connections: pd.DataFrame, side: str = "server", *, ports: bool = True, most: int = BESIDE
) -> dict[str, str]:
    """Find what the servers or the clients of connections are called.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.
    side : {'server', 'client'}
        Whose names.
    ports : bool, default True
        Whether servers are told apart by their port. Clients are not.
    most : int, default 40
        Most characters of a name, without quotes.

    Returns
    -------
    dict
        By endpoint as `endpoint_text` writes it, or by address, the name of most connections, and how many others
        there are: the name that clients ask for, else the first that the address was given. Ends without a name, or
        whose name is their address, are not in it.

    Examples
    --------
    >>> ends = {"server": ["192.0.2.9"] * 3, "server_port": [443] * 3}
    >>> named = {"server_name": ["b.example", "a.example", None], "server_names": [None, None, "a.example, c.example"]}
    >>> names_by_end(pd.DataFrame(ends | named).astype({name: "category" for name in ("server", *named)}))
    {'192.0.2.9:443': 'a.example and 1 more'}
    """
    return {end: called.text(most) for end, called in called_by_end(connections, side, ports=ports).items()}


def called_by_end(
    connections: pd.DataFrame | Mapping[str, Any], side: str = "server", *, ports: bool = True
) -> dict[str, Called]:
    """Find what the servers or the clients of connections are called, before names are cut to a length.

    Parameters
    ----------
    connections : DataFrame or mapping
        Columns of ``schema.CONNECTIONS``; not modified.
    side : {'server', 'client'}
        Whose names.
    ports : bool, default True
        Whether servers are told apart by their port. Clients are not.

    Returns
    -------
    dict of Called
        By end, as `names_by_end` has them.
    """
    labels, codes = _first_names(connections, side)
    known = np.flatnonzero(codes >= 0)
    if not known.size:
        return {}
    address = _categorical(connections[side])
    ends = address.codes[known].astype(np.int64) << 16
    if side == "server" and ports:
        ends |= np.asarray(connections["server_port"])[known].astype(np.int64)
    unique, number = np.unique(ends, return_inverse=True)
    pairs, first, counts = np.unique(number << 32 | codes[known], return_index=True, return_counts=True)
    pairs = pairs[np.lexsort((first, -counts, pairs >> 32))]
    starts, others = np.unique(pairs >> 32, return_index=True, return_counts=True)[1:]
    made = {}
    for end, code, count in zip(unique.tolist(), pairs[starts].tolist(), others.tolist(), strict=True):
        host = str(address.categories[end >> 16])
        text = f"{host_text(host)}:{end & 0xFFFF}" if side == "server" and ports else host
        made[text] = Called(labels[code & 0xFFFFFFFF], count - 1)
    return made


def _first_names(connections: pd.DataFrame | Mapping[str, Any], side: str) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the names there are, and the number of each connection's first name but its address, -1 for none."""
    found: dict[str, int] = {}
    hosts, host = _texts(connections[side])
    address = {text: number for number, text in enumerate(hosts)}
    codes = np.full(host.size, -1)
    for column in (f"{side}_names", *(("server_name",) if side == "server" else ())):
        texts, text = _texts(connections[column])
        firsts: Iterable[str] = texts
        if column != "server_name":
            firsts = (each.partition(SEPARATOR)[0] for each in texts)
        numbers = np.array([*(found.setdefault(each, len(found)) for each in firsts), -1])
        own = np.array([*(address.get(each.strip("[]"), -1) for each in texts), -1])
        codes = np.where((text >= 0) & (own[text] != host), numbers[text], codes)
    return list(found), codes


def _categorical(column: Any) -> pd.Categorical:
    """Return a column, in memory as a categorical or not, as one; pandas would make another of the same."""
    array = getattr(column, "array", column)
    return array if isinstance(array, pd.Categorical) else pd.Categorical(column)


def _texts(column: Any) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the texts that a column has, and the number of each row's, -1 for none."""
    array = _categorical(column)
    codes = np.asarray(array.codes, np.int64)
    used = distinct(codes[codes >= 0], len(array.categories))
    numbers = np.full(len(array.categories) + 1, -1)
    numbers[used] = np.arange(used.size)
    return [str(each) for each in array.categories.take(used)], numbers[codes]


def server_name_text(connections: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Write what each connection's server is called, to be shown in a column beside its address.

    Parameters
    ----------
    connections : DataFrame
        Columns ``server_name`` and ``server_names``; not modified.

    Returns
    -------
    ndarray of str
        The name that the client asks for, else those that the address was given; at most 60 characters of it, with
        control characters escaped. Empty where there is none.

    Examples
    --------
    >>> columns = {"server_name": ["a.example", None], "server_names": ["cdn.example", "b.example, c.example"]}
    >>> server_name_text(pd.DataFrame(columns, dtype="category")).tolist()
    ['a.example', 'b.example, c.example']
    """
    made = np.full(len(connections), "", dtype=object)
    for column in ("server_names", "server_name"):
        array = _categorical(connections[column])
        texts = np.array([*(shortened(printable(text), LONGEST_NAME) for text in array.categories), ""], dtype=object)
        made = np.where(array.codes >= 0, texts[array.codes], made)
    return made
