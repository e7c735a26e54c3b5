/* Tells the server in which time zone this browser is; it reads the cookie. Only then can moments be
   shown in the reader's own time, and only then is that offered. */
const COOKIE = "tagout_zone";
const YEAR = 365 * 24 * 3600;

/* Loading the browser's zones takes a phone longer than all else that a page does at its start. Told
   once, the zone stands while the clock keeps its distance from UTC: a journey changes that, and
   summer time does twice a year. */
const DISTANCE = "tagout_zone_distance";
const distance = String(new Date().getTimezoneOffset());

function isTold() {
  const isKnown = document.cookie.split("; ").some((each) => each.startsWith(`${COOKIE}=`));
  return isKnown && localStorage.getItem(DISTANCE) === distance;
}

function tellZone() {
  if (isTold()) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `${COOKIE}=${zone};path=/;max-age=${YEAR};samesite=lax${secure}`;
  localStorage.setItem(DISTANCE, distance);
  for (const choice of document.querySelectorAll("[data-own-zone]")) {
    choice.title = zone;
    choice.hidden = false;
  }
}

requestAnimationFrame(() => setTimeout(tellZone)); // draw first
