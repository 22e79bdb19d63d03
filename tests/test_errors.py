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
    MissingExtraError,
    ParameterError,
    PcapframeError,
    PcapframeWarning,
    needs_extra,
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
    assert set(parents) == {name for name in errors.__all__ if inspect.isclass(getattr(errors, name))}
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


def test_a_missing_package_names_its_extra():
    with pytest.raises(MissingExtraError) as caught, needs_extra("dials need", "sun"):
        import gnomon.shadow  # noqa: F401
    same = pickle.loads(pickle.dumps(caught.value))
    for error in (caught.value, same):
        assert isinstance(error, PcapframeError)
        assert isinstance(error, ModuleNotFoundError)
        assert str(error) == 'dials need gnomon: pip install "pcapframe[sun]"'
        assert (error.name, error.package, error.extra) == ("gnomon", "gnomon", "sun")


def test_the_extra_of_what_was_asked_for_is_named():
    with pytest.raises(MissingExtraError) as caught, needs_extra("dials need", "sun"):
        with needs_extra("shadows need", "shade"):
            import gnomon  # noqa: F401
    assert caught.value.extra == "sun"


def test_a_module_of_ours_is_not_an_extra():
    with pytest.raises(ModuleNotFoundError) as caught, needs_extra("dials need", "sun"):
        import pcapframe.gnomon  # noqa: F401
    assert not isinstance(caught.value, MissingExtraError)
