"""Tables of decoders: one function and one row for each layer, compiled into one dispatcher for each table.

A decoder takes the buffer, where its header begins, and where the captured bytes end. It returns the Ethernet type of
what follows (or a code of ``link``), and where that begins; a type of `NO_PAYLOAD` means that nothing follows. What has
several frames in it has a row in a table of its own, see ``framing``.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from pcapframe.jit import inner_jit

__all__ = ["NO_MORE", "NO_PAYLOAD", "Layer", "dispatcher"]

NO_PAYLOAD = -1
NO_MORE = -1  # in place of the size of the next one of several frames


class Layer(NamedTuple):
    """A layer that is skipped: its name for readers, and the compiled function that skips it."""

    name: str
    decoder: Callable[..., Any]
    is_tunnel: bool = False  # a shim that the way through tunnels names
    trailer: int = 0  # what a shim has at the end of the frame [bytes]


class _HasDecoder(Protocol):
    @property
    def decoder(self) -> Callable[..., Any]: ...


def dispatcher(
    table: Mapping[int, _HasDecoder], otherwise: str, arguments: str = "buffer, at, end"
) -> Callable[..., Any]:
    """Return the compiled function that applies the decoder of a table's row.

    Parameters
    ----------
    table : mapping of int to layers
        Decoders by number.
    otherwise : str
        What it returns for another number: an expression of `number` and `arguments`.
    arguments : str
        Names of what a decoder takes.

    Returns
    -------
    callable
        Takes the number, and what a decoder takes.

    Notes
    -----
    Its source is made of the table: Numba cannot look a function up, and one closure for each row takes twice as long
    to compile.
    """
    numbers: dict[Callable[..., Any], list[int]] = {}
    for number, row in table.items():
        numbers.setdefault(row.decoder, []).append(number)
    lines = [f"def dispatch(number, {arguments}):"]
    lines += [f"    if number in {(*same,)}: return decoder_{same[0]}({arguments})" for same in numbers.values()]
    lines += [f"    return {otherwise}"]
    scope: dict[str, Any] = {f"decoder_{same[0]}": decoder for decoder, same in numbers.items()}
    scope["__name__"] = __name__
    exec("\n".join(lines), scope)
    compiled: Callable[..., Any] = inner_jit(scope["dispatch"])
    return compiled
