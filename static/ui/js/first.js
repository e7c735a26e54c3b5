/* The first script of a page, before anything is drawn: what must not wait for the modules. */
{
  // A page change that the next one overtakes (keys typed fast, a link clicked twice) skips its
  // animation, which the browser reports as an error of the page. Nothing went wrong.
  addEventListener("unhandledrejection", (event) => {
    const { reason } = event;
    if (reason instanceof DOMException && reason.message.startsWith("Transition was ")) {
      event.preventDefault();
    }
  });

  // Keys typed while the page loads are kept for keys.js.
  const early = [];
  const keep = (event) => early.push(event);
  addEventListener("keydown", keep);
  document.takeEarlyKeys = () => {
    removeEventListener("keydown", keep);
    return early;
  };
}
