"use strict";
// Charts that answer, buttons that copy display filters, tables that can be sorted and searched. Without it the page has
// drawings of the same charts, and neither buttons nor search.
const make = (tag, properties, ...inside) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
};

const copy = async (code) => {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    if (!document.execCommand("copy")) throw new Error("the browser does not copy");
  }
};
for (const code of document.querySelectorAll(".filter code")) {
  const button = make("button", {type: "button", textContent: "Copy", className: "copy", title: "Copy this filter"});
  button.addEventListener("click", async () => {
    try {
      await copy(code);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it";
      getSelection().selectAllChildren(code);
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  code.after(button);
}

const keyOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key);
};
const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
  : String(a).localeCompare(String(b), "en", {numeric: true});

for (const box of document.querySelectorAll(".tools")) {
  const body = box.querySelector("tbody"), rows = [...body.rows], heads = [...box.querySelectorAll("thead th")];
  heads.forEach((head, column) => {
    const button = make("button", {type: "button", className: "sort", textContent: head.textContent});
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => (down ? -1 : 1) * compare(keyOf(a, column), keyOf(b, column)));
      body.append(...rows);
    });
  });
  const said = make("span", {role: "status"});
  const input = make("input", {type: "search", placeholder: "Search, e.g. an address", ariaLabel: "Search the rows"});
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = [...row.cells].map((cell) => cell.innerText ?? cell.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    said.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
  });
  box.before(make("p", {className: "search"}, input, said));
}
for (const box of document.querySelectorAll(".scroll, .tools")) { // what is wider than its place scrolls by keys too
  new ResizeObserver(() => { box.tabIndex = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight ? 0 : -1; }).observe(box);
}
for (const folded of document.querySelectorAll("details")) addEventListener("beforeprint", () => { folded.open = true; });

for (const block of document.querySelectorAll("script.live")) {
  const {header, body} = JSON.parse(block.textContent), figure = block.parentElement;
  const place = make("div", {className: "live"});
  figure.prepend(place);
  figure.classList.add("answers");
  const bytes = Uint8Array.from(atob(body), (one) => one.charCodeAt(0)).buffer;
  pcapframe.mount(place, {header, body: bytes, height: header.panels.length > 3 ? 560 : 400, group: "report"});
}
