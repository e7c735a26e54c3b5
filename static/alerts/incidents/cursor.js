/* The queue's cursor: which row it stands on, what the address says of it, and the panel that
   follows it. */
export const WIDE = matchMedia("(width >= 56.25em)");

const split = document.getElementById("queue-split");
let current = split.dataset.selected;
let lead = ""; // the incident that stands for the row: it stays when the row's key changes
let at = 0;
let shown = ""; // the row whose panel was asked for
let arrived = ""; // the row whose panel is there
let waiting = 0;
const hintWords = document.querySelector("#panel .panel-hint")?.textContent.trim() ?? "";

/** The rows of the list, from top to bottom. */
export const rows = () => [...document.querySelectorAll("#queue-rows tr[data-row]")];

/** The row under the cursor. */
export const row = () => rows()[at];

/** Its place in the list. */
export const place = () => at;

/** Find the row again after the list was drawn, and show where the cursor is. */
export function mark() {
  const lines = rows();
  const same = lines.findIndex((line) => line.dataset.row === current);
  const found = same >= 0 ? same : lines.findIndex((line) => line.dataset.href === lead);
  at = found >= 0 ? found : Math.min(at, Math.max(0, lines.length - 1));
  current = lines[at]?.dataset.row ?? "";
  lead = lines[at]?.dataset.href ?? "";
  lines.forEach((line, index) => {
    line.classList.toggle("is-current", index === at && WIDE.matches);
  });
}

/** Put the row into the address, so that a link brings a colleague to it. */
export function remember() {
  const url = new URL(location.href);
  if (current) url.searchParams.set("sel", current);
  else url.searchParams.delete("sel");
  history.replaceState(history.state, "", url);
}

/** Move to the row at this place; the panel follows. */
export function go(to) {
  const lines = rows();
  if (!lines.length) return false;
  at = Math.max(0, Math.min(lines.length - 1, to));
  current = lines[at].dataset.row;
  lead = lines[at].dataset.href;
  mark();
  focusRow();
  lines[at].scrollIntoView({ block: "nearest" });
  remember();
  clearTimeout(waiting);
  waiting = setTimeout(preview, 30);
  return true;
}

/** Give the focus to the row under the cursor. */
export function focusRow() {
  row()?.querySelector("a")?.focus({ preventScroll: true });
}

/** Open the row as a page. */
export function open() {
  const line = row();
  if (!line) return false;
  location.href = line.dataset.href;
  return true;
}

/* The panel */

/** Whether the list stands alone, its panel put away. */
export const isAlone = () => split.classList.contains("is-alone");

/** Put the panel away, or bring it back. */
export function alone(on) {
  split.classList.toggle("is-alone", on);
  if (on) focusRow();
  else preview(true);
}

/** Bring the panel back before another row comes into it. */
export function makeRoom() {
  split.classList.remove("is-alone");
}

/** Show what is known about the row under the cursor. */
export function preview(again = false) {
  if (!WIDE.matches || isAlone()) return;
  const line = row();
  if (!line) {
    empty();
    return;
  }
  if (line.dataset.row === shown && !again) return;
  shown = line.dataset.row;
  htmx.ajax("GET", line.dataset.panel, { target: "#panel", swap: "outerHTML", source: split });
}

/** Whether the panel is the one of this row; another may still be on its way. */
export const isShown = (ref) => arrived === ref;

document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx?.target?.id !== "panel") return;
  const line = rows().find((each) => ctx.request.action.endsWith(each.dataset.panel));
  arrived = line?.dataset.row ?? "";
});

/** What the panel shows is out of date: it is fetched anew with the list. */
export function forgetShown() {
  shown = "";
}

/** Nothing to show. */
export function empty() {
  const hint = document.createElement("p");
  hint.className = "panel-hint muted";
  hint.textContent = hintWords;
  document.getElementById("panel")?.replaceChildren(hint);
  shown = arrived = "";
}
