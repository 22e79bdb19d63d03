"""The rules that hold for every module: floors, lazy imports, public names, mirrored tests, words."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pcapframe

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pcapframe"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = [path for path in SOURCES if not path.stem.startswith("__")]
HEAVY = {"anywidget", "dask", "httpx", "ipywidgets", "itables", "matplotlib", "mcp", "papermill", "scapy"}
JUDGING = re.compile(r"firewall|attack|congested|malicious|suspicious|\bcaused", re.IGNORECASE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_has_its_test_file(module: Path) -> None:
    *folders, name = module.relative_to(PACKAGE).with_suffix("").parts
    name = name.lstrip("_")
    candidates = [
        Path("tests", *folders, f"test_{name}.py"),
        Path("tests", f"test_{name}.py"),
        Path("tests", f"test_{'_'.join([*folders, name])}.py"),
    ]
    if module.stem.startswith("_") and folders:  # a package that is used and tested as one
        candidates.append(Path("tests", *folders[:-1], f"test_{folders[-1]}.py"))
    assert any((ROOT / path).exists() for path in candidates), f"none of {', '.join(map(str, candidates))}"


def test_import_linter_contracts_hold() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import pcapframe",
        "import sys; sys.argv = ['pcapframe', '--help']; from pcapframe.cli import main; main()",
    ],
    ids=["import", "help"],
)
def test_heavy_packages_are_not_loaded(code: str) -> None:
    report = "import atexit, sys; atexit.register(lambda: print('loaded', *sys.modules, file=sys.stderr)); "
    result = subprocess.run([sys.executable, "-c", report + code], capture_output=True, text=True, check=True)
    loaded = set(result.stderr.rpartition("loaded ")[2].split())
    assert "pcapframe" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", pcapframe.__all__)
def test_public_name_is_documented(name: str) -> None:
    value = getattr(pcapframe, name)
    if not callable(value):
        return
    docstring = inspect.getdoc(value)
    assert docstring
    if inspect.isfunction(value):
        signature = inspect.signature(value)
        if signature.parameters:
            assert "\nParameters\n----" in docstring
        if signature.return_annotation not in (None, "None"):
            assert "\nReturns\n----" in docstring


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_text_does_not_judge(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    found = [(node.lineno, match[0]) for node in texts for match in JUDGING.finditer(str(node.value))]
    assert not found
