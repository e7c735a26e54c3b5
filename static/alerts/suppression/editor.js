/* The editor saves by itself when something changes. What is still being put together (a weekly
   window, the field of a new line) waits for its button. */
document.addEventListener(
  "change",
  (event) => {
    if (event.target.closest("[data-later]")) event.stopPropagation();
  },
  true,
);

/* Before the page is renewed: what is folded out, and which weekly windows are whole. */
let unfolded = [];
let whole = [];
document.addEventListener("htmx:before:swap", () => {
  unfolded = [...document.querySelectorAll("#editor details[open][id]")].map((each) => each.id);
  whole = [...document.querySelectorAll("#editor .edit-window")].flatMap(windowsOf);
});
document.addEventListener("htmx:after:swap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
});

/* A value that has become a pill leaves the field it was typed in, which keeps the cursor. */
document.addEventListener("rule-saved", () => {
  document.querySelectorAll("#editor .edit-line").forEach((line) => {
    const added = line.querySelector('[name$="-add"]');
    const held = [...line.querySelectorAll('[name$="-value"]')].map((pill) => pill.value);
    if (added && held.includes(added.value.trim())) added.value = "";
    const became = whole.filter((each) => held.includes(each));
    if (became.length) leaveWindow(line, became);
  });
});

function windowsOf(box) {
  const [from, to, zone] = ["from", "to", "zone"].map(
    (name) => box.querySelector(`[name$="-${name}"]`).value,
  );
  if (!from || !to) return [];
  const hours = `${from}-${to === "00:00" ? "24:00" : to} ${zone}`;
  return [...box.querySelectorAll('[name$="-day"]:checked')].map((day) => `${day.value} ${hours}`);
}

function leaveWindow(line, became) {
  for (const day of line.querySelectorAll('[name$="-day"]:checked')) {
    if (became.some((each) => each.startsWith(`${day.value} `))) day.checked = false;
  }
  for (const time of line.querySelectorAll('[type="time"]')) time.value = "";
}
