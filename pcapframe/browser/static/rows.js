// Charts of rows that lie below each other: a table whose cells have bars, boxes or lines of the page itself, so that
// names are text, a row is a button, and nothing has to be drawn again where the place is narrower.
pcapframe.mount = ((overTime) => {
  "use strict";
  const { column, grouped, make, withUnit } = pcapframe;
  const HATCHES = {
    "//": "repeating-linear-gradient(135deg, var(--pf-line) 0 1px, transparent 1px 6px)",
    "\\\\": "repeating-linear-gradient(45deg, var(--pf-line) 0 1px, transparent 1px 6px)",
    "xx": "repeating-linear-gradient(45deg, var(--pf-line) 0 1px, transparent 1px 6px), repeating-linear-gradient(135deg, var(--pf-line) 0 1px, transparent 1px 6px)",
    "++": "repeating-linear-gradient(0deg, var(--pf-line) 0 1px, transparent 1px 6px), repeating-linear-gradient(90deg, var(--pf-line) 0 1px, transparent 1px 6px)",
    "--": "repeating-linear-gradient(0deg, var(--pf-line) 0 1px, transparent 1px 6px)",
    "..": "radial-gradient(var(--pf-line) 1px, transparent 1.5px) 0 0 / 6px 6px",
  };
  const SHORTEST = 1e-6; // shorter times are at the left edge of a logarithmic axis [s]
  const CUT = 2; // the bar of all others is cut off where it is longer than this many times the longest of its own

  function decoded(header, body) {
    for (const panel of header.panels) {
      for (const mark of panel.marks) {
        for (const [name, where] of Object.entries(mark.columns)) mark[name] = Array.from(column(body, where));
      }
    }
    return header;
  }
  const painted = (element, mark) => {
    element.style.backgroundColor = mark.color;
    if (HATCHES[mark.hatch]) element.style.backgroundImage = HATCHES[mark.hatch];
    return element;
  };

  const told = (element, text) => {
    element.dataset.tip = text;
    return element;
  };

  // The scale of a panel: where a value stands, in percent, and round values to write below.
  function scaleOf(panel, marks, rows) {
    if (marks.some((mark) => mark.shape === "cell")) {
      const high = Math.log(Math.max(...marks.flatMap((mark) => mark.high), 2));
      return { at: (value) => (value ? 0.15 + (0.75 * Math.log(value)) / high : 0), cut: Infinity, ticks: [] }; // 1 shows
    }
    if (panel.log) {
      const every = marks.flatMap((mark) => [...(mark.low || []), ...mark.high]).filter((one) => one >= SHORTEST);
      const low = Math.min(...every, 1) / 1.2, high = Math.max(...every, low * 10) * 1.2;
      const from = Math.log10(low), span = Math.log10(high) - from, ticks = [];
      for (const digits of [[1], [1, 3], [1, 2, 5]]) {
        ticks.length = 0;
        for (let power = Math.floor(from); power <= from + span; power++) {
          for (const digit of digits) if (digit * 10 ** power >= low && digit * 10 ** power <= high) ticks.push(Number(`${digit}e${power}`));
        }
        if (ticks.length > 3) break;
      }
      const every_nth = Math.ceil(ticks.length / (panel.share < 0.5 ? 2 : 5));
      return { at: (value) => 100 * Math.max(0, (Math.log10(Math.max(value, low)) - from) / span), cut: Infinity,
        ticks: ticks.filter((_, i) => i % every_nth === 0) };
    }
    const sums = rows.map((_, row) => marks.reduce((sum, mark) => sum + valueOf(mark, row), 0));
    const own = Math.max(...(rows.hasOthers ? sums.slice(0, -1) : sums), 0);
    const cut = rows.hasOthers && sums[sums.length - 1] > CUT * own && own > 0;
    const high = panel.unit === "%" ? 1 : (cut ? own * 1.3 : Math.max(...sums)) || 1;
    let step = 10 ** Math.floor(Math.log10(high / 4));
    for (const digit of [2, 2.5, 5, 10]) if (high / step > 5) step = Number((digit * 10 ** Math.floor(Math.log10(high / 4))).toPrecision(3));
    if (!panel.unit) step = Math.max(Math.round(step), 1);
    const ticks = [];
    for (let k = 0; k * step <= high * 1.0001; k++) ticks.push(k * step);
    return { at: (value) => Math.min(100 * (value / high), 100), cut: cut ? high : Infinity, ticks };
  }
  const placeOf = (mark, row) => mark.row.indexOf(row);
  const valueOf = (mark, row) => (placeOf(mark, row) < 0 || mark.shape !== "stack" ? 0 : mark.high[placeOf(mark, row)]);

  function said(panel, mark, i) {
    const value = (one) => withUnit(one, panel.unit);
    if (mark.shape !== "box") return `${mark.label} ${value(mark.high[i])}`;
    const of = mark.n ? `, ${grouped(mark.n[i])} ${mark.n[i] === 1 ? "time" : "times"}` : "";
    return `${mark.label} ${value(mark.middle[i])} (${value(mark.low[i])} to ${value(mark.high[i])}${of})`;
  }

  // A number on a ground that is the darker the larger it is; black contrasts enough with all of them.
  function shaded(panel, mark, scale, row, name) {
    const made = make("td", "pf-number"), i = placeOf(mark, row);
    if (i < 0) return made;
    const share = scale.at(mark.high[i]);
    made.textContent = grouped(mark.high[i]);
    told(made, `${name} → ${said(panel, mark, i)}`);
    if (share) {
      made.style.background = `color-mix(in srgb, ${mark.color} ${Math.round(100 * share)}%, white)`;
      made.style.color = "black";
    }
    return made;
  }
  const cells = (panel, marks, scale, row, name) =>
    (isTable(panel) ? marks.map((mark) => shaded(panel, mark, scale, row, name)) : [cell(panel, marks, scale, row)]);
  const isTable = (panel) => panel.marks.some((mark) => mark.shape === "cell");

  function cell(panel, marks, scale, row) {
    const made = make("td", "pf-cell"), line = make("div", "pf-line");
    let from = 0, level = 0;
    const boxes = marks.filter((mark) => mark.shape === "box");
    for (const tick of scale.ticks) line.append(Object.assign(make("i", "pf-grid"), { style: `left: ${scale.at(tick)}%` }));
    for (const mark of marks) {
      const i = placeOf(mark, row);
      if (mark.shape === "box") level += 1;
      if (i < 0) continue;
      const text = said(panel, mark, i);
      if (mark.shape === "stack") {
        const bar = told(painted(make("div", "pf-bar"), mark), text), left = scale.at(from);
        from += mark.high[i];
        bar.style.left = `${left}%`;
        bar.style.width = `${scale.at(from) - left}%`;
        line.append(bar);
        continue;
      }
      const top = `${(100 * (level - 0.5)) / boxes.length}%`, tall = `${Math.min(70 / boxes.length, 40)}%`;
      const whole = told(make("div", "pf-box"), text);
      const left = scale.at(mark.low[i]), right = scale.at(mark.high[i]);
      const [first, middle, last] = [mark.from, mark.middle, mark.to].map((one) => scale.at(one[i]));
      const extent = make("div", "pf-extent"), box = painted(make("div", "pf-quartiles"), mark), median = painted(make("div", "pf-median"), mark);
      Object.assign(whole.style, { left: `calc(${left}% - 4px)`, width: `calc(${right - left}% + 8px)`, top, height: tall });
      Object.assign(extent.style, { left: `${left}%`, width: `${right - left}%`, top });
      Object.assign(box.style, { left: `${first}%`, width: `${last - first}%`, top, height: tall });
      Object.assign(median.style, { left: `${middle}%`, top, height: tall });
      line.append(extent, box, median, whole);
    }
    if (from > scale.cut) {
      line.append(told(make("span", "pf-cut", { textContent: `${withUnit(from, panel.unit)} →` }), "This bar is cut off: it stands for all others"));
    }
    made.append(line);
    return made;
  }

  function axis(panel, scale) {
    const made = make("td", "pf-cell"), line = make("div", "pf-axis");
    for (const tick of scale.ticks) {
      const at = scale.at(tick), text = make("span", at > 88 ? "pf-last" : at < 4 ? "pf-first" : "", { textContent: withUnit(tick, panel.unit) });
      text.style.left = `${at}%`;
      line.append(text);
    }
    made.append(line, make("div", "pf-unit", { textContent: panel.label }));
    return made;
  }

  function mount(element, { header, body, pick = null }) {
    let chart = decoded(header, body);
    const hidden = new Set();
    const root = make("div", "pf-chart pf-rows"), head = make("div", "pf-head"), title = make("div", "pf-title");
    const place = make("div", "pf-scroll", { tabIndex: chart.panels.some(isTable) ? 0 : -1 }), legend = make("div", "pf-legend pf-below");
    title.append(make("b", ""), make("span", ""));
    legend.setAttribute("role", "group");
    legend.setAttribute("aria-label", "Marks shown");
    head.append(title);
    const tip = make("div", "pf-tip", { hidden: true });
    root.append(head, place, tip, legend);
    element.append(root);
    const shown = (panel) => panel.marks.filter((mark) => !hidden.has(mark.label));
    place.addEventListener("mousemove", (event) => {
      const text = event.target.dataset && event.target.dataset.tip;
      tip.hidden = !text;
      if (!text) return;
      tip.textContent = text;
      const box = root.getBoundingClientRect(), x = event.clientX - box.left;
      tip.style.left = `${Math.max(Math.min(x + 14, root.clientWidth - tip.offsetWidth), 0)}px`;
      tip.style.top = `${Math.max(event.clientY - box.top - tip.offsetHeight - 10, 0)}px`;
    });
    place.addEventListener("mouseleave", () => { tip.hidden = true; });

    const widths = (panel, share) => (isTable(panel) ? shown(panel) : [panel])
      .map(() => Object.assign(make("col", ""), { style: isTable(panel) ? "" : `width: ${share}%` }));
    function build() {
      const focused = place.contains(document.activeElement) ? document.activeElement.textContent : null;
      title.firstChild.textContent = chart.title;
      title.lastChild.textContent = chart.of;
      tip.hidden = true; // of what was there before
      const table = make("table", chart.panels.length > 1 ? "pf-table pf-two" : "pf-table"), rows = make("tbody", ""), { names, notes, picks } = chart.rows;
      names.hasOthers = chart.rows.hasOthers;
      table.setAttribute("aria-label", `${chart.title}: ${chart.of}`);
      const scales = chart.panels.map((panel) => scaleOf(panel, shown(panel), names));
      const hasNotes = notes.some((note) => note);
      names.forEach((name, row) => {
        const line = make("tr", ""), first = make("th", "", { scope: "row" });
        const every = chart.panels.flatMap((panel) => shown(panel)
          .filter((mark) => placeOf(mark, row) >= 0).map((mark) => said(panel, mark, placeOf(mark, row))));
        const inside = make(picks[row] && pick ? "button" : "span", "", { textContent: name });
        if (inside.type) inside.type = "button";
        first.append(inside, make("span", "pf-said", { textContent: `: ${every.join("; ") || "none"}` }));
        line.append(first, ...chart.panels.flatMap((panel, i) => cells(panel, shown(panel), scales[i], row, name)));
        if (hasNotes) line.append(make("td", "pf-note", { textContent: notes[row] }));
        if (picks[row] && pick) {
          line.className = "pf-picks";
          line.addEventListener("click", () => pick({ row }));
        }
        rows.append(line);
      });
      const last = make("tr", "pf-axes");
      last.setAttribute("aria-hidden", "true");
      last.append(make("td", ""), ...chart.panels.map((panel, i) => axis(panel, scales[i])));
      if (!chart.panels.some(isTable)) rows.append(last);
      const group = make("colgroup", ""), total = chart.panels.reduce((sum, panel) => sum + panel.share, 0);
      group.append(make("col", "pf-names"), ...chart.panels.flatMap((panel) => widths(panel, (68 * panel.share) / total)));
      table.append(group, rows);
      if (chart.panels.some(isTable)) {
        const head = make("thead", ""), columns = make("tr", "");
        columns.append(make("td", "", { textContent: "from ↓ to →" }));
        for (const mark of chart.panels.flatMap((panel) => shown(panel))) {
          columns.append(make("th", "pf-column", { scope: "col", textContent: mark.label }));
        }
        head.append(columns);
        table.prepend(head);
        table.classList.add("pf-matrix");
      }
      place.replaceChildren(table);
      const again = focused && [...rows.querySelectorAll("button")].find((one) => one.textContent === focused);
      if (again) again.focus();
    }
    function listed() {
      const focused = legend.contains(document.activeElement) ? document.activeElement.textContent : null;
      legend.replaceChildren();
      if (chart.panels.some(isTable)) return; // the head of the table says it
      const seen = new Set();
      for (const mark of chart.panels.flatMap((panel) => panel.marks)) {
        if (seen.has(mark.label)) continue;
        seen.add(mark.label);
        const made = make("button", "", { type: "button" }), swatch = painted(make("span", "pf-patch"), mark);
        swatch.setAttribute("aria-hidden", "true");
        made.append(swatch, ` ${mark.label}`);
        const press = () => made.setAttribute("aria-pressed", String(!hidden.has(mark.label)));
        made.addEventListener("click", () => {
          if (!hidden.delete(mark.label)) hidden.add(mark.label);
          press(); build();
        });
        press();
        legend.append(made);
        if (made.textContent === focused) made.focus();
      }
    }
    listed();
    build();
    return {
      update(newHeader, newBody) {
        chart = decoded(newHeader, newBody);
        listed();
        build();
      },
      look() {}, pick() {}, brush() {}, focus() {},
      destroy() { root.remove(); },
    };
  }
  return (element, options) => (options.header.evidence === "row" ? mount : overTime)(element, options);
})(pcapframe.mount);
