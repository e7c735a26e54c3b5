/* Dialogs: data-dialog="ID" opens, data-close closes, focus returns to the opener. A dialog that
   comes in by htmx with data-open opens by itself; the event "close-dialog" closes what is open.
   Of dialogs asked for with a GET into #dialogs only the latest comes in. */
const openers = new WeakMap();
let coming = null; // the request for it

/** Open a dialog and remember where the focus was. */
export function openDialog(dialog, opener = document.activeElement) {
  if (!dialog || dialog.open) return;
  openers.set(dialog, opener);
  dialog.addEventListener("close", () => giveBack(dialog), { once: true });
  dialog.showModal();
}

/** Whether a dialog was asked for and has not come yet. */
export const isDialogComing = () => Boolean(coming?.sourceElement?.isConnected);

/** The dialog on its way is not wanted any more, nor what the server would say with it. */
export function dismissDialog() {
  coming?.request?.abort?.();
  coming = null;
}

function asksForDialog(ctx) {
  const method = ctx?.request?.method ?? "GET";
  return ctx?.target instanceof Element && ctx.target.id === "dialogs" && method === "GET";
}

document.addEventListener("htmx:before:request", ({ detail }) => {
  if (asksForDialog(detail.ctx)) coming = detail.ctx;
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (asksForDialog(ctx) && ctx !== coming) event.preventDefault();
});

document.addEventListener("htmx:finally:request", ({ detail }) => {
  if (detail.ctx === coming) coming = null;
});

function giveBack(dialog) {
  const opener = openers.get(dialog);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  if (dialog.hasAttribute("data-open")) dialog.remove();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      openDialog(dialog, opener);
    }
    return;
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  else if (event.target instanceof HTMLDialogElement && isOutside(event)) event.target.close();
});

function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

function openNew() {
  document.querySelectorAll("dialog[data-open]:not([open])").forEach((dialog) => openDialog(dialog));
}

document.addEventListener("htmx:after:swap", openNew);
document.addEventListener("close-dialog", () => {
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
});
openNew();
