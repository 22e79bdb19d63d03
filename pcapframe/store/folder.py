"""The folder of a store: its files, and the manifest that says what they hold."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from pcapframe.errors import CaptureFormatError, CaptureNotFoundError, ParameterError
from pcapframe.kernel_cache import cache_folder
from pcapframe.schema import CONNECTIONS, PACKETS, SEGMENTS, TURNS, Column, names
from pcapframe.store.categories import numbered, read_categories, write_categories
from pcapframe.store.tables import (
    STORE,
    AnotherStoreError,
    read_arrays,
    read_table,
    write_arrays,
    write_table,
)

__all__ = [
    "CONNECTIONS_FILE",
    "MANIFEST",
    "OF_SEGMENTS",
    "PACKETS_FILE",
    "PacketFiles",
    "Store",
    "is_store",
    "packet_files",
    "schema_digest",
    "stores_folder",
]

MANIFEST, PACKETS_FILE, CONNECTIONS_FILE = "pcapframe.json", "packets.parquet", "connections.parquet"
CATEGORIES_FILE, EVENTS_FILE, TURNS_FILE = "categories.parquet", "events.parquet", "turns.parquet"
ARRAYS = ("sides", "totals")  # files of plain columns
FILES = (EVENTS_FILE, CONNECTIONS_FILE, TURNS_FILE, *(f"{name}.parquet" for name in ARRAYS), CATEGORIES_FILE)
DIGEST = "digest"  # in the manifest: of all else in it
OF_SEGMENTS = tuple(column for column in SEGMENTS if column.name not in names(PACKETS))


def schema_digest() -> str:
    """Return a hash of every column that a store holds, by which a change of the schema is noticed.

    Returns
    -------
    str
        Hexadecimal.
    """
    tables = [[(column.name, column.dtype) for column in table] for table in (PACKETS, SEGMENTS, CONNECTIONS, TURNS)]
    return hashlib.sha256(json.dumps([tables, FILES, STORE]).encode()).hexdigest()


def stores_folder() -> Path:
    """Return the folder of the stores that are kept for the next time, whether or not it exists.

    Returns
    -------
    Path
        Beside that of the compiled kernels.
    """
    return cache_folder().with_name("stores")


def is_store(source: object) -> bool:
    """Whether a source is the folder of a store.

    Parameters
    ----------
    source : object
        What `read_pcap` or `analyze` was given.

    Returns
    -------
    bool
        True for the path of a folder with a manifest.
    """
    return isinstance(source, str | os.PathLike) and os.path.isfile(os.path.join(os.fspath(source), MANIFEST))


class PacketFiles(NamedTuple):
    """Files of packets and segments that others have written.

    Parameters
    ----------
    files : int
        How many there are, with the names that `packet_files` gives them.
    segments_have_times : bool
        Whether any segment has a time.
    """

    files: int
    segments_have_times: bool


def packet_files(count: int) -> list[str]:
    """Name the files of packets, in the order of their rows.

    Parameters
    ----------
    count : int
        How many there are.

    Returns
    -------
    list of str
        One for each.

    Examples
    --------
    >>> packet_files(1), packet_files(2)
    (['packets.parquet'], ['packets-00000.parquet', 'packets-00001.parquet'])
    """
    if count == 1:
        return [PACKETS_FILE]
    return [f"packets-{number:05}.parquet" for number in range(count)]


@dataclass(frozen=True)
class Store:
    """A store that is there.

    Parameters
    ----------
    folder : Path
        Its folder.
    manifest : dict
        What its manifest says.
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def opened(cls, folder: str | os.PathLike[str]) -> "Store":
        """Read the manifest of a store.

        Parameters
        ----------
        folder : path
            Its folder.

        Returns
        -------
        Store
            The frames are not read yet.

        Raises
        ------
        CaptureFormatError
            The manifest is damaged, or another version wrote other columns.
        """
        name = os.fspath(folder)
        with _readable(name):
            manifest = json.loads(Path(folder, MANIFEST).read_bytes())
            schema, version = manifest["schema"], manifest["version"]
        if schema != schema_digest():
            raise CaptureFormatError(
                name, f"was written by pcapframe {version} with other columns: convert the capture again"
            )
        with _readable(name):
            if manifest.pop(DIGEST) != _digest(manifest):
                raise ValueError(DIGEST)
        return cls(Path(folder), manifest)

    @property
    def has_packets(self) -> bool:
        """Whether it keeps packets and segments."""
        return bool(self.keep == "packets")

    @property
    def keep(self) -> Any:
        """What it keeps: packets, events or connections."""
        return self.manifest["keep"]

    def packets(self) -> pd.DataFrame:
        """Read the packets.

        Returns
        -------
        DataFrame
            Columns of ``schema.PACKETS``, as `read_pcap` returned it.

        Raises
        ------
        CaptureFormatError
            The file is damaged.
        ParameterError
            The store keeps no packets.
        """
        return self._frame(PACKETS_FILE, "packets", PACKETS, "frame")

    def segments(self) -> pd.DataFrame:
        """Read the segments.

        Returns
        -------
        DataFrame
            Columns of ``schema.SEGMENTS``, as `label_segments` returned it.

        Raises
        ------
        CaptureFormatError
            The file is damaged.
        ParameterError
            The store keeps no packets.
        """
        frame = self._frame(PACKETS_FILE, "segments", SEGMENTS, "frame", having="conn_id")
        if not self.manifest["segments_have_times"]:  # where all packets have the same one
            frame["time"] = pd.Series(pd.NaT, frame.index, frame["time"].dtype)
        return frame

    def events(self) -> pd.DataFrame:
        """Read the segments that anything can be said of.

        Returns
        -------
        DataFrame
            Columns of ``schema.SEGMENTS``; only those that results are made from where only connections are kept.

        Raises
        ------
        CaptureFormatError
            The file is damaged.
        """
        columns = [column for column in SEGMENTS if column.name in self.manifest["events"]]
        wanted: list[str] = self.manifest["events"]
        return self._frame(EVENTS_FILE, "events", columns, "frame")[wanted]

    def turns(self) -> pd.DataFrame:
        """Read the turns of all connections.

        Returns
        -------
        DataFrame
            Columns of ``schema.TURNS``.

        Raises
        ------
        CaptureFormatError
            The file is damaged.
        """
        return self._frame(TURNS_FILE, "turns", TURNS, "row").rename_axis(None)

    def arrays(self) -> dict[str, dict[str, Any]]:
        """Read what else results are made from.

        Returns
        -------
        dict
            Plain columns by table and name.

        Raises
        ------
        CaptureFormatError
            A file is damaged.
        """
        with _readable(str(self.folder)):
            return {name: read_arrays(self.folder / f"{name}.parquet", store=self._id) for name in ARRAYS}

    def connections(self) -> pd.DataFrame:
        """Read the connections.

        Returns
        -------
        DataFrame
            Columns of ``schema.CONNECTIONS``, as `build_connections` returned it.

        Raises
        ------
        CaptureFormatError
            The file is damaged.
        """
        return self._frame(CONNECTIONS_FILE, "connections", CONNECTIONS, "conn_id")

    def _frame(
        self, file: str, name: str, columns: Sequence[Column], index: str, having: str | None = None
    ) -> pd.DataFrame:
        if name in ("packets", "segments") and not self.has_packets:
            raise ParameterError(
                f"{self.folder} keeps {self.keep} only: packets and segments are in the capture, and in a store that "
                'is written with keep="packets"'
            )
        with _readable(str(self.folder)):
            of_column = self.manifest["categories"][file]
            categories = {column: self._categories[number] for column, number in of_column.items()}
            files = packet_files(self.manifest["packet_files"]) if file == PACKETS_FILE else [file]
            paths = [self.folder / one for one in files]
            frame = read_table(paths, columns, categories, index=index, having=having, store=self._id)
            frame.attrs = self.manifest["attrs"][name]
        return frame

    @property
    def _id(self) -> str:
        """What its files have in common, and those of a store that replaces it have not."""
        return str(self.manifest[STORE])

    @cached_property
    def _categories(self) -> list[pd.CategoricalDtype]:
        return read_categories(self.folder / CATEGORIES_FILE, self.manifest["ordered"], store=self._id)

    def write(
        self,
        connections: pd.DataFrame,
        events: pd.DataFrame,
        turns: pd.DataFrame,
        arrays: Mapping[str, Mapping[str, Any]],
        *,
        packets: pd.DataFrame | None = None,
        segments: pd.DataFrame | None = None,
        store: str | None = None,
        written: PacketFiles | None = None,
    ) -> None:
        """Write frames and manifest into the folder, which is empty.

        Parameters
        ----------
        connections : DataFrame
            As `build_connections` returned it.
        events : DataFrame
            Some rows and columns of the segments.
        turns : DataFrame
            Columns of ``schema.TURNS``.
        arrays : mapping
            What else results are made from: plain columns by table and name.
        packets, segments : DataFrame, optional
            As `read_pcap` and `label_segments` returned them; both or none.
        store : str, optional
            Identifier, the same for the same contents; by default a new one.
        written : PacketFiles, optional
            Files of packets and segments that are in the folder already: then `packets` and `segments` are frames
            without rows, with the attributes and texts of all.
        """
        files: dict[str, tuple[Sequence[pd.DataFrame], Sequence[Sequence[Column]]]] = {
            CONNECTIONS_FILE: ([connections], [CONNECTIONS]),
            EVENTS_FILE: ([events], [[column for column in SEGMENTS if column.name in events]]),
            TURNS_FILE: ([turns.rename_axis("row")], [TURNS]),
        }
        attrs = {"connections": connections.attrs, "events": connections.attrs, "turns": {}}
        if packets is not None and segments is not None:
            files[PACKETS_FILE] = ([packets, segments], [PACKETS, OF_SEGMENTS])
            attrs |= {"packets": packets.attrs, "segments": segments.attrs}
        lists: list[pd.CategoricalDtype] = []
        numbers: dict[str, dict[str, int]] = {}
        store = store or secrets.token_hex(16)
        for file, (frames, columns) in files.items():
            if not (file == PACKETS_FILE and written):
                write_table(self.folder / file, frames, columns, store=store)
            numbers[file] = numbered(frames, columns, lists)
        for name, table in arrays.items():
            write_arrays(self.folder / f"{name}.parquet", table, store=store)
        write_categories(self.folder / CATEGORIES_FILE, lists, store=store)
        manifest = {
            **self.manifest,
            STORE: store,
            "schema": schema_digest(),
            "packet_files": written.files if written else 1,
            "segments_have_times": (
                written.segments_have_times if written else segments is None or bool(segments["time"].notna().any())
            ),
            "events": list(events),
            "attrs": attrs,
            "categories": numbers,
            "ordered": [bool(dtype.ordered) for dtype in lists],
        }
        Path(self.folder, MANIFEST).write_text(json.dumps(manifest | {DIGEST: _digest(manifest)}), encoding="utf-8")


def _digest(manifest: Mapping[str, Any]) -> str:
    """Return a hash of what a manifest says, by which damage to it is noticed."""
    return hashlib.sha256(json.dumps(manifest).encode()).hexdigest()


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn what a damaged store raises into an error that names it."""
    try:
        yield
    except FileNotFoundError:
        missing = [file for file in FILES if not Path(name, file).exists()] or [PACKETS_FILE]
        raise CaptureNotFoundError(name, f"is a store that lacks {', '.join(missing)}") from None
    except AnotherStoreError:
        raise CaptureFormatError(name, "was replaced by another store since it was opened: open it again") from None
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, IndexError) as error:
        raise CaptureFormatError(
            name, f"is a damaged store ({type(error).__name__}): convert the capture again"
        ) from None
