"""Keep an analysis in a folder, and open it again without its capture."""

import contextlib
import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from pcapframe.analysis.chosen import Asked
from pcapframe.analysis.health import OF_WHOLE_CAPTURE, CaptureHealth, Finding
from pcapframe.analysis.kept import KeptAnalysis
from pcapframe.analysis.known import CaptureFacts, Judged
from pcapframe.analysis.pipeline import analyze
from pcapframe.analysis.provenance import CaptureFile, Provenance, files_of, installed_version
from pcapframe.analysis.result import Analysis
from pcapframe.analysis.selection import Selection
from pcapframe.analysis.standouts import Standout
from pcapframe.capture.decode_as import listed
from pcapframe.capture.folders import captures_in
from pcapframe.disk import bytes_given
from pcapframe.errors import CaptureError, CaptureFormatError, ParameterError, PcapframeWarning
from pcapframe.events import columns_of, totals_of
from pcapframe.facts import CaptureInfo
from pcapframe.keeping import STORED_KEEPS, StoredKeep, check_keep
from pcapframe.packets import DecodeAs, Names, Progress
from pcapframe.patterns import Evidence, Pattern, Patterns, Thresholds, native
from pcapframe.store import MANIFEST, PacketFiles, Store, is_store, new_folder, schema_digest, stores_folder

__all__ = ["StoredAnalysis", "open_store", "opened", "write_parts", "write_store"]

FACTS = ("has_quotes", "is_tunnelled", "message", "decode_as")  # of ``CaptureFacts``, besides what is there anyway
MOST_BYTES = 4_000_000_000  # of all stores that are kept by themselves


class StoredAnalysis(Analysis):
    """An `Analysis` whose packets and segments are read from its store when they are first used."""

    @classmethod
    def of(cls, store: Store, parts: Mapping[str, Any]) -> "StoredAnalysis":
        """Make one without its packets and segments.

        Parameters
        ----------
        store : Store
            Where these are.
        parts : mapping
            All other fields of `Analysis`.

        Returns
        -------
        StoredAnalysis
            Of the whole capture.
        """
        made = cls.__new__(cls)
        vars(made).update(parts, _store=store, _frames={})
        return made

    @property
    def packets(self) -> pd.DataFrame:
        """Packets of the whole capture."""
        return self._frame("packets")

    @property
    def packet_count(self) -> int:
        """How many rows `packets` has."""
        count: int = self._stored.manifest["analysis"]["packet_count"]
        return count

    @property
    def segments(self) -> pd.DataFrame:
        """Segments of the whole capture."""
        return self._frame("segments")

    def _frame(self, name: str) -> pd.DataFrame:
        """Return a frame that is read once, also where the connections of this analysis were narrowed since."""
        frames: dict[str, pd.DataFrame] = vars(self)["_frames"]
        if name not in frames:
            frames[name] = getattr(self._stored, name)()
        return frames[name]

    @cached_property
    def _judged(self) -> Judged:
        return _read(self._stored, self.capture, self.health)

    @cached_property
    def _asked(self) -> Asked:
        return Asked(self._judged.events, self._judged.totals)

    @property
    def _stored(self) -> Store:
        store: Store = vars(self)["_store"]
        return store


def write_store(
    analysis: Analysis,
    folder: str | os.PathLike[str],
    *,
    keep: StoredKeep | None = None,
) -> Path:
    """Keep an analysis in a folder, to be opened again without its capture.

    Parameters
    ----------
    analysis : Analysis
        Of a whole capture: without a filter, and with the default thresholds.
    folder : path
        The folder. A store that is there is replaced, once the new one is complete.
    keep : {"packets", "events", "connections"}, optional
        ``packets``: every packet, and what is said of its segment. ``events``: only the segments that anything can be
        said of, ``connections``: only connections and what was found in them, about a hundredth of the capture; what
        reads more is refused then. By default what the analysis keeps, as far as a store can.

    Returns
    -------
    Path
        The folder: ``packets.parquet`` with the columns of ``schema.PACKETS`` and ``schema.SEGMENTS``, null for what is
        no segment, where packets are kept; ``events.parquet`` with some of these; ``connections.parquet`` and
        ``turns.parquet`` with those of ``schema.CONNECTIONS`` and ``schema.TURNS``; ``sides.parquet`` and
        ``totals.parquet``, what remains of other segments; ``categories.parquet``; and the manifest ``pcapframe.json``.

    Raises
    ------
    ParameterError
        The analysis has a filter or other thresholds, or keeps less, `keep` is something else, or the folder is no
        store.
    OSError
        The folder cannot be written.

    Examples
    --------
    >>> import tempfile, pcapframe as pf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_store(pf.analyze(pf.example("resets.pcap")), f"{folder}/resets").name
    ...     len(pf.analyze(f"{folder}/resets").connections)
    'resets'
    42
    """
    if keep is None:
        keep = _most(analysis)
    check_keep(keep, STORED_KEEPS)
    if analysis.selection != Selection() or analysis.thresholds != Thresholds():
        raise ParameterError(
            "a store keeps a whole capture: analyse it without a filter or thresholds, and give these when it is opened"
        )
    return _write(analysis, folder, keep)


def _most(analysis: Analysis) -> Any:
    """Return the most that a store can keep of an analysis."""
    return "events" if analysis.keep == "segments" else analysis.keep


def _write(
    analysis: Analysis,
    folder: str | os.PathLike[str],
    keep: StoredKeep,
    identity: str | None = None,
) -> Path:
    with new_folder(folder) as made:
        whole = keep == "packets"
        packets, segments = (analysis.packets, analysis.segments) if whole else (None, None)
        write_parts(made, analysis, keep, identity, packets=packets, segments=segments)
    return Path(folder)


def write_parts(
    folder: Path,
    analysis: Analysis,
    keep: StoredKeep,
    identity: str | None = None,
    *,
    packets: pd.DataFrame | None = None,
    segments: pd.DataFrame | None = None,
    written: PacketFiles | None = None,
) -> None:
    """Write the files of a store.

    Parameters
    ----------
    folder : Path
        Where; it has no other files, but those of packets that others have written.
    analysis, keep
        As for `write_store`.
    identity, packets, segments, written
        As for ``Store.write``.
    """
    store = Store(folder, {"version": installed_version(), "keep": keep, "analysis": _written(analysis)})
    judged = analysis._judged
    events = analysis.events if keep == "events" else judged.events
    frames: Any = {"packets": packets, "segments": segments, "written": written}
    connections, arrays = analysis.whole_connections, columns_of(judged.totals)
    store.write(connections, events, judged.totals.turns, arrays, store=identity, **frames)


def _read(store: Store, capture: CaptureInfo, health: CaptureHealth) -> Judged:
    """Read what results are made from."""
    events, written = store.events(), store.manifest["analysis"]
    totals = totals_of(store.arrays(), store.turns(), written["floors"])
    names = ("has_quotes", "is_tunnelled", "message")
    facts = {name: written["facts"][name] for name in names}
    whole = tuple(finding for finding in health.findings if finding.name in OF_WHOLE_CAPTURE)
    decode_as, packets = tuple(written["facts"]["decode_as"]), written["packet_count"]
    return Judged(CaptureFacts(capture, packets, decode_as=decode_as, findings=whole, **facts), events, totals)


def open_store(folder: str | os.PathLike[str]) -> Analysis:
    """Open the analysis that a store keeps.

    Parameters
    ----------
    folder : path
        As given to `write_store`.

    Returns
    -------
    StoredAnalysis or KeptAnalysis
        Packets, segments and events are read when they are first used.

    Raises
    ------
    CaptureFormatError
        It is damaged, or was written by a version with other columns.
    """
    store = Store.opened(folder)
    connections = store.connections()
    try:
        parts = _parts(store.manifest["analysis"])
    except (KeyError, TypeError, ValueError, AttributeError, ParameterError) as error:
        problem = f"is a damaged store ({type(error).__name__}): convert the capture again"
        raise CaptureFormatError(os.fspath(folder), problem) from None
    parts |= {"connections": connections, "whole_connections": connections}
    if store.keep == "packets":
        return StoredAnalysis.of(store, parts)
    judged = lru_cache(1)(lambda: _read(store, parts["capture"], parts["health"]))
    kept: dict[str, Any] = {"_judged": judged, "_asked": lambda: Asked(judged().events, judged().totals)}
    if store.keep == "events":
        kept["events"] = lambda: judged().events
    return KeptAnalysis.of(parts, store.keep, store.manifest["analysis"]["packet_count"], kept)


def opened(
    source: Any, decode_as: DecodeAs | None, names: Names, progress: Progress | Literal[False] | None
) -> Analysis:
    """Open the store that a source is, or the one that is kept of it; where there is none, analyse and keep it.

    Parameters
    ----------
    source, decode_as, names, progress
        As for `analyze`.

    Returns
    -------
    Analysis
        Of the whole capture.

    Raises
    ------
    CaptureError, ParameterError
        As for `analyze`, and for a store that is damaged.

    Warns
    -----
    PcapframeWarning
        The store cannot be written.
    """
    if is_store(source):
        if decode_as is not None:
            raise ParameterError("decode_as changes how a capture is read: expected a capture, and a store is given")
        return open_store(source)
    if isinstance(source, Analysis | pd.DataFrame):
        return analyze(source, decode_as=decode_as)
    files = files_of(source)
    sources = captures_in(source).captures
    folder = stores_folder() / _identity(files, decode_as, names)
    if len(files) == len(sources) and is_store(folder):
        with contextlib.suppress(CaptureError):  # damaged, or of another version: it is written anew
            found = open_store(folder)
            (folder / MANIFEST).touch()  # used last: see `_make_room`
            return found
    analysis = analyze(source, decode_as=decode_as, names=names, progress=progress)
    if len(files) == len(sources) and analysis.provenance.files == files == files_of(source):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            # Whoever has opened the same one from another process goes on with this one.
            _write(analysis, folder, _most(analysis), folder.name)
            _make_room(folder)
        except (OSError, ValueError) as error:
            warnings.warn(f"this analysis is not kept in {folder.parent}: {error}", PcapframeWarning, stacklevel=3)
    return analysis


def _identity(files: Sequence[CaptureFile], decode_as: DecodeAs | None, names: Names) -> str:
    """Return a name for what is made of some files: another one if anything about them changes."""
    given = names if isinstance(names, bool) else [vars(file) for file in files_of(names)]
    parts = [[vars(file) for file in files], listed(decode_as), given, installed_version(), schema_digest()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _make_room(newest: Path) -> None:
    """Remove the stores that were not used for longest where all are larger than they may be."""
    given = bytes_given("PCAPFRAME_CACHE_BYTES")
    most = MOST_BYTES if given is None else given
    stores = sorted(newest.parent.glob(f"*/{MANIFEST}"), key=lambda manifest: manifest.stat().st_mtime_ns, reverse=True)
    taken = 0
    for manifest in stores:
        taken += sum(file.stat().st_size for file in manifest.parent.iterdir())
        if taken > most:
            shutil.rmtree(manifest.parent, ignore_errors=True)


def _written(analysis: Analysis) -> dict[str, Any]:
    """Return everything but the frames, as JSON has it."""
    facts, _, totals = analysis._judged
    return {
        "packet_count": analysis.packet_count,
        "facts": {name: native(value) for name, value in facts._asdict().items() if name in FACTS},
        "floors": vars(totals.floors),
        "capture": native(vars(analysis.capture)),
        "health": {
            "sentence": analysis.health.sentence,
            "findings": [finding.to_dict() for finding in analysis.health.findings],
        },
        "patterns": [pattern.to_dict() for pattern in analysis.patterns],
        "statistics": native(analysis.statistics),
        "standouts": [standout.to_dict() for standout in analysis.standouts],
        "summary": native(analysis.summary),
        "message": analysis.message,
        "notes": list(analysis.notes),
        "provenance": analysis.provenance.to_dict(),
    }


def _parts(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an analysis that are no frames."""
    health, provenance = written["health"], written["provenance"]
    files = tuple(CaptureFile(**file) for file in provenance["files"])
    return {
        "capture": CaptureInfo(**written["capture"]),
        "health": CaptureHealth(tuple(_with_evidence(Finding, one) for one in health["findings"]), health["sentence"]),
        "patterns": Patterns(_with_evidence(Pattern, one) for one in written["patterns"]),
        "statistics": written["statistics"],
        "standouts": tuple(_with_evidence(Standout, one) for one in written["standouts"]),
        "summary": written["summary"],
        "message": written["message"],
        "notes": tuple(written["notes"]),
        "selection": Selection(),
        "thresholds": Thresholds(),
        "provenance": Provenance(**{**provenance, "files": files}),
        "_kept": None,
        "_turned": np.empty(0, np.int64),
    }


def _with_evidence(made: Any, written: Mapping[str, Any]) -> Any:
    """Make a pattern, a finding or a standout."""
    evidence = Evidence(**{name: _tuple(value) for name, value in written["evidence"].items()})
    if made is Standout:
        written = {name: _tuple(value) for name, value in written.items()}
    return made(**{**written, "evidence": evidence})


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
