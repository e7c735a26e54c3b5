/* While a part loads, its old content stays and says that it is busy. */
function targetOf(event) {
  const target = event.detail?.ctx?.target;
  return target instanceof Element ? target : null;
}

document.addEventListener("htmx:before:request", (event) => {
  targetOf(event)?.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:finally:request", (event) => {
  targetOf(event)?.removeAttribute("aria-busy");
});
