/* A form that stays on the page after it was sent, <form data-clear>, is empty again once it worked:
   words left in it would be sent twice. */
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx ?? {};
  if (sourceElement?.matches?.("form[data-clear]") && response?.raw?.ok) sourceElement.reset();
});
