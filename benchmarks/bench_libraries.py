"""Measure how many points libraries of charts draw in a browser without a GPU; see README.md in this folder."""

import argparse
import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

MODULES = Path(__file__).parent / ".cache" / "libraries"
FRAME_BAR_MS = 33.4  # two frames of a screen of 60 Hz
POINTS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000)
FRAMES = 24


class Library(NamedTuple):
    """A library: its npm packages, the scripts of a page, and what draws points and then shows a part of the axis."""

    packages: tuple[str, ...]
    scripts: tuple[str, ...]
    draws: str  # body of an async function of (box, x, y), which returns a function of the low end of the axis


LIBRARIES = {
    "uPlot": Library(
        ("uplot@1.6.32",),
        ("uplot/dist/uPlot.iife.min.js",),
        """const series = { stroke: null, paths: () => null, points: { show: true, size: 3, fill: "#0072b2" } };
        const chart = new uPlot({ width: 1200, height: 420, scales: { x: { time: false } }, legend: { show: false },
          series: [{}, series] }, [x, y], box);
        return (low) => chart.setScale("x", { min: low, max: low + 100 });""",
    ),
    "uPlot, own marks": Library(
        ("uplot@1.6.32",),
        ("uplot/dist/uPlot.iife.min.js",),
        """const squares = (u) => {
          u.ctx.fillStyle = "#0072b2";
          u.ctx.beginPath();
          for (let i = 0; i < x.length; i++) {
            u.ctx.rect(u.valToPos(x[i], "x", true) - 1.5, u.valToPos(y[i], "y", true) - 1.5, 3, 3);
          }
          u.ctx.fill();
        };
        const series = { stroke: null, paths: () => null, points: { show: false } };
        const chart = new uPlot({ width: 1200, height: 420, scales: { x: { time: false } }, legend: { show: false },
          series: [{}, series], hooks: { draw: [squares] } }, [x, y], box);
        return (low) => chart.setScale("x", { min: low, max: low + 100 });""",
    ),
    "ECharts": Library(
        ("echarts@6.1.0",),
        ("echarts/dist/echarts.common.min.js",),
        """const chart = echarts.init(box, null, { width: 1200, height: 420 });
        const data = Array.from(x, (at, i) => [at, y[i]]);
        const series = [{ type: "scatter", symbolSize: 3, data, large: true, progressive: 0 }];
        chart.setOption({ animation: false, xAxis: { type: "value", min: 0, max: 100 }, yAxis: {}, series });
        return (low) => chart.setOption({ xAxis: { min: low, max: low + 100 } });""",
    ),
    "Plotly basic": Library(
        ("plotly.js-basic-dist-min@4.1.1",),
        ("plotly.js-basic-dist-min/plotly-basic.min.js",),
        """await Plotly.newPlot(box, [{ x, y, mode: "markers", type: "scatter", marker: { size: 3 } }],
          { width: 1200, height: 420, xaxis: { range: [0, 100] } });
        return (low) => Plotly.relayout(box, { "xaxis.range": [low, low + 100] });""",
    ),
    "Bokeh": Library(
        ("@bokeh/bokehjs@3.10.0",),
        ("@bokeh/bokehjs/build/js/bokeh.min.js", "@bokeh/bokehjs/build/js/bokeh-api.min.js"),
        """const figure = Bokeh.Plotting.figure({ width: 1200, height: 420, x_range: [0, 100], y_range: [0, 1] });
        const source = new Bokeh.ColumnDataSource({ data: { x, y } });
        figure.scatter({ field: "x" }, { field: "y" }, { source, size: 3, line_color: null });
        await Bokeh.Plotting.show(figure, box);
        return (low) => { figure.x_range.setv({ start: low, end: low + 100 }); };""",
    ),
    "Observable Plot": Library(
        ("@observablehq/plot@0.6.17", "d3@7.9.2"),
        ("d3/dist/d3.min.js", "@observablehq/plot/dist/plot.umd.min.js"),
        """const data = Array.from(x, (at, i) => [at, y[i]]);
        return (low) => box.replaceChildren(Plot.plot({ width: 1200, height: 420, clip: true,
          x: { domain: [low, low + 100] }, marks: [Plot.dot(data, { x: "0", y: "1", r: 1.5, fill: "#0072b2" })] }));""",
    ),
}
PAGE = """<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="box" style="width:1200px"></div>"""
MEASURE = """async ([points, frames, body]) => {
  const make = Object.getPrototypeOf(async function () {}).constructor;
  const x = Float64Array.from({ length: points }, (_, i) => (i / points) * 100);
  const y = Float64Array.from({ length: points }, (_, i) => 0.5 + 0.4 * Math.sin(i * 12.9898 + Math.sin(i)));
  const box = document.getElementById("box");
  const next = () => new Promise((done) => requestAnimationFrame(done));
  const start = performance.now();
  const move = await new make("box", "x", "y", body)(box, x, y);
  await move(0.01);
  await next(); await next();
  const opened = performance.now() - start;
  const took = [];
  let before = await next();
  for (let i = 0; i < frames; i++) {
    await move(0.02 * (i % 2) + 0.01);  // all points stay in sight
    const now = await next();
    took.push(now - before);
    before = now;
  }
  return [opened, took.sort((a, b) => a - b)[frames >> 1]];
}"""


def main() -> None:
    """Fetch the libraries where they are missing, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=LIBRARIES, default=list(LIBRARIES), help="some of them")
    parser.add_argument("--frames", type=int, default=FRAMES, help="frames to take the median of (%(default)s)")
    arguments = parser.parse_args()
    fetch([package for name in arguments.only for package in LIBRARIES[name].packages])
    print(
        f"{'library':17} {'licence':13} {'script':>9} {'gzip':>8} {'most points':>12}  ms a frame by number of points"
    )
    for name in arguments.only:
        scripts = [MODULES / "node_modules" / one for one in LIBRARIES[name].scripts]
        texts = [script.read_bytes() for script in scripts]
        size, packed = sum(map(len, texts)), sum(len(gzip.compress(text)) for text in texts)
        found = measured(LIBRARIES[name], [text.decode("utf-8") for text in texts], arguments.frames)
        most = max((points for points, (_, took) in found.items() if took <= FRAME_BAR_MS), default=0)
        frames = ", ".join(f"{points:,}: {took:.0f}" for points, (_, took) in found.items())
        licence = licence_of(LIBRARIES[name].packages[0])
        print(f"{name:17} {licence:13} {size / 1e3:6.0f} kB {packed / 1e3:5.0f} kB {most:12,}  {frames}", flush=True)


def fetch(packages: list[str]) -> None:
    """Install packages from npm, once."""
    MODULES.mkdir(parents=True, exist_ok=True)
    lacking = [one for one in packages if not (MODULES / "node_modules" / one.rpartition("@")[0]).exists()]
    if lacking:
        command = ["npm", "install", "--prefix", str(MODULES), "--ignore-scripts", "--no-audit", "--no-fund", *lacking]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def licence_of(package: str) -> str:
    """Return the licence that a package names."""
    about = MODULES / "node_modules" / package.rpartition("@")[0] / "package.json"
    return str(json.loads(about.read_text("utf-8"))["license"])


def measured(library: Library, scripts: list[str], frames: int) -> dict[int, tuple[float, float]]:
    """Return for each number of points how long opening and the median frame take; it ends well above the limit."""
    from playwright.sync_api import sync_playwright

    found: dict[int, tuple[float, float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for points in POINTS:
            page = browser.new_page(viewport={"width": 1280, "height": 600})
            page.route("**", lambda route: route.abort())  # works offline
            page.set_content(PAGE)
            for script in scripts:
                page.add_script_tag(content=script)
            result: Any = page.evaluate(MEASURE, [points, frames, library.draws])
            found[points] = (result[0], result[1])
            page.close()
            if result[1] > 3 * FRAME_BAR_MS:
                break
        browser.close()
    return found


if __name__ == "__main__":
    main()
