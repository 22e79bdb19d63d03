"""What a client reads when something goes wrong: one sentence, short, with nothing in it that does not show."""

import re

from pydantic import ValidationError

from pcapframe.errors import PcapframeError
from pcapframe.wording import printable

__all__ = ["LONGEST", "WORD", "sentence", "shortened"]

LONGEST = 1_000  # sentence [characters]
WORD = 200  # longest run without a space; longer ones are a client's own [characters]
TAIL = 40  # what is kept of the end of a word [characters]
LONG_WORD = re.compile(rf"\S{{{WORD + 1},}}")


def shortened(text: str, most: int = WORD) -> str:
    """Cut the middle out of a long text and escape what does not show.

    Parameters
    ----------
    text : str
        Such as an argument of a client.
    most : int, default 200
        So many characters stay.

    Returns
    -------
    str
        On one line.

    Examples
    --------
    >>> shortened("a" * 300, 50)
    'aaaaaaaaa…aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
    """
    text = printable(f"{text[:most]}{text[-most:]}" if len(text) > 2 * most else text)
    return text if len(text) <= most else f"{text[: most - TAIL - 1]}…{text[-TAIL:]}"


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
    return shortened(LONG_WORD.sub(lambda word: shortened(word[0]), told), LONGEST)
