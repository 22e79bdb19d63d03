// Names for what other widgets draw without one: the two handles of the slider of time.
const NAMES = { "noUi-handle-lower": "Begin of the selected time", "noUi-handle-upper": "End of the selected time" };
function render({ el }) {
  el.style.display = "none";
  const name = () => {
    const around = el.closest(".pcapframe-side");
    if (!around) return;
    for (const [part, text] of Object.entries(NAMES)) {
      for (const handle of around.querySelectorAll(`.${part}:not([aria-label])`)) handle.setAttribute("aria-label", text);
    }
  };
  const seen = new MutationObserver(name);
  const begin = () => { const around = el.closest(".pcapframe-side"); if (around) seen.observe(around, { childList: true, subtree: true }); name(); };
  setTimeout(begin, 0); // once it is on the page
  return () => seen.disconnect();
}
export default { render };
