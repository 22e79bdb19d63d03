// A chart that answers, in a notebook: a zoom asks the kernel for the rows in sight, a pick tells it the packet.
const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);

function render({ model, el }) {
  const me = Math.random().toString(36).slice(2); // two views of a chart may show different parts
  const dark = () => document.body.dataset.jpThemeLight === "false";
  let chart = null, asked = 0;
  function show() {
    const { header, body } = model.get("picture");
    asked += 1; // parts of what was shown before are too late
    if (chart) chart.destroy();
    chart = null;
    if (!header) {
      el.textContent = model.get("message");
      return;
    }
    el.textContent = "";
    chart = pcapframe.mount(el, {
      header: structuredClone(header), body: bytesOf(body), height: model.get("height"),
      dark: document.body.dataset.jpThemeLight === undefined ? null : dark,
      group: model.get("group") || null,
      zoom: header.evidence === "packet" ? (low, high) => {
        asked += 1;
        model.send({ zoom: [low, high], asked, by: me });
      } : null,
      pick: (found) => model.send({ picked: found }),
    });
    chart.pick(model.get("frame"));
  }
  function part(content, buffers) {
    if (chart && content.by === me && content.asked === asked) chart.update(content.header, bytesOf(buffers[0]));
  }
  const mark = () => chart && chart.pick(model.get("frame"));
  model.on("change:picture", show);
  model.on("change:frame", mark);
  model.on("msg:custom", part);
  show();
  return () => {
    model.off("change:picture", show);
    model.off("change:frame", mark);
    model.off("msg:custom", part);
    if (chart) chart.destroy();
  };
}
export default { render };
