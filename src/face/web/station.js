// The station itself: what it runs on, what is in order and what is not, and its last words.

import { card, facts, h, icon } from "./dom.js";
import { listen, live, now } from "./live.js";
import { get } from "./net.js";
import { duration, known, language, size, t, when } from "./words.js";

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
    body.replaceChildren(...parts(told ?? {}, state ?? {}).filter(Boolean));
  }

  load();
  const stop = listen(kind => { if (kind === "snapshot") load(); });
  const timer = setInterval(load, AGAIN);
  return () => { stop(); clearInterval(timer); };
}

function parts(told, state) {
  const started = told.started ?? state.started;
  const uptime = told.uptime_s != null ? told.uptime_s * 1000 : started ? now() - Date.parse(started) : null;
  const clock = told.clock_synced ?? told.clock?.synced;
  const disk = told.disk;
  const lang = language === "en" ? null : "en";
  return [
    card(told.name ?? state.name, "", facts([
      ["version", t("fact.program"), `flashjig ${told.version ?? state.version}`], ["uptime", t("fact.uptime"), uptime == null ? null : duration(uptime)],
      ["since", t("fact.since"), started && when(started)], ["page", t("fact.page"), state.page],
      ["host", t("fact.host"), told.hostname ?? told.host], ["kernel", t("fact.kernel"), told.kernel ?? told.os], ["machine", t("fact.machine"), told.machine ?? told.model],
    ])),
    card(t("station.health"), "checks", h("ul", {}, health(told, disk, clock).map(([level, name, what]) =>
      h("li", { class: level }, icon({ ok: "tick", bad: "cross", warn: "error" }[level] ?? "tick"), h("span", {}, h("b", {}, name), " ", h("span", { lang }, what ?? "")))))),
    told.doctor?.length ? card(t("station.doctor"), "checks", h("ul", { lang }, told.doctor.map(finding))) : null,
    disk ? card(t("station.disk"), "", meter(disk)) : null,
    told.uarts?.length ? card(t("station.uarts"), "", h("ul", { class: "plain uarts" }, told.uarts.map(uart))) : null,
    told.journal?.length ? card(t("station.journal"), "journal", h("pre", { tabindex: "0", role: "log", "aria-label": t("station.journal"), lang: "en" }, told.journal.map(line).join("\n"))) : null,
    card(t("station.programs"), "", h("ul", { class: "plain" }, [["/api/v1/openapi.json", t("station.api")], ["/metrics", t("station.metrics")], ["/api/v1/status", t("station.status")]].map(([href, word]) => h("li", {}, h("a", { href }, word), " ", h("code", {}, href))))),
  ];
}

function health(told, disk, clock) {
  const rows = [];
  const say = (level, key, what) => rows.push([level, t(`health.${key}`), what]);
  if (clock != null) say(clock ? "ok" : "warn", "clock", t(clock ? "health.clockSet" : "health.clockUnset"));
  if (disk?.free_bytes != null) say(disk.free_bytes < 200 * 2 ** 20 ? "bad" : "ok", "disk", t("health.free", { size: size(disk.free_bytes) }));
  for (const [key, part] of [["ledger", told.ledger], ["archive", told.archive]]) {
    if (!part) continue;
    const sound = part.ok ?? part.healthy ?? !part.problem;
    const count = part.units ?? part.records ?? part.backups ?? part.files;
    say(sound ? "ok" : "bad", key, [part.problem, count != null ? t(`health.${key}Count`, { count }) : null, part.bytes != null ? size(part.bytes) : null].filter(Boolean).join(", "));
  }
  if (!rows.length) say("ok", "answers", "");
  return rows;
}

/** One finding of the doctor: what is, and where that is not as it should be, what it should be and what mends it. */
function finding({ subject, level, expected, found, remedy }) {
  const kind = { ok: "ok", warning: "warn", fault: "bad" }[level];
  return h("li", { class: kind }, icon({ ok: "tick", warn: "error", bad: "cross" }[kind]), h("span", {}, h("b", {}, subject), " ", found,
    expected ? h("span", { class: "faint block" }, `expected: ${expected}`) : null, remedy ? h("code", { class: "block" }, remedy) : null));
}

function meter(disk) {
  const all = disk.total_bytes ?? disk.bytes;
  const used = all - disk.free_bytes;
  return h("div", { class: "meter" }, h("meter", { min: "0", max: String(all), value: String(used), high: String(all * 0.9), optimum: "0", "aria-label": t("station.disk") }),
    h("p", {}, t("station.used", { used: size(used), all: size(all) })), disk.path ? h("p", { class: "faint" }, h("code", {}, disk.path)) : null);
}

function uart(one) {
  const here = one.present ?? one.ok ?? one.exists;
  return h("li", { class: here === false ? "bad" : "ok" }, icon(here === false ? "cross" : "tick"), h("span", {}, one.slot || one.name ? h("b", {}, `${one.slot ?? one.name} `) : null, h("code", {}, one.port ?? one.uart ?? ""), one.present === false ? ` ${t("station.absent")}` : ""));
}

const line = entry => (typeof entry === "string" ? entry : [entry.time, entry.level?.toUpperCase(), entry.target, entry.message ?? entry.text].filter(Boolean).join("  "));
