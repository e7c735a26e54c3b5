/* The editor saves by itself when something changes. What is still being put together (a weekly
   window, the field of a new line) waits for its button. */
document.addEventListener(
  "change",
  (event) => {
    if (event.target.closest("[data-later]")) event.stopPropagation();
  },
  true,
);

/* A value that has become a pill leaves the field it was typed in, which keeps the cursor. */
document.addEventListener("rule-saved", () => {
  document.querySelectorAll("#editor .edit-line").forEach((line) => {
    const added = line.querySelector('[name$="-add"]');
    const held = [...line.querySelectorAll('[name$="-value"]')].map((pill) => pill.value);
    if (added && held.includes(added.value.trim())) added.value = "";
  });
});
