// The station itself: what it runs on, what is in order and what is not, and its last words.

import { card, facts, h, icon, table } from "./dom.js";
import { listen, live, now } from "./live.js";
import { get, session, signOutEverywhere, toast } from "./net.js";
import { said } from "./said.js";
import { duration, known, size, t, when } from "./words.js";

const AGAIN = 15000; // ms

export function stationView(root) {
  const body = h("div", { class: "station" });
  root.append(h("div", { class: "title" }, h("h1", {}, t("nav.station"))), body);

  async function load() {
    const [told, right] = await Promise.all([get("/api/v1/station"), session()]);
    // who did what, and from where, is told to who may control the station
    const deeds = right?.control ? await get("/api/v1/audit?limit=20") : null;
    const state = live.state?.station;
    if (!told && !state) return;
    // not under the eyes of somebody who reads the journal or selects from it
    if (told && body.contains(document.activeElement) && body.children.length > 1) return;
    body.replaceChildren(...parts(told ?? {}, { ...state, archive: live.state?.archive }, deeds && audit(deeds, right, load)).filter(Boolean));
  }

  load();
  const stop = listen(kind => { if (kind === "snapshot") load(); });
  const timer = setInterval(load, AGAIN);
  addEventListener("session", load);
  return () => { stop(); clearInterval(timer); removeEventListener("session", load); };
}

/** What people had the station do, and the way to send them all out. */
function audit(deeds, { token_set: isSet }, again) {
  const columns = [[t("audit.time")], [t("audit.who")], [t("audit.what")], [t("audit.on")]];
  const what = deed => `${known(`audit.do.${deed.what}`) ?? deed.what}${deed.done ? "" : `, ${t("audit.refused")}`}`;
  const rows = deeds.map(deed => [when(deed.time), `${deed.who} (${t(`audit.by.${deed.by}`)})`, what(deed),
    [deed.on, deed.sha256 ? h("code", { class: "faint", title: deed.sha256 }, ` ${deed.sha256.slice(0, 8)}`) : null].filter(Boolean)]);
  const out = h("button", { type: "button" }, t("audit.signOut"));
  out.onclick = async () => { if (await signOutEverywhere()) { toast(t("audit.signedOut"), true); out.blur(); again(); } };
  return card(t("audit.title"), "audit", deeds.length ? table(t("audit.list"), columns, rows) : h("p", { class: "faint" }, t("audit.none")),
    isSet ? h("div", { class: "actions" }, out) : null);
}

function parts(told, state, audit) {
  const { started = state.started, uptime_s: uptime, disk } = told;
  const others = (told.doctor ?? []).filter(({ subject }) => !Object.values(OWN).includes(subject));
  const links = [["/api/v1/openapi.json", t("station.api")], ["/metrics", t("station.metrics")], ["/api/v1/status", t("station.status")]];
  return [
    h("div", { class: "column" },
      card(t("station.health"), "checks", h("ul", {}, health(told, state.archive).map(([level, name, what, remedy]) =>
        row(level, h("b", {}, name), " ", what ?? "", remedy ? mends(remedy) : null)))),
      others.length ? card(t("station.doctor"), "checks", h("ul", {}, others.map(finding))) : null),
    h("div", { class: "column" },
      card(told.name ?? state.name, "", facts([
        ["version", t("fact.program"), `flashjig ${told.version ?? state.version}`],
        ["uptime", t("fact.uptime"), duration(uptime == null ? now() - Date.parse(started) : uptime * 1000)],
        ["since", t("fact.since"), started && when(started)], ["page", t("fact.page"), addresses(told, state)],
      ])),
      disk ? card(t("station.disk"), "", meter(disk)) : null,
      told.uarts?.length ? card(t("station.uarts"), "", h("ul", { class: "plain uarts" }, told.uarts.map(uart))) : null,
      card(t("station.programs"), "", h("ul", { class: "plain" }, links.map(([href, word]) => h("li", {}, h("a", { href }, word), " ", h("code", {}, href)))))),
    audit,
    told.journal?.length ? card(t("station.journal"), "journal", h("pre", { tabindex: "0", role: "log", "aria-label": t("station.journal"), lang: "en" }, told.journal.join("\n"))) : null,
  ];
}

/** Where others reach the page. */
function addresses({ addresses: own }, { page }) {
  const all = own?.length ? own : [page].filter(Boolean);
  return all.map(href => h("a", { class: "apart", href }, href));
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
  const [what, is, wanted] = [subject, found, expected].map(said);
  return row(kind, h("b", { lang: what.lang }, what.text), " ", h("span", { lang: is.lang }, is.text),
    expected ? h("span", { class: "faint apart", lang: wanted.lang }, t("station.expected", { what: wanted.text })) : null, remedy ? mends(remedy) : null);
}

/** What mends it: a command, which every language has in common, or a sentence. */
const mends = remedy => h("code", { class: "apart" }, said(remedy).text);

const row = (level, ...what) => h("li", { class: level }, icon({ ok: "tick", warn: "error", bad: "cross" }[level]), h("span", {}, what));

function meter({ free_bytes: free, total_bytes: all }) {
  return h("div", { class: "meter" }, h("meter", { min: "0", max: String(all), value: String(all - free), high: String(all * 0.9), optimum: "0", "aria-label": t("station.disk") }),
    h("p", {}, t("station.used", { used: size(all - free), all: size(all) })));
}

function uart({ slot, port, present }) {
  return h("li", { class: present ? "ok" : "bad" }, icon(present ? "tick" : "cross"), h("span", {}, h("b", {}, slot), " ", h("code", {}, port), present ? "" : ` ${t("station.absent")}`));
}
