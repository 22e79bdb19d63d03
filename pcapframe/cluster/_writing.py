"""Write a store on a cluster: workers write packets and segments, the client all that is small."""

import os
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe.analysis.selection import Selection
from pcapframe.analysis.stored import write_parts
from pcapframe.arrays import Array
from pcapframe.cluster._analyzing import Order, analyze, gather, ordered, results, shown
from pcapframe.cluster._aside import Into
from pcapframe.cluster._connecting import check_captures, check_workers, connected
from pcapframe.cluster._decoding import Decoded
from pcapframe.cluster._frames import Shared
from pcapframe.cluster._running import segments_file
from pcapframe.cluster._shuffling import Tell, frame_of_pieces, gathered, keys_for, moved, pieces_in
from pcapframe.cluster._sources import is_remote
from pcapframe.cluster._storing import Slice, Stretch, pieces_by_stretch, write_stretch
from pcapframe.cluster._told import heard_of
from pcapframe.cluster._whole import Whole
from pcapframe.errors import ClusterError, ParameterError
from pcapframe.keeping import STORED_KEEPS, StoredKeep, check_keep
from pcapframe.names import HEARD_IN, written_heard
from pcapframe.packets import DecodeAs, Names
from pcapframe.patterns import Thresholds, floors_of
from pcapframe.schema import PACKETS
from pcapframe.segments import label_segments
from pcapframe.store import ROWS_A_GROUP, PacketFiles, new_folder, packet_files
from pcapframe.wording import counted

__all__ = ["convert"]


def convert(
    captures: Any,
    folder: str | os.PathLike[str],
    client: Any = None,
    keep: StoredKeep = "packets",
    *,
    decode_as: DecodeAs | None = None,
    names: Names = True,
    storage_options: Mapping[str, Any] | None = None,
    progress: Tell | Literal[False] | None = None,
) -> Path:
    """Analyse captures on a cluster and keep everything in a folder, as `pcapframe.write_store` does on one machine.

    Parameters
    ----------
    captures, client, decode_as, names, storage_options, progress
        As for `analyze`.
    folder : path
        The folder, on one that the client and all workers have. A store that is there is replaced, once the new one is
        complete.
    keep : {"packets", "events", "connections"}, default "packets"
        As for `pcapframe.write_store`.

    Returns
    -------
    Path
        The folder, which `pcapframe.analyze` and `pcapframe.read_pcap` take in place of the captures. Of more than
        524,288 packets, ``packets-00000.parquet`` and so on have so many each.

    Raises
    ------
    ClusterError
        As for `analyze`; and if a worker cannot write into the folder.
    CaptureError, ParameterError
        As for `analyze`.
    OSError
        The folder cannot be written.

    Warns
    -----
    CaptureWarning
        As for `analyze`.

    Notes
    -----
    Until it is complete, the store is in a folder beside it. This is removed if anything fails.
    """
    check_keep(keep, STORED_KEEPS)
    if is_remote(folder):
        raise ParameterError(
            "a cluster writes a store into a folder that all machines have: expected a path, not a URL"
        )
    if keep != "packets":
        given: dict[str, Any] = {"decode_as": decode_as, "names": names, "storage_options": storage_options}
        with new_folder(folder) as made:  # which refuses before any work
            write_parts(made, analyze(captures, client, keep, **given, progress=progress), keep)
        return Path(folder)
    order = ordered(captures, decode_as, names, storage_options)
    with connected(client) as cluster, shown(progress) as tell:
        check_workers(cluster)
        check_captures(cluster, order.sources.sources)
        with _folder(folder, cluster) as into:
            _write(cluster, order, into, tell)
    return Path(folder)


@contextmanager
def _folder(folder: str | os.PathLike[str], client: Any) -> Iterator[Into]:
    """Make the folder of a store, and one aside for what does not stay."""
    with new_folder(folder) as made:
        aside = made.with_name("aside")
        aside.mkdir()
        _check_folder(client, aside, folder)
        yield Into(str(made), str(aside), secrets.token_hex(16))


def _check_folder(client: Any, aside: Path, folder: str | os.PathLike[str]) -> None:
    """Refuse a folder that a worker does not have, or cannot write."""
    tried = client.run(_mark, str(aside), on_error="return")
    lacking = [worker for worker, name in tried.items() if not (isinstance(name, str) and (aside / name).exists())]
    if lacking:
        raise ClusterError(
            f"{folder}: {counted(len(lacking), 'worker')} of {len(tried)}, such as {lacking[0]}, cannot write there: "
            "expected a folder that all machines have"
        )


def _mark(aside: str) -> str:
    """Write a file, and return its name."""
    name = uuid.uuid4().hex
    Path(aside, name).touch(exist_ok=False)
    return name


def _write(client: Any, order: Order, into: Into, tell: Tell) -> None:
    """Write everything."""
    done = 0

    def analysing(ready: int, total: int) -> None:
        nonlocal done
        done = total
        tell(ready, total)

    decoded, whole = gather(client, order, floors_of(Thresholds()), analysing, whole=False, into=into)
    analysis = results(whole, order.sources.files, Selection(), Thresholds(), "connections")
    stretches = _stretches(decoded, whole)
    _write_packets(client, stretches, whole, into, lambda ready, total: tell(done + ready, done + total))
    packets, segments = _empty(decoded, whole)
    if order.names:
        addresses: Any = packets["src"].dtype
        packets.attrs[HEARD_IN] = written_heard(heard_of(decoded, whole.place, addresses, order.given))
    written = PacketFiles(len(stretches), whole.has_times) if stretches else None
    write_parts(Path(into.folder), analysis, "packets", into.store, packets=packets, segments=segments, written=written)


def _stretches(decoded: Sequence[Decoded], whole: Whole) -> list[Stretch]:
    """Return which frames go into which file, and where they are."""
    total = whole.counts.packets
    firsts = range(0, total, ROWS_A_GROUP)
    slices: list[list[Slice]] = [[] for _ in firsts]
    interfaces = 0
    for one in decoded:
        # A capture's own order stays, so what it has of a stretch is in one piece.
        cuts = np.searchsorted(whole.place.of_capture(one.number), [first + 1 for first in [*firsts, total]])
        begins = np.cumsum([0, *(rows for _, rows in one.kept)]).tolist()
        for into, begin, end in zip(slices, cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            for (name, _), first, last in zip(one.kept, begins[:-1], begins[1:], strict=True):
                some = max(begin, first), min(end, last)
                if some[0] < some[1]:
                    into.append(Slice(name, some[0] - first, some[1] - first, one.number, some[0], interfaces))
        interfaces += one.info.interfaces_total
    files = packet_files(len(firsts))
    return [
        Stretch(file, first + 1, min(ROWS_A_GROUP, total - first), own)
        for file, first, own in zip(files, firsts, slices, strict=True)
    ]


def _write_packets(client: Any, stretches: Sequence[Stretch], whole: Whole, into: Into, tell: Tell) -> None:
    """Let the workers write all packets and segments, as they stay."""
    from dask.delayed import delayed

    if not stretches:
        return
    token, place = uuid.uuid4().hex[:8], whole.place.shared(str(Path(into.aside, "frames.npy")))
    firsts, keys = np.array([one.first for one in stretches]), keys_for(len(stretches))
    sent = [
        delayed(_sent, pure=False)(
            into, number, own, whole.turned, place, firsts, keys, dask_key_name=f"number-{token}-{number}"
        )
        for number, own in whole.numbers.items()
    ]
    tasks = [
        delayed(_written, pure=False)(into, pieces, one, place, dask_key_name=f"write-{token}-{number}")
        for number, (one, pieces) in enumerate(zip(stretches, moved(sent, len(stretches)), strict=True))
    ]
    gathered(client, client.compute(tasks), tell)


def _sent(
    into: Into, number: int, own: Array, turned: Array, place: Shared, firsts: Array, keys: Sequence[float]
) -> pd.DataFrame:
    pieces = pieces_by_stretch(into, segments_file(number), numbers=own, turned=turned, place=place, firsts=firsts)
    return frame_of_pieces(keys, pieces)


def _written(into: Into, pieces: pd.DataFrame, stretch: Stretch, place: Shared) -> None:
    write_stretch(into, pieces_in(pieces), stretch, place)


def _empty(decoded: Sequence[Decoded], whole: Whole) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return packets and segments without rows, with the texts and attributes of all."""
    addresses, texts = whole.events["src"].dtype, whole.packets
    made = {}
    for column in PACKETS:
        dtype: Any = column.dtype
        if dtype == "category":
            dtype = addresses if column.unit == "address" else texts[column.name].dtype
        elif dtype.startswith("list"):
            dtype = pd.ArrowDtype(pa.list_(pa.uint32()))
        made[column.name] = pd.Series([], dtype=dtype)
    packets = pd.DataFrame(made, index=pd.RangeIndex(1, 1, name="frame"))
    segments = label_segments(packets)
    packets.attrs, segments.attrs = dict(whole.packets.attrs), dict(whole.events.attrs)
    return packets, segments
