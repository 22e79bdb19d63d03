"""Print as JSON what shows a toy chart that the package has: run in a process of its own by tests/test_toy_chart.py.

The package is imported as it would be with `toy.py` as a chart's file and one line more in the registry; the first
argument is a folder that has both.
"""

import contextlib
import importlib.util
import io
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


class Finder:
    """Finds the toy chart and the registry that has it."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            "pcapframe.plots.toy": folder / "toy.py",
            "pcapframe.plots._registry": folder / "_registry.py",
        }

    def find_spec(self, name: str, *_: Any) -> Any:
        return importlib.util.spec_from_file_location(name, self.files[name]) if name in self.files else None


def public_names() -> list[str]:
    import pcapframe as pf

    segments = pf.analyze(pf.example("clean.pcap")).segments
    assert pf.plots.toy_data(segments)["packets"].sum() == len(segments)  # type: ignore[attr-defined]
    return [*pf.plots.CHARTS, *pf.plots.__all__]


def accessor() -> list[str]:
    import pcapframe as pf
    import pcapframe.accessor

    return dir(pf.analyze(pf.example("clean.pcap")).segments.tcp.plots)


def report() -> str:
    import pcapframe as pf
    from pcapframe.report import CaptureReport

    return CaptureReport(pf.example("clean.pcap")).endings().text


def explorer() -> dict[str, Any]:
    import pcapframe as pf

    opened = pf.explore(pf.example("clean.pcap"))
    opened.open_tab("toy")
    chart = opened.views["toy"].chart
    opened.state.server = str(opened.selection.connections["server"].iloc[0])
    title = chart.picture["header"]["title"]
    return {"tabs": list(opened.tabs.titles), "title": title, "height": chart.height, "said": opened.problem}


def live() -> dict[str, Any]:
    import pcapframe as pf

    header = pf.live_chart(pf.analyze(pf.example("clean.pcap")), "toy").picture["header"]
    (panel,) = header["panels"]
    (mark,) = panel["marks"]
    return {
        "title": header["title"],
        "label": panel["label"],
        "color": mark["color"],
        "bins": mark["columns"]["bin"][2],
    }


def benchmark() -> str:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import bench_plots  # type: ignore[import-not-found]

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        bench_plots.measure(ROOT / "data" / "clean.pcap", 1, None)
    return printed.getvalue()


def mcp() -> dict[str, Any]:
    import anyio

    import pcapframe as pf
    from pcapframe.mcp_server.charts import chart_png
    from pcapframe.mcp_server.server import CaptureServer
    from pcapframe.mcp_server.settings import Settings

    tools = anyio.run(CaptureServer(Settings(roots=(ROOT / "data",))).list_tools)
    (schema,) = (tool.input_schema for tool in tools if tool.name == "draw_chart")
    drawn = chart_png(pf.analyze(pf.example("clean.pcap")), "toy")
    return {"names": schema["properties"]["chart"]["enum"], "is_png": drawn.startswith(b"\x89PNG")}


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.meta_path.insert(0, Finder(Path(sys.argv[1])))
    shows = (public_names, accessor, report, explorer, live, mcp, benchmark)
    print(json.dumps({show.__name__: show() for show in shows}))  # noqa: T201
