/* Answers over a poor network. An answer that cannot be sent is kept on this device under its own
   key, and sent again until the portal has it; the key makes that "sent twice" is "given once".
   Without this module the forms are plain forms. */
import { showToast } from "../../ui/js/toasts.js";
import { fetchAhead, showNext } from "./carried.js";

const SHELF = "tagout.answers";
const PATIENCE = 15_000;
const AGAIN = 20_000;
const GATEWAY = [502, 503, 504]; // what stands before Tagout says so for it
const TOKEN = "[name=csrfmiddlewaretoken]";
const words = document.getElementById("kept-words")?.dataset ?? {};
let isAway = !navigator.onLine;

function shelf() {
  try {
    return JSON.parse(localStorage.getItem(SHELF) ?? "[]");
  } catch {
    return [];
  }
}

function put(answers) {
  localStorage.setItem(SHELF, JSON.stringify(answers));
}

function keep(answer) {
  put([...shelf().filter((each) => each.key !== answer.key), answer]);
}

function forget(answer) {
  put(shelf().filter((each) => each.key !== answer.key));
}

function mine() {
  return shelf().filter((each) => each.person === words.person);
}

/** Say how it stands; `more` makes what leads on from there. */
function tell(text, more = null) {
  for (const place of document.querySelectorAll("[data-kept]")) {
    place.textContent = text;
    place.hidden = !text;
    if (more) place.append(" ", more());
  }
}

function labelled(tag, text) {
  const made = document.createElement(tag);
  made.className = "kept-link";
  made.textContent = text;
  return made;
}

function tellUnsent(state, answer) {
  if (state === "signed-out") tell(words.signedOut, signIn);
  else tell(answer.url === location.pathname ? words.keptWords : words.keptEarlier);
}

function tellNetwork() {
  for (const place of document.querySelectorAll("[data-network]")) {
    place.textContent = isAway ? words.noNetwork : "";
    place.hidden = !isAway;
  }
}

function setAway(value) {
  isAway = value;
  tellNetwork();
}

/** Take no second tap for what is kept; who changes the answer saves it anew. */
function disarm(form) {
  const save = form.querySelector("[type=submit]");
  save.disabled = true;
  form.addEventListener("input", () => (save.disabled = false), { once: true });
}

function signIn() {
  return Object.assign(labelled("a", words.signIn), { href: location.href }); // it asks for it
}

/** What was not accepted stays here until its person has opened it: the page shows it again, as it
    was filled in, and says why. */
function tellRefused(answer) {
  tell(words.refused, () => {
    const open = labelled("button", words.open);
    open.type = "button";
    open.addEventListener("click", () => {
      forget(answer);
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: answer.url, hidden: true });
      for (const [name, value] of [["csrfmiddlewaretoken", token()], ...answer.fields]) {
        form.append(Object.assign(document.createElement("input"), { name, value }));
      }
      document.body.append(form);
      form.submit();
    });
    return open;
  });
}

function token() {
  return document.querySelector(TOKEN)?.value ?? "";
}

/** The token of a page opened now: who signed in anew in another window got another one. */
async function newToken() {
  const page = await fetch(location.href, { signal: AbortSignal.timeout(PATIENCE) });
  const text = page.ok ? await page.text() : "";
  return new DOMParser().parseFromString(text, "text/html").querySelector(TOKEN)?.value ?? "";
}

/** Send one answer: "saved" with where to go, "refused", "signed-out", "failed" where Tagout answers
    but cannot take it now, or "away". */
async function send(answer, again = "") {
  const body = new FormData();
  for (const [name, value] of answer.fields) body.append(name, value);
  let reply;
  try {
    reply = await fetch(answer.url, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": again || token() },
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    return { state: "away" };
  }
  if (reply.redirected && new URL(reply.url).pathname.startsWith("/login")) {
    return { state: "signed-out" };
  }
  if (reply.ok) return { state: "saved", next: (await reply.json()).next };
  if (reply.status === 403 && !again) {
    const fresh = await newToken().catch(() => "");
    if (fresh) return send(answer, fresh);
  }
  if (GATEWAY.includes(reply.status)) return { state: "away" };
  return { state: reply.status >= 500 || reply.status === 403 ? "failed" : "refused" };
}

async function submit(event) {
  const form = event.target.closest?.("form[data-answer]");
  if (!form) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const { person } = form.dataset;
  const answer = { person, url: location.pathname, key: form.elements.key.value, fields };
  keep(answer);
  const result = await send(answer);
  form.removeAttribute("aria-busy");
  if (result.state === "saved") {
    forget(answer);
    location.assign(result.next);
  } else if (result.state === "refused") {
    forget(answer);
    form.submit(); // the server says on the page what is missing
  } else {
    setAway(result.state === "away");
    if (isAway && showNext()) tellNetwork();
    else disarm(form);
    tellUnsent(result.state, answer);
  }
}

function goOn(event) {
  if (!isAway || !event.target.closest?.("[data-next]")) return;
  event.preventDefault();
  if (showNext()) tellNetwork();
}

async function sendKept() {
  for (const answer of mine()) {
    if (answer.refused) {
      tellRefused(answer);
      continue;
    }
    const result = await send(answer);
    setAway(result.state === "away");
    if (["away", "failed", "signed-out"].includes(result.state)) {
      tellUnsent(result.state, answer);
      return;
    }
    if (result.state !== "saved") {
      keep({ ...answer, refused: true });
      tellRefused(answer);
      continue;
    }
    forget(answer);
    tell("");
    if (location.pathname === answer.url) location.assign(result.next);
    else showToast({ text: words.sent, seconds: 6 });
  }
}

document.addEventListener("submit", submit);
document.addEventListener("click", goOn);
addEventListener("offline", () => setAway(true));
addEventListener("online", async () => {
  setAway(false);
  await sendKept();
  fetchAhead();
});
setInterval(() => {
  if (document.visibilityState === "visible" && mine().length) sendKept();
}, AGAIN);
tellNetwork();
sendKept();
fetchAhead();
