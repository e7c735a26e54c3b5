/* The plan's keys: j and k move along the rows, and the panel follows. The other keys (o, p, r) press
   what is on the page. */
import { bindKey } from "../../ui/js/keys.js";

function links() {
  return [...document.querySelectorAll("[data-plan-row] .plan-sentence")];
}

function mark(link) {
  for (const each of links()) {
    const isCurrent = each === link;
    each.closest("[data-plan-row]").classList.toggle("is-current", isCurrent);
    if (isCurrent) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
}

function go(step) {
  const all = links();
  const at = all.findIndex((link) => link.hasAttribute("aria-current"));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (!next) return false;
  next.scrollIntoView({ block: "nearest" });
  next.focus({ preventScroll: true });
  next.click();
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-plan-row] .plan-sentence");
  if (link) mark(link);
});

bindKey("j", () => go(1));
bindKey("k", () => go(-1));
