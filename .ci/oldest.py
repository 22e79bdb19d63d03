"""Print the oldest versions that pyproject.toml allows, as requirements for pip: stages, dissection, charts, URLs.

The development environment has the newest versions; `make test-oldest` tests these.
"""

import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
wanted = [*project["dependencies"], *extras["dissect"], *extras["plots"], *extras["url"]]
test_tools = [line for line in extras["dev"] if line.startswith(("hypothesis", "nbmake", "pytest"))]
print(*(requirement.replace(">=", "==") + ".*" for requirement in wanted), *test_tools, sep="\n")
