"""Names beside the addresses of a sentence, as long as they fit two lines of a terminal."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import column_of
from pcapframe.naming import BESIDE, Called, beside, called_by_end

__all__ = ["called_in", "with_names"]

LINES, COLUMNS = 2, 76  # of a sentence: a terminal of 80 columns without the number before it
LENGTHS = (BESIDE, 30, 22, 16, 10)  # most characters of a name, tried in turn
END = re.compile(r"(?<![\w.:])(?:\[[0-9a-f:.]+\]:\d+|[0-9a-f:]*::(?![\w:])|[0-9a-f]*[:.][0-9a-f:.]*[0-9a-f](?!\w))")
TEXTS = ("client", "client_names", "server", "server_names", "server_name")  # columns that are read, and server_port


def called_in(sentences: Iterable[str], connections: pd.DataFrame) -> dict[str, Called]:
    """Return what the addresses in sentences are called.

    Parameters
    ----------
    sentences : iterable of str
        With addresses, and servers as address and port.
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``: those whose names count; not modified.

    Returns
    -------
    dict of Called
        By address, and by address and port; others that the same connections have too.
    """
    those = _those(connections, [end for sentence in sentences for end in _ends(sentence)])
    if those is None:
        return {}
    made = called_by_end(those, ports=False) | called_by_end(those, "client")
    return made | called_by_end(those)


def with_names(sentence: str, called: Mapping[str, Called]) -> str:
    """Write what addresses are called beside them, where a sentence has them first.

    Parameters
    ----------
    sentence : str
        With addresses, and servers as address and port.
    called : mapping
        From `called_in`.

    Returns
    -------
    str
        Long names are cut, all alike, so that the sentence fits two lines of 80 columns. Where not even short ones fit,
        the last address has none, and so on.

    Examples
    --------
    >>> ends = {"client": ["192.0.2.1"], "server": ["192.0.2.9"], "server_port": [443], "client_names": [None]}
    >>> named = pd.DataFrame({**ends, "server_names": [None], "server_name": ["a.example"]})
    >>> named = named.astype(dict.fromkeys(TEXTS, "category"))
    >>> text = "192.0.2.9:443 refused the only connection from 192.0.2.1"
    >>> with_names(text, called_in([text], named))
    '192.0.2.9:443 (a.example) refused the only connection from 192.0.2.1'
    """
    ends = [end for end in _ends(sentence) if end in called]
    if not ends:
        return sentence
    for length in LENGTHS:
        names = {end: called[end].text(length) for end in ends}
        made = _put(sentence, ends, names)
        if _fits(made):
            return made
    for count in range(len(ends) - 1, 0, -1):
        made = _put(sentence, ends[:count], names)
        if _fits(made):
            return made
    return sentence


def _ends(sentence: str) -> list[str]:
    """Return the addresses in a sentence, and those with a port, each once."""
    return list(dict.fromkeys(match[0] for match in END.finditer(sentence)))


def _those(connections: pd.DataFrame, ends: Sequence[str]) -> dict[str, Any] | None:
    """Return columns of the connections of some ends that have a name, None where there is none."""
    columns = {name: column_of(connections, name) for name in (*TEXTS, "server_port")}
    hosts = {end[1 : end.index("]")] if end.startswith("[") else end.partition(":")[0] for end in ends} | {*ends}
    of_ends, named = np.zeros(len(connections), np.bool_), np.zeros(len(connections), np.bool_)
    for name in ("client_names", "server_names", "server_name"):
        named |= columns[name].codes >= 0
    for side in ("client", "server") if named.any() else ():
        column = columns[side]
        codes = column.categories.get_indexer(sorted(hosts))
        of_ends |= np.isin(column.codes, codes[codes >= 0])
    those = np.flatnonzero(of_ends & named)
    return {name: column.take(those) for name, column in columns.items()} if those.size else None


def _put(sentence: str, ends: Sequence[str], names: Mapping[str, str]) -> str:
    """Write the name of each of some ends after its first place."""
    left = {end: name for end in ends if (name := names.get(end))}
    return END.sub(lambda match: beside(match[0], left.pop(match[0], "")), sentence)


def _fits(sentence: str) -> bool:
    return len(textwrap.wrap(sentence, COLUMNS)) <= LINES
