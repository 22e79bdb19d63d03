"""A chart is declared once: a file and one line of the registry, and everything else finds it."""

import re
import subprocess
import sys
from pathlib import Path

import pcapframe as pf

ROOT = Path(__file__).parent.parent.parent
PIE = '''
"""A toy chart."""

import pandas as pd
from matplotlib.axes import Axes

from pcapframe.plots._api import Chart, Tab
from pcapframe.plots._axes import axes_or_new
from pcapframe.plots._frames import segments_of

__all__ = ["pie", "pie_data"]


def pie_data(segments: pd.DataFrame) -> pd.DataFrame:
    return segments.groupby("from_client").size().to_frame("packets")


def pie(segments, *, by="side", ax=None):
    ax = axes_or_new(ax)
    ax.pie(pie_data(segments_of(segments))["packets"])
    ax.set_title(f"Pie by {by}", loc="left")
    return ax


CHART = Chart(
    draw=pie,
    data=pie_data,
    title="Pie",
    numbers="toy slices by side",
    section="endings",
    ways=({}, {"by": "moon"}),
    tab=Tab(label="Toy", height=321),
)
'''
# Imports the package as it would be with the file and the line: the first argument is a folder with both.
WITH_PIE = """
import importlib.util
import sys
from pathlib import Path

folder = Path(sys.argv[1])


class Finder:
    def find_spec(self, name, path=None, target=None):
        places = {"pcapframe.plots.pie": "pie.py", "pcapframe.plots._registry": "_registry.py"}
        return importlib.util.spec_from_file_location(name, folder / places[name]) if name in places else None


sys.meta_path.insert(0, Finder())
import pcapframe as pf

"""


def with_pie(folder: Path, code: str) -> str:
    """Run code in a process whose package has the toy chart, and return what it prints."""
    registry = (ROOT / "pcapframe" / "plots" / "_registry.py").read_text("utf-8")
    above = "from pcapframe.plots.overview import *\n"
    assert above in registry
    (folder / "pie.py").write_text(PIE, "utf-8")
    (folder / "_registry.py").write_text(
        registry.replace(above, f"{above}from pcapframe.plots.pie import *\n"), "utf-8"
    )
    command = [sys.executable, "-c", WITH_PIE + code, str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_new_chart_is_a_public_name(tmp_path: Path) -> None:
    code = """if True:
        segments = pf.analyze(pf.example("clean.pcap")).segments
        assert pf.plots.pie_data(segments)["packets"].sum() == len(segments)
        print(list(pf.plots.CHARTS)[:2], {"pie", "pie_data"} <= set(pf.plots.__all__))
    """
    assert with_pie(tmp_path, code) == "['overview', 'pie'] True\n"


def test_a_new_chart_is_in_its_section_of_the_report(tmp_path: Path) -> None:
    code = """if True:
        from pcapframe.report import CaptureReport
        print(CaptureReport(pf.example("clean.pcap")).endings().text)
    """
    assert re.findall("alt='(Pie[^']*|RSTs[^']*)'", with_pie(tmp_path, code))[0] == "Pie by side"


def test_a_new_chart_is_measured_in_every_way(tmp_path: Path) -> None:
    code = """if True:
        sys.path.insert(0, "benchmarks")
        import bench_plots
        bench_plots.measure(Path(pf.example("clean.pcap")), 1, None)
    """
    measured = with_pie(tmp_path, code)
    for text in ("pie", "pie by moon", "overview", "rst_distribution by source"):
        assert re.search(rf"^\W*{text}\s+\d", measured, re.MULTILINE), measured


def test_the_readme_lists_every_chart_in_the_words_of_its_file() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme.split("| chart | shows |\n|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == [f"| `{chart.name}` | {chart.numbers} |" for chart in pf.plots.CHARTS.values()]


def test_public_names_are_what_the_files_offer() -> None:
    assert set(pf.plots.__all__) >= {f"{name}{end}" for name in pf.plots.CHARTS for end in ("", "_data")}
    assert all(getattr(pf.plots, name).__module__.startswith("pcapframe.plots.") for name in pf.plots.__all__)
