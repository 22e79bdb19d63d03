"""The pages that the project itself gives: of each name, column, pattern, finding, chart, command and tool.

Nothing is listed by hand, so that what is new has its page. ``tests/docs`` fails where something has none.
"""

import inspect
import json
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from house import picture
from live import block, write_scripts
from scores import label_table, pattern_score

import pcapframe as pf
from pcapframe import errors, schema
from pcapframe.analysis.health import STATISTICS
from pcapframe.analysis.health._registry import FINDINGS
from pcapframe.browser import Scene
from pcapframe.mcp_server.tools import TOOLS
from pcapframe.patterns import CATEGORIES, threshold_meanings
from pcapframe.patterns._registry import PATTERNS
from pcapframe.plots._api import Chart
from pcapframe.plots._registry import CHARTS

FRAMES = {
    "packets": (schema.PACKETS, "read_pcap", "one row a packet; index `frame`"),
    "segments": (schema.SEGMENTS, "label_segments", "one row a TCP packet; index `frame`"),
    "connections": (schema.CONNECTIONS, "build_connections", "one row a connection; index `conn_id`"),
    "turns": (schema.TURNS, "turns", "one row a request with its response"),
    "waits": (schema.WAITS, "sum_waits", "one row a server, client or name"),
    "resends": (schema.RESENDS, "resends", "one row a retransmitted segment; index `frame`"),
    "rst_evidence": (schema.RST_EVIDENCE, "rst_evidence", "one row a RST; index `frame`"),
    "Joined.points": (schema.POINTS, "join_captures", "one row a capture; index `name`"),
    "Joined.connections": (
        schema.PATHS,
        "join_captures",
        "one row a connection; index `path_id`",
    ),
    "Joined.segments": (
        schema.TRANSMISSIONS,
        "join_captures",
        "one row a transmission of a byte range, SYN, FIN, RST or bare ACK",
    ),
    "vantage_evidence": (schema.VANTAGE_EVIDENCE, "vantage_evidence", "one row a connection; index `conn_id`"),
}
OF_JOINS = {
    "ladder": "Packets between the points",
    "one_way_delay": "One-way delay",
    "losses_by_leg": "Losses by leg",
}
HERE = Path(__file__).parent
SCORES = json.loads((HERE / "scores.json").read_text("utf-8"))
# Recorded captures first, in this order; those of data/patterns are written packet by packet.
EXAMPLES = (
    "resets.pcap", "losses.pcap", "midstream.pcap", "ipv6.pcapng", "waits_server.pcap", "waits_client.pcap",
    "clean.pcap", "workshops/tills.pcap.gz",
)  # fmt: skip


def write_pages(folder: Path) -> None:
    """Write all pages anew.

    Parameters
    ----------
    folder : Path
        Everything in it is replaced.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "gallery").mkdir(parents=True)
    (folder / "static").mkdir()
    pages = {
        "names.rst": names_page(),
        "errors.rst": errors_page(),
        "columns.md": columns_page(),
        "patterns.md": patterns_page(),
        "health.md": health_page(),
        "commands.rst": COMMANDS_PAGE,
        "tools.md": tools_page(),
        "scores.md": scores_page(),
        "house.svg": picture(),
        **{f"gallery/{name}": text for name, text in gallery().items()},
    }
    scenes = {name: Scene(chart, _drawn()[name][1]) for name, chart in CHARTS.items() if chart.graph is not None}
    write_scripts(folder / "static", scenes)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


NAMES_PAGE = """Python
======

Everything is in ``pcapframe``, imported as ``pf``; errors have a :doc:`page of their own <errors>`, charts a
:doc:`gallery </gallery/index>`.

"""
COMMANDS_PAGE = """Command line
============

.. click:: pcapframe.cli.commands:commands
   :prog: pcapframe
   :nested: full
"""


def names_page() -> str:
    """Return the page of the public names; each gets a page of its own from its docstring."""
    public = {name: getattr(pf, name) for name in dir(pf) if name not in ("plots", "__version__")}
    classes = [name for name, value in public.items() if inspect.isclass(value)]
    raised = [name for name in classes if issubclass(public[name], BaseException)]
    functions = [name for name in public if name not in classes]
    charts = [name for chart in CHARTS.values() for name in (chart.name, chart.data.__name__)]
    charts += [name for of_join in OF_JOINS for name in (of_join, f"{of_join}_data")]
    sections = [
        _summary("Functions", "pcapframe", functions),
        _summary("Classes", "pcapframe", [name for name in classes if name not in raised]),
        _summary("Charts", "pcapframe.plots", charts),
    ]
    return NAMES_PAGE + "\n".join(sections)


def _summary(title: str, module: str, listed: list[str]) -> str:
    """Return a section that lists names, with a page for each."""
    head = f"{title}\n{'-' * len(title)}\n\n.. currentmodule:: {module}\n\n.. autosummary::\n   :toctree: names\n\n"
    return head + "".join(f"   {name}\n" for name in listed)


def errors_page() -> str:
    """Return the page of errors and warnings."""
    lines = ["Errors", "======", "", "Every error is a `PcapframeError`, every warning a `PcapframeWarning`.", ""]
    for name in errors.__all__:
        if inspect.isclass(getattr(errors, name)):
            lines += [f".. autoexception:: pcapframe.errors.{name}", "   :show-inheritance:", ""]
    return "\n".join(lines)


def columns_page() -> str:
    """Return the page of every column of every frame."""
    lines = ["# Columns", "", "Every column of every frame. Units are in brackets."]
    for name, (columns, maker, what) in FRAMES.items():
        lines += [
            "",
            f"## {name}",
            "",
            f"From {{py:func}}`pcapframe.{maker}`: {what}.",
            "",
            "| column | type | what it is | null |",
            "|---|---|---|---|",
        ]
        for column in columns:
            unit = f" [{column.unit}]" if column.unit else ""
            lines.append(f"| `{column.name}` | {column.dtype} | {_cell(column.doc)}{unit} | {_cell(column.null)} |")
    return "\n".join(lines) + "\n"


def patterns_page() -> str:
    """Return the page of every pattern: rule, limits, thresholds, and a capture that shows it."""
    shown = _shown()
    lines = [
        "# Patterns",
        "",
        "What `find_patterns` looks for. Each says what is seen, with the packets that show it, never why. A pattern",
        "is *unknown* where the capture limits what it rests on: its sentence then says so, and so does the",
        "[capture's health](health.md). Thresholds are `pf.Thresholds()` in Python and `--threshold NAME=VALUE` on the",
        "command line. `python docs/scores.py` prints the scores.",
    ]
    for category in CATEGORIES:
        lines += ["", f"## {category.replace('_', ' ').capitalize()}"]
        for name, module in PATTERNS.items():
            if module.CATEGORY != category:
                continue
            lines += ["", f"### {name}", "", _prose(inspect.getdoc(module) or ""), ""]
            lines += _thresholds(name, module.LIMITS)
            limited = ", ".join(f"`{key}`" for key in module.RESTS_ON)
            lines += (
                [f"At least or unknown where the capture limits [{limited}](health.md#what-they-limit).", ""]
                if limited
                else []
            )
            made = ", made packet by packet" if shown[name].startswith("patterns/") else ""
            lines += [f'A capture that shows it: `pf.example("{shown[name]}")`{made}.', ""]
            lines += [f"Score: {pattern_score(SCORES['patterns'][name])}", ""]
    return "\n".join(lines) + "\n"


def health_page() -> str:
    """Return the page of what limits a capture's statistics."""
    lines = ["# Capture health", "", "What a capture can and cannot support. `Analysis.health` has these findings.", ""]
    modules = dict.fromkeys(inspect.getmodule(finder) for finder in FINDINGS.values())
    for module in modules:
        lines += [_prose(inspect.getdoc(module) or ""), ""]
    lines += ["## What they limit", "", "| name | statistics |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(str(what))} |" for name, what in STATISTICS.items()]
    return "\n".join(lines) + "\n"


def tools_page() -> str:
    """Return the page of the tools that assistants have over MCP."""
    lines = ["# MCP tools", "", "What `pcapframe mcp` serves."]
    for tool in TOOLS:
        made = tool.made()
        lines += ["", f"## {made.name}", "", made.description or "", "", "| argument | type | |", "|---|---|---|"]
        given = made.parameters.get("properties", {})
        for name, declared in given.items():
            lines.append(f"| `{name}` | {_cell(_kind(declared))} | {_cell(declared.get('description', ''))} |")
        for what, schema_of in (("arguments", made.parameters), ("answers", made.output_schema)):
            if schema_of:
                text = json.dumps(schema_of, indent=1, ensure_ascii=False)
                lines += ["", f"<details><summary>JSON schema of its {what}</summary>", "", "```json", text, "```"]
                lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _kind(declared: dict[str, Any]) -> str:
    """Return the types of a JSON schema in words."""
    if "anyOf" in declared:
        return " or ".join(_kind(one) for one in declared["anyOf"])
    if "enum" in declared:
        return ", ".join(f"`{value}`" for value in declared["enum"])
    kinds = declared.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def scores_page() -> str:
    """Return the table of labels beside the lab's truth, which a page of explanations includes."""
    return f"{label_table(SCORES['labels'])}\n"


def gallery() -> dict[str, str]:
    """Return the scripts of the gallery, one a chart, each with the capture that gives it most to draw."""
    introduction = "Every chart, with the code that draws it and the function that returns its numbers."
    pages = {"README.rst": f"Gallery\n=======\n\n{introduction}\n"}
    for number, (name, chart) in enumerate(CHARTS.items()):
        pages[f"plot_{number:02}_{name}.py"] = f'''"""
{chart.title}
{"=" * (len(chart.title) + 4)}

{chart.alt}.

`pcapframe.plots.{name}` draws it, and `pcapframe.plots.{chart.data.__name__}` returns its numbers.
"""

import pcapframe as pf

analysis = pf.analyze(pf.example("{_drawn()[name][0]}"))
axes = pf.plots.{name}(analysis)
''' + (block(name) if chart.graph is not None else "")
    for number, (name, title) in enumerate(OF_JOINS.items(), len(CHARTS)):
        pages[f"plot_{number:02}_{name}.py"] = f'''"""
{title}
{"=" * len(title)}

`pcapframe.plots.{name}` draws it of captures that were joined, and `pcapframe.plots.{name}_data` returns its numbers.
"""

import pcapframe as pf

joined = pf.join_captures({{name: pf.example(f"points/{{name}}.pcap.gz") for name in ("client", "middle")}})
axes = pf.plots.{name}(joined)
'''
    return pages


@cache
def _drawn() -> dict[str, tuple[str, pf.Analysis]]:
    """Return by chart the capture that gives it most to draw."""
    known = {capture: pf.analyze(pf.example(capture), progress=False) for capture in ("losses.pcap", "resets.pcap")}
    drawn = {}
    for name, chart in CHARTS.items():
        seen = [capture for capture in known if chart.shows(known[capture].connections)] or list(known)
        capture = max(seen, key=lambda capture: len(_numbers(chart, known[capture])))
        drawn[name] = (capture, known[capture])
    return drawn


def _numbers(chart: Chart, analysis: pf.Analysis) -> pd.DataFrame:
    """Return a chart's numbers, whichever frames it takes."""
    frames = {"segments": analysis.segments, "connections": analysis.connections}
    taken = inspect.signature(chart.data).parameters
    return chart.data(*(frames[name] for name in taken if name in frames))


@cache
def _shown() -> dict[str, str]:
    """Return a capture of the project by pattern."""
    shown: dict[str, str] = {}
    made = sorted(f"patterns/{path.name}" for path in pf.example("patterns/port_reuse.pcap").parent.glob("*.pcap"))
    for capture in (*EXAMPLES, *made):
        for seen in pf.analyze(pf.example(capture), progress=False).patterns:
            shown.setdefault(seen.pattern, capture)
    return shown


def _thresholds(name: str, limits: Any) -> list[str]:
    """Return a table of a pattern's thresholds."""
    rows = [
        f"| `{name}.{parameter}` | {default} | {_cell(threshold_meanings()[f'{name}.{parameter}'])} |"
        for parameter, default in limits._field_defaults.items()
    ]
    return ["| threshold | default | |", "|---|---|---|", *rows, ""] if rows else []


def _prose(text: str) -> str:
    """Return reStructuredText of a docstring as Markdown: literals have one backtick."""
    return text.replace("``", "`")


def _cell(text: str) -> str:
    return " ".join(text.replace("``", "`").replace("|", "\\|").split())


def every_name() -> Iterable[str]:
    """Yield all that a page has to name, for the test."""
    yield from (column.name for columns, _, _ in FRAMES.values() for column in columns if "<" not in column.name)
    yield from PATTERNS
    yield from FINDINGS
    yield from (tool.name for tool in TOOLS)
    yield from CHARTS
