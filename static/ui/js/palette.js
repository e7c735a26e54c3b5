/* The command palette: <command-palette> around a dialog. Ctrl+K, or whatever has data-palette,
   opens it; the server finds, this moves through what was found. A page says what is selected by
   answering the event "palette:ask" with `event.detail.on`, targets as addresses of acts name
   them; it fires "selection-changed" when they are others. */
import { openDialog } from "./dialogs.js";

const PAUSE = 90; // between the last letter and the question

class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.field = this.querySelector("input");
    this.results = this.querySelector("#palette-results");
    this.waiting = 0;
    this.answered = null; // the text whose results are there
    this.isChosen = false; // Enter came before its results
    this.field.addEventListener("input", () => this.ask(PAUSE));
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.choose();
    });
    this.results.addEventListener("pointermove", (event) => this.mark(event.target.closest("[role=option]")));
    this.results.addEventListener("click", (event) => {
      if (event.target.closest("[role=option]")) this.dialog.close();
    }, true);
    this.dialog.addEventListener("close", () => this.leave());
    document.addEventListener("selection-changed", () => this.dialog.open && this.ask(0));
    // Not before htmx has bound what was swapped in: a result may be chosen at once.
    this.addEventListener("htmx:finally:request", (event) => this.show(event.detail.ctx));
    this.addEventListener("htmx:error", () => this.fail());
  }

  open(opener) {
    if (this.dialog.open) return;
    openDialog(this.dialog, opener);
    this.field.select();
    this.ask(0);
  }

  /** Ask the server for what is typed, once the typing pauses. */
  ask(pause) {
    clearTimeout(this.waiting);
    const text = this.field.value;
    this.answered = null;
    this.waiting = setTimeout(() => {
      const selected = new CustomEvent("palette:ask", { detail: { on: "" } });
      document.dispatchEvent(selected);
      const query = new URLSearchParams({ q: text });
      if (selected.detail.on) query.set("on", selected.detail.on);
      htmx.ajax("GET", `${this.dataset.address}?${query}`, {
        target: this.results, swap: "innerHTML", source: this.querySelector("form"),
      });
    }, pause);
  }

  show(ctx) {
    const asked = new URL(ctx.request.action, location.href).searchParams.get("q");
    const isHere = ctx.target === this.results && ctx.status === "swapped";
    if (!isHere || asked !== this.field.value || !this.dialog.open) return;
    this.answered = asked;
    const found = this.results.querySelector(".found");
    this.querySelector("#palette-count").textContent = found?.dataset.words ?? "";
    const list = this.results.querySelector("[role=listbox]");
    this.field.setAttribute("aria-expanded", String(Boolean(list)));
    if (list) this.field.setAttribute("aria-controls", list.id);
    else this.field.removeAttribute("aria-controls");
    this.results.scrollTop = 0;
    this.mark(this.options()[0]);
    if (this.isChosen) this.choose();
  }

  /** The portal could not be reached; the page says so above what was there. */
  fail() {
    this.isChosen = false;
    this.mark(undefined);
  }

  options() {
    return [...this.results.querySelectorAll("[role=option]")].filter((each) => each.checkVisibility());
  }

  current() {
    return this.results.querySelector("[aria-selected=true]");
  }

  mark(option) {
    const before = this.current();
    if (option === before || option === null) return;
    before?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    if (option) this.field.setAttribute("aria-activedescendant", option.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  press(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const options = this.options();
    if (!options.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = options.indexOf(this.current());
    const next = options[(Math.max(at, step > 0 ? -1 : 0) + step + options.length) % options.length];
    this.mark(next);
    next.scrollIntoView({ block: "nearest" });
  }

  /** Choose the current result; before the results of what is typed are there, wait for them. */
  choose() {
    this.isChosen = this.answered !== this.field.value;
    if (this.isChosen) {
      this.ask(0);
      return;
    }
    this.current()?.click();
  }

  leave() {
    clearTimeout(this.waiting);
    this.isChosen = false;
    this.answered = null;
  }
}

customElements.define("command-palette", CommandPalette);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-palette]");
  const palette = opener && document.querySelector("command-palette");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!palette || !isPlain) return;
  event.preventDefault();
  // Pressed by its shortcut, the focus goes back to where it was.
  palette.open(event.detail ? opener : document.activeElement);
});
