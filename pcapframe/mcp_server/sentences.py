"""Errors as a client reads them: one short sentence of printable characters."""

import re

from pydantic import ValidationError

from pcapframe.errors import PcapframeError
from pcapframe.wording import printable, shortened

__all__ = ["LONGEST", "WORD", "echoed", "sentence"]

LONGEST = 1_000  # sentence [characters]
WORD = 200  # longest run without a space; only a client's own text has longer ones [characters]
LONG_WORD = re.compile(rf"\S{{{WORD},}}[^\s:;,'\")]")


def echoed(text: str, most: int = WORD) -> str:
    r"""Quote what a client sent, shortened, on one line.

    Parameters
    ----------
    text : str
        For example an argument.
    most : int, default 200
        Characters to keep.

    Returns
    -------
    str
        Non-printable characters are escaped.

    Examples
    --------
    >>> echoed("a\n" * 300, 9)
    'a\\na\\na\\n… (891 more characters)'
    """
    return shortened(printable(text), most)


def sentence(cause: BaseException | str | None) -> str | None:
    """Return an error as a client reads it.

    Parameters
    ----------
    cause : exception or str or None
        The error, or its text.

    Returns
    -------
    str or None
        The sentence, with long arguments of the client shortened; None for an internal error, which is not disclosed.
    """
    if isinstance(cause, PcapframeError | str):
        told = str(cause)
    elif isinstance(cause, MemoryError):
        told = "there is not enough memory for this capture"
    elif isinstance(cause, ValidationError):
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in cause.errors(include_input=False)]
        told = f"the arguments are not valid: {'; '.join(problems)}"
    else:
        return None
    return echoed(LONG_WORD.sub(lambda word: echoed(word[0]), told), LONGEST)
