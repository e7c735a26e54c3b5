/* Arrow keys in the matrix: one stop for Tab, then ← → ↑ ↓, Home and End, with Ctrl to the first and
   the last technique. Without this, each technique is a stop. */
const matrix = document.querySelector(".matrix");

/** The techniques of each tactic that has some, from top to bottom. */
function columnsOf() {
  return [...matrix.querySelectorAll("ul")]
    .map((list) => [...list.querySelectorAll("a[href]")])
    .filter((column) => column.length);
}

function stopAt(stop, key, isFar) {
  const columns = columnsOf();
  const at = columns.findIndex((column) => column.includes(stop));
  const place = columns[at].indexOf(stop);
  const isRightToLeft = getComputedStyle(matrix).direction === "rtl";
  const [back, on] = isRightToLeft ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
  const beside = (column) => column && (column[place] ?? column.at(-1));
  switch (key) {
    case "ArrowDown":
      return columns[at][place + 1];
    case "ArrowUp":
      return columns[at][place - 1];
    case back:
      return beside(columns[at - 1]);
    case on:
      return beside(columns[at + 1]);
    case "Home":
      return isFar ? columns[0][0] : beside(columns[0]);
    case "End":
      return isFar ? columns.at(-1).at(-1) : beside(columns.at(-1));
  }
  return undefined;
}

/** Make this the one stop for Tab. */
function rove(stop) {
  for (const each of matrix.querySelectorAll("a[href]")) each.tabIndex = each === stop ? 0 : -1;
}

if (matrix) {
  rove(matrix.querySelector("a[href]"));
  matrix.addEventListener("focusin", (event) => {
    const stop = event.target.closest("a[href]");
    if (stop) rove(stop);
  });
  matrix.addEventListener("keydown", (event) => {
    const isFar = event.ctrlKey && ["Home", "End"].includes(event.key);
    if (event.altKey || event.metaKey || event.shiftKey || (event.ctrlKey && !isFar)) return;
    const stop = event.target.closest("a[href]");
    const next = stop && stopAt(stop, event.key, isFar);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
