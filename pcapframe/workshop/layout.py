"""Copy the reviews' notebooks and captures into a folder; never overwrite a participant's work."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pcapframe.errors import ParameterError
from pcapframe.files import written_aside
from pcapframe.workshop.checks import CAPTURES, DATA, KEYS, NOTEBOOKS

__all__ = ["Laid", "lay_out"]

POINTS = "points"  # folder of the captures of one path


@dataclass(frozen=True)
class Laid:
    """The outcome for one file.

    Parameters
    ----------
    path : Path
        Where it is.
    outcome : {"written", "unchanged", "kept"}
        ``kept``: the file exists with other content, and was not touched.
    """

    path: Path
    outcome: Literal["written", "unchanged", "kept"]


def lay_out(folder: str | os.PathLike[str]) -> list[Laid]:
    """Write the notebooks and captures of the reviews.

    Parameters
    ----------
    folder : path
        Receives them; created if missing.

    Returns
    -------
    list of Laid
        One for each file, in order of their names.

    Raises
    ------
    ParameterError
        The folder is a file.
    OSError
        A file cannot be written.
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise ParameterError(f"{target}: is a file, expected a folder")
    return [_lay(source, target / place) for source, place in sorted(_files(), key=lambda pair: str(pair[1]))]


def _files() -> Iterator[tuple[Path, Path]]:
    """Yield each file that ships, and its path in the folder."""
    notebooks = _first(NOTEBOOKS)
    for pattern in ("*.ipynb", "answers/*.ipynb", KEYS):
        for path in notebooks.glob(pattern):
            yield path, path.relative_to(notebooks)
    yield notebooks.parent / "README.md", Path("answers", "README.md")  # for the facilitator
    data = _first(DATA)
    for path in data.glob("*.pcap*"):
        yield path, Path(CAPTURES, path.name)
    for path in (data.parent / POINTS).glob("*.pcap*"):
        yield path, Path(CAPTURES, POINTS, path.name)


def _first(folders: tuple[Path, ...]) -> Path:
    return next(folder for folder in folders if folder.is_dir())


def _lay(source: Path, path: Path) -> Laid:
    content = source.read_bytes()
    if path.is_symlink() or path.exists():
        same = path.is_file() and path.read_bytes() == content
        return Laid(path, "unchanged" if same else "kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as file:
        file.write(content)
    return Laid(path, "written")
