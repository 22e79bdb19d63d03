"""A new chart is a file and one line of the registry: whatever shows charts finds it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
TOY = ROOT / "tests" / "plots"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process shows whose package has the toy chart."""
    folder = tmp_path_factory.mktemp("toy")
    registry = (ROOT / "pcapframe" / "plots" / "_registry.py").read_text("utf-8")
    above = '    "overview": "analysis",\n'
    assert above in registry
    shutil.copy(TOY / "toy.py", folder)
    (folder / "_registry.py").write_text(registry.replace(above, f'{above}    "toy": "analysis",\n'), "utf-8")
    command = [sys.executable, str(TOY / "show_toy.py"), str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_it_is_a_public_name(shown: dict[str, Any]) -> None:
    assert shown["public_names"][:2] == ["overview", "toy"]
    assert {"toy", "toy_data"} <= set(shown["public_names"])
    assert {"toy", "toy_data"} <= set(shown["accessor"])


def test_it_is_in_its_section_of_the_report(shown: dict[str, Any]) -> None:
    assert re.findall("aria-label='([^']*)'", shown["report"])[0] == "Toy by side"


def test_its_marks_are_drawn_in_a_browser(shown: dict[str, Any]) -> None:
    seen = shown["live"]
    assert (seen["title"], seen["label"], seen["color"]) == ("Toy", "toys", "#123456")
    assert 1 < seen["bins"] <= 4
    figure = next(one for one in shown["report"].split("<figure>") if "Toy by side" in one)
    assert '"label":"toys"' in figure


def test_it_has_its_tab_in_the_explorer(shown: dict[str, Any]) -> None:
    seen = shown["explorer"]
    assert seen["tabs"][:3] == ["Overview", "Toy", "RSTs"]
    assert (seen["title"], seen["height"], seen["said"]) == ("Toy", 321, "")


def test_it_is_measured_in_every_way(shown: dict[str, Any]) -> None:
    for text in ("toy", "toy by moon", "overview", "rst_distribution by source"):
        assert re.search(rf"^\W*{text}\s+\d", shown["benchmark"], re.MULTILINE), shown["benchmark"]


def test_the_server_offers_and_draws_it(shown: dict[str, Any]) -> None:
    assert shown["mcp"]["names"][:2] == ["overview", "toy"]
    assert shown["mcp"]["is_png"]
