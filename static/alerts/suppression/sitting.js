/* The time that a proof of identity has left. When it is over only Sign asks again: its password
   field appears, and everything else stays where it is. */
import { now } from "../../ui/js/clock.js";

function told(element) {
  const left = Math.max(0, Math.round((Date.parse(element.dataset.proofUntil) - now()) / 1000));
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  for (const each of element.querySelectorAll("[data-proof-left]")) {
    each.textContent = each.dataset.wording.replace("%s", clock);
  }
  const bar = element.querySelector("progress");
  if (bar) bar.value = left;
  if (left) return;
  element.hidden = true;
  for (const each of document.querySelectorAll("[data-proof-ended]")) {
    each.hidden = false;
    each.querySelector("input").disabled = false;
  }
}

function tick() {
  document.querySelectorAll("[data-proof-until]:not([hidden])").forEach(told);
}

tick();
setInterval(tick, 1000);

/* Back from a check: which were opened is known by the server. */
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});
