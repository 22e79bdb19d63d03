"""Run code as in an installation without extras: what only they bring cannot be imported."""

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {name: lines for name, lines in PROJECT["optional-dependencies"].items() if name != "dev"}
HIDE = """
import os, sys

class Without:
    def __init__(self, finder, hidden):
        self.finder, self.hidden = finder, hidden

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in self.hidden else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

hidden = set(os.environ["HIDDEN"].split())
assert not hidden & set(sys.modules)
sys.meta_path[:] = [Without(finder, hidden) for finder in sys.meta_path]
"""


def needed(requirements: list[str]) -> set[str]:
    """Distributions that these requirements bring, with all that they need themselves."""
    found: set[str] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        try:
            waiting += map(Requirement, distribution(name).requires or [])
        except PackageNotFoundError:
            continue
    return found


def hidden_modules() -> set[str]:
    """Top-level modules of this environment that an installation without extras lacks."""
    base = needed(PROJECT["dependencies"]) | {"pcapframe"}
    return {
        module
        for module, owners in packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & base
    }


def run_in_base(code: str, *arguments: str, cwd: Path) -> Any:
    """Run code without the extras in a process; return what it prints as JSON on its last line."""
    # Where it starts, an environment may import packages of its own: -S leaves these out, the path finds the others.
    paths = os.pathsep.join([str(ROOT), *(path for path in sys.path if path)])
    done = subprocess.run(
        [sys.executable, "-S", "-c", HIDE + code, *arguments],
        env={**os.environ, "PYTHONPATH": paths, "HIDDEN": " ".join(hidden_modules()), "PATH": ""},
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
