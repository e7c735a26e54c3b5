/* Arrow keys in the matrix, as in a grid: one stop for Tab, then ← → ↑ ↓, Home and End, with Ctrl to
   the first and the last technique. Without this, the matrix is a table of links, each a stop. */
const STOPS = "a[href], summary";
const table = document.querySelector("table.matrix");

/** What can be reached in each column, from top to bottom; sub-techniques that are folded cannot. */
function columnsOf(matrix) {
  const columns = [...matrix.tHead.rows[0].cells].map(() => []);
  for (const row of matrix.tBodies[0].rows) {
    for (const cell of row.cells) {
      for (const stop of cell.querySelectorAll(STOPS)) {
        if (stop.checkVisibility()) columns[cell.cellIndex].push(stop);
      }
    }
  }
  return columns.filter((column) => column.length);
}

/** Of a column, what stands in the same row of the table, else the last above it. */
function besides(column, row) {
  const above = column.filter((stop) => rowOf(stop) <= row);
  return above.find((stop) => rowOf(stop) === row) ?? above.at(-1) ?? column[0];
}

function rowOf(stop) {
  return stop.closest("tr").rowIndex;
}

function stopAt(stop, key, isFar) {
  const columns = columnsOf(table);
  const at = columns.findIndex((column) => column.includes(stop));
  const column = columns[at];
  const isRightToLeft = getComputedStyle(table).direction === "rtl";
  const [back, on] = isRightToLeft ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
  const beside = (place) => columns[place] && besides(columns[place], rowOf(stop));
  switch (key) {
    case "ArrowDown":
      return column[column.indexOf(stop) + 1];
    case "ArrowUp":
      return column[column.indexOf(stop) - 1];
    case back:
      return beside(at - 1);
    case on:
      return beside(at + 1);
    case "Home":
      return isFar ? columns[0][0] : beside(0);
    case "End":
      return isFar ? columns.at(-1).at(-1) : beside(columns.length - 1);
  }
  return undefined;
}

/** Make this the one stop for Tab. */
function rove(stop) {
  for (const each of table.querySelectorAll(STOPS)) each.tabIndex = each === stop ? 0 : -1;
}

if (table) {
  table.setAttribute("role", "grid"); // screen readers pass the arrows on
  rove(table.querySelector(STOPS));
  table.addEventListener("focusin", (event) => {
    const stop = event.target.closest(STOPS);
    if (stop) rove(stop);
  });
  table.addEventListener("keydown", (event) => {
    const isFar = event.ctrlKey && ["Home", "End"].includes(event.key);
    if (event.altKey || event.metaKey || event.shiftKey || (event.ctrlKey && !isFar)) return;
    const stop = event.target.closest(STOPS);
    const next = stop && stopAt(stop, event.key, isFar);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
