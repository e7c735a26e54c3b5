/* The next questions, fetched while there is a network, so that who answers goes on without one. */
const MAX_CARRIED = 3;
const PATIENCE = 15_000;
const carried = [];
let isFetching = false;

function linkToNext(page) {
  return page.querySelector("[data-next]")?.getAttribute("href");
}

/** Fetch those behind the last that is here. Nobody has opened them yet: `ahead` says so. */
export async function fetchAhead() {
  if (isFetching) return;
  isFetching = true;
  try {
    let href = linkToNext(carried.at(-1)?.page ?? document);
    while (href && carried.length < MAX_CARRIED) {
      const reply = await fetch(`${href}?ahead=1`, { signal: AbortSignal.timeout(PATIENCE) });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      if (!reply.ok || !page.querySelector("form[data-answer]")) return;
      carried.push({ address: new URL(reply.url).pathname, page });
      href = linkToNext(page);
    }
  } catch {
    // without a network: again once it is back
  } finally {
    isFetching = false;
  }
}

/** Show the next question in the place of this one; false where none is here. */
export function showNext() {
  const next = carried.shift();
  if (!next) return false;
  document.querySelector(".phone").replaceWith(next.page.querySelector(".phone"));
  document.getElementById("hand-over")?.remove();
  document.body.append(...next.page.querySelectorAll("#hand-over"));
  document.title = next.page.title;
  history.replaceState(null, "", next.address);
  document.getElementById("main").focus();
  scrollTo(0, 0);
  return true;
}
