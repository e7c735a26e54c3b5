/* "A A": assign what an act is about to oneself, without the dialog that the first A asked for. */
import { dismissDialog } from "../../ui/js/dialogs.js";

function fieldsOf(about) {
  const values = {};
  for (const [name, value] of new URLSearchParams(about)) (values[name] ??= []).push(value);
  return values;
}

/** Assign to me; `about` names the targets as the addresses of acts do, `source` is what asks. */
export function assignToMe(address, about, source) {
  if (!address || !about) return false;
  dismissDialog();
  htmx.ajax("POST", address, {
    target: "#dialogs", swap: "innerHTML", source, values: { ...fieldsOf(about), to: "me" },
  });
  return true;
}
