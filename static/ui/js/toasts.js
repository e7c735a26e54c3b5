/* Toasts: what was done, with Undo while it can be taken back. Hover and focus stop the count.
   The server shows one with the header HX-Trigger: {"toast": {"text": …, "undo": …, "seconds": …}}. */
import { bindKey } from "./keys.js";
import { say } from "./words.js";

const place = document.getElementById("toasts");
const STEP = 250;

/** Show a toast; with `undo` (an address to post to) it offers Undo for `seconds`. */
export function showToast({ text, undo = "", seconds = 10 }) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.seconds = String(seconds);
  if (undo) toast.dataset.undo = undo;
  const words = document.createElement("span");
  words.textContent = text;
  toast.append(words);
  place.append(toast);
  start(toast);
}

function start(toast) {
  let left = Number(toast.dataset.seconds) * 1000;
  const count = document.createElement("span");
  count.className = "toast-left";
  count.setAttribute("aria-hidden", "true");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = say(toast.dataset.undo ? "undo" : "dismiss");
  if (toast.dataset.undo) button.append(count);
  button.addEventListener("click", () => leave(toast, Boolean(toast.dataset.undo)));
  toast.append(button);
  toast.querySelector("form")?.remove();
  const tell = () => {
    count.textContent = say("secondsLeft", { n: Math.ceil(left / 1000) });
  };
  tell();
  const timer = setInterval(() => {
    if (!toast.isConnected) clearInterval(timer);
    if (toast.matches(":hover, :focus-within") || document.visibilityState !== "visible") return;
    left -= STEP;
    tell();
    if (left <= 0) leave(toast, false);
  }, STEP);
}

function leave(toast, undoing) {
  const { undo } = toast.dataset;
  toast.remove();
  if (undoing && undo) {
    htmx.ajax("POST", undo, { source: document.body, target: place, swap: "none" });
  }
}

/* "Z" typed before the toast of the latest act is there means that act, not the one before it. */
const acts = new Set(); // requests that change something and have no answer yet
let isUndoWanted = false;

function undoLatest() {
  if (acts.size) {
    isUndoWanted = true;
    return true;
  }
  const toasts = place.querySelectorAll("[data-undo]");
  const latest = toasts[toasts.length - 1];
  if (!latest) return false;
  leave(latest, true);
  return true;
}

function changesSomething(ctx) {
  return ctx?.request && ctx.request.method !== "GET";
}

document.addEventListener("htmx:before:request", ({ detail }) => {
  if (changesSomething(detail.ctx)) acts.add(detail.ctx);
});

document.addEventListener("htmx:finally:request", ({ detail }) => {
  acts.delete(detail.ctx);
  if (acts.size || !isUndoWanted) return;
  isUndoWanted = false;
  if (detail.ctx.response?.raw?.ok) undoLatest();
});

if (place) {
  document.addEventListener("toast", (event) => showToast(event.detail));
  bindKey("z", undoLatest);
  place.querySelectorAll(".toast").forEach(start);
}
