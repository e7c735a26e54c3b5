/* Shortcuts. Keys are named "r", "shift+x", "ctrl+k", "Enter" or, in sequence, "g q". An element
   with data-key="r" (or "g q") is pressed by that key; data-focus-key="/" puts the cursor there.
   Single letters never work inside fields, nor where body says data-keys="off". Modules of a page
   bind further keys with bindKey.

   Typed fast, a key means what it meant when it was pressed: while a dialog is on its way, keys are
   not for the page behind it; a sequence may begin on one page and end on the next; what is typed
   while a page loads is done once its modules are there. */
import { dismissDialog, isDialogComing } from "./dialogs.js";

const PAUSE = 2000; // milliseconds between the keys of a sequence, on slow machines, too
const KEPT = "tagout_keys";
const bound = new Map();
let begun = "";
let since = 0; // when the key before was pressed

/** Call `act(event)` when the key (or sequence, "a a") is pressed; the last binding wins. With
    `repeat` also again and again while the key is held down. */
export function bindKey(keys, act, { repeat = false } = {}) {
  bound.set(keys, { act, repeat });
}

/** Whether a key press belongs to a field or a dialog instead of the page. */
export function isTyping(target) {
  if (!(target instanceof Element)) return false;
  return Boolean(target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
}

/** Enter and Space belong to the link, button or box that has the focus. */
function isPressing(event) {
  if (event.key !== "Enter" && event.key !== " ") return false;
  return Boolean(event.target.closest?.("a, button, summary, input, select, textarea"));
}

function nameOf(event) {
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const held = `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.altKey ? "alt+" : ""}`;
  const shift = event.shiftKey && /^[a-z]$/.test(name) ? "shift+" : "";
  return held + shift + name;
}

function visible(element) {
  return element.checkVisibility?.({ visibilityProperty: true }) ?? element.offsetParent !== null;
}

function find(attribute, keys) {
  const scope = document.querySelector("dialog[open]") ?? document;
  const name = CSS.escape(keys);
  return [...scope.querySelectorAll(`[${attribute}="${name}"]`)].find(visible);
}

function answer(keys, event) {
  const field = find("data-focus-key", keys);
  if (field) {
    field.focus();
    field.select?.();
    return true;
  }
  const element = find("data-key", keys);
  if (element && !element.disabled) {
    element.click();
    return true;
  }
  const binding = document.querySelector("dialog[open]") ? undefined : bound.get(keys);
  return binding && (binding.repeat || !event.repeat) ? binding.act(event) !== false : false;
}

/** Whether the key only begins sequences, as `g` does: what follows it is no key of its own. */
function isPrefix(key) {
  const sequences = [...bound.keys(), ...[...document.querySelectorAll("[data-key]")].map((each) => each.dataset.key)];
  return sequences.some((keys) => keys.startsWith(`${key} `)) && !sequences.includes(key);
}

function forget() {
  begun = "";
}

/** While a dialog is on its way, only what goes on from the key that asked for it counts. */
function whileDialogComes(name, event) {
  const again = begun && bound.get(`${begun} ${name}`);
  forget();
  event.preventDefault();
  if (name === "Escape") dismissDialog();
  else if (again && !event.repeat) again.act(event);
}

/** Ctrl+Enter in a field sends its form, where the form has one way to be sent. */
function sendForm(event) {
  const form = event.target.matches?.("input, textarea, select") ? event.target.form : null;
  const ways = form?.querySelectorAll("button:not([type=button], [type=reset])") ?? [];
  if (event.repeat || ways.length !== 1 || ways[0].disabled) return false;
  form.requestSubmit(ways[0]);
  return true;
}

function press(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const name = nameOf(event);
  if (name === "ctrl+Enter" && sendForm(event)) {
    event.preventDefault();
    return;
  }
  const plain = !name.includes("ctrl+") && !name.includes("alt+");
  if (plain && (isTyping(event.target) || document.body.dataset.keys === "off")) {
    forget();
    return;
  }
  const at = performance.timeOrigin + event.timeStamp;
  if (at - since >= PAUSE) forget();
  since = at;
  if (plain && isDialogComing() && !["Tab", "Shift"].includes(name)) {
    whileDialogComes(name, event);
    return;
  }
  if (isPressing(event)) return;
  if (event.repeat) {
    if (bound.get(name)?.repeat && answer(name, event)) event.preventDefault();
    return;
  }
  const sequence = begun ? `${begun} ${name}` : name;
  const alone = sequence === name || !isPrefix(begun);
  begun = plain && name.length === 1 ? name : begun && event.key === "Shift" ? begun : "";
  if (answer(sequence, event)) {
    event.preventDefault();
    if (sequence !== name) forget();
  } else if (alone && sequence !== name && answer(name, event)) event.preventDefault();
}

document.addEventListener("pointerdown", forget);

/* A sequence that was begun on the page before: "g" there, "q" here. */

addEventListener("pagehide", () => {
  if (begun) sessionStorage.setItem(KEPT, JSON.stringify({ begun, since }));
});

const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
sessionStorage.removeItem(KEPT);

document.addEventListener("DOMContentLoaded", () => {
  if (kept && isPrefix(kept.begun)) ({ begun, since } = kept);
  document.takeEarlyKeys?.().forEach(press);
  document.addEventListener("keydown", press);
});
