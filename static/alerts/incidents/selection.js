/* Which rows of the queue are chosen: one by one, a stretch of them, or all that match. */
import { place, row, rows } from "./cursor.js";

const chosen = new Map(); // by target: how many incidents the row stands for
let matching = ""; // all that the list holds on all its pages, as an act names them
let anchor = 0;

/** What an act is about: all that match, else the chosen rows, else the one under the cursor. */
export function targets() {
  if (matching) return matching;
  if (chosen.size) return [...chosen.keys()].join("&");
  return row()?.dataset.target ?? "";
}

/** Whether any row is chosen. */
export const isAny = () => chosen.size > 0;

/** Whether all that match are chosen, seen or not. */
export const isAllMatching = () => Boolean(matching);

const countOf = (line) => Number(line.dataset.n ?? 1);

function choose(index, on) {
  const line = rows()[index];
  if (!line) return;
  matching = "";
  if (on) chosen.set(line.dataset.target, countOf(line));
  else chosen.delete(line.dataset.target);
}

function chooseTo(index) {
  const [low, high] = [Math.min(anchor, index), Math.max(anchor, index)];
  for (let each = low; each <= high; each += 1) choose(each, true);
}

/** Choose or leave the row at this place; with `stretch` all from the latest one to here. */
export function pick(index, on, stretch) {
  if (stretch) chooseTo(index);
  else choose(index, on);
  anchor = index;
  show();
}

/** Turn the row under the cursor; with `stretch` choose all from the latest turned one to it. */
export function toggle(stretch) {
  const line = row();
  if (!line) return false;
  if (stretch) chooseTo(place());
  else {
    choose(place(), !chosen.has(line.dataset.target));
    anchor = place();
  }
  show();
  return true;
}

/** All rows of this page, or none of them. */
export function choosePage(on) {
  rows().forEach((_line, index) => choose(index, on));
  show();
}

/** Choose nothing any more. */
export function none() {
  chosen.clear();
  matching = "";
  show();
}

/** After the list was drawn anew: rows that are gone are not chosen any more. */
export function letGo() {
  const alive = new Map(rows().map((line) => [line.dataset.target, countOf(line)]));
  for (const target of chosen.keys()) {
    if (alive.has(target)) chosen.set(target, alive.get(target));
    else chosen.delete(target);
  }
  if (!offer()) matching = "";
  show();
}

/** Draw the boxes and the bar of acts as the selection is. */
export function show() {
  for (const line of rows()) {
    const box = line.querySelector("input[type=checkbox]");
    if (box) box.checked = chosen.has(line.dataset.target);
  }
  const bar = document.getElementById("queue-bulk");
  if (!bar) return;
  bar.hidden = chosen.size === 0;
  if (!bar.hidden) bar.querySelector("[data-bulk-count]").textContent = words(bar);
  offerMatching();
  const all = document.getElementById("select-all");
  if (all) {
    const here = rows().filter((line) => chosen.has(line.dataset.target)).length;
    all.checked = here > 0 && here === rows().length;
    all.indeterminate = here > 0 && !all.checked;
  }
}

/** How many incidents are chosen, as the forms of acts count them: a row may stand for many. */
function words(bar) {
  if (matching) return offer().dataset.words;
  const n = [...chosen.values()].reduce((sum, each) => sum + each, 0);
  const { single, many } = bar.querySelector("[data-bulk-count]").dataset;
  return (n === 1 ? single : many).replace(/\d+/, n.toLocaleString(document.documentElement.lang));
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

/** Take the offer. */
export function chooseMatching() {
  matching = offer().dataset.selectMatching;
  show();
  document.querySelector("[data-select-none]").focus();
}
