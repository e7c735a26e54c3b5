/* Tells the server in which time zone this browser is; it reads the cookie. Only then can moments be
   shown in the reader's own time, and only then is that offered. */
const COOKIE = "tagout_zone";
const YEAR = 365 * 24 * 3600;

function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  if (!document.cookie.split("; ").includes(`${COOKIE}=${zone}`)) {
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `${COOKIE}=${zone};path=/;max-age=${YEAR};samesite=lax${secure}`;
  }
  for (const choice of document.querySelectorAll("[data-own-zone]")) {
    choice.title = zone;
    choice.hidden = false;
  }
}

requestAnimationFrame(() => setTimeout(tellZone)); // loading the zones takes a while: draw first
