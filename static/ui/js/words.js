/* The words that scripts say, in the person's language; the page brings them along. */
const given = document.getElementById("ui-words");
const words = given ? JSON.parse(given.textContent) : {};

/** The sentence of this name with its %(places)s filled in. */
export function say(name, places = {}) {
  const sentence = words[name] ?? "";
  return sentence.replace(/%\((\w+)\)s/g, (_, place) => String(places[place] ?? ""));
}

/** A length of time in seconds, with its one or two largest units; the server says it the same way. */
export function lengthOf(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return say("minutes", { n: Math.max(1, minutes) });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    const rest = minutes % 60;
    if (hours >= 10 || rest === 0) return say("hours", { n: hours });
    return say("hoursMinutes", { hours, minutes: String(rest).padStart(2, "0") });
  }
  const days = Math.floor(hours / 24);
  return say(days === 1 ? "day" : "days", { n: days });
}
