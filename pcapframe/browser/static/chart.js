// A chart that answers: uPlot's canvas, scales and axes with our marks, hovering, zooming, picking, keys and touch.
// mount(element, {header, body, zoom, pick, select}) draws what pcapframe.browser packed; `zoom(low, high)` may bring
// other rows later (update), `pick` is told which packet or bin was clicked, `select(from, to)` which time was dragged
// over. Runs offline and evaluates nothing.
const pcapframe = (() => {
  "use strict";
  const TYPES = { f8: Float64Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };
  const NEAR = 18; // CSS pixels around the pointer in which a mark is named
  const STEPS = [1, 2, 5];
  const LONG_STEPS = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
  const NOTABLE = new Set(["resent", "rst", "zero_window", "fin"]);
  const HELP = "Arrows move from mark to mark, Page Up and Page Down by ten, N to the next that is notable; plus and minus zoom, "
    + "Shift with arrows moves the view, 0 shows everything, ";

  const LAYERS = ["lane", "band", "row", "bars", "stack", "steps", "line", "span", "points"]; // from the lowest
  const layer = (mark) => LAYERS.indexOf(mark.shape) + (mark.name === "sack" ? -0.5 : mark.name === "resent" ? 0.5 : 0);
  const make = (tag, className, properties = {}) => Object.assign(document.createElement(tag), { className }, properties);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const grouped = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 0 });
  const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;

  function column(body, [type, offset, length]) {
    const size = TYPES[type].BYTES_PER_ELEMENT;
    return new TYPES[type](body.slice(offset, offset + size * length));
  }
  // Let bars stand on those of the same bin that are shown: up from 0, or down.
  function stacked(panel, isShown) {
    const tops = [new Map(), new Map()];
    for (const mark of panel.marks) {
      if (mark.shape !== "stack" || !mark.bin || !isShown(mark)) continue;
      const top = tops[mark.down ? 1 : 0], sign = mark.down ? -1 : 1;
      mark.low = new Float64Array(mark.size);
      mark.high = new Float64Array(mark.size);
      for (let i = 0; i < mark.size; i++) {
        const before = top.get(mark.bin[i]) || 0, after = before + sign * mark.value[i];
        mark.low[i] = Math.min(before, after);
        mark.high[i] = Math.max(before, after);
        top.set(mark.bin[i], after);
      }
    }
  }
  function decoded(header, body) {
    for (const panel of header.panels) {
      for (const mark of panel.marks) {
        mark.at = mark.high = null;
        for (const [name, where] of Object.entries(mark.columns)) mark[name] = column(body, where);
        if (mark.bin) mark.at = Float64Array.from(mark.bin, (bin) => bin * mark.width + (mark.offset || 0));
        if (mark.row) { // rows go down
          const half = mark.shape === "row" ? 0.4 : 0;
          mark.high = Float64Array.from(mark.row, (row) => half - row);
          mark.low = Float64Array.from(mark.row, (row) => -half - row);
        }
        mark.size = mark.high.length;
        if (mark.shape === "stack") mark.value = mark.high;
      }
      stacked(panel, () => true);
    }
    return header;
  }

  // Texts
  const PREFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]];
  function withUnit(value, unit) {
    if (!unit) return Number.isInteger(value) ? grouped(value) : String(Number(value.toPrecision(3)));
    if (unit === "%") return `${Number((100 * value).toPrecision(3))} %`;
    if (value === 0) return `0 ${unit}`;
    const whole = unit === "B" || unit === "bit/s" ? PREFIXES.slice(0, 5) : PREFIXES;
    const [size, prefix] = whole.find(([one]) => Math.abs(value) >= one * 0.9995) || whole[whole.length - 1];
    return `${Number((value / size).toPrecision(6))} ${prefix}${unit}`;
  }
  const LONG = [[172800, 86400, "d"], [7200, 3600, "h"], [120, 60, "min"]]; // from, one of them, unit [s]
  function lasting(seconds) { // nobody speaks of kiloseconds
    const found = LONG.find(([from]) => seconds >= from);
    return found ? `${Number((seconds / found[1]).toPrecision(3))} ${found[2]}` : withUnit(seconds, "s");
  }
  function moment(startNs, seconds, digits = 6) {
    const ns = startNs + BigInt(Math.round(seconds * 1e9));
    const second = ns / 1000000000n - (ns < 0n && ns % 1000000000n ? 1n : 0n);
    const rest = String(ns - second * 1000000000n).padStart(9, "0");
    const text = new Date(Number(second) * 1000).toISOString();
    return { day: text.slice(0, 10), time: text.slice(11, 19) + (digits ? `.${rest.slice(0, digits)}` : "") };
  }
  const inSeconds = (value, step) => value.toFixed(clamp(Math.ceil(-Math.log10(step)), 0, 9));

  // Round steps of time, so many that at least four ticks are in sight.
  function timeStep(span, most) {
    const powers = [];
    for (let power = -9; power < 1; power++) for (const digit of STEPS) powers.push(Number(`${digit}e${power}`));
    const steps = [...powers, ...LONG_STEPS];
    for (let days = 1; days < 4e6; days *= 10) for (const digit of [2, 5, 10]) steps.push(86400 * days * digit);
    const wanted = span / Math.max(most, 4);
    const found = steps.findIndex((step) => step >= wanted);
    return found < 1 ? span : steps[span / steps[found] < 4 ? found - 1 : found];
  }

  const GLYPHS = { "_": "▬", "^": "▲", "v": "▼", "s": "■", "D": "◆", "x": "✕", "o": "●", "|": "┃", "": "■" };

  function shape(path, marker, x, y, r) {
    if (marker === "^" || marker === "v") {
      const up = marker === "^" ? 1 : -1;
      path.moveTo(x, y - up * r); path.lineTo(x + r, y + up * r * 0.8); path.lineTo(x - r, y + up * r * 0.8);
      path.closePath();
    } else if (marker === "D") {
      path.moveTo(x, y - r); path.lineTo(x + r, y); path.lineTo(x, y + r); path.lineTo(x - r, y); path.closePath();
    } else if (marker === "x") {
      path.moveTo(x - r, y - r); path.lineTo(x + r, y + r); path.moveTo(x + r, y - r); path.lineTo(x - r, y + r);
    } else if (marker === "|") {
      path.moveTo(x, y - r); path.lineTo(x, y + r);
    } else if (marker === "o") {
      path.moveTo(x + r, y); path.arc(x, y, r, 0, 2 * Math.PI);
    } else {
      path.rect(x - r, y - r, 2 * r, 2 * r);
    }
  }

  const linked = new Set(); // charts of one capture on the page: {group, follow}

  function mount(element, { header, body, zoom = null, pick = null, select = null, height = 420, dark = null, group = null }) {
    let chart = decoded(header, body);
    const whole = [chart.span[0], chart.span[1]];
    let view = [...whole];
    let chosen = null; // the mark that is named: {panel, mark, i}
    let stand = null; // where keys go on from, whatever is drawn: {name, ns, frame, key}
    let byKeys = false; // they chose it, so it stays when the view changes
    let picked = null; // frame that is open elsewhere
    let isUtc = chart.across.unit === "UTC";
    let brush = null; // selected time: two whole numbers of nanoseconds
    let selecting = select !== null; // what a drag does: select a time, or zoom
    let hidden = new Set();
    let timer = null, plots = [], dragged = false;
    let startNs = 0n, daySeconds = 0, zoneName = "UTC", zoneNs = 0n;
    const begin = () => {
      startNs = BigInt(chart.startNs);
      if (chart.zone) [zoneName, zoneNs] = [chart.zone.name, BigInt(chart.zone.offsetS) * 1000000000n];
      daySeconds = Number((((startNs + zoneNs) % 86400000000000n) + 86400000000000n) % 86400000000000n) / 1e9;
    };
    const local = (x, digits = 6) => moment(startNs + zoneNs, x, digits);
    begin();

    const root = make("div", "pf-chart");
    const head = make("div", "pf-head"), title = make("div", "pf-title"), tools = make("div", "pf-tools");
    const place = make("div", "pf-panels", { tabIndex: 0 });
    const tip = make("div", "pf-tip", { hidden: true });
    const legend = make("div", "pf-legend"), said = make("div", "pf-said");
    place.setAttribute("role", "application");
    place.dataset.lmSuppressShortcuts = "true"; // JupyterLab would move between cells
    said.setAttribute("role", "status");
    title.append(make("b", ""), make("span", ""));
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", "View");
    legend.setAttribute("role", "group");
    legend.setAttribute("aria-label", "Marks shown");
    head.append(title, tools);
    root.append(head, place, tip, legend, said);
    element.append(root);
    const button = (text, label, act) => {
      const made = make("button", "", { type: "button", textContent: text, title: label });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      tools.append(made);
      return made;
    };
    button("−", "Zoom out", () => zoomAt(middle(), 2));
    button("+", "Zoom in", () => zoomAt(middle(), 0.5));
    const all = button("All", "All: show everything", () => look(whole));
    const clock = button("", "Switch between seconds and times of day", () => { isUtc = !isUtc; named(); redraw(); });
    if (select) {
      const drag = button("Drag selects", "Drag selects a time; else it zooms", () => {
        selecting = !selecting;
        drag.setAttribute("aria-pressed", String(selecting));
      });
      drag.setAttribute("aria-pressed", "true");
    }
    const now = make("span", "pf-range");
    tools.append(now);

    const ink = () => getComputedStyle(root).color;
    const faint = () => (isDark() ? "rgba(255,255,255,0.13)" : "rgba(0,0,0,0.10)");
    const isDark = () => {
      if (dark !== null) return dark();
      const numbers = (ink().match(/[\d.]+/g) || [0, 0, 0]).map(Number);
      return numbers[0] + numbers[1] + numbers[2] > 384; // light text
    };
    const middle = () => (chosen ? chosen.mark.at[chosen.i] : (view[0] + view[1]) / 2);
    const shown = (panel) => panel.marks.filter((mark) => !hidden.has(keyOf(mark)));
    const keyOf = (mark) => mark.label;
    const goesDown = (panel) => panel.marks.some((mark) => mark.down);

    // The view
    const absolute = (x) => startNs + BigInt(Math.round(x * 1e9));
    const since = (ns) => Number(ns - startNs) / 1e9;
    const member = { group, follow: (from, to) => { // as far as this chart has that time
      const low = Math.max(since(from), whole[0]), high = Math.min(since(to), whole[1]);
      if (low < high) look([low, high], false);
    }, all: () => look(whole, false) };
    if (group !== null) linked.add(member);
    function look([low, high], leads = true) {
      const room = whole[1] - whole[0], least = Math.max(room * 1e-9, 2e-9);
      let span = clamp(high - low, least, room);
      let first = clamp(low, whole[0], whole[1] - span);
      if (!Number.isFinite(first) || !Number.isFinite(span)) return;
      view = [first, first + span];
      redraw();
      queueMicrotask(follow); // once uPlot has the new scales
      if (zoom) {
        clearTimeout(timer);
        timer = setTimeout(() => zoom(view[0], view[1]), 30);
      }
      if (group === null || !leads) return;
      const isAll = view[0] <= whole[0] && view[1] >= whole[1];
      for (const other of linked) {
        if (other === member || other.group !== group) continue;
        if (isAll) other.all(); else other.follow(absolute(view[0]), absolute(view[1]));
      }
    }
    function zoomAt(x, factor) {
      look([x - (x - view[0]) * factor, x + (view[1] - x) * factor]);
    }

    // Vertical range: the marks in sight; a window far above the data is cut off.
    function range(panel) {
      if (panel.marks.some((mark) => mark.shape === "lane")) return [0, 1];
      if (panel.rows) {
        let first = Infinity, last = -Infinity; // no spread: a call takes about 125,000 values
        for (const mark of panel.marks) for (const row of mark.row) { first = Math.min(first, row); last = Math.max(last, row); }
        return [-Math.max(last, first + 3) - 0.6, 0.7 - first];
      }
      let low = Infinity, high = -Infinity, top = -Infinity;
      for (const mark of shown(panel)) {
        const floor = mark.low || mark.high, isTop = mark.name === "window";
        const width = mark.width || 0;
        for (let i = 0; i < mark.size; i++) {
          if (mark.at[i] + width < view[0] || mark.at[i] > view[1]) continue;
          if (isTop) { top = Math.max(top, mark.high[i]); continue; }
          low = Math.min(low, floor[i]); high = Math.max(high, mark.high[i]);
        }
      }
      if (high < low) { low = top === -Infinity ? 0 : top; high = top === -Infinity ? 1 : top; }
      if (panel.marks.some((mark) => mark.shape === "bars" || mark.shape === "stack")) {
        if (!goesDown(panel)) return [0, (high || 1) / (1 - Math.min(20 / plain.get(panel), 0.5))];
        const room = 0.08 * Math.max(high - low, 1e-9); // the panel's name stands at the top
        return [low - room, high + 2 * room];
      }
      if (chart.evidence === "bin" && !panel.log) return [0, 1.25 * (high > 0 ? high : 1)];
      if (panel.log) low = Math.max(low, lowest(panel));
      if (panel.log) return [low / 1.2, high * 1.2 * (high / low) ** 0.08]; // less the panel's name
      if (top > high) high = Math.min(top, high + Math.max(high - low, 1));
      const room = 0.06 * Math.max(high - low, 1);
      return [low - room, high + (panel.label ? 1.5 : 1) * room];
    }

    // Where a logarithmic axis begins: at the first percentile, by how many samples a mark has.
    function lowest(panel) {
      const every = shown(panel).filter((mark) => mark.samples && mark.shape === "line").flatMap((mark) => Array.from(mark.high, (value, i) => [value, mark.samples[i]]));
      const rest = every.sort((a, b) => a[0] - b[0]).reduce((sum, one) => sum + one[1], 0) * 0.01;
      let seen = 0;
      for (const [value, samples] of every) if ((seen += samples) > rest) return value;
      return 0;
    }

    function scaled(u, panel) {
      const { left, top, width, height: tall } = u.bbox, [x0, x1] = view, { min, max } = u.scales.y;
      const sx = width / (x1 - x0);
      const X = (x) => clamp(left + (x - x0) * sx, left - 4000, left + width + 4000);
      if (panel.log) {
        const low = Math.log10(min), sy = tall / (Math.log10(max) - low);
        return [X, (y) => top + tall - (Math.log10(Math.max(y, 1e-12)) - low) * sy];
      }
      const sy = tall / (max - min);
      return [X, (y) => clamp(top + tall - (y - min) * sy, top - 4000, top + tall + 4000)];
    }

    function drawMark(ctx, mark, X, Y, ratio, bounds) {
      const colour = mark.plain ? ink() : mark.color, path = new Path2D(), { at, high, size } = mark;
      const floor = mark.low || high, { left, right, top, bottom } = bounds;
      const isAgain = mark.name === "resent";
      const half = (mark.width || 0) / 2;
      ctx.fillStyle = ctx.strokeStyle = colour;
      ctx.setLineDash([]);
      ctx.lineWidth = 1.5 * ratio;
      if (mark.shape === "span") {
        const wide = (isAgain ? 3 : 2) * ratio, feet = new Path2D(), copies = new Path2D();
        const foot = isAgain ? 5 * ratio : mark.name === "sack" ? 2.5 * ratio : 0;
        for (let i = 0; i < size; i++) {
          const x = X(at[i]);
          const y = Y(floor[i]);
          if (isAgain && mark.copyAt && mark.copyAt[i] === mark.copyAt[i]) {
            copies.moveTo(X(mark.copyAt[i]), y); copies.lineTo(x, y);
          }
          if (x < left - 8 || x > right + 8) continue;
          const tall = Math.max(y - Y(high[i]), 3 * ratio);
          path.rect(x - wide / 2, y - tall, wide, tall);
          if (foot) shape(feet, mark.marker, x, y, foot);
        }
        ctx.globalAlpha = 0.75; ctx.lineWidth = ratio; ctx.setLineDash([3 * ratio, 3 * ratio]);
        ctx.stroke(copies);
        ctx.globalAlpha = 1; ctx.setLineDash([]);
        ctx.fill(path); ctx.fill(feet);
      } else if (mark.shape === "steps") {
        let before = null;
        for (let i = 0; i < size; i++) {
          const x = X(at[i]), y = Y(high[i]);
          if (before === null) path.moveTo(x, y);
          else { path.lineTo(x, before); path.lineTo(x, y); }
          before = y;
        }
        if (before !== null) path.lineTo(right, before);
        if (mark.line === "--") ctx.setLineDash([6 * ratio, 3 * ratio]);
        ctx.stroke(path);
      } else if (mark.shape === "row") {
        for (let i = 0; i < size; i++) {
          const x = X(at[i]), y = Y(high[i]);
          path.rect(x, y, Math.max(X(mark.end[i]) - x, 2 * ratio), Math.max(Y(floor[i]) - y, 2 * ratio));
        }
        ctx.fill(path);
      } else if (mark.shape === "points") {
        const wide = (mark.row ? clamp(0.4 * (Y(-1) - Y(0)), 2.5 * ratio, 5 * ratio) : 5 * ratio);
        ctx.lineWidth = mark.row ? 1.5 * ratio : 2 * ratio;
        const draw = (some) => (mark.marker === "x" || mark.marker === "|" ? ctx.stroke(some) : ctx.fill(some));
        let some = path, before = -Infinity;
        for (let i = 0; i < size; i++) {
          const x = X(at[i]);
          if (mark.row && i && mark.row[i] === mark.row[i - 1] && Math.abs(x - before) < 0.5) continue; // would not be seen
          before = x;
          if (x > left - 8 && x < right + 8) shape(some, mark.marker, x, Y(high[i]), wide);
          if (i % 500 === 499) { draw(some); some = new Path2D(); } // a long path takes more than its parts
        }
        draw(some);
      } else if (mark.shape === "bars" || mark.shape === "stack") {
        for (let i = 0; i < size; i++) {
          if (!high[i] && !mark.low) continue;
          const x = X(at[i]), wide = Math.max(X(at[i] + mark.width) - x, ratio), from = Y(mark.low ? mark.low[i] : 0);
          const tall = Math.max(from - Y(high[i]), 2 * ratio);
          path.rect(x, mark.down ? Y(high[i]) : from - tall, wide, tall);
        }
        ctx.fill(path);
      } else if (mark.shape === "band") {
        for (let i = 0; i < size; i++) {
          const x = X(at[i]), y = Y(high[i]);
          path.rect(x, y, Math.max(X(at[i] + mark.width) - x, ratio), Math.max(Y(floor[i]) - y, 2 * ratio));
        }
        ctx.globalAlpha = 0.25; ctx.fill(path); ctx.globalAlpha = 1;
      } else if (mark.shape === "line") {
        const dots = new Path2D();
        for (let i = 0; i < size; i++) {
          const x = X(at[i] + half), y = Y(high[i]);
          if (i && at[i] - at[i - 1] < mark.width * 1.5) path.lineTo(x, y); else path.moveTo(x, y);
          shape(dots, mark.marker, x, y, 2 * ratio);
        }
        if (mark.line === "--") ctx.setLineDash([6 * ratio, 3 * ratio]);
        ctx.stroke(path); ctx.fill(dots);
      } else if (mark.shape === "lane") {
        for (let i = 0; i < size; i++) {
          const x = X(mark.low[i]);
          path.rect(x, top, Math.max(X(high[i]) - x, ratio), bottom - top);
        }
        ctx.fill(path);
      }
    }
    function drawPanel(u, panel) {
      const ctx = u.ctx, ratio = uPlot.pxRatio, { left, top, width, height: tall } = u.bbox;
      const [X, Y] = scaled(u, panel);
      const bounds = { left, right: left + width, top, bottom: top + tall };
      ctx.save();
      ctx.beginPath(); ctx.rect(left, top, width, tall); ctx.clip();
      shade(ctx, panel, X, bounds, ratio);
      for (const mark of shown(panel).sort((a, b) => layer(a) - layer(b))) drawMark(ctx, mark, X, Y, ratio, bounds);
      ring(ctx, panel, X, Y, ratio);
      brushed(ctx, X, bounds, ratio);
      if (goesDown(panel)) { ctx.fillStyle = ink(); ctx.fillRect(left, Y(0) - ratio / 2, width, ratio); }
      ctx.restore();
    }
    function brushed(ctx, X, { left, right, top, bottom }, ratio) {
      if (brush === null) return;
      const from = clamp(X(since(brush[0])), left, right), to = clamp(X(since(brush[1])), left, right);
      ctx.fillStyle = isDark() ? "rgba(0,0,0,0.55)" : "rgba(255,255,255,0.65)"; // what is not selected is pale
      ctx.fillRect(left, top, from - left, bottom - top);
      ctx.fillRect(to, top, right - to, bottom - top);
      ctx.fillStyle = "#0072b2";
      for (const x of [from, to]) if (x > left && x < right) ctx.fillRect(x - ratio, top, 2 * ratio, bottom - top);
    }
    // Turns that are under way; the client's waits before them stay as they are.
    function shade(ctx, panel, X, bounds, ratio) {
      if (panel.marks.some((mark) => mark.shape === "lane")) return;
      const ends = new Map();
      for (const mark of chart.panels.flatMap((one) => one.marks)) {
        if (!mark.turn || mark.name === "wait") continue;
        for (let i = 0; i < mark.size; i++) {
          const [low, high] = ends.get(mark.turn[i]) || [Infinity, -Infinity];
          ends.set(mark.turn[i], [Math.min(low, mark.low[i]), Math.max(high, mark.high[i])]);
        }
      }
      ctx.fillStyle = ink();
      for (const [turn, [low, high]] of ends) {
        if (high < view[0] || low > view[1]) continue;
        ctx.globalAlpha = turn % 2 ? 0.05 : 0.1;
        ctx.fillRect(X(low), bounds.top, Math.max(X(high) - X(low), ratio), bounds.bottom - bounds.top);
      }
      ctx.globalAlpha = 1;
    }
    function ring(ctx, panel, X, Y, ratio) {
      const circle = (mark, i) => {
        const x = X(mark.end ? (Math.max(mark.at[i], view[0]) + Math.min(mark.end[i], view[1])) / 2 : mark.at[i] + (mark.width || 0) / 2), y = (Y(mark.high[i]) + Y((mark.low || mark.high)[i])) / 2;
        ctx.beginPath(); ctx.arc(x, y, 8 * ratio, 0, 2 * Math.PI);
        ctx.strokeStyle = ink(); ctx.lineWidth = 2 * ratio; ctx.setLineDash([]); ctx.stroke();
      };
      if (picked !== null) {
        for (const mark of shown(panel)) {
          const i = mark.frame ? mark.frame.indexOf(picked) : -1; // in rows it is the table that marks it
          if (i >= 0 && mark.name !== "window") { circle(mark, i); break; }
        }
      }
      if (chosen && chosen.panel === panel && !["lane", "bars", "stack"].includes(chosen.mark.shape)) {
        circle(chosen.mark, chosen.i);
      } else if (chosen && chosen.panel === panel && chosen.mark.width) {
        const { mark, i } = chosen, low = mark.low ? mark.low[i] : 0, x = X(mark.at[i]);
        ctx.strokeStyle = ink(); ctx.lineWidth = 2 * ratio; ctx.setLineDash([]);
        ctx.strokeRect(x, Y(mark.high[i]), Math.max(X(mark.at[i] + mark.width) - x, ratio), Y(low) - Y(mark.high[i]));
      }
    }

    // What a mark stands for, in words.
    function time(x) {
      const at = local(x);
      return isUtc ? `${at.day} ${at.time} ${zoneName}` : `${x.toFixed(6)} s (${at.time} ${zoneName})`;
    }
    function words({ panel, mark, i }) {
      const lines = [];
      if (mark.shape === "lane") {
        return [mark.turn ? `Turn ${grouped(mark.turn[i])}: ${mark.label}` : mark.label, `${lasting(mark.high[i] - mark.low[i])} from ${time(mark.low[i])}`];
      }
      if (mark.row) {
        const many = mark.many ? mark.many[i] : 1, others = mark.among ? mark.among[i] - 1 : 0; // rows may be shared
        const what = chart.key === "conn_id" ? `Connection ${grouped(mark.key[i])}` : `${panel.short[0].toUpperCase()}${panel.short.slice(1)} ${grouped(mark.row[i])}`;
        const more = others ? ` and ${counted(others, "other")}` : "";
        lines.push(`${what}${more}: ${many > 1 ? `${grouped(many)} × ` : ""}${mark.label}`);
        lines.push(mark.end[i] > mark.at[i] ? `${lasting(mark.end[i] - mark.at[i])} from ${time(mark.at[i])}` : time(mark.at[i]));
        return lines;
      }
      if (mark.width) {
        const digits = mark.width < 1 ? 6 : 0;
        const [from, to] = [mark.at[i], mark.at[i] + mark.width].map((one) => local(one, digits).time);
        lines.push(`${from} to ${to} ${zoneName}`);
        const value = (one) => withUnit(one, panel.unit);
        const many = mark.value ? mark.value[i] : mark.high[i];
        if ((mark.shape === "bars" || mark.shape === "stack") && !panel.unit) {
          lines.push(`${mark.label}${mark.who ? `, ${mark.who}` : ""}: ${grouped(many)}`);
          if (!panel.atOnce) lines.push(`${withUnit(many / mark.width, "")} a second`);
        } else if (mark.shape === "stack") lines.push(`${mark.label}${mark.who ? `, ${mark.who}` : ""}: ${value(many)}`);
        else if (mark.shape === "bars") lines.push(`${mark.label}: ${value(many)}`);
        else if (mark.shape === "band") lines.push(`${mark.label}: ${value(mark.low[i])} to ${value(mark.high[i])}`);
        else lines.push(`${mark.label}: ${value(mark.high[i])}`);
        if (mark.samples) lines.push(`of ${counted(mark.samples[i], "sample")}`);
        return lines;
      }
      const many = mark.marks ? mark.marks[i] : 1;
      lines.push(many > 1 ? `${grouped(many)} × ${mark.label}, from frame ${grouped(mark.frame[i])}`
        : `Frame ${grouped(mark.frame[i])}: ${mark.label}`);
      lines.push(time(mark.at[i]));
      if (many > 1) lines.push(zoom ? "zoom in to tell them apart" : "too close together to be drawn apart");
      else if (mark.flags) {
        const size = mark.bytes[i] ? `, ${counted(mark.bytes[i], "byte")}` : "";
        lines.push(`${chart.flags[mark.flags[i]]}${size}`);
        const labels = chart.labels.filter((_, bit) => (mark.labels[i] >>> bit) & 1);
        if (labels.length) lines.push(labels.join(", "));
      }
      const high = mark.high[i], low = mark.low ? mark.low[i] : high;
      lines.push(high > low ? `${panel.short} ${grouped(low)} to ${grouped(high)}` : `${panel.short} ${grouped(high)}`);
      if (mark.copy && mark.copy[i]) {
        lines.push(`first copy in frame ${grouped(mark.copy[i])}, ${lasting(mark.at[i] - mark.copyAt[i])} before`);
      }
      return lines;
    }

    function nearest(u, panel, px, py) {
      const ratio = uPlot.pxRatio, [X, Y] = scaled(u, panel);
      const cx = px * ratio + u.bbox.left, cy = py * ratio + u.bbox.top;
      const at = view[0] + (px / (u.bbox.width / ratio)) * (view[1] - view[0]);
      let best = null, least = (NEAR * ratio) ** 2;
      for (const mark of shown(panel)) {
        if (mark.row) {
          const tall = Math.max(Math.abs(Y(-1) - Y(0)) / 2, 4 * ratio);
          for (let i = 0; i < mark.size; i++) {
            const across = Math.max(X(mark.at[i]) - cx, cx - X(mark.end[i]), 0), down = Math.abs(Y(-mark.row[i]) - cy);
            if (down > tall) continue;
            const away = (across * across + down) * (mark.shape === "points" ? 0.5 : 1);
            if (away < least) { least = away; best = { panel, mark, i }; }
          }
          continue;
        }
        if (mark.shape === "lane" || mark.width) {
          const begin = mark.shape === "lane" ? mark.low : mark.at;
          for (let i = 0; i < mark.size; i++) {
            const end = mark.shape === "lane" ? mark.high[i] : begin[i] + mark.width;
            if (at < begin[i] || at >= end) continue;
            const above = Y(mark.high[i]), below = mark.low ? Y(mark.low[i]) : 0;
            const away = mark.shape === "lane" || mark.shape === "bars" ? 0
              : mark.shape === "stack" ? Math.max(above - cy, cy - below, 0) : Math.abs(above - cy);
            if (!best || away < least) { least = away; best = { panel, mark, i }; }
          }
          continue;
        }
        const floor = mark.low || mark.high, favour = NOTABLE.has(mark.name) ? 0.4 : mark.name === "window" ? 1.5 : 1;
        for (let i = 0; i < mark.size; i++) {
          const dx = X(mark.at[i]) - cx;
          if (dx * dx >= least) continue;
          const high = Y(mark.high[i]), low = Y(floor[i]);
          const dy = cy < high ? high - cy : cy > low ? cy - low : 0;
          const away = (dx * dx + dy * dy) * favour;
          if (away < least) { least = away; best = { panel, mark, i }; }
        }
      }
      return best;
    }

    const isInView = ({ mark, i }) => mark.at[i] <= view[1] && (mark.end ? mark.end[i] : mark.at[i] + (mark.width || 0)) >= view[0];
    // What keys chose goes along with the view, and is named again once it is back in sight.
    function follow() {
      if (chosen && byKeys) choose(isInView(chosen) ? chosen : null);
    }
    // The mark that keys stand at, among those that are drawn now: itself, or the one nearest to it.
    function again() {
      let best = null, least = Infinity;
      if (stand === null) return null;
      for (const one of allStops()) {
        const { mark, i } = one, from = absolute(mark.at[i]), to = mark.width ? absolute(mark.at[i] + mark.width) - 1n : from;
        const apart = Number(stand.ns < from ? from - stand.ns : stand.ns > to ? stand.ns - to : 0n);
        const isIt = stand.frame === null ? mark.name === stand.name && (stand.key === null || (mark.key && mark.key[i] === stand.key))
          : mark.frame && mark.frame[i] === stand.frame && mark.name === stand.name;
        const away = (isIt ? 0 : mark.name === stand.name ? 0.5 : 1) + apart;
        if (away < least) { least = away; best = one; }
      }
      return best;
    }
    function choose(found, x = null, y = null) {
      byKeys = found !== null && x === null;
      if (byKeys) {
        const { mark, i } = found;
        stand = { name: mark.name, ns: absolute(mark.at[i]), frame: mark.frame ? mark.frame[i] : null, key: mark.key ? mark.key[i] : null };
      }
      const same = found && chosen && found.mark === chosen.mark && found.i === chosen.i;
      chosen = found;
      if (!same) plots.forEach((u) => u.redraw(false, false));
      if (!found) { tip.hidden = true; said.textContent = ""; return; }
      const lines = words(found);
      if (!same || byKeys) {
        tip.replaceChildren(...lines.map((line, i) => make(i ? "div" : "b", "", { textContent: line })));
      }
      tip.hidden = false;
      if (x === null) {
        const u = plots[chart.panels.indexOf(found.panel)], [X, Y] = scaled(u, found.panel), ratio = uPlot.pxRatio;
        const box = u.root.getBoundingClientRect(), own = root.getBoundingClientRect();
        const level = found.mark.shape === "lane" ? u.bbox.top : Y(found.mark.high[found.i]);
        x = box.left - own.left + X(found.mark.at[found.i]) / ratio;
        y = box.top - own.top + level / ratio;
        if (said.textContent !== lines.join(". ")) said.textContent = lines.join(". ");
      }
      const room = root.clientWidth, wide = tip.offsetWidth;
      tip.style.left = `${clamp(x + 14 + wide > room ? x - wide - 14 : x + 14, 0, Math.max(room - wide, 0))}px`;
      tip.style.top = `${Math.max(y - tip.offsetHeight - 10, 0)}px`;
    }
    function open(found) {
      if (!found || !pick) return;
      if (found.mark.frame && chart.evidence === "packet" && found.mark.shape !== "lane") {
        picked = found.mark.frame[found.i];
        pick({ frame: picked });
        redraw();
      } else if (found.mark.row) {
        pick({ [chart.key]: found.mark.key[found.i] });
      } else if (found.mark.width) {
        const ns = (x) => String(startNs + BigInt(Math.round(x * 1e9)));
        const at = found.mark.at[found.i];
        pick({ from: ns(at), to: ns(at + found.mark.width) });
      }
    }
    // Take a bin into the selected time: all bins from there to the nearer end, as a range of cells grows.
    function extend(found) {
      if (!found || !select || !found.mark.width) return;
      const from = absolute(found.mark.at[found.i]), to = absolute(found.mark.at[found.i] + found.mark.width);
      const least = (a, b) => (a < b ? a : b), most = (a, b) => (a > b ? a : b);
      selected(brush ? least(brush[0], from) : from, brush ? most(brush[1], to) : to);
    }
    function selected(from, to) {
      brush = [from, to];
      redraw();
      select(String(from), String(to));
    }

    // Keys
    let stops = null;
    function allStops() {
      if (stops) return stops;
      stops = [];
      for (const panel of chart.panels) {
        for (const mark of shown(panel)) {
          if (mark.name === "window" || mark.shape === "lane") continue;
          for (let i = 0; i < mark.size; i++) stops.push({ panel, mark, i });
        }
      }
      const order = (one) => one.mark.at[one.i];
      stops.sort((a, b) => order(a) - order(b) || chart.panels.indexOf(a.panel) - chart.panels.indexOf(b.panel));
      return stops;
    }
    function step(by, fits = () => true) {
      const every = allStops();
      const from = chosen || again();
      let at = from ? every.findIndex((one) => one.mark === from.mark && one.i === from.i) : -1;
      if (at < 0) at = by > 0 ? every.findIndex((one) => one.mark.at[one.i] >= view[0]) - by : every.length;
      at = Math.abs(by) > 1 ? clamp(at + by, 0, every.length - 1) : at + by;
      while (every[at] && !fits(every[at])) at += Math.sign(by);
      const found = every[at];
      if (!found) return;
      const x = found.mark.at[found.i], span = view[1] - view[0];
      if (x < view[0] || x > view[1]) look([x - span / 2, x + span / 2]);
      choose(found);
    }
    place.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const span = view[1] - view[0];
      const pan = (share) => look([view[0] + share * span, view[1] + share * span]);
      const acts = {
        ArrowLeft: () => (event.shiftKey ? pan(-0.25) : step(-1)), ArrowRight: () => (event.shiftKey ? pan(0.25) : step(1)),
        PageUp: () => step(-10), PageDown: () => step(10),
        "+": () => zoomAt(middle(), 0.5), "=": () => zoomAt(middle(), 0.5), "-": () => zoomAt(middle(), 2),
        0: () => look(whole), Home: () => { forget(); step(1); }, Escape: forget, Enter: () => (event.shiftKey ? extend(chosen) : open(chosen)),
        n: () => step(1, (one) => NOTABLE.has(one.mark.name)), N: () => step(-1, (one) => NOTABLE.has(one.mark.name)),
      };
      if (!(event.key in acts)) return;
      acts[event.key]();
      event.preventDefault();
      event.stopPropagation();
    });
    const forget = () => { stand = null; choose(null); };
    place.addEventListener("blur", () => choose(null));
    place.addEventListener("focus", () => {
      const one = place.matches(":focus-visible") ? again() : null;
      if (one && isInView(one)) choose(one);
    });

    // Pointers: the wheel and a drag zoom, fingers move and pinch.
    function listen(u, panel) {
      const over = u.over, fingers = new Map();
      const at = (event) => {
        const box = over.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top, box.width];
      };
      over.addEventListener("wheel", (event) => {
        event.preventDefault();
        const [x, , width] = at(event), span = view[1] - view[0];
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          const by = ((event.deltaX || event.deltaY) / width) * span;
          look([view[0] + by, view[1] + by]);
        } else {
          zoomAt(view[0] + (x / width) * span, Math.exp(clamp(event.deltaY, -120, 120) / 250));
        }
        choose(null);
      }, { passive: false });
      over.addEventListener("mousemove", (event) => {
        if (fingers.size) return;
        const [x, y] = at(event), own = root.getBoundingClientRect();
        choose(nearest(u, panel, x, y), event.clientX - own.left, event.clientY - own.top);
      });
      over.addEventListener("mouseleave", () => choose(null));
      over.addEventListener("mousedown", () => { dragged = false; });
      over.addEventListener("click", (event) => {
        if (dragged) return;
        const [x, y] = at(event);
        open(nearest(u, panel, x, y));
      });
      over.style.touchAction = "pan-y";
      over.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "touch") fingers.set(event.pointerId, at(event));
      });
      over.addEventListener("pointermove", (event) => {
        if (!fingers.has(event.pointerId)) return;
        const before = [...fingers.values()].map((one) => one[0]);
        fingers.set(event.pointerId, at(event));
        const after = [...fingers.values()].map((one) => one[0]), width = at(event)[2], span = view[1] - view[0];
        if (after.length === 1) {
          const by = ((before[0] - after[0]) / width) * span;
          look([view[0] + by, view[1] + by]);
        } else {
          const apart = (xs) => Math.max(Math.abs(xs[0] - xs[1]), 8);
          zoomAt(view[0] + ((after[0] + after[1]) / 2 / width) * span, apart(before) / apart(after));
        }
        dragged = true;
      });
      for (const end of ["pointerup", "pointercancel"]) over.addEventListener(end, (event) => fingers.delete(event.pointerId));
    }

    // Panels
    const gutter = 74;
    const moving = (type) => type === "mousemove" || type === "mouseleave"; // panels share the line at the pointer, no more
    function splits(low, high, width) {
      const offset = isUtc ? daySeconds : 0;
      const step = timeStep(high - low, width / (isUtc ? 110 : 80));
      const made = [];
      for (let k = Math.ceil((low + offset) / step); k * step - offset <= high && made.length < 40; k++) {
        made.push(k * step - offset);
      }
      return [made, step];
    }
    function ticks(u) {
      const [made, step] = splits(view[0], view[1], u.bbox.width / uPlot.pxRatio);
      u.pfStep = step;
      return made;
    }
    // Each label has its room: first hours are left out, then labels.
    function tickText(u, values) {
      const step = u.pfStep || 1, room = (u.bbox.width / uPlot.pxRatio / (view[1] - view[0])) * step - 10;
      const wide = (texts) => 7 * Math.max(...texts.map((text) => text.length), 1);
      const digits = step < 1 ? clamp(Math.ceil(-Math.log10(step)), 1, 9) : 0;
      const text = (value) => {
        const at = local(value, digits);
        if (step >= 86400) return at.day;
        if (step >= 60) return at.time.slice(0, 5) === "00:00" ? at.day : at.time.slice(0, 5);
        return at.time;
      };
      let texts = values.map(isUtc ? text : (value) => `${inSeconds(value, step)} s`);
      if (isUtc && step < 60 && wide(texts) > room) texts = texts.map((one) => one.slice(2)); // from the colon on
      const every = Math.max(Math.ceil(wide(texts) / Math.max(room, 1)), 1);
      const first = every > 1 && values.length > every ? 1 : 0; // the first and the last may reach beyond the panel
      return texts.map((one, i) => ((i - first) % every === 0 ? one : ""));
    }
    function powers(u, _, low, high) {
      for (const digits of [[1], [1, 3], [1, 2, 5]]) {
        const made = [];
        for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
          for (const digit of digits) {
            const value = Number(`${digit}e${power}`);
            if (value >= low && value <= high) made.push(value);
          }
        }
        if (made.length > 2 || digits.length === 3) return made;
      }
    }
    const plain = new Map(); // shares of the height
    function build() {
      plots.forEach((u) => u.destroy());
      place.replaceChildren();
      plain.clear();
      const wide = Math.max(place.clientWidth, 200), total = chart.panels.reduce((sum, panel) => sum + panel.share, 0);
      plots = chart.panels.map((panel, i) => {
        const isLast = i === chart.panels.length - 1, isLane = panel.marks.some((mark) => mark.shape === "lane");
        const tall = Math.max(Math.round(((height - 46) * panel.share) / total), isLane ? 24 : 40) + (isLast ? 46 : 0);
        plain.set(panel, tall);
        const font = "12px system-ui, sans-serif";
        const axis = { stroke: ink, font, labelFont: font, grid: { stroke: faint, width: 1 }, ticks: { stroke: faint, width: 1 } };
        const u = new uPlot({
          width: wide, height: tall, padding: [isLane ? 2 : 6, 14, isLane ? 2 : isLast ? 0 : 6, 0], legend: { show: false },
          cursor: {
            points: { show: false }, y: false, sync: { key: root.id, filters: { pub: moving } }, focus: { prox: -1 },
            drag: { x: true, y: false, setScale: false, dist: 5 },
            bind: { dblclick: () => () => { look(whole); return null; } },
          },
          scales: { x: { time: false, range: () => view }, y: { distr: panel.log ? 3 : 1, range: () => range(panel) } },
          axes: [
            { ...axis, size: isLast ? 28 : 0, splits: (self) => ticks(self), values: isLast ? tickText : () => [],
              label: isLast ? " " : undefined, labelSize: isLast ? 18 : 0, labelGap: 0,
              ticks: { ...axis.ticks, size: isLast ? 6 : 0 }, gap: isLast ? 4 : 0 },
            { ...axis, size: gutter, show: true, splits: isLane ? () => [] : panel.log ? powers : undefined,
              values: panel.rows ? (_, values) => values.map((value) => (panel.names[-value] || (Number.isInteger(value) && value <= 0 && -value < panel.rows ? grouped(-value) : ""))) : (_, values) => values.map((value) => (value === null || value === undefined ? "" : withUnit(goesDown(panel) ? Math.abs(value) : value, panel.unit))),
              space: 34, incrs: panel.unit === "B" || !panel.unit ? whole_numbers : undefined,
              filter: panel.log ? (_, values) => values : undefined,
            },
          ],
          series: [{}, { paths: () => null, points: { show: false } }],
          hooks: {
            draw: [(self) => drawPanel(self, panel)],
            setSelect: [(self) => {
              const { left, width } = self.select, full = self.bbox.width / uPlot.pxRatio, span = view[1] - view[0];
              if (width < 5) return;
              dragged = true;
              const low = view[0] + (left / full) * span;
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              const high = low + (width / full) * span;
              if (selecting) selected(absolute(Math.max(low, whole[0])), absolute(Math.min(high, whole[1])));
              else look([low, high]);
            }],
          },
        }, [[view[0], view[1]], [0, 1]], place);
        if (!isLane && chart.panels.length > 1 || panel.label || panel.rows) {
          u.root.append(make("div", "pf-panel", { textContent: named_as(panel) }));
        }
        if (isLane) u.root.append(make("div", "pf-lane", { textContent: panel.short }));
        if (panel.rows) u.root.append(make("div", "pf-turned", { textContent: panel.short }));
        listen(u, panel);
        return u;
      });
      redraw();
    }
    const named_as = (panel) => {
      if (goesDown(panel)) {
        const below = [...new Set(panel.marks.filter((mark) => mark.down).map((mark) => mark.who))];
        return `${panel.label}: ▲ clients, ▼ ${below.join(" or ")}`;
      }
      if (panel.rows) return "";
      return panel.total ? `${panel.label}: ${panel.total}` : panel.label;
    };
    const whole_numbers = [];
    for (let power = 0; power < 16; power++) for (const digit of STEPS) whole_numbers.push(digit * 10 ** power);

    function named() {
      clock.textContent = isUtc ? zoneName : "Seconds";
      clock.setAttribute("aria-label", `Time in ${isUtc ? zoneName : "seconds"}; switch`);
      title.firstChild.textContent = chart.title;
      title.lastChild.textContent = chart.of;
      const act = !pick ? "" : chart.evidence === "bin" ? "Enter selects its time, " : "Enter opens it, ";
      const more = select ? "Shift with Enter selects more, " : "";
      place.setAttribute("aria-label", `${chart.title}: ${chart.of}. ${HELP}${act}${more}Escape leaves.`);
    }
    function redraw() {
      for (const u of plots) u.setData([[view[0], view[1]], [0, 1]], true);
      const [low, high] = view, isAll = low <= whole[0] && high >= whole[1];
      all.disabled = isAll;
      const day = local(low);
      now.textContent = `${day.day} ${day.time} ${zoneName}, ${lasting(high - low)}`;
      const last = plots[plots.length - 1];
      if (last) {
        const label = isUtc ? `time (${zoneName})` : `seconds since ${local(0).day} ${local(0).time} ${zoneName}`;
        last.axes[0].label = label;
      }
      count();
    }
    function inSight(mark) {
      const [, top] = range(chart.panels.find((panel) => panel.marks.includes(mark)));
      for (let i = 0; i < mark.size; i++) {
        const until = i + 1 < mark.size ? mark.at[i + 1] : Infinity; // steps hold until the next
        if (mark.high[i] <= top && mark.at[i] <= view[1] && until >= view[0]) return true;
      }
      return false;
    }
    // The legend: only what is there, with how many are in sight.
    const counts = []; // of each entry: its text, and the marks that it shows and hides
    function isSeen(mark, i) {
      const end = mark.width ? mark.at[i] + mark.width : mark.shape === "lane" ? mark.high[i] : (mark.end || mark.at)[i];
      return end >= view[0] && (mark.shape === "lane" ? mark.low : mark.at)[i] <= view[1];
    }
    function seenOf(marks) {
      let sum = 0;
      for (const mark of marks) {
        const many = mark.marks || mark.many || (mark.width ? mark.value || mark.high : null);
        for (let i = 0; i < mark.size; i++) if (isSeen(mark, i)) sum += many ? many[i] : 1;
      }
      return sum;
    }
    function lasted(marks) { // of lanes, in sight
      let sum = 0;
      for (const mark of marks) {
        for (let i = 0; i < mark.size; i++) {
          if (isSeen(mark, i)) sum += Math.max(Math.min(mark.high[i], view[1]) - Math.max(mark.low[i], view[0]), 0);
        }
      }
      return sum;
    }
    function count() {
      for (const { text, marks, panels } of counts) {
        if (marks[0].shape === "lane") {
          const all = lasted(panels.flatMap((panel) => panel.marks));
          text.textContent = all ? `${withUnit(Number((lasted(marks) / all).toPrecision(2)), "%")}` : "";
          continue;
        }
        const sum = seenOf(marks), total = marks.reduce((before, mark) => before + mark.total, 0);
        const above = marks[0].name === "window" && sum && !marks.some(inSight) ? ", above what is shown" : "";
        text.textContent = (sum === total ? grouped(sum) : `${grouped(sum)} of ${grouped(total)}`) + above;
      }
    }
    const isCounted = (panel, mark) => mark.shape === "lane" || chart.evidence === "packet" || mark.row
      || (mark.shape === "stack" && !panel.unit && !panel.atOnce);
    function listed() {
      const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      legend.replaceChildren();
      counts.length = 0;
      const entries = new Map();
      for (const panel of chart.panels) {
        if (chart.evidence === "bin" && panel.marks.length === 1) continue; // its label says it
        for (const mark of panel.marks) {
          if (!mark.total) continue;
          if (mark.bin && chart.panels.some((one) => one.rows && one.marks.some((other) => keyOf(other) === keyOf(mark)))) continue;
          const entry = entries.get(keyOf(mark)) || { marks: [], panels: [] };
          entry.marks.push(mark); entry.panels.push(panel);
          entries.set(keyOf(mark), entry);
        }
      }
      for (const [key, { marks, panels }] of entries) {
        const mark = marks[0], made = make("button", "", { type: "button" });
        made.dataset.key = key;
        const swatch = make("span", "pf-swatch", { textContent: mark.shape === "steps" || mark.shape === "line" ? (mark.line === "--" ? "╌╌" : "──") : (mark.shape === "span" || mark.shape === "points") && GLYPHS[mark.marker] || "■" });
        swatch.style.color = mark.plain ? "inherit" : mark.color;
        swatch.setAttribute("aria-hidden", "true");
        const number = make("span", "pf-count");
        made.append(swatch, ` ${mark.label} `, number);
        const told = () => made.setAttribute("aria-pressed", String(!hidden.has(key)));
        made.addEventListener("click", () => {
          if (!hidden.delete(key)) hidden.add(key);
          stops = null;
          for (const one of chart.panels) stacked(one, (each) => !hidden.has(keyOf(each)));
          told(); choose(null); redraw();
        });
        told();
        const counted = marks.filter((one, i) => isCounted(panels[i], one));
        if (counted.length) counts.push({ text: number, marks: counted, panels });
        legend.append(made);
        if (key === focused) made.focus();
      }
    }

    root.id = `pf-${Math.random().toString(36).slice(2)}`;
    named();
    listed();
    build();
    let seen = place.clientWidth;
    const sizes = new ResizeObserver(() => {
      const wide = place.clientWidth;
      if (wide === seen || wide < 100) return;
      seen = wide;
      plots.forEach((u, i) => u.setSize({ width: wide, height: plain.get(chart.panels[i]) }));
    });
    sizes.observe(place);
    const recolour = () => plots.forEach((u) => u.redraw(false, true));
    const themes = new MutationObserver(() => setTimeout(recolour, 100));
    for (const themed of [document.documentElement, document.body]) themes.observe(themed, { attributes: true });
    const media = matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", recolour);

    return {
      // Other rows of the same chart, or another chart.
      update(newHeader, newBody, isOther = false) {
        const kept = chart, before = [absolute(view[0]), absolute(view[1])], all = view[0] <= whole[0] && view[1] >= whole[1];
        const goesOn = stand !== null && (chosen ? byKeys : document.activeElement === place);
        chart = decoded(newHeader, newBody);
        stops = null;
        choose(null);
        for (const panel of chart.panels) stacked(panel, (mark) => !hidden.has(keyOf(mark)));
        begin();
        if (isOther) {
          whole.splice(0, 2, ...chart.span);
          const low = Math.max(since(before[0]), whole[0]), high = Math.min(since(before[1]), whole[1]);
          view = !all && low < high && chart.evidence === "bin" ? [low, high] : [...whole]; // what one zoomed to stays in sight
          picked = null;
        }
        named();
        if (isOther || kept.panels.length !== chart.panels.length) {
          listed();
          build();
        } else {
          kept.panels.forEach((panel, i) => { // the same panels, with other marks: hooks hold them
            panel.marks = chart.panels[i].marks;
          });
          chart.panels = kept.panels;
          listed();
          redraw();
        }
        queueMicrotask(() => { // keys go on from there
          const one = goesOn ? again() : null;
          if (one && isInView(one)) choose(one);
        });
      },
      focus() { place.focus({ preventScroll: true }); },
      look, // [low, high]
      view: () => [...view],
      ticks: () => ticks(plots[plots.length - 1]).length, // of time, in sight
      point(panel, x, y) { // where something is on the page [CSS pixels]
        const u = plots[panel], [X, Y] = scaled(u, chart.panels[panel]), box = u.root.getBoundingClientRect();
        return [box.left + X(x) / uPlot.pxRatio, box.top + Y(y) / uPlot.pxRatio];
      },
      pick(frame) { picked = frame; redraw(); },
      brush(from, to) { // nanoseconds since 1970, as text; null for none
        brush = from ? [BigInt(from), BigInt(to)] : null;
        redraw();
      },
      destroy() {
        linked.delete(member);
        sizes.disconnect(); themes.disconnect(); media.removeEventListener("change", recolour); clearTimeout(timer);
        plots.forEach((u) => u.destroy());
        root.remove();
      },
    };
  }
  return { mount, column, grouped, withUnit, make };
})();
