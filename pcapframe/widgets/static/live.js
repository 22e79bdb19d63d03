// A chart that answers, in a notebook: a zoom asks the kernel for the rows in sight, a pick tells it the packet.
const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);

// A saved page has the widget, but no kernel that answers: its manager loads modules and knows no kernel.
const isAlive = ({ widget_manager: manager }) => !(manager && "loader" in manager && !("kernel" in manager));

function render({ model, el }) {
  const me = Math.random().toString(36).slice(2); // two views of a chart may show different parts
  const dark = () => document.body.dataset.jpThemeLight === "false";
  const hint = pcapframe.make("div", "pf-hint", { textContent: model.get("hint") }), place = pcapframe.make("div", "");
  const alive = isAlive(model);
  let chart = null, asked = 0, shown = "";
  el.append(hint, place);
  function show() {
    const { header, body } = model.get("picture");
    hint.hidden = !header || !alive || !model.get("hint");
    asked += 1; // parts of what was shown before are too late
    if (header && chart && header.name === shown && header.evidence !== "packet") { // the same chart of other filters
      chart.update(structuredClone(header), bytesOf(body), true);
      return;
    }
    const focused = place.contains(document.activeElement);
    if (chart) chart.destroy();
    chart = null;
    place.textContent = header ? "" : model.get("message");
    if (!header) return;
    shown = header.name;
    chart = pcapframe.mount(place, {
      header: structuredClone(header), body: bytesOf(body), height: model.get("height"),
      dark: document.body.dataset.jpThemeLight === undefined ? null : dark,
      group: model.get("group") || null,
      zoom: alive && header.evidence === "packet" ? (low, high) => {
        asked += 1;
        model.send({ zoom: [low, high], asked, by: me });
      } : null,
      pick: alive && (model.get("picks") || header.evidence === "packet") ? (found) => model.send({ picked: found }) : null,
      select: alive && model.get("selects") ? (from, to) => model.send({ picked: { from, to } }) : null,
    });
    if (focused) chart.focus();
    chart.pick(model.get("frame"));
    brush();
  }
  function part(content, buffers) {
    if (chart && content.by === me && content.asked === asked) chart.update(content.header, bytesOf(buffers[0]));
  }
  const brush = () => chart && chart.brush(model.get("brush").from || null, model.get("brush").to);
  const mark = () => chart && chart.pick(model.get("frame"));
  const tell = () => model.get("picture").header || show(); // another reason why there is no chart
  model.on("change:picture", show);
  model.on("change:message", tell);
  model.on("change:frame", mark);
  model.on("change:brush", brush);
  model.on("msg:custom", part);
  show();
  return () => {
    model.off("change:picture", show);
    model.off("change:message", tell);
    model.off("change:frame", mark);
    model.off("change:brush", brush);
    model.off("msg:custom", part);
    if (chart) chart.destroy();
  };
}
export default { render };
