/* A fault leads into the text itself: the cursor stands where it is. Without this, the link leads
   to the line in the numbered text below. */
const text = document.getElementById("text");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  if (!link || !text) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const line = Math.min(Number(link.dataset.line), lines.length);
  const before = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  const column = Math.min(Number(link.dataset.column) - 1, lines[line - 1].length);
  text.focus({ preventScroll: true });
  text.setSelectionRange(before + column, before + lines[line - 1].length);
  // The field may be as long as its text, or scroll by itself.
  const from = (line - 3) / lines.length;
  text.scrollTop = from * text.scrollHeight;
  window.scrollBy(0, text.getBoundingClientRect().top + from * text.offsetHeight - 120);
});
