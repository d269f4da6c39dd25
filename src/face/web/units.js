// The ledger: search, endless history, export.

import { arrivedLine } from "./box.js";
import { h, icon, once, put } from "./dom.js";
import { listen } from "./live.js";
import { get } from "./net.js";
import { duration, t, verdictWord, when } from "./words.js";

const PAGE = 50;
const VERDICTS = ["pass", "fail", "error", "timeout", "aborted"];
const TYPING = 250; // ms of quiet before a search

export const length = unit => (unit.stages?.length ? Math.max(...unit.stages.map(stage => stage.start_ms + stage.ms)) : Date.parse(unit.finished) - Date.parse(unit.started));

/** The vendor's half of a MAC is paler than the plug's own. */
export function mac(text) {
  return text ? [h("span", { class: "vendor" }, text.slice(0, 9)), text.slice(9)] : ["\u2013"];
}

/** The verdicts of the reader's language as the program's own words. */
function plainWords(text) {
  const own = [...VERDICTS.map(name => [verdictWord(name), name]), [t("verdict.already"), "done"], [t("column.slot"), "slot"], [t("column.unit"), "unit"]];
  return own.reduce((text, [word, plain]) => text.replace(new RegExp(`(^|\\s)${word}(?=\\s|$)`, "giu"), `$1${plain}`), text);
}

export function unitsView(root) {
  const params = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const wish = { q: params.get("q") ?? "", verdict: params.get("verdict") ?? "", since: params.get("since") ?? "" };
  let [units, next, busy, round] = [[], undefined, false, 0];

  const q = h("input", { type: "search", id: "q", value: wish.q, placeholder: t("units.searchHint"), autocomplete: "off", spellcheck: "false" });
  const verdict = h("select", { id: "verdict" }, h("option", { value: "" }, t("units.anyVerdict")), VERDICTS.map(name => h("option", { value: name, selected: wish.verdict === name }, verdictWord(name))));
  const since = h("input", { type: "date", id: "since", value: wish.since });
  const csv = h("a", { class: "button", download: "" }, icon("save"), "CSV");
  const jsonl = h("a", { class: "button", download: "" }, icon("save"), "JSON");
  const rows = h("tbody", { id: "units" });
  const none = h("p", { class: "none", hidden: true });
  const more = h("p", { class: "more faint", role: "status" });
  const end = h("div", { class: "end" });
  const further = h("button", { type: "button", hidden: true, onclick: () => load(false) }, t("units.further"));
  const columns = [["unit", ""], ["verdict", ""], ["finished", "mid"], ["chip", "mid"], ["module", "wide"], ["mac", "mac"], ["firmware", "wide"], ["slot", "wide"], ["took", "mid number"]];
  const arrived = h("div", { role: "status" });
  /** Which plugs said hello on the broker. */
  const count = async () => { const line = arrivedLine((await get("/api/v1/stats"))?.arrivals); arrived.replaceChildren(...(line ? [line] : [])); };
  root.append(h("div", { class: "title" }, h("h1", {}, t("nav.units")), h("div", { class: "exports" }, h("span", { class: "faint" }, t("units.export")), csv, jsonl)),
    h("section", { class: "card list" },
      h("form", { class: "filters", role: "search", onsubmit: event => event.preventDefault() },
        h("label", { class: "grow", for: "q" }, h("span", {}, t("units.search")), q),
        h("label", { for: "verdict" }, h("span", {}, t("units.verdict")), verdict),
        h("label", { for: "since" }, h("span", {}, t("units.since")), since)),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("nav.units") },
        h("table", { class: "units" }, h("thead", {}, h("tr", {}, columns.map(([name, className]) => h("th", { scope: "col", class: className }, t(`column.${name}`))))), rows)),
      arrived, none, more, further, end));
  count();

  const query = extra => {
    const pairs = { q: plainWords(wish.q.trim()), verdict: wish.verdict, since: wish.since && new Date(`${wish.since}T00:00`).toISOString(), ...extra };
    return new URLSearchParams(Object.entries(pairs).filter(([, value]) => value != null && value !== ""));
  };

  /** The next page, or with `fresh` the first. */
  async function load(fresh) {
    if (busy && !fresh) return;
    const mine = fresh ? (round += 1) : round;
    busy = true;
    const before = fresh ? null : next;
    const answer = await fetch(`/api/v1/units?${query({ limit: PAGE, before })}`).catch(() => null);
    if (mine !== round) return;
    busy = false;
    if (!answer?.ok) { put(more, t("note.noAnswer")); return; }
    const page = await answer.json();
    if (mine !== round) return;
    units = fresh ? page : units.concat(page);
    // a search looks at so many records at a time, and says where to go on
    next = answer.headers.get("X-Next-Before") ?? (page.length === PAGE ? page.at(-1).seq : null);
    further.hidden = next == null || page.length > 0;
    if (fresh) rows.replaceChildren(...page.map(row));
    else rows.append(...page.map(row));
    none.hidden = units.length > 0 || next != null;
    put(none, t(wish.q || wish.verdict || wish.since ? "units.noneFound" : "units.none"));
    put(more, units.length ? t(next == null ? "units.all" : "units.shown", { count: units.length }) : "");
    if (next != null && onScreen && page.length) load(false);
  }

  /** New units go on top, without losing the place. */
  async function top() {
    const answer = await fetch(`/api/v1/units?${query({ limit: PAGE })}`).catch(() => null);
    if (!answer?.ok) return;
    const fresh = (await answer.json()).filter(unit => !units.length || unit.seq > units[0].seq);
    if (!fresh.length) return;
    units = fresh.concat(units);
    rows.prepend(...fresh.map(row));
    none.hidden = true;
    put(more, t(next == null ? "units.all" : "units.shown", { count: units.length }));
  }

  function links() {
    csv.href = `/api/v1/units.csv?${query({})}`;
    jsonl.href = `/api/v1/units.jsonl?${query({})}`;
    once(root, "address", wish, () => history.replaceState(null, "", `#units${String(query({})) ? `?${new URLSearchParams(Object.entries(wish).filter(([, value]) => value))}` : ""}`));
  }

  let typing = 0;
  const changed = () => {
    Object.assign(wish, { q: q.value, verdict: verdict.value, since: since.value });
    links();
    load(true);
  };
  q.oninput = () => { clearTimeout(typing); typing = setTimeout(changed, TYPING); };
  verdict.onchange = changed;
  since.onchange = changed;

  let onScreen = false;
  const watch = new IntersectionObserver(([entry]) => {
    onScreen = entry.isIntersecting;
    if (onScreen && next != null && further.hidden) load(false);
  }, { rootMargin: "400px" });
  watch.observe(end);
  links();
  load(true);
  const stop = listen(kind => {
    if (kind === "finished" || kind === "snapshot") top();
    if (["finished", "arrived", "snapshot"].includes(kind)) count();
  });
  return () => { stop(); watch.disconnect(); clearTimeout(typing); round += 1; };
}

function row(unit) {
  const open = event => { if (!event.target.closest("a, button") && !String(getSelection())) location.hash = `unit-${unit.seq}`; };
  return h("tr", { "data-verdict": unit.verdict, onclick: open },
    h("th", { scope: "row" }, h("a", { href: `#unit-${unit.seq}`, "aria-label": t("unit.open", { seq: String(unit.seq) }) }, String(unit.seq))),
    h("td", { class: "result" }, icon(unit.verdict), h("span", {}, unit.already ? t("verdict.already") : verdictWord(unit.verdict)), unit.fault ? h("code", { title: unit.fault.message }, unit.fault.code) : null),
    h("td", { class: "mid" }, when(unit.finished)),
    h("td", { class: "mid" }, unit.board?.chip ?? "\u2013"),
    h("td", { class: "wide" }, unit.board?.module ?? "\u2013"),
    h("td", { class: "mac" }, mac(unit.board?.mac)),
    h("td", { class: "wide" }, unit.firmware?.version ?? unit.firmware?.name ?? "\u2013"),
    h("td", { class: "wide" }, unit.slot),
    h("td", { class: "mid number" }, duration(length(unit))));
}
