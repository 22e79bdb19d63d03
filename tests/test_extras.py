"""An installation without extras: whatever needs one says so in one sentence that names it."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.base_installation import EXTRAS, run_in_base
from tests.conftest import in_ci

INSTALL = re.compile(r'pip install "pcapframe\[(\w+)\]"')
RESETS = Path(__file__).parent.parent / "data" / "resets.pcap"

# Every command with what it requires, and again with each of its options, of a capture that takes little time.
COMMANDS = """
import json
import pcapframe as pf
from tests.cli.running import RESETS, VALUES, command_lines, main

pf.write_pcap(pf.read_pcap(RESETS, progress=False).iloc[:150], "few.pcap")
ran, known, alone = [], set(), ("convert", "mcp", "report", "workshop")
for line in command_lines({**VALUES, "CAPTURE": "few.pcap", "CAPTURE...": "few.pcap"}):
    options = {word for word in line if word.startswith("--")}
    if sys.argv[1] == "once" and options and options <= known and line[0] not in alone:
        continue  # of another command, which takes it in the same way
    known |= options
    result = main(*line)
    ran.append([line, result.status, result.stderr])
print(json.dumps(ran))
"""

# Every module, every public name, and what is called in the ways that need more.
PYTHON = """
import importlib, json, pkgutil, warnings

import pcapframe as pf
capture = sys.argv[1]
analysis = pf.analyze(capture)

def said(function):
    try:
        function()
    except Exception as error:
        return [type(error).__name__, isinstance(error, pf.PcapframeError), isinstance(error, ImportError), str(error)]

def accessor():
    import pcapframe.accessor
    analysis.segments.tcp.plots.rtt()

def star():
    exec("from pcapframe import *", {})

modules = [one.name for one in pkgutil.walk_packages(pf.__path__, "pcapframe.") if not one.name.endswith("__main__")]
result = {
    "modules": {name: said(lambda: importlib.import_module(name)) for name in modules},
    "names": {name: said(lambda: getattr(pf, name)) for name in [*dir(pf), "explore", "plots"]},
    "calls": {
        "accessor": said(accessor),
        "dissect": said(lambda: pf.dissect(analysis, 1)),
        "explore": said(lambda: pf.explore(capture)),
        "plots": said(lambda: pf.plots.overview(analysis)),
        "star": said(star),
        "url": said(lambda: pf.read_pcap("https://example.com/a.pcap")),
    },
}
print(json.dumps(result))
"""


@cache
def of_commands(folder: Path) -> Any:
    return run_in_base(COMMANDS, in_ci(["once", "always"], 1)[-1], cwd=folder)


@cache
def of_python(folder: Path) -> Any:
    return run_in_base(PYTHON, str(RESETS), cwd=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("base")


def test_every_command_works_or_names_its_extra(folder: Path) -> None:
    needing = {}
    for line, status, errors in of_commands(folder):
        shown = f"{' '.join(line)}: {status} {errors}"
        if match := INSTALL.search(errors):
            needing[" ".join(line)] = match[1]
            assert status == 1, shown
            assert errors.startswith("Error: "), shown
            assert len(errors.splitlines()) == 1, shown
        elif line[0] == "check":
            assert (status, "tshark is not installed" in errors) == (1, True), shown
        elif line[0] == "join":  # of one capture
            assert (status, "two captures" in errors or "different names" in errors) == (2, True), shown
        elif "--no-browser" in line:  # without --lab
            assert status == 2, shown
        elif (line[0] == "extract" and "port_reuse" in line) or "2020-01-01" in line:
            assert status in (0, 2), shown  # selects nothing
        else:
            assert status == 0, shown
    assert set(needing.values()) <= set(EXTRAS)
    assert needing["workshop folder --lab"] == "workshop"
    assert needing["mcp"] == needing["mcp --http"] == "mcp"
    assert sum(extra == "report" for extra in needing.values()) > 5
    assert {line.split()[0] for line in needing} == {"analyze", "convert", "mcp", "report", "workshop"}


def test_every_module_loads_or_names_its_extra(folder: Path) -> None:
    of = {"browser": "plots", "mcp_server": "mcp", "plots": "plots", "report": "report", "widgets": "explore"}
    for name, problem in of_python(folder)["modules"].items():
        extra = of.get(name.split(".")[1])
        assert (problem is None) == (extra is None), (name, problem)
        if problem is not None:
            kind, ours, imports, text = problem
            assert (kind, ours, imports, INSTALL.search(text)[1]) == ("MissingExtraError", True, True, extra), name


def test_every_public_name_is_there_or_names_its_extra(folder: Path) -> None:
    problems = {name: problem for name, problem in of_python(folder)["names"].items() if problem}
    assert {name: INSTALL.search(text)[1] for name, (*_, text) in problems.items()} == {
        "explore": "explore",
        "plots": "plots",
    }
    assert len(of_python(folder)["names"]) > 30


@pytest.mark.parametrize(
    ("call", "extra"),
    [("accessor", "plots"), ("dissect", "dissect"), ("explore", "explore"), ("plots", "plots"), ("url", "url")],
)
def test_every_call_names_its_extra(call: str, extra: str, folder: Path) -> None:
    kind, ours, imports, text = of_python(folder)["calls"][call]
    assert (kind, ours, imports) == ("MissingExtraError", True, True)
    assert INSTALL.search(text)[1] == extra
    assert "\n" not in text


def test_all_names_can_be_imported_at_once(folder: Path) -> None:
    assert of_python(folder)["calls"]["star"] is None
