// The station itself: what it runs on, what is in order and what is not, and its last words.

import { card, facts, h, icon } from "./dom.js";
import { listen, live, now } from "./live.js";
import { get } from "./net.js";
import { duration, language, size, t, when } from "./words.js";

const AGAIN = 15000; // ms

export function stationView(root) {
  const body = h("div", { class: "station" });
  root.append(h("div", { class: "title" }, h("h1", {}, t("nav.station"))), body);

  async function load() {
    const told = await get("/api/v1/station");
    const state = live.state?.station;
    if (!told && !state) return;
    // not under the eyes of somebody who reads the journal or selects from it
    if (told && body.contains(document.activeElement) && body.children.length > 1) return;
    body.replaceChildren(...parts(told ?? {}, { ...state, archive: live.state?.archive }).filter(Boolean));
  }

  load();
  const stop = listen(kind => { if (kind === "snapshot") load(); });
  const timer = setInterval(load, AGAIN);
  return () => { stop(); clearInterval(timer); };
}

function parts(told, state) {
  const { started = state.started, uptime_s: uptime, disk } = told;
  const others = (told.doctor ?? []).filter(({ subject }) => !Object.values(OWN).includes(subject));
  const lang = language === "en" ? null : "en";
  const links = [["/api/v1/openapi.json", t("station.api")], ["/metrics", t("station.metrics")], ["/api/v1/status", t("station.status")]];
  return [
    h("div", { class: "column" },
      card(t("station.health"), "checks", h("ul", {}, health(told, state.archive).map(([level, name, what, remedy]) =>
        row(level, h("b", {}, name), " ", what ?? "", remedy ? h("code", { class: "block" }, remedy) : null)))),
      others.length ? card(t("station.doctor"), "checks", h("ul", { lang }, others.map(finding))) : null),
    h("div", { class: "column" },
      card(told.name ?? state.name, "", facts([
        ["version", t("fact.program"), `flashjig ${told.version ?? state.version}`],
        ["uptime", t("fact.uptime"), duration(uptime == null ? now() - Date.parse(started) : uptime * 1000)],
        ["since", t("fact.since"), started && when(started)], ["page", t("fact.page"), state.page],
      ])),
      disk ? card(t("station.disk"), "", meter(disk)) : null,
      told.uarts?.length ? card(t("station.uarts"), "", h("ul", { class: "plain uarts" }, told.uarts.map(uart))) : null,
      card(t("station.programs"), "", h("ul", { class: "plain" }, links.map(([href, word]) => h("li", {}, h("a", { href }, word), " ", h("code", {}, href)))))),
    told.journal?.length ? card(t("station.journal"), "journal", h("pre", { tabindex: "0", role: "log", "aria-label": t("station.journal"), lang: "en" }, told.journal.join("\n"))) : null,
  ];
}

/** What the page says in its own words; the doctor's remedy goes with it. */
const OWN = { clock: "clock", disk: "disk", archive: "backups" };

function health(told, checked) {
  const { clock_synced: clock, disk } = told;
  const rows = [];
  const remedy = key => told.doctor?.find(({ subject, level }) => subject === OWN[key] && level !== "ok")?.remedy;
  const say = (level, key, what) => rows.push([level, t(`health.${key}`), what, level === "ok" ? null : remedy(key)]);
  if (clock != null) say(clock ? "ok" : "warn", "clock", t(clock ? "health.clockSet" : "health.clockUnset"));
  if (disk?.free_bytes != null) say(disk.free_bytes < 200 * 2 ** 20 ? "bad" : "ok", "disk", t("health.free", { size: size(disk.free_bytes) }));
  for (const [key, part] of [["ledger", told.ledger], ["archive", told.archive]]) {
    if (!part) continue;
    const read = key === "archive" && checked;
    const whole = read && t(checked.damaged ? "health.archiveDamaged" : "health.archiveWhole", { count: checked.damaged, time: when(checked.checked_at) });
    say(read && checked.damaged ? "bad" : "ok", key, [t(`health.${key}Count`, { count: part.units ?? part.backups }), size(part.bytes), whole].filter(Boolean).join(", "));
  }
  if (!rows.length) say("ok", "answers", "");
  return rows;
}

/** One finding of the doctor: what is, and where that is not as it should be, what it should be and what mends it. */
function finding({ subject, level, expected, found, remedy }) {
  const kind = { ok: "ok", warning: "warn", fault: "bad" }[level];
  return row(kind, h("b", {}, subject), " ", found,
    expected ? h("span", { class: "faint block" }, `expected: ${expected}`) : null, remedy ? h("code", { class: "block" }, remedy) : null);
}

const row = (level, ...what) => h("li", { class: level }, icon({ ok: "tick", warn: "error", bad: "cross" }[level]), h("span", {}, what));

function meter({ free_bytes: free, total_bytes: all }) {
  return h("div", { class: "meter" }, h("meter", { min: "0", max: String(all), value: String(all - free), high: String(all * 0.9), optimum: "0", "aria-label": t("station.disk") }),
    h("p", {}, t("station.used", { used: size(all - free), all: size(all) })));
}

function uart({ slot, port, present }) {
  return h("li", { class: present ? "ok" : "bad" }, icon(present ? "tick" : "cross"), h("span", {}, h("b", {}, slot), " ", h("code", {}, port), present ? "" : ` ${t("station.absent")}`));
}
