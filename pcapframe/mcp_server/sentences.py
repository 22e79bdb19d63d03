"""What a client reads when something goes wrong: one sentence, short, with nothing in it that does not show."""

import re

from pydantic import ValidationError

from pcapframe.errors import PcapframeError
from pcapframe.wording import printable, shortened

__all__ = ["LONGEST", "WORD", "echoed", "sentence"]

LONGEST = 1_000  # sentence [characters]
WORD = 200  # longest run without a space; longer ones are a client's own [characters]
LONG_WORD = re.compile(rf"\S{{{WORD},}}[^\s:;,'\")]")


def echoed(text: str, most: int = WORD) -> str:
    r"""Repeat what a client sent: short, on one line.

    Parameters
    ----------
    text : str
        Such as an argument.
    most : int, default 200
        So many characters of it at most.

    Returns
    -------
    str
        Characters that do not show are escaped.

    Examples
    --------
    >>> echoed("a\n" * 300, 9)
    'a\\na\\na\\n… (891 more characters)'
    """
    return shortened(printable(text), most)


def sentence(cause: BaseException | str | None) -> str | None:
    """Return what a client should read about an error.

    Parameters
    ----------
    cause : exception or str or None
        What went wrong, or a text about it.

    Returns
    -------
    str or None
        A sentence in which a client's own words are shortened; None for a fault of ours, which stays hidden.
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
