// A table whose headers sort and whose rows are picked, by pointer or by keys. The kernel sorts: it has the other pages.
// Cells are HTML that the kernel has escaped.
function render({ model, el }) {
  const box = document.createElement("div"), table = document.createElement("table");
  box.className = "pcapframe-rows";
  box.dataset.lmSuppressShortcuts = "true"; // JupyterLab would move between cells
  box.append(table);
  el.append(box);
  let rows = [], at = 0;

  function header(column) {
    const cell = document.createElement("th");
    cell.scope = "col";
    if (column.number) cell.className = "pcapframe-number";
    if (!column.sort) { cell.textContent = column.label; return cell; }
    const isIt = model.get("sort") === column.sort, isDown = model.get("descending");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = column.label;
    if (isIt) {
      cell.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      const arrow = document.createElement("span");
      arrow.setAttribute("aria-hidden", "true");
      arrow.textContent = isDown ? " ▼" : " ▲";
      button.append(arrow);
    }
    button.addEventListener("click", () => model.send({ sort: column.sort, descending: isIt ? !isDown : column.number }));
    cell.append(button);
    return cell;
  }
  function show() {
    const columns = model.get("columns"), active = table.contains(document.activeElement) ? document.activeElement : null;
    const focused = active && !active.closest("tbody") && active.textContent;
    table.setAttribute("aria-label", model.get("label"));
    const head = document.createElement("thead"), first = document.createElement("tr"), body = document.createElement("tbody");
    first.append(...columns.map(header));
    head.append(first);
    rows = model.get("rows").map((cells, i) => {
      const row = document.createElement("tr");
      cells.forEach((cell, j) => {
        const made = document.createElement(columns[j].head ? "th" : "td");
        if (columns[j].head) made.scope = "row";
        if (columns[j].number) made.className = "pcapframe-number";
        made.innerHTML = cell;
        row.append(made);
      });
      row.tabIndex = -1;
      row.addEventListener("click", () => pick(i));
      return row;
    });
    body.append(...rows);
    table.replaceChildren(head, body);
    at = model.get("selected_rows")[0] ?? 0;
    mark();
    const button = focused && [...first.querySelectorAll("button")].find((one) => one.textContent.startsWith(focused.replace(/ [▲▼]$/, "")));
    if (button) button.focus(); else if (active && rows.length) rows[Math.min(at, rows.length - 1)].focus();
  }
  function mark() {
    const picked = model.get("selected_rows")[0];
    rows.forEach((row, i) => {
      if (i === picked) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
      row.tabIndex = i === at ? 0 : -1;
    });
    if (rows[picked] && box.clientHeight) rows[picked].scrollIntoView({ block: "nearest" });
  }
  function pick(i) {
    at = i;
    model.send({ row: i });
  }
  table.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -rows.length, End: rows.length };
    if (event.key in steps) {
      rows[at].tabIndex = -1;
      at = Math.min(Math.max(at + steps[event.key], 0), rows.length - 1);
      rows[at].tabIndex = 0;
      rows[at].focus();
    } else if (event.key === "Enter" || event.key === " ") {
      pick(at);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  model.on("change:rows", show);
  model.on("change:sort", show);
  model.on("change:descending", show);
  model.on("change:selected_rows", mark);
  show();
  return () => {
    for (const name of ["rows", "sort", "descending"]) model.off(`change:${name}`, show);
    model.off("change:selected_rows", mark);
  };
}
export default { render };
