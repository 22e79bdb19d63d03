"""What an analysis, or a store of one, keeps of its capture."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from pcapframe.errors import ParameterError

__all__ = ["GATHERED_KEEPS", "KEEPS", "STORED_KEEPS", "GatheredKeep", "Keep", "StoredKeep", "check_keep"]

Keep: TypeAlias = Literal["packets", "segments", "events", "connections"]
KEEPS: tuple[Keep, ...] = get_args(Keep)  # each keeps less than the one before
StoredKeep: TypeAlias = Literal["packets", "events", "connections"]  # with packets, a store has segments too
STORED_KEEPS: tuple[StoredKeep, ...] = get_args(StoredKeep)
GatheredKeep: TypeAlias = Literal["events", "connections"]  # what a cluster sends to its client
GATHERED_KEEPS: tuple[GatheredKeep, ...] = get_args(GatheredKeep)


def check_keep(keep: str | None, known: Sequence[str] = KEEPS) -> None:
    """Check what a caller wants to be kept.

    Parameters
    ----------
    keep : str, optional
        What it says.
    known : sequence of str, optional
        What it may say.

    Raises
    ------
    ParameterError
        There is no such thing.

    Examples
    --------
    >>> check_keep("events")
    """
    if keep is not None and keep not in known:
        raise ParameterError(f"keep is {keep!r}: expected one of {', '.join(known)}")
