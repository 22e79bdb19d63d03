import copy
import inspect
import pickle
import re

import pytest

from pcapframe import errors
from pcapframe.errors import (
    CaptureError,
    CaptureFormatError,
    CaptureNotFoundError,
    CaptureWarning,
    ParameterError,
    PcapframeError,
    PcapframeWarning,
)


def test_message_names_the_file_and_the_byte():
    error = CaptureFormatError("a.pcap", "is empty, expected a capture", 0)
    assert str(error) == "a.pcap at byte 0: is empty, expected a capture"
    assert (error.name, error.problem, error.offset) == ("a.pcap", "is empty, expected a capture", 0)
    assert str(CaptureNotFoundError("b", "there is no such file")) == "b: there is no such file"


@pytest.mark.parametrize("offset", [None, 24])
@pytest.mark.parametrize("kind", [CaptureError, CaptureNotFoundError, CaptureFormatError])
def test_errors_of_captures_survive_pickling(kind, offset):
    error = kind("a.pcap", "is cut off", offset)
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(same) is kind
        assert str(same) == str(error)
        assert (same.name, same.problem, same.offset) == ("a.pcap", "is cut off", offset)


def test_tree_is_the_one_in_the_docstring():
    drawing = inspect.getdoc(errors).partition("::")[2]
    drawn = re.findall(r"^    ([ │├└─]*)([A-Z]\w+)", drawing, re.MULTILINE)
    last, parents = {}, {}
    for indent, name in drawn:
        depth = len(indent) // 4
        last[depth] = name
        parents[name] = last.get(depth - 1)
    assert set(parents) == set(errors.__all__)
    for name, parent in parents.items():
        bases = [base.__name__ for base in getattr(errors, name).__bases__]
        assert parent in bases or parent is None
    assert parents["CaptureFormatError"] == "CaptureError"


@pytest.mark.parametrize("kind", [CaptureError, CaptureNotFoundError, CaptureFormatError, ParameterError])
def test_one_except_clause_catches_all(kind):
    assert issubclass(kind, PcapframeError)


def test_parameter_errors_are_value_errors_and_warnings_are_user_warnings():
    assert issubclass(ParameterError, ValueError)
    assert issubclass(CaptureWarning, PcapframeWarning)
    assert issubclass(PcapframeWarning, UserWarning)
