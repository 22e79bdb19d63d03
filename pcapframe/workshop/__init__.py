"""Guided incident reviews: notebooks with a story, questions, and checks that do not reveal the answer.

``checks`` checks answers, ``layout`` puts notebooks and captures into a folder, ``authoring`` makes the
participant's notebook and the keys of its checks from an answer notebook. A review is a name: ``NAME.ipynb``,
``answers/NAME.ipynb``, its keys in ``checks.json`` and a capture in ``captures``.

JupyterLab and matplotlib are an extra: ``pip install "pcapframe[workshop]"``.
"""

from pcapframe.workshop.authoring import write_review
from pcapframe.workshop.checks import AnswerError, Review
from pcapframe.workshop.layout import Laid, lay_out

__all__ = ["AnswerError", "Laid", "Review", "lay_out", "write_review"]
