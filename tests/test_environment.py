"""environment.yml, the conda recipe, the citation and pyproject.toml agree."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
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


def recipe() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "recipe/recipe.yaml").read_text())


def requirements(lines: list[str]) -> set[Requirement]:
    """What conda's lines ask for, under the names that PyPI has."""
    return {Requirement(re.sub("^matplotlib-base ", "matplotlib ", line)) for line in lines}


def test_the_conda_recipe_has_the_name_version_and_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    made = recipe()
    assert made["package"] == {"name": project["name"], "version": "${{ version }}"}
    assert made["context"]["version"] == project["version"]
    about = {"summary": project["description"], "license": project["license"], "license_file": "LICENSE"}
    assert made["about"].items() >= about.items()
    scripts = [f"{name} = {called}" for name, called in project["scripts"].items()]
    assert made["build"]["python"]["entry_points"] == scripts


def test_the_conda_recipe_has_the_dependencies_of_pyproject() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, extras = pyproject["project"], pyproject["project"]["optional-dependencies"]
    needed = {Requirement(line) for line in project["dependencies"]}
    optional = {Requirement(line) for name, lines in extras.items() if name not in FOR_DEVELOPERS for line in lines}
    python = {Requirement(f"python{project['requires-python']}")}
    builds = {Requirement(line) for line in ["python", "pip", *pyproject["build-system"]["requires"]]}
    listed = recipe()["requirements"]
    assert requirements(listed["run"]) == python | needed
    assert requirements(listed["host"]) == builds | needed  # building compiles kernels
    assert requirements(listed["run_constraints"]) == optional


def test_the_placeholder_of_the_address_stands_in_one_place() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    hosts = {urlsplit(url).hostname for url in urls.values()}
    assert len(hosts) == 1
    (host,) = hosts
    assert host is not None
    grep = ["git", "grep", "-l", "--fixed-strings", host]
    listed = subprocess.run(grep, check=False, cwd=ROOT, capture_output=True, text=True)
    assert (listed.returncode, listed.stdout.split()) == (0, ["pyproject.toml"])
