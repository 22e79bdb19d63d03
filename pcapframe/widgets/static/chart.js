// A picture of a chart that tells its width, the colours around it, and what is picked in it.
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
  figure.append(image, brush);
  el.append(figure);
  let url = null;
  let from = null;

  function show() {
    const png = model.get("png");
    image.alt = model.get("alt");
    figure.classList.toggle("pcapframe-picks", model.get("picks") !== "");
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
    if (JSON.stringify(size) === JSON.stringify(model.get("place"))) return;
    model.set("place", size);
    model.save_changes();
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
    const now = at(event);
    brush.style.display = "block";
    brush.style.left = `${Math.min(from[0], now[0]) * image.clientWidth}px`;
    brush.style.width = `${Math.abs(from[0] - now[0]) * image.clientWidth}px`;
  });
  image.addEventListener("pointerup", (event) => {
    if (!from) return;
    const to = at(event);
    brush.style.display = "none";
    model.send({ from, to });
    from = null;
  });
  let timer = null;
  const later = () => { clearTimeout(timer); timer = setTimeout(measure, 120); };
  const sizes = new ResizeObserver(later);
  sizes.observe(figure);
  const theme = new MutationObserver(later);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  model.on("change:png", show);
  model.on("change:alt", show);
  show();
  later();
  return () => { sizes.disconnect(); theme.disconnect(); clearTimeout(timer); if (url) URL.revokeObjectURL(url); };
}
export default { render };
