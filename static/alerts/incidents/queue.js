/* The queue's cursor, selection and keys. The list and the panel come from the server; this only
   moves between rows and says which of them an act is about. */
import { bindKey } from "../../ui/js/keys.js";
import { showToast } from "../../ui/js/toasts.js";

const WIDE = matchMedia("(width >= 56.25em)");
const split = document.getElementById("queue-split");
const chosen = new Set();
let matching = ""; // all that the list holds on all its pages, as an act names them
let current = split.dataset.selected;
let lead = ""; // the incident that stands for the row: it stays when the row's key changes
let at = 0;
let anchor = 0;
let shown = "";
let waiting = 0;
let mine = false;
let usual = "";
const hintWords = document.querySelector("#panel .panel-hint")?.textContent.trim() ?? "";

const rows = () => [...document.querySelectorAll("#queue-rows tr[data-row]")];
const row = () => rows()[at];
const boxOf = (line) => line.querySelector("input[type=checkbox]");

/* The cursor */

function mark() {
  const lines = rows();
  const same = lines.findIndex((line) => line.dataset.row === current);
  const found = same >= 0 ? same : lines.findIndex((line) => line.dataset.href === lead);
  at = found >= 0 ? found : Math.min(at, Math.max(0, lines.length - 1));
  current = lines[at]?.dataset.row ?? "";
  lead = lines[at]?.dataset.href ?? "";
  lines.forEach((line, index) => {
    line.classList.toggle("is-current", index === at && WIDE.matches);
    boxOf(line).checked = chosen.has(line.dataset.target);
  });
}

function remember() {
  const url = new URL(location.href);
  if (current) url.searchParams.set("sel", current);
  else url.searchParams.delete("sel");
  history.replaceState(history.state, "", url);
}

function preview(again = false) {
  if (!WIDE.matches || split.classList.contains("is-alone")) return;
  const line = row();
  if (!line) {
    empty();
    return;
  }
  if (line.dataset.row === shown && !again) return;
  shown = line.dataset.row;
  htmx.ajax("GET", line.dataset.panel, { target: "#panel", swap: "outerHTML", source: split });
}

function empty() {
  const hint = document.createElement("p");
  hint.className = "panel-hint muted";
  hint.textContent = hintWords;
  document.getElementById("panel")?.replaceChildren(hint);
  shown = "";
}

function go(to, { focus = true } = {}) {
  const lines = rows();
  if (!lines.length) return false;
  at = Math.max(0, Math.min(lines.length - 1, to));
  current = lines[at].dataset.row;
  lead = lines[at].dataset.href;
  mark();
  if (focus) lines[at].querySelector("a").focus({ preventScroll: true });
  lines[at].scrollIntoView({ block: "nearest" });
  remember();
  clearTimeout(waiting);
  waiting = setTimeout(preview, 30);
  return true;
}

function open() {
  const line = row();
  if (!line) return false;
  location.href = line.dataset.href;
  return true;
}

/* The selection */

function choose(index, on) {
  const line = rows()[index];
  if (!line) return;
  matching = "";
  if (on) chosen.add(line.dataset.target);
  else chosen.delete(line.dataset.target);
  boxOf(line).checked = on;
}

function chooseTo(index) {
  const [low, high] = [Math.min(anchor, index), Math.max(anchor, index)];
  for (let each = low; each <= high; each += 1) choose(each, true);
}

function count() {
  const bar = document.getElementById("queue-bulk");
  if (!bar) return;
  bar.hidden = chosen.size === 0;
  const words = bar.querySelector("[data-bulk-count]");
  usual ||= words.textContent;
  words.textContent = matching ? offer().dataset.words : usual.replace(/\d+/, chosen.size);
  offerMatching();
  const all = document.getElementById("select-all");
  if (all) {
    const here = rows().filter((line) => chosen.has(line.dataset.target)).length;
    all.checked = here > 0 && here === rows().length;
    all.indeterminate = here > 0 && !all.checked;
  }
}

/* "Select all 412 matching": offered, with its number, once the whole page is chosen. OT is asked
   about rows that somebody has seen. */

const offer = () => document.querySelector("[data-select-matching]");

function offerMatching() {
  const place = document.getElementById("queue-matching");
  const asking = document.querySelector("#queue-bulk [data-act=ask]");
  if (asking) asking.hidden = Boolean(matching);
  if (!place) return;
  const whole = rows().length > 0 && rows().every((line) => chosen.has(line.dataset.target));
  place.hidden = !whole || Boolean(matching);
  if (whole && !offer()) place.dispatchEvent(new CustomEvent("wanted", { bubbles: false }));
}

function chooseMatching() {
  matching = offer().dataset.selectMatching;
  count();
  document.querySelector("[data-select-none]").focus();
}

function toggle(shift) {
  const line = row();
  if (!line) return false;
  if (shift) chooseTo(at);
  else {
    choose(at, !chosen.has(line.dataset.target));
    anchor = at;
  }
  count();
  return true;
}

function none() {
  chosen.clear();
  matching = "";
  mark();
  count();
}

/* Acting on the row under the cursor, or on all that are selected */

function targets() {
  if (matching) return matching;
  if (chosen.size) return [...chosen].join("&");
  return row()?.dataset.target ?? "";
}

function addressOf(act) {
  const base = document.getElementById("queue-acts").dataset;
  return act === "ask" ? base.ask : `${base.acts}${act}/`;
}

function ask(act) {
  const about = targets();
  const address = addressOf(act);
  if (!about || !address || (matching && act === "ask")) return false;
  mine = false;
  htmx.ajax("GET", `${address}?${about}`, { target: "#dialogs", swap: "innerHTML", source: "#dialogs" });
  return true;
}

function assignToMe() {
  const about = targets();
  if (!about) return false;
  mine = true;
  const values = { to: "me" };
  htmx.ajax("POST", addressOf("assign"), {
    target: "#dialogs", swap: "innerHTML", source: "#queue-acts", values: { ...values, ...fields(about) },
  });
  return true;
}

function fields(about) {
  const values = {};
  for (const [name, value] of new URLSearchParams(about)) (values[name] ??= []).push(value);
  return values;
}

function view(step) {
  const tabs = [...document.querySelectorAll("#queue-tabs a")];
  const now = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  const next = tabs[now + step];
  if (!next) return false;
  next.click();
  return true;
}

function alone(on) {
  split.classList.toggle("is-alone", on);
  if (on) row()?.querySelector("a")?.focus({ preventScroll: true });
  else preview(true);
}

/* Keys */

bindKey("j", () => go(at + 1));
bindKey("k", () => go(at - 1));
bindKey("ArrowDown", (event) => inList(event) && go(at + 1));
bindKey("ArrowUp", (event) => inList(event) && go(at - 1));
bindKey("o", open);
bindKey("Enter", (event) => (event.target === document.body ? open() : false));
bindKey(" ", previewKey);
bindKey("Escape", (event) => {
  if (event.target.closest("#panel")) {
    row()?.querySelector("a")?.focus();
    return true;
  }
  if (chosen.size) {
    none();
    return true;
  }
  if (!split.classList.contains("is-alone") && WIDE.matches) {
    alone(true);
    return true;
  }
  return false;
});
bindKey("x", () => toggle(false));
bindKey("shift+x", () => toggle(true));
bindKey("a", () => ask("assign"));
bindKey("a a", assignToMe);
bindKey("r", () => ask("ask"));
bindKey("e", () => ask(document.getElementById("queue-acts").dataset.end));
bindKey("s", () => ask("severity"));
bindKey("c", () => ask("comment"));
bindKey("v", () => {
  const first = document.querySelector("#panel input[name=verdict]");
  first?.focus();
  return Boolean(first);
});
bindKey("[", () => view(-1));
bindKey("]", () => view(1));

// The space bar on a link scrolls the page; on a row's link it shows the preview instead.
document.addEventListener("keydown", (event) => {
  const quiet = document.body.dataset.keys === "off" || event.key !== " ";
  if (!quiet && event.target.closest("#queue-rows a") && previewKey()) event.preventDefault();
});

function previewKey() {
  if (split.classList.contains("is-alone")) alone(false);
  else document.getElementById("panel")?.focus();
  return true;
}

function inList(event) {
  return Boolean(event.target.closest("#queue-rows"));
}

/* Pointer */

document.addEventListener("click", (event) => {
  const line = event.target.closest("#queue-rows tr[data-row]");
  if (event.target.closest("[data-close-panel]")) alone(true);
  else if (event.target.closest("[data-select-none]")) none();
  else if (event.target.closest("[data-select-matching]")) chooseMatching();
  else if (event.target.closest("[data-act]")) ask(event.target.closest("[data-act]").dataset.act);
  else if (event.target.closest("[data-copy-link]")) copy(event.target.closest("[data-copy-link]"));
  else if (line) press(line, event);
});

function press(line, event) {
  const index = rows().indexOf(line);
  if (event.target.closest("label, input")) {
    const box = event.target.closest("input");
    if (!box) return;
    if (event.shiftKey) chooseTo(index);
    else choose(index, box.checked);
    anchor = index;
    count();
    return;
  }
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (!plain || !WIDE.matches) {
    if (!event.target.closest("a") && !WIDE.matches) location.href = line.dataset.href;
    return;
  }
  if (event.detail === 0) return; // Enter on the link opens it
  event.preventDefault();
  if (split.classList.contains("is-alone")) split.classList.remove("is-alone");
  go(index);
}

document.addEventListener("dblclick", (event) => {
  if (event.target.closest("#queue-rows tr[data-row]") && WIDE.matches) open();
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "select-all") return;
  rows().forEach((_line, index) => choose(index, event.target.checked));
  count();
});

async function copy(button) {
  remember();
  try {
    await navigator.clipboard.writeText(location.href);
    showToast({ text: button.dataset.copyLink, seconds: 4 });
  } catch {
    prompt(button.textContent, location.href);
  }
}

/* After the server changed something */

document.addEventListener("htmx:before:swap", (event) => {
  // "a a" came faster than the dialog of the first "a": the dialog is not wanted any more.
  const { ctx } = event.detail;
  const isDialog = ctx?.target?.id === "dialogs" && ctx.request?.method === "GET";
  if (mine && isDialog) event.preventDefault();
  // The row is gone meanwhile: the list will say so, the panel lets go of it.
  if (ctx?.target?.id === "panel" && !ctx.response?.raw?.ok) {
    event.preventDefault();
    empty();
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.target?.id !== "queue-list") return;
  const alive = new Set(rows().map((line) => line.dataset.target));
  for (const target of chosen) if (!alive.has(target)) chosen.delete(target);
  if (!offer()) matching = "";
  mark();
  count();
  preview();
});

// What was decided shows in the list first; the panel of the row under the cursor follows it.
for (const name of ["incidents-changed", "ot-changed"]) {
  document.addEventListener(name, () => {
    shown = "";
  });
}

WIDE.addEventListener("change", () => {
  mark();
  preview();
});

mark();
count();
preview();
