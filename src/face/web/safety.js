// What must be known before a board is touched: it stands above every view until it was closed once in this browser.

import { $, h, icon } from "./dom.js";
import { t } from "./words.js";

const KEPT = "flashjig-safety";

/** Puts the note above the view, unless it was read here before. */
export function safety() {
  if (localStorage.getItem(KEPT) === "read") return;
  const read = () => {
    localStorage.setItem(KEPT, "read");
    note.remove();
    $("view").focus({ preventScroll: true });
  };
  const points = ["mains", "charge", "power", "wires"].map(key => h("li", {}, t(`safety.${key}`)));
  const note = h("aside", { id: "safety", class: "safety", "aria-labelledby": "safety-title" },
    icon("error"),
    h("div", {}, h("h2", { id: "safety-title" }, t("safety.title")), h("ul", {}, points)),
    h("button", { type: "button", onclick: read }, t("safety.read")));
  $("view").before(note);
}
