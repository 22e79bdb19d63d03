// A chart that answers, in a notebook: a zoom asks the kernel for the rows in sight, a pick tells it the packet.
const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);

function render({ model, el }) {
  const me = Math.random().toString(36).slice(2); // two views of a chart may show different parts
  const dark = () => document.body.dataset.jpThemeLight === "false";
  let chart = null, asked = 0, shown = "";
  function show() {
    const { header, body } = model.get("picture");
    asked += 1; // parts of what was shown before are too late
    if (header && chart && header.name === shown && header.evidence !== "packet") { // the same chart of other filters
      chart.update(structuredClone(header), bytesOf(body), true);
      return;
    }
    if (chart) chart.destroy();
    chart = null;
    el.textContent = header ? "" : model.get("message");
    if (!header) return;
    shown = header.name;
    chart = pcapframe.mount(el, {
      header: structuredClone(header), body: bytesOf(body), height: model.get("height"),
      dark: document.body.dataset.jpThemeLight === undefined ? null : dark,
      group: model.get("group") || null,
      zoom: header.evidence === "packet" ? (low, high) => {
        asked += 1;
        model.send({ zoom: [low, high], asked, by: me });
      } : null,
      pick: (found) => model.send({ picked: found }),
      select: model.get("selects") ? (from, to) => model.send({ picked: { from, to } }) : null,
    });
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
