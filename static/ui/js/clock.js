/* Keeps ages ("6 min ago") and times left ("41 min") going, by the server's clock. */
import { lengthOf, say } from "./words.js";

const EVERY = 15_000;
const given = Date.parse(document.body.dataset.now ?? "");
const ahead = Number.isNaN(given) ? 0 : given - Date.now();

/** The server's time in milliseconds; the demo's clock may be far from this machine's. */
export function now() {
  return Date.now() + ahead;
}

function ageOf(moment) {
  const seconds = (now() - moment) / 1000;
  if (Math.abs(seconds) < 60) return say("now");
  const span = lengthOf(Math.abs(seconds));
  return say(seconds > 0 ? "ago" : "ahead", { span });
}

function tellAge(element) {
  const words = ageOf(Date.parse(element.dateTime));
  if (element.textContent !== words) element.textContent = words;
}

function tellTimeLeft(element) {
  const left = (Date.parse(element.dataset.due) - now()) / 1000;
  const late = left <= 0;
  const soon = !late && now() >= Date.parse(element.dataset.soon);
  const words = late
    ? say("late", { span: lengthOf(-left) })
    : element.dataset.wording.replace("%s", lengthOf(left));
  const time = element.querySelector("time");
  if (time.textContent !== words) time.textContent = words;
  element.classList.toggle("sla-late", late);
  element.classList.toggle("sla-soon", soon);
}

export function tick() {
  if (document.visibilityState !== "visible") return;
  document.querySelectorAll("time[data-relative]").forEach(tellAge);
  document.querySelectorAll("[data-due]").forEach(tellTimeLeft);
}

setInterval(tick, EVERY);
document.addEventListener("visibilitychange", tick);
