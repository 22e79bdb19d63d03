"""Explain common mistakes in a cell in one sentence instead of a traceback.

People who are new to Python forget quotes (``by = client``) or give a number instead of a text.
"""

import linecache
import sys
from types import TracebackType
from typing import Any

__all__ = ["explain_mistakes"]

EXPLAINED = (AttributeError, LookupError, NameError, TypeError, ValueError)


def explain_mistakes() -> None:
    """Make the running notebook explain common mistakes in a sentence; outside IPython, do nothing.

    A handler that the notebook already has is kept.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc(EXPLAINED, _show)


def _show(shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType, **_: object) -> None:
    """Show an error: as a sentence if a line of the cell led to it and the error has no special display."""
    line = _line(trace, shell.user_ns)
    if line and not hasattr(error, "_render_traceback_"):
        text = _sentence(error, line)
        error._render_traceback_ = lambda: [text]  # type: ignore[attr-defined]  # IPython shows what this returns
    shell.showtraceback((kind, error, trace))


def _line(trace: TracebackType | None, space: dict[str, Any]) -> str:
    """Return the last line of a cell in a traceback; empty if there is none."""
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
            f'✘ {line}: {name} is not defined. A text needs quotes: "{name}". If a cell above defines {name}, run '
            "that cell first."
        )
    return (
        f"✘ {line}: this does not fit ({type(error).__name__}: {error}). A number stands without quotes (12), a text "
        'in quotes ("a"), a list in brackets ([3, 8]).'
    )
