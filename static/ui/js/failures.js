/* When the portal cannot be reached, say so where the answer would have come, never in a toast.
   Live polls stay silent: the page shows the age of its data. */
import { say } from "./words.js";

function placeOf(ctx) {
  const target = ctx?.target;
  const fits = target instanceof Element && target.isConnected && target.id !== "toasts";
  return fits && target !== document.body ? target : document.getElementById("main");
}

function tell(ctx) {
  const template = document.getElementById("failure-template");
  const place = placeOf(ctx);
  if (!template || !place) return;
  forget(place);
  const failure = template.content.cloneNode(true);
  failure.querySelector("[data-failure-words]").textContent = say("offline");
  const holder = ["TBODY", "TABLE", "TR"].includes(place.tagName) ? place.closest("table") : null;
  if (holder) holder.before(failure);
  else place.prepend(failure);
}

function forget(place) {
  const around = place.closest("main") ?? document;
  around.querySelectorAll("[data-failure]").forEach((failure) => failure.remove());
}

document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail ?? {};
  if (ctx && !ctx.sourceElement?.matches?.("[data-live]")) tell(ctx);
});

document.addEventListener("htmx:after:swap", (event) => {
  const place = placeOf(event.detail?.ctx);
  if (place) forget(place);
});
