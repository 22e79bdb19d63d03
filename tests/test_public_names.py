"""The public names of the package, loaded when they are used."""

import subprocess
import sys
from pathlib import Path

import pytest

import pcapframe as pf

HEAVY = {"click", "numba", "numpy", "pandas", "pyarrow", "rich", "tqdm"}
FOLDER = Path(pf.__file__).parent.parent


def loaded_by(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, cwd=FOLDER, check=True).stdout.split())


def loaded_by_command(*arguments: str) -> set[str]:
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    command = [sys.executable, "-c", code + "from pcapframe.cli import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER, check=True)
    return set(done.stderr.splitlines()[-1].split())


def test_import_loads_no_other_package() -> None:
    assert not loaded_by("import pcapframe; pcapframe.CaptureError; dir(pcapframe)") & HEAVY


def test_an_example_needs_no_pandas() -> None:
    assert not loaded_by("import pcapframe; pcapframe.example('clean.pcap')") & HEAVY


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["analyze", "--help"], ["connections", "--help"]])
def test_the_command_starts_with_nothing_but_click(arguments: list[str]) -> None:
    loaded = loaded_by_command(*arguments)
    assert "click" in loaded
    assert not loaded & (HEAVY - {"click"})


@pytest.mark.parametrize("arguments", [["info"], ["info", "--json"], ["analyze", "--json"]])
def test_an_answer_loads_no_charts_and_no_services(arguments: list[str]) -> None:
    loaded = loaded_by_command(*arguments, str(FOLDER / "data" / "clean.pcap"))
    assert "pandas" in loaded
    unneeded = {"IPython", "anywidget", "httpx", "ipywidgets", "matplotlib", "mcp", "papermill", "scapy", "scipy"}
    if "--json" in arguments:
        unneeded |= {"rich"}
    assert not loaded & unneeded


def test_a_server_starts_without_what_draws_dissects_and_prints() -> None:
    code = "from pcapframe.mcp_server import server, Settings; server.CaptureServer(Settings())"
    loaded = loaded_by(code)
    assert "pandas" in loaded
    assert not loaded & {"IPython", "matplotlib", "papermill", "rich.table", "scapy", "scipy"}


@pytest.mark.parametrize("name", pf.__all__)
def test_every_name_is_there(name: str) -> None:
    value = getattr(pf, name)
    assert value is getattr(pf, name)
    assert name in dir(pf)


def test_all_is_sorted_and_complete() -> None:
    assert pf.__all__ == sorted(pf.__all__)
    code = "from pcapframe import *; assert callable(read_pcap) and callable(analyze_traffic_flow)"
    assert "pandas" in loaded_by(code)


def test_charts_are_loaded_when_they_are_used_and_needed_by_nothing_else() -> None:
    assert "plots" in dir(pf)
    assert callable(pf.plots.overview)
    assert "matplotlib" in loaded_by("import pcapframe; pcapframe.plots.overview")
    assert "matplotlib" in loaded_by("import pcapframe; pcapframe.plots.CHARTS['overview']")
    assert "matplotlib" not in loaded_by("import pcapframe; list(pcapframe.plots.CHARTS)")
    assert "pandas" in loaded_by("sys.modules['matplotlib'] = None; from pcapframe import *")


def test_names_shown_are_the_public_ones() -> None:
    assert dir(pf) == sorted([*pf.__all__, "explore", "live_chart", "plots", "write_report"])
    without = "sys.modules.update(dict.fromkeys(['matplotlib', 'anywidget', 'papermill']))"
    code = f"{without}; import pcapframe as pf; import pydoc; "
    loaded_by(code + "assert 'read_pcap' in pydoc.render_doc(pf); assert dir(pf) == sorted(pf.__all__)")


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'read_pcaps'"):
        pf.read_pcaps  # noqa: B018


def test_types_are_shipped() -> None:
    assert (Path(pf.__file__).parent / "py.typed").is_file()
