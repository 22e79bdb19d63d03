"""Say in one sentence what is wrong in a cell, where a notebook would show a page of code.

Forgotten quotes (``by = client``) and a number in the place of a text are the usual mistakes of who is new to Python.
"""

import linecache
import sys
from types import TracebackType
from typing import Any

__all__ = ["explain_mistakes"]

EXPLAINED = (AttributeError, LookupError, NameError, TypeError, ValueError)


def explain_mistakes() -> None:
    """Let the running notebook show a sentence for the usual mistakes; elsewhere, do nothing.

    A notebook that has a handler of its own keeps it.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc(EXPLAINED, _show)


def _show(shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType, **_: object) -> None:
    """Show an error: as a sentence where a line of the cell led to it, and where it has none of its own."""
    line = _line(trace, shell.user_ns)
    if line and not hasattr(error, "_render_traceback_"):
        text = _sentence(error, line)
        error._render_traceback_ = lambda: [text]  # type: ignore[attr-defined]  # IPython shows what this returns
    shell.showtraceback((kind, error, trace))


def _line(trace: TracebackType | None, space: dict[str, Any]) -> str:
    """Return the last line of a cell that was run; empty where none was."""
    found = ""
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is space:
            found = linecache.getline(frame.f_code.co_filename, trace.tb_lineno).strip()
        trace = trace.tb_next
    return found


def _sentence(error: BaseException, line: str) -> str:
    if isinstance(error, NameError) and error.name:
        name = error.name
        return (
            f'✘ {line}: there is no {name} here. A text needs quotes: "{name}". If {name} is a name that a cell above '
            "gives, run that cell first."
        )
    return (
        f"✘ {line}: this does not fit ({type(error).__name__}: {error}). A number stands without quotes (12), a text "
        'in quotes ("a"), a list in brackets ([3, 8]).'
    )
