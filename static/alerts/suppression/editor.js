/* The editor saves by itself when something changes. What is still being put together (a weekly
   window, the field of a new line) waits for its button. */
document.addEventListener(
  "change",
  (event) => {
    if (event.target.closest("[data-later]")) event.stopPropagation();
  },
  true,
);
