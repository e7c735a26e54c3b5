/* Light, dark, or like the system. The server reads the cookie, so no page flashes; local storage
   tells the other open tabs. */
const COOKIE = "tagout_theme";
const YEAR = 365 * 24 * 3600;

function show(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const choice of document.querySelectorAll("[data-theme-choices] button")) {
    choice.setAttribute("aria-pressed", String(choice.value === theme));
  }
}

function keep(theme) {
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `${COOKIE}=${theme};path=/;max-age=${theme ? YEAR : 0};samesite=lax${secure}`;
  localStorage.setItem(COOKIE, theme);
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choices] button, [data-theme-choice]");
  if (!choice) return;
  event.preventDefault();
  keep(choice.value);
  show(choice.value);
  const menu = choice.closest("details.menu");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

addEventListener("storage", (event) => {
  if (event.key === COOKIE) show(event.newValue ?? "");
});
