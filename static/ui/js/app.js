/* What every page does. Each module listens on the document, so swapped-in parts need no start. */
import "./busy.js";
import "./clock.js";
import "./dialogs.js";
import "./failures.js";
import "./files.js";
import "./forms.js";
import "./keys.js";
import "./live.js";
import "./menus.js";
import "./palette.js";
import "./scripts.js";
import "./scroll.js";
import "./theme.js";
import "./toasts.js";
import "./zone.js";
