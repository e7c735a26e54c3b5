/* The keys of the incident page that are no button of it. */
import { bindKey } from "../../ui/js/keys.js";
import { assignToMe } from "./assign.js";

/** Where assigning is asked for, and about what; nothing for who may not. */
function assigning() {
  const button = document.querySelector("#incident [data-key=a]");
  return button?.getAttribute("hx-get").split("?") ?? [];
}

bindKey("a a", () => assignToMe(...assigning(), "#dialogs"));

/** To the question that OT can be asked here; asked before, it lies folded below the answer. */
function goToQuestion() {
  const question = document.querySelector("#ot-panel input[name=canned]");
  if (!question) return false;
  question.closest("details")?.setAttribute("open", "");
  question.focus();
  return true;
}

bindKey("r", goToQuestion);

// What the palette's acts are about.
document.addEventListener("palette:ask", (event) => {
  const [, about] = assigning();
  if (about) event.detail.on = about;
});
