// The box in work: how far it is, what became of its boards, and the form that begins the next one.

import { h, icon } from "./dom.js";
import { get, guarded, toast } from "./net.js";
import { places } from "./plots.js";
import { capital, fault, number, parted, t, when } from "./words.js";

const LONGEST = 60; // letters of a name
const PAGE = 1000; // records asked for at once
const ENDS = ["ask", "stop", "go_on"];

const put = value => guarded("/api/v1/batch", { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

export const isFull = box => Boolean(box?.size && box.done >= box.size);

/** Whether no unit starts before somebody says how it goes on. */
export const holds = box => isFull(box) && box.at_end !== "go_on";

/** "37 of 40", and the box as it fills. */
export function boxPicture(box, bare = false) {
  const { name, done, failed, size } = box;
  return [
    bare ? null : h("p", { class: "boxname" }, name),
    h("p", { class: "count" }, h("b", {}, number(done)), size ? ` ${t("box.of", { count: size })}` : ` ${t("box.done")}`, failed ? h("span", { class: "failed" }, ` ${t("box.failed", { count: failed })}`) : null),
    size ? places(Math.min(done, size), failed, size) : null,
    size ? h("p", { class: "faint" }, isFull(box) ? t(done > size ? "box.over" : "box.full", { count: done - size }) : t("box.left", { count: size - done })) : null,
  ].filter(Boolean);
}

/** The name that comes after: "box 12", "box 13". */
function following(name) {
  return name.replace(/(\d+)(\D*)$/, (_, digits, rest) => String(Number(digits) + 1).padStart(digits.length, "0") + rest);
}

/** The form that names a box. `changed` is called once the station has it. */
export function boxForm(box, next, changed) {
  const name = h("input", { id: "box-name", value: box?.name ? (next ? following(box.name) : box.name) : "", required: true, autocomplete: "off" });
  const size = h("input", { id: "box-size", type: "number", min: "1", max: "100000", inputmode: "numeric", value: box?.size ? String(box.size) : "" });
  const end = h("select", { id: "box-end" }, ENDS.map(value => h("option", { value, selected: value === (next ? "ask" : box?.at_end ?? "ask") }, t(`box.end.${value}`))));
  // a name is never cut while it is typed: it is said when it is too long
  name.oninput = () => name.setCustomValidity(name.value.trim().length > LONGEST ? t("box.tooLong", { count: LONGEST }) : "");
  const submit = async event => {
    event.preventDefault();
    document.activeElement?.blur();
    const answer = await put({ name: name.value.trim(), size: size.value ? Number(size.value) : null, at_end: end.value });
    if (answer) { toast(t("box.saved"), true); changed(); }
  };
  const field = (id, word, input, className) => h("label", { class: className, for: id }, h("span", {}, t(word)), input);
  return h("form", { class: "filters", onsubmit: submit }, field("box-name", "box.name", name, "grow"), field("box-size", "box.size", size), field("box-end", "box.atEnd", end),
    h("button", { type: "submit", class: "primary" }, t(box?.name && !next ? "box.change" : "box.save")));
}

/** The full box goes on counting. */
export async function countOn(box) {
  return Boolean(await put({ name: box.name, size: box.size, at_end: "go_on" }));
}

/** "37 of 40 arrived; not yet: kitchen-12, kitchen-31": plugs that said hello on the broker; null where none is to. */
export function arrivedLine(arrivals) {
  if (!arrivals?.awaited) return null;
  const { awaited, arrived, missing } = arrivals;
  const more = awaited - arrived - missing.length;
  const names = missing.length ? t(more > 0 ? "arrived.andMore" : "arrived.missing", { names: missing.join(", "), count: more }) : "";
  return h("p", { class: "faint arrived" }, t("arrived.count", { arrived: number(arrived), awaited: number(awaited) }), names);
}

/** The boards of a box that did not pass in the end, the newest first. */
export async function failures(name) {
  const [boards, seen] = [[], new Set()];
  let before = null;
  do {
    const query = new URLSearchParams({ batch: name, limit: PAGE, ...(before ? { before } : {}) });
    const answer = await fetch(`/api/v1/units?${query}`).catch(() => null);
    if (!answer?.ok) return null;
    for (const unit of await answer.json()) {
      // the station's errors and a stop say nothing of a board; of the others the last one counts
      if (!["pass", "fail", "timeout"].includes(unit.verdict) || unit.restored_from) continue;
      const mac = unit.board?.mac;
      if (mac && seen.has(mac)) continue;
      if (mac) seen.add(mac);
      if (unit.verdict !== "pass") boards.push(unit);
    }
    before = answer.headers.get("X-Next-Before");
  } while (before);
  return boards;
}

/** The failures as a list, each with what to do. */
function listed(boards) {
  if (!boards) return h("p", { class: "faint" }, t("note.noAnswer"));
  if (!boards.length) return h("p", { class: "calm" }, icon("pass"), t("box.noFailures"));
  return h("ul", { class: "failures" }, boards.map(unit => {
    const { hint, lang } = fault(unit.fault.code, unit.fault);
    const [cause, todo] = parted(hint);
    return h("li", {}, icon(unit.verdict), h("span", {}, h("a", { href: `#unit-${unit.seq}` }, t("unit.title", { seq: String(unit.seq) })), " ",
      h("code", {}, unit.board?.mac ?? t("box.unnamed")), " ", h("span", { class: "faint" }, when(unit.finished))),
    h("span", { lang }, h("code", {}, unit.fault.code), ` ${cause ? `${cause}. ` : ""}${capital(todo)}`));
  }));
}

/** A box over the bench: its summary, its list, and the form. */
export function openBox(box, changed) {
  const close = h("button", { type: "button" }, t("do.close"));
  const summary = h("div", { class: "column" });
  const dialog = h("dialog", { class: "details boxed", "aria-label": box?.name ?? t("box.none") });
  const done = () => { dialog.close(); changed(); };
  const quit = h("button", { type: "button", onclick: async () => { if (await put({ name: null })) done(); } }, t("box.quit"));
  dialog.append(h("header", {}, h("h2", {}, box?.name ?? t("box.none")), close), summary);
  if (box?.name) {
    summary.append(h("div", { class: "box" }, boxPicture(box, true)), h("h3", {}, t("box.failures")), h("p", { class: "faint" }, "\u2026"));
    get(`/api/v1/stats?${new URLSearchParams({ batch: box.name })}`).then(stats => { const line = arrivedLine(stats?.batch_arrivals); if (line) summary.firstChild.append(line); });
    failures(box.name).then(boards => summary.lastChild.replaceWith(listed(boards)));
    const csv = `/api/v1/units.csv?${new URLSearchParams({ batch: box.name })}`;
    dialog.append(h("div", { class: "actions" }, h("a", { class: "button", href: csv, download: `${box.name.replace(/[^\w-]+/g, "-")}.csv` }, icon("save"), t("box.csv")), quit),
      h("details", {}, h("summary", {}, t("box.changeThis")), boxForm(box, false, done)), h("h3", {}, t("box.nextOne")));
    // both forms have the same names: of those only one is open
    const next = boxForm(box, true, done);
    next.querySelectorAll("[id]").forEach(input => { input.id += "-next"; });
    next.querySelectorAll("label").forEach(label => { label.htmlFor += "-next"; });
    dialog.append(next);
  } else {
    summary.append(h("p", { class: "faint" }, t("box.what")));
    dialog.append(boxForm(null, false, done));
  }
  close.onclick = () => dialog.close();
  dialog.onclick = event => { if (event.target === dialog || event.target.closest("a[href^='#']")) dialog.close(); };
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
