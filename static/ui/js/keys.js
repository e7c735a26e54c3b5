/* Shortcuts. Keys are named "r", "shift+x", "ctrl+k", "Enter" or, in sequence, "g q". An element with data-key="r" (or "g q") is pressed by that key; data-focus-key="/"
   puts the cursor there. Single letters never work inside fields, nor where body says
   data-keys="off". Modules of a page bind further keys with bindKey. */
const PAUSE = 1200;
const bound = new Map();
let begun = "";
let since = 0;

/** Call `act(event)` when the key (or sequence, "a a") is pressed; the last binding wins. */
export function bindKey(keys, act) {
  bound.set(keys, act);
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
  const act = document.querySelector("dialog[open]") ? undefined : bound.get(keys);
  return act ? act(event) !== false : false;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || isPressing(event)) return;
  const name = nameOf(event);
  const plain = !name.includes("ctrl+") && !name.includes("alt+");
  if (plain && (isTyping(event.target) || document.body.dataset.keys === "off")) return;
  const fresh = event.timeStamp - since < PAUSE;
  const sequence = fresh && begun ? `${begun} ${name}` : name;
  begun = plain && name.length === 1 ? name : "";
  since = event.timeStamp;
  if (answer(sequence, event) || (sequence !== name && answer(name, event))) {
    event.preventDefault();
    if (sequence !== name) begun = "";
  }
});
