"""Captures that ship with the package, for examples, tests and demonstrations."""

from pathlib import Path

from pcapframe.errors import ParameterError

__all__ = ["example"]

PACKAGE = Path(__file__).parent
# In an installed package, and in a checkout.
FOLDERS = (PACKAGE / "data", PACKAGE.parent / "data")


def example(name: str) -> Path:
    """Return the path of a capture that ships with pcapframe.

    Parameters
    ----------
    name : str
        File name, such as ``resets.pcap``; data/README.md describes them. ``patterns/NAME.pcap`` shows the pattern of
        that name, ``workshops/`` has the captures of the incident reviews.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    ParameterError
        There is no example of this name; the message lists the names.

    Examples
    --------
    >>> example("clean.pcap").name
    'clean.pcap'
    """
    for folder in FOLDERS:
        path = folder / name
        if path in folder.glob("**/*.pcap*"):
            return path
    known = sorted({file.name for folder in FOLDERS for file in folder.glob("*.pcap*")})
    raise ParameterError(f"there is no example {name!r}: expected one of {', '.join(known)}")
