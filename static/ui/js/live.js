/* Live parts: <div data-live hx-get="…" hx-trigger="live" hx-swap="outerMorph">. The event "live"
   comes every 20 s while the page is seen (data-live="60": every 60 s), and at once on return.
   The server answers 204 when nothing changed. A part with data-live-idle, which moves what is below
   it, waits until nobody has typed for ten seconds. */
import { now, tick } from "./clock.js";

const USUAL = 20;
const PAUSE = 10_000;
const asked = new WeakMap();
let typed = -Infinity;

function isDue(element) {
  if (!asked.has(element)) asked.set(element, performance.now());
  if ("liveIdle" in element.dataset && performance.now() - typed < PAUSE) return false;
  const every = Number(element.dataset.live) || USUAL;
  return performance.now() - asked.get(element) >= every * 1000;
}

function poll() {
  if (document.visibilityState !== "visible" || !navigator.onLine) return;
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!isDue(element)) continue;
    asked.set(element, performance.now());
    element.dispatchEvent(new CustomEvent("live", { bubbles: false }));
  }
}

/* The server tells by this that nobody is at work: a page left open does not keep one signed in. */
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (ctx?.sourceEvent?.type === "live") ctx.request.headers["Tagout-Live"] = "1";
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (!ctx?.sourceElement?.matches?.("[data-live]") || !ctx.response?.raw?.ok) return;
  for (const stamp of document.querySelectorAll("[data-live-stamp] time")) {
    stamp.dateTime = new Date(now()).toISOString();
  }
  tick();
});

document.addEventListener("input", () => {
  typed = performance.now();
});
setInterval(poll, 1000);
document.addEventListener("visibilitychange", poll);
addEventListener("online", poll);
