// The page: which view is shown, what the tab says, and the notes that belong to all views.

import { bench, space } from "./bench.js";
import { $, h, icon, once, put } from "./dom.js";
import { begin, listen, live } from "./live.js";
import { get, session, signIn, signOut } from "./net.js";
import { safety } from "./safety.js";
import { shelfView } from "./shelf.js";
import { isWorking } from "./slot.js";
import * as sound from "./sound.js";
import { stationView } from "./station.js";
import { statsView } from "./stats.js";
import { unitView } from "./unit.js";
import { unitsView } from "./units.js";
import { choose, clock, duration, fault, language, languageName, languages, load, loadFaults, percent, t, verdictWord } from "./words.js";

const VIEWS = { bench, units: unitsView, stats: statsView, shelf: shelfView, station: stationView };
let leave = null;
let shown = 0;

/** Shows what the address names. */
async function show() {
  const name = location.hash.slice(1).split("?")[0] || "bench";
  const seq = /^unit-(\d+)$/.exec(name)?.[1];
  const [view, tab] = seq ? [root => unitView(root, Number(seq)), "units"] : [VIEWS[name] ?? bench, VIEWS[name] ? name : "bench"];
  const turn = (shown += 1);
  leave?.();
  leave = null;
  const root = h("div", { class: `view-${seq ? "unit" : tab}` });
  const made = view(root);
  // a view that must ask first leaves the old one standing until it can be seen
  const end = await made;
  if (turn !== shown) { end?.(); return; }
  leave = typeof end === "function" ? end : null;
  $("view").replaceChildren(root);
  document.querySelectorAll("#nav a").forEach(link => {
    if (link.hash === `#${tab}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  if (turn > 1) { $("view").focus({ preventScroll: true }); scrollTo(0, 0); }
  title();
}

/** What the tab shows without being opened. */
function title() {
  const { state } = live;
  const name = state?.station.name ?? "flashjig";
  const busy = state?.slots.filter(isWorking) ?? [];
  const last = state?.slots.map(slot => slot.last?.verdict).filter(Boolean) ?? [];
  const mark = busy.length ? `${percent(Math.floor(Math.min(...busy.map(slot => slot.progress.overall)) / 10) / 100)} ` : last.length ? (last.every(verdict => verdict === "pass") ? "\u2714 " : "\u2718 ") : "";
  document.title = mark + name;
  put($("station"), name);
}

const AGAIN = 30000; // ms between looks for a fault of the station

/** A tab behind which something is wrong has a dot. */
function mark(tab, wrong) {
  const link = document.querySelector(`#nav a[href="#${tab}"]`);
  link.classList.toggle("wrong", wrong);
  link.querySelector(".unseen")?.remove();
  if (wrong) link.append(h("span", { class: "unseen" }, ` (${t("nav.fault")})`));
}

/** Whether the station has a fault: what its own view shows in red. */
async function lookForFaults() {
  const told = await get("/api/v1/station");
  if (told) mark("station", (told.doctor ?? []).some(({ level }) => level === "fault"));
}

function heard(kind, event) {
  title();
  once(mark, "shelf", Boolean(live.state?.readiness?.lack), () => mark("shelf", Boolean(live.state?.readiness?.lack)));
  document.body.classList.toggle("stale", live.stale);
  $("lost").hidden = !live.stale;
  if (live.stale) put($("lost-text"), t("note.lost", { time: live.heard ? clock(live.heard) : "\u2013" }));
  put($("line"), t(live.stale ? "note.offline" : "note.live"));
  if (kind === "finished") {
    const more = event.fault ? `${event.fault.code}. ${fault(event.fault.code, event.fault).hint}` : duration(event.ms);
    put($("announce"), t("note.announce", { slot: event.slot, verdict: verdictWord(event.verdict), more }));
    sound.play(event.verdict);
  }
}

function frame() {
  const tabs = [["bench", "ready"], ["units", "list"], ["stats", "chart"], ["shelf", "recipe"], ["station", "station"]];
  $("nav").append(...tabs.map(([name, symbol]) => h("a", { href: `#${name}` }, icon(symbol), h("span", {}, t(`nav.${name}`)))));
  $("nav").setAttribute("aria-label", t("nav.label"));
  const tongue = h("select", { id: "language", "aria-label": t("nav.language"), onchange: event => choose(event.target.value) }, languages.map(name => h("option", { value: name, selected: name === language, lang: name }, languageName(name))));
  const tone = h("button", { type: "button", class: "tool", "aria-pressed": String(sound.wanted()), title: t("nav.sound"), "aria-label": t("nav.sound") });
  const drawTone = () => { tone.setAttribute("aria-pressed", String(sound.wanted())); tone.replaceChildren(icon(sound.wanted() ? "sound" : "mute")); };
  tone.onclick = () => { sound.want(!sound.wanted()); drawTone(); };
  drawTone();
  const lock = h("button", { type: "button", class: "tool", hidden: true }, icon("key"));
  let right = null;
  const drawLock = async () => {
    right = await session();
    lock.hidden = !right?.token_set || right.how === "local";
    lock.setAttribute("aria-pressed", String(Boolean(right?.control)));
    lock.title = t(right?.control ? "nav.signOut" : "nav.signIn");
    lock.setAttribute("aria-label", t("nav.control"));
  };
  lock.onclick = async () => {
    if (right?.control) await signOut();
    else await signIn();
    drawLock();
  };
  addEventListener("session", drawLock);
  drawLock();
  $("tools").append(lock, tone, tongue);
  for (const [id, key] of [["skip", "nav.skip"], ["ask-title", "ask.title"], ["ask-text", "ask.text"], ["ask-yes", "ask.yes"], ["ask-no", "do.cancel"], ["sure-no", "do.cancel"]]) put($(id), t(key));
  $("sure-pick").setAttribute("aria-label", t("slot.which"));
  $("skip").onclick = event => { event.preventDefault(); $("view").focus(); };
}

await load();
frame();
safety();
listen(heard);
document.addEventListener("keydown", space);
window.addEventListener("hashchange", show);
await Promise.all([loadFaults(), show()]);
begin();
lookForFaults();
setInterval(lookForFaults, AGAIN);
