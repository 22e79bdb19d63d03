// A picture of a chart that tells its width, the colours around it, and what is picked in it, by pointer or by keys.
const KEYS = {
  time: "Left and right arrow move from bar to bar, with Shift they take in more; Enter selects, Escape leaves.",
  row: "Up and down arrow move from bar to bar; Enter selects, Escape leaves.",
};
const SHORTEST_MS = 1000;
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, PageUp: -10, PageDown: 10 };

function surroundings(el) {
  let background = "";
  for (let one = el; one && !background; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    const numbers = colour.match(/[\d.]+/g) || [];
    if (numbers.length === 3) {
      background = "#" + numbers.map((number) => Number(number).toString(16).padStart(2, "0")).join("");
    }
  }
  return { background, dark: document.body.dataset.jpThemeLight === "false" };
}

function render({ model, el }) {
  const figure = document.createElement("div");
  figure.className = "pcapframe-chart";
  const image = document.createElement("img");
  image.draggable = false;
  image.hidden = true; // until there is something to show
  const brush = document.createElement("div");
  brush.className = "pcapframe-brush";
  const said = document.createElement("div"); // tells what the keys have come to
  said.className = "pcapframe-said";
  said.setAttribute("role", "status");
  figure.append(image, brush, said);
  el.append(figure);
  let url = null;
  let from = null;
  let held = null; // stop that the keys began at
  let now = null; // stop that they are at
  let timer = null;
  let wait = SHORTEST_MS; // until the place is told again
  let known = ""; // texts of the stops: the same ones stay picked where the chart is drawn again

  function show() {
    const png = model.get("png");
    image.alt = model.get("alt");
    const picks = model.get("picks");
    figure.classList.toggle("pcapframe-picks", picks !== "");
    if (picks) {
      figure.tabIndex = 0;
      figure.dataset.lmSuppressShortcuts = "true"; // JupyterLab would move between cells
      figure.setAttribute("role", "application");
      figure.setAttribute("aria-label", `${model.get("alt")}. ${KEYS[picks]}`);
    }
    const texts = JSON.stringify(model.get("stops").map((stop) => stop.text));
    if (texts !== known) leave();
    known = texts;
    if (now !== null) reach();
    if (!png || png.byteLength === 0) return;
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    image.src = url;
    image.hidden = false;
  }
  function measure() {
    const width = Math.floor(figure.clientWidth);
    if (width < 80) return; // hidden
    const { background, dark } = surroundings(figure);
    const size = { width, ratio: window.devicePixelRatio || 1, background, dark };
    if (JSON.stringify(size) === JSON.stringify(model.get("place"))) {
      wait = SHORTEST_MS;
      return;
    }
    model.send({ place: size }); // again until the kernel has it: a message may be lost while the page still loads
    clearTimeout(timer);
    timer = setTimeout(measure, (wait *= 2));
  }
  function at(event) {
    const box = image.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
  }
  image.addEventListener("pointerdown", (event) => {
    if (!model.get("picks")) return;
    from = at(event);
    image.setPointerCapture(event.pointerId);
  });
  image.addEventListener("pointermove", (event) => {
    if (!from || model.get("picks") !== "time") return;
    const to = at(event);
    mark([Math.min(from[0], to[0]), 0, Math.max(from[0], to[0]), 1]);
  });
  image.addEventListener("pointerup", (event) => {
    if (!from) return;
    const to = at(event);
    brush.style.display = "none";
    model.send({ from, to });
    from = null;
  });
  function mark([left, bottom, right, top]) {
    Object.assign(brush.style, {
      display: "block", left: `${100 * left}%`, width: `${100 * (right - left)}%`,
      top: `${100 * (1 - top)}%`, height: `${100 * (top - bottom)}%`,
    });
  }
  function reach() {
    const stops = model.get("stops");
    const [first, last] = [stops[Math.min(held, now)], stops[Math.max(held, now)]];
    mark([first.box[0], first.box[1], last.box[2], last.box[3]]);
    said.textContent = last.to ? `${first.text} to ${last.to}` : first.text;
  }
  function leave() {
    held = now = null;
    brush.style.display = "none";
    said.textContent = "";
  }
  figure.addEventListener("keydown", (event) => {
    const stops = model.get("stops");
    if (!model.get("picks") || stops.length === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = stops.length - 1;
    if (event.key in STEPS || event.key === "Home" || event.key === "End") {
      const forward = now === null ? (STEPS[event.key] < 0 ? last : 0) : now + STEPS[event.key];
      now = event.key === "Home" ? 0 : event.key === "End" ? last : Math.min(Math.max(forward, 0), last);
      if (held === null || !event.shiftKey || model.get("picks") !== "time") held = now;
      reach();
    } else if ((event.key === "Enter" || event.key === " ") && now !== null) {
      model.send({ stops: [Math.min(held, now), Math.max(held, now)] });
    } else if (event.key === "Escape" && now !== null) {
      leave();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  figure.addEventListener("blur", leave);
  const later = () => { clearTimeout(timer); timer = setTimeout(measure, 120); };
  const sizes = new ResizeObserver(later);
  sizes.observe(figure);
  const theme = new MutationObserver(later);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  model.on("change:png", show);
  model.on("change:alt", show);
  model.on("change:place", later);
  show();
  later();
  return () => { sizes.disconnect(); theme.disconnect(); clearTimeout(timer); if (url) URL.revokeObjectURL(url); };
}
export default { render };
