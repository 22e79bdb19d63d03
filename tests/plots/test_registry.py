"""What is said of charts elsewhere is what their files say."""

import re
import subprocess
import sys
from pathlib import Path

import pcapframe as pf
from pcapframe.plots import _registry

ROOT = Path(__file__).parent.parent.parent


def test_the_page_of_charts_lists_every_chart_in_the_words_of_its_file() -> None:
    page = (ROOT / "docs/howto/charts.md").read_text("utf-8")
    table = page.split("| chart | shows |\n|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == [f"| `{chart.name}` | {chart.numbers} |" for chart in pf.plots.CHARTS.values()]


def test_public_names_are_what_the_files_offer() -> None:
    assert set(pf.plots.__all__) >= {f"{name}{end}" for name in pf.plots.CHARTS for end in ("", "_data")}
    assert all(getattr(pf.plots, name).__module__.startswith("pcapframe.plots.") for name in pf.plots.__all__)


def test_type_checkers_and_editors_are_told_of_every_file() -> None:
    told = re.findall(r"from pcapframe\.plots\.(\w+) import \*", Path(str(pf.plots.__file__)).read_text("utf-8"))
    assert told == [*_registry.SHOWS, *_registry.OTHERS]
    folder = Path(_registry.__file__).parent
    assert sorted(told) == sorted(path.stem for path in folder.glob("[a-z]*.py"))


def test_a_name_is_a_function_also_where_its_file_was_loaded_by_itself() -> None:
    code = (
        "import pcapframe.plots.rst_events, pcapframe as pf\n"
        "from pcapframe.plots.turns import turns\n"
        "assert callable(pf.plots.rst_events) and pf.plots.turns is turns and callable(pf.plots.rtt_samples)\n"
        "assert not hasattr(pf.plots, 'rtts')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
