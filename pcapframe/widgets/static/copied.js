// Text with a button that copies it.
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "pcapframe-copied";
  const head = document.createElement("div");
  const label = document.createElement("span");
  const button = document.createElement("button");
  button.type = "button";
  const text = document.createElement("pre");
  text.tabIndex = 0;
  head.append(label, button);
  box.append(head, text);
  el.append(box);

  function show() {
    label.textContent = model.get("label");
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${model.get("label")}`);
    text.setAttribute("aria-label", model.get("label"));
    button.disabled = model.get("text") === "";
    text.textContent = model.get("text") || model.get("note");
  }
  button.addEventListener("click", async () => {
    const copied = model.get("text");
    try {
      await navigator.clipboard.writeText(copied);
    } catch {
      const area = document.createElement("textarea"); // without a clipboard, as over plain http
      area.value = copied;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = "Copied";
    setTimeout(show, 1500);
  });
  for (const name of ["label", "text", "note"]) model.on(`change:${name}`, show);
  show();
}
export default { render };
