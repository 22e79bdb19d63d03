"""environment.yml and pyproject.toml agree."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
FOR_DEVELOPERS = ("dev", "docs")


def test_environment_and_pyproject_name_the_same_packages_and_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for_users = [line for name, lines in extras.items() if name not in FOR_DEVELOPERS for line in lines]
    expected = {Requirement(line) for line in project["dependencies"] + for_users}
    expected.add(Requirement(f"python{project['requires-python']}"))

    lines = re.findall(r"^  - ([\w.-]+ *[<>=!~].*)$", (ROOT / "environment.yml").read_text(), re.MULTILINE)
    assert {Requirement(line) for line in lines} == expected


def test_the_dev_extra_repeats_the_bounds_of_the_others() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for_users = {Requirement(line).name: line for name in extras if name != "dev" for line in extras[name]}
    for line in extras["dev"]:
        assert for_users.get(Requirement(line).name, line) == line


def test_the_citation_has_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
