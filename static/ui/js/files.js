/* A file that is too large is told when it is chosen, <input type="file" data-max-mb
   data-too-large>, and not after minutes of sending it. */
document.addEventListener("change", ({ target }) => {
  const most = Number(target.dataset?.maxMb);
  if (!most || target.type !== "file") return;
  const isTooLarge = [...target.files].some((file) => file.size > most * 1024 * 1024);
  target.setCustomValidity(isTooLarge ? target.dataset.tooLarge : "");
  target.reportValidity();
});
