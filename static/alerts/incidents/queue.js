/* The queue's keys, its pointer and its acts. The list and the panel come from the server; this
   only says where the cursor goes, what is chosen and what an act is about. */
import { bindKey } from "../../ui/js/keys.js";
import { showToast } from "../../ui/js/toasts.js";
import { assignToMe } from "./assign.js";
import {
  WIDE, alone, empty, focusRow, forgetShown, go, isAlone, isShown, makeRoom, mark, open, place,
  preview, remember, row, rows,
} from "./cursor.js";
import * as selection from "./selection.js";

/* Acts */

function addressOf(act) {
  const base = document.getElementById("queue-acts").dataset;
  if (!base.acts) return ""; // who only reads has nothing to do to a row
  return act === "ask" ? base.ask : `${base.acts}${act}/`;
}

function ask(act) {
  const about = selection.targets();
  const address = addressOf(act);
  if (!about || !address || (selection.isAllMatching() && act === "ask")) return false;
  htmx.ajax("GET", `${address}?${about}`, { target: "#dialogs", swap: "innerHTML", source: "#dialogs" });
  return true;
}

let chosenView = null; // until its page comes: "] ]" goes two views on

function view(step) {
  const tabs = [...document.querySelectorAll("#queue-tabs a")];
  const now = tabs.findIndex((tab) => tab.href === chosenView);
  const from = now >= 0 ? now : tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  const next = tabs[from + step];
  if (!next) return false;
  chosenView = next.href;
  next.click();
  return true;
}

addEventListener("pageshow", () => {
  chosenView = null;
});

/* Keys */

const held = { repeat: true };
bindKey("j", () => go(place() + 1), held);
bindKey("k", () => go(place() - 1), held);
bindKey("ArrowDown", (event) => inList(event) && go(place() + 1), held);
bindKey("ArrowUp", (event) => inList(event) && go(place() - 1), held);
bindKey("o", open);
bindKey("Enter", (event) => (event.target === document.body ? open() : false));
bindKey(" ", previewKey);
bindKey("Escape", (event) => {
  if (event.target.closest("#panel")) {
    focusRow();
    return true;
  }
  if (selection.isAny()) {
    selection.none();
    return true;
  }
  if (!isAlone() && WIDE.matches) {
    alone(true);
    return true;
  }
  return false;
});
bindKey("x", () => Boolean(addressOf("assign")) && selection.toggle(false));
bindKey("shift+x", () => Boolean(addressOf("assign")) && selection.toggle(true));
bindKey("a", () => ask("assign"));
bindKey("a a", () => assignToMe(addressOf("assign"), selection.targets(), "#queue-acts"));
bindKey("r", () => ask("ask"));
bindKey("e", () => ask(document.getElementById("queue-acts").dataset.end));
bindKey("u", () => ask("escalate"));
bindKey("s", () => ask("severity"));
bindKey("c", () => ask("comment"));
bindKey("b", () => ask("aside"));
bindKey("v", judge);
bindKey("[", () => view(-1));
bindKey("]", () => view(1));

/* The verdict that the panel offers, once it is about the row under the cursor: a panel that is
   still on its way is waited for, never the one before answered. */
let rowToJudge = "";

function judge() {
  rowToJudge = row()?.dataset.row ?? "";
  focusVerdict();
  return true;
}

function focusVerdict() {
  if (!rowToJudge || rowToJudge !== row()?.dataset.row || !isShown(rowToJudge)) return;
  const first = document.querySelector("#panel input[name=verdict]");
  if (!first) return;
  rowToJudge = "";
  first.focus();
}

// The space bar on a link scrolls the page; on a row's link it shows the preview instead.
document.addEventListener("keydown", (event) => {
  const quiet = document.body.dataset.keys === "off" || event.key !== " ";
  if (!quiet && event.target.closest("#queue-rows a") && previewKey()) event.preventDefault();
});

function previewKey() {
  if (isAlone()) alone(false);
  else document.getElementById("panel")?.focus();
  return true;
}

function inList(event) {
  return Boolean(event.target.closest("#queue-rows"));
}

// What the palette's acts are about.
document.addEventListener("palette:ask", (event) => {
  if (addressOf("assign")) event.detail.on = selection.targets();
});

/* Pointer */

document.addEventListener("click", (event) => {
  const line = event.target.closest("#queue-rows tr[data-row]");
  if (event.target.closest("[data-close-panel]")) alone(true);
  else if (event.target.closest("[data-select-none]")) selection.none();
  else if (event.target.closest("[data-select-matching]")) selection.chooseMatching();
  else if (event.target.closest("[data-act]")) ask(event.target.closest("[data-act]").dataset.act);
  else if (event.target.closest("[data-copy-link]")) copy(event.target.closest("[data-copy-link]"));
  else if (line) press(line, event);
});

function press(line, event) {
  const index = rows().indexOf(line);
  if (event.target.closest("label, input")) {
    const box = event.target.closest("input");
    if (!box) return;
    selection.pick(index, box.checked, event.shiftKey);
    return;
  }
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (!plain || !WIDE.matches) {
    if (!event.target.closest("a") && !WIDE.matches) location.href = line.dataset.href;
    return;
  }
  if (event.detail === 0) return; // Enter on the link opens it
  event.preventDefault();
  makeRoom();
  go(index);
}

document.addEventListener("dblclick", (event) => {
  if (event.target.closest("#queue-rows tr[data-row]") && WIDE.matches) open();
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "select-all") return;
  selection.choosePage(event.target.checked);
});

// The menu's values are counted when it opens; a list that comes anew has none again.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.id !== "queue-facets" || !target.open || !target.querySelector("[data-to-come]")) return;
    const values = "#queue-facet-values";
    htmx.ajax("GET", target.dataset.facets, { target: values, swap: "innerHTML", source: values });
  },
  true,
);

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
  const { ctx } = event.detail;
  // The row is gone meanwhile: the list will say so, the panel lets go of it.
  if (ctx?.target?.id === "panel" && !ctx.response?.raw?.ok) {
    event.preventDefault();
    empty();
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  focusVerdict();
  if (event.detail.ctx?.target?.id !== "queue-list") return;
  mark();
  selection.letGo();
  preview();
  document.dispatchEvent(new CustomEvent("selection-changed"));
});

// What was decided shows in the list first; the panel of the row under the cursor follows it.
for (const name of ["incidents-changed", "ot-changed"]) {
  document.addEventListener(name, forgetShown);
}

WIDE.addEventListener("change", () => {
  mark();
  preview();
});

mark();
selection.show();
preview();
