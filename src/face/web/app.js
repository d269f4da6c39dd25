// The station page: one state, folded from the station's events (state.js), drawn into cards that are built once.
"use strict";

const TEXT = {
  states: { idle: "Ready", busy: "Working", stopping: "Stopping", blocked: "Blocked" },
  verdicts: { pass: "PASS", fail: "FAIL", error: "ERROR", timeout: "TIMEOUT", aborted: "STOPPED" },
  meanings: {
    pass: "Flashed, verified, logged. Take it out.",
    fail: "This unit did not pass.",
    error: "The station has a problem; the unit may be fine.",
    timeout: "A stage took too long.",
    aborted: "Somebody stopped the unit.",
  },
  ready: "Drop a board, press",
  seated: "Board is in: press",
  readyMore: "The jig's button, the Start button or the space bar.",
  blocked: "BLOCKED",
  already: "DONE",
  alreadyMore: a => `This board runs OpenBeken ${a.version} already${a.unit ? ` (unit ${a.unit})` : ""}; nothing was written. Take it out.`,
  acknowledge: "I looked at it",
  redo: "Convert again",
  start: "Start",
  abort: "Abort",
  abortAsk: slot => `Stop the unit in slot ${slot}? It stops at the next safe point.`,
  stopping: "Stops at the next safe point",
  begin: "Starting",
  left: time => `about ${time} left`,
  again: times => (times === 1 ? "1 retry" : `${times} retries`),
  kib: (done, total) => `${done}/${total} KiB`,
  facts: { chip: "Chip", module: "Module", mac: "MAC", flash: "Flash", firmware: "Firmware", baud: "Rate" },
  flash: bytes => `${bytes / 1024} KiB`,
  baud: rate => (rate >= 1e6 ? `${rate / 1e6} Mbaud` : `${rate / 1e3} kbaud`),
  todo: "Do now",
  at: stage => `in stage ${stage}`,
  unit: seq => (seq == null ? "not recorded" : `Unit ${seq}`),
  tally: { pass: "passed", fail: "failed", other: "other", rate: "units per hour" },
  about: s => `Station, flashjig ${s.version}, up since ${clock(s.started)}`,
  lost: time => `Connection lost, showing the state of ${time}. Trying again.`,
  announce: (slot, verdict, more) => `Slot ${slot}: ${verdict}. ${more}`,
  panel: "The station's panel, as it is now",
  keys: "Space bar: start the first slot that is ready.",
  units: "Last units",
  noUnits: "No unit yet. The first one will be listed here.",
  older: "Show older units",
  columns: ["Unit", "Finished", "Slot", "Verdict", "Chip", "Module", "MAC", "Took", "Files"],
  record: "Record",
  backup: "Backup",
  recordOf: seq => `Record of unit ${seq} as JSON`,
  backupOf: seq => `Stock flash of unit ${seq}`,
  askTitle: "The station's token",
  askText: "Orders and backups need the token that the station's owner has set. It is kept until this tab is closed.",
  askYes: "Use it",
  askNo: "Cancel",
  failed: "The station does not answer.",
};

const PAGE = 20;
const TICK = 500; // ms
const HEALTH = 10000; // ms between questions whether the station is still there
const $ = id => document.getElementById(id);

let state = null;
let seen = null; // browser's time of the last message
let skew = 0; // station's clock minus the browser's, ms
let help = {};
const cards = new Map();

// ---- small helpers

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && typeof value !== "string") element[name] = value;
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child != null));
  return element;
}

function icon(name, className = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("class", `icon i-${name} ${className}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour12: false });
}

function duration(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

function running(ms) {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function isWorking(slot) {
  return slot.state === "busy" || slot.state === "stopping";
}

// ---- a slot's card

class Card {
  constructor(name) {
    this.name = name;
    this.chip = h("span", { class: "state" });
    this.again = h("span", { class: "again" });
    this.view = h("div", { class: "view" });
    this.stage = h("strong", { class: "stage" });
    this.percent = h("span", { class: "percent" });
    this.bar = h("progress", { max: "1000", "aria-label": `Progress of slot ${name}` });
    this.moved = h("span");
    this.time = h("span");
    this.steps = h("ol", { class: "steps" }, ...STAGES.map(([stage]) => h("li", {}, stage)));
    this.prompt = h("p", { class: "prompt", role: "alert" });
    this.work = h("div", { class: "work" }, this.prompt,
      h("div", { class: "line" }, this.stage, this.percent), this.bar,
      h("div", { class: "line faint" }, this.moved, this.time), this.steps);
    this.facts = h("dl", { class: "facts" });
    this.start = h("button", { type: "button", class: "primary" }, TEXT.start);
    this.abort = h("button", { type: "button" }, TEXT.abort);
    this.start.onclick = () => order(name, this.blocked ? "acknowledge" : "start");
    this.redo = h("button", { type: "button" }, TEXT.redo);
    this.redo.onclick = () => order(name, "start", { redo: true });
    this.abort.onclick = () => { if (confirm(TEXT.abortAsk(name))) order(name, "abort"); };
    this.start.setAttribute("aria-label", `${TEXT.start} slot ${name}`);
    this.abort.setAttribute("aria-label", `${TEXT.abort} slot ${name}`);
    const title = h("h2", { id: `slot-${name}` }, name);
    this.element = h("article", { class: "card", "aria-labelledby": title.id },
      h("header", {}, title, h("div", { class: "chips" }, this.again, this.chip)), this.view, this.work, this.facts,
      h("div", { class: "actions" }, this.abort, this.redo, this.start));
    this.drawn = "";
  }

  draw(slot) {
    const working = isWorking(slot);
    const result = slot.state === "blocked" ? "blocked" : working ? "work" : slot.last ? slot.last.verdict : "ready";
    this.element.dataset.result = result;
    put(this.chip, TEXT.states[slot.state]);
    this.chip.dataset.state = slot.state;
    put(this.again, TEXT.again(slot.retries));
    this.again.hidden = slot.retries === 0;
    this.work.hidden = !working;
    this.view.hidden = working;
    this.blocked = slot.state === "blocked";
    put(this.start, this.blocked ? TEXT.acknowledge : TEXT.start);
    this.redo.hidden = !(slot.state === "idle" && slot.last?.already);
    this.start.disabled = slot.state !== "idle" && !this.blocked;
    this.abort.disabled = slot.state !== "busy";
    this.abort.hidden = !working;
    this.start.hidden = working;
    if (working) this.drawWork(slot);
    else this.drawView(slot, result);
    this.drawFacts(slot, working);
  }

  drawWork(slot) {
    const at = STAGES.findIndex(([name]) => name === slot.stage);
    const prompt = (slot.state === "busy" && slot.prompt) || slot.notice;
    put(this.prompt, prompt ? prompt[0].toUpperCase() + prompt.slice(1) : "");
    this.prompt.hidden = !prompt;
    put(this.stage, slot.state === "stopping" ? TEXT.stopping : slot.stage ?? TEXT.begin);
    put(this.percent, `${Math.floor(slot.progress.overall / 10)}%`);
    this.bar.value = slot.progress.overall;
    const { done, total } = slot.progress;
    put(this.moved, total >= 1024 ? TEXT.kib(Math.floor(done / 1024), Math.floor(total / 1024)) : "");
    this.tick(slot);
    [...this.steps.children].forEach((step, i) => {
      step.className = i < at ? "done" : i === at ? "now" : "";
      if (i === at) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
  }

  tick(slot) {
    if (!slot.started) return;
    const spent = Date.now() + skew - Date.parse(slot.started);
    const part = slot.progress.overall / 1000;
    const left = part > 0.06 && part < 0.99 && spent > 2000 ? TEXT.left(running(spent / part - spent)) : "";
    put(this.time, [running(spent), left].filter(Boolean).join(" \u00b7 "));
  }

  drawView(slot, result) {
    const key = JSON.stringify([result, slot.last, slot.blocked, slot.seated, Object.keys(help).length]);
    if (key === this.drawn) return;
    this.drawn = key;
    if (result === "ready") {
      this.view.replaceChildren(h("div", { class: "ready" }, icon("ready"),
        h("div", {}, h("p", { class: "word" }, slot.seated ? TEXT.seated : TEXT.ready), h("p", { class: "faint" }, TEXT.readyMore))));
      return;
    }
    if (result === "blocked") {
      this.view.replaceChildren(this.verdict("blocked", TEXT.blocked, []), h("p", { class: "message" }, slot.blocked ?? ""));
      return;
    }
    const { last } = slot;
    const foot = [TEXT.unit(last.seq), duration(last.ms), clock(last.finished)];
    const parts = [this.verdict(last.verdict, last.already ? TEXT.already : TEXT.verdicts[last.verdict], foot)];
    if (last.fault) {
      const { code, stage, message, hint } = last.fault;
      parts.push(h("p", { class: "todo" }, h("b", {}, `${TEXT.todo}: `), hint),
        h("p", { class: "message" }, h("code", {}, code), ` ${TEXT.at(stage)}: ${message}`));
      if (help[code]) parts.push(h("p", { class: "faint" }, help[code]));
    } else {
      parts.push(h("p", { class: "faint" }, last.already ? TEXT.alreadyMore(last.already) : TEXT.meanings[last.verdict]));
    }
    this.view.replaceChildren(...parts);
  }

  verdict(name, word, foot) {
    return h("div", { class: `verdict v-${name}` }, icon(name), h("div", {}, h("p", { class: "word" }, word), h("p", { class: "foot" }, ...foot.map(text => h("span", {}, text)))));
  }

  drawFacts(slot, working) {
    const board = working ? slot.board : slot.board ?? slot.last?.board;
    const facts = [
      ["chip", board?.chip], ["module", board?.module], ["flash", board && TEXT.flash(board.flash_size)],
      ["mac", board?.mac], ["baud", slot.baud && TEXT.baud(slot.baud)],
      ["firmware", slot.firmware],
    ].filter(([, value]) => value);
    const key = JSON.stringify(facts);
    if (key === this.drawnFacts) return;
    this.drawnFacts = key;
    this.facts.replaceChildren(...facts.map(([name, value]) =>
      h("div", { class: `f-${name}` }, h("dt", {}, TEXT.facts[name]), h("dd", {}, value))));
  }
}

function draw() {
  if (!state) return;
  const { station, slots } = state;
  document.title = `${mark(slots)}${station.name}`;
  put($("station"), station.name);
  put($("about"), TEXT.about(station));
  const names = slots.map(slot => slot.name);
  if (names.join("\n") !== [...cards.keys()].join("\n")) {
    cards.clear();
    names.forEach(name => cards.set(name, new Card(name)));
    $("slots").replaceChildren(...[...cards.values()].map(card => card.element));
  }
  slots.forEach(slot => cards.get(slot.name).draw(slot));
  drawTally();
}

/** What the tab shows without being opened. */
function mark(slots) {
  const busy = slots.filter(isWorking);
  if (busy.length) return `${Math.floor(Math.min(...busy.map(slot => slot.progress.overall)) / 10)}% `;
  const results = slots.map(slot => slot.last?.verdict).filter(Boolean);
  return results.length ? (results.every(verdict => verdict === "pass") ? "\u2714 " : "\u2718 ") : "";
}

let rate = null;

function drawTally() {
  const { pass, fail, error, timeout, aborted } = state.tally;
  const values = { pass, fail, other: error + timeout + aborted, rate: rate ?? "\u2013" };
  const list = $("tally");
  if (!list.children.length) {
    list.append(...Object.keys(values).map(name => h("div", { class: `t-${name}` },
      h("dt", {}, name === "pass" || name === "fail" ? icon(name) : null, TEXT.tally[name]), h("dd", {}))));
  }
  Object.values(values).forEach((value, i) => put(list.children[i].querySelector("dd"), String(value)));
}

// ---- the ledger

let units = [];
let wanted = PAGE;

async function loadUnits() {
  const answer = await fetch(`/api/v1/units?limit=${Math.min(wanted, 1000)}`).catch(() => null);
  if (!answer?.ok) return;
  units = await answer.json();
  drawUnits();
}

function drawUnits() {
  const focused = document.activeElement?.closest("#units a")?.getAttribute("href");
  $("units").replaceChildren(...units.map(unit => h("tr", { "data-verdict": unit.verdict, onclick: event => openRow(event, unit.seq) },
    h("th", { scope: "row" }, h("a", { href: `#unit-${unit.seq}`, "aria-label": VIEW.open(unit.seq) }, String(unit.seq))),
    h("td", { class: "mid" }, when(unit.finished)),
    h("td", { class: "mid" }, unit.slot),
    h("td", { class: "result", title: unit.fault?.message }, icon(unit.verdict), TEXT.verdicts[unit.verdict], unit.fault ? h("code", {}, unit.fault.code) : null),
    h("td", { class: "mid" }, unit.board?.chip ?? "\u2013"),
    h("td", { class: "wide" }, unit.board?.module ?? "\u2013"),
    h("td", { class: "mac" }, ...mac(unit.board?.mac)),
    h("td", { class: "mid number" }, duration(Date.parse(unit.finished) - Date.parse(unit.started))),
    h("td", { class: "files" },
      h("a", { href: `/api/v1/units/${unit.seq}`, "aria-label": TEXT.recordOf(unit.seq) }, TEXT.record),
      unit.backup ? h("a", { href: `/api/v1/units/${unit.seq}/backup`, "aria-label": TEXT.backupOf(unit.seq), onclick: download }, TEXT.backup) : null))));
  if (focused) $("units").querySelector(`a[href="${focused}"]`)?.focus();
  $("units-none").hidden = units.length > 0;
  $("older").hidden = units.length < wanted || wanted >= 1000;
  const now = Date.now() + skew;
  const recent = units.map(unit => Date.parse(unit.finished)).filter(time => now - time < 3600e3);
  const span = (now - Math.min(...recent)) / 3600e3;
  // With fewer than a page in the last hour the list holds them all; with more, the page's own time is the measure.
  rate = recent.length < wanted ? recent.length : Math.round(recent.length / Math.max(span, 1 / 60));
  if (state) drawTally();
}

/** The vendor's half and the plug's own; a narrow screen shows only the latter. */
function mac(text) {
  return text ? [h("span", { class: "vendor" }, text.slice(0, 9)), text.slice(9)] : ["\u2013"];
}

function when(time) {
  const date = new Date(time);
  const today = date.toDateString() === new Date(Date.now() + skew).toDateString();
  return today ? clock(date) : `${date.toLocaleDateString()} ${clock(date)}`;
}

// ---- orders

let toastTimer = 0;

function toast(text) {
  put($("toast"), text);
  $("toast").hidden = false;
  // As a popover it lies above an open dialog.
  $("toast").showPopover?.();
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidePopover?.(); $("toast").hidden = true; }, 8000);
}

/** A request that may need the token; asks for it once when the station wants it. */
async function guarded(url, options = {}) {
  for (let attempt = 0; ; attempt += 1) {
    const token = sessionStorage.getItem("token");
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(url, { ...options, headers }).catch(() => null);
    if (!answer) { toast(TEXT.failed); return null; }
    if (answer.status === 401 && attempt < 3) {
      sessionStorage.removeItem("token");
      const given = await askToken();
      if (!given) return null;
      sessionStorage.setItem("token", given);
      continue;
    }
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => null);
    toast(problem?.error ? `${problem.error.title}: ${problem.error.detail}` : `${answer.status} ${answer.statusText}`);
    return null;
  }
}

function order(slot, what, wish) {
  const body = wish && JSON.stringify(wish);
  return guarded(`/api/v1/slots/${encodeURIComponent(slot)}/${what}`, { method: "POST", body });
}

function askToken() {
  const dialog = $("ask");
  $("token").value = "";
  dialog.showModal();
  return new Promise(resolve => {
    const end = value => { dialog.close(); resolve(value); };
    dialog.querySelector("form").onsubmit = event => { event.preventDefault(); end($("token").value.trim()); };
    $("ask-no").onclick = () => end("");
    dialog.oncancel = () => resolve("");
  });
}

document.addEventListener("keydown", event => {
  if (event.key !== " " || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("button, a, input, dialog, summary, [tabindex]")) return;
  event.preventDefault();
  const free = state?.slots.find(slot => slot.state === "idle");
  if (free) order(free.name, "start");
});

// ---- the panel's picture

let panelDue = false;

function refreshPanel() {
  if (panelDue || document.hidden || isStale()) return;
  panelDue = true;
  setTimeout(() => {
    // The new picture takes the old one's place only when it has come, so nothing flickers.
    const old = $("panel");
    const next = h("img", { width: "128", height: "64", alt: old.alt });
    next.onload = () => { next.id = "panel"; old.replaceWith(next); panelDue = false; };
    next.onerror = () => { panelDue = false; };
    next.src = `/api/v1/panel.png?seq=${state?.seq ?? 0}-${Math.floor(Date.now() / 1000)}`;
  }, 250);
}

// ---- the line to the station

let source = null;
let again = 0;

function connect() {
  clearTimeout(again);
  source?.close();
  source = new EventSource("/api/v1/events");
  source.addEventListener("snapshot", message => {
    heard();
    state = JSON.parse(message.data);
    draw();
    loadUnits();
    refreshPanel();
  });
  const kinds = ["seated", "lifted", "started", "entered", "progress", "rate", "found", "chosen", "kept", "planned", "retried", "prompt", "finished", "stopping", "blocked", "noticed", "settled", "supply", "recalled", "already", "acknowledged"];
  kinds.forEach(kind => source.addEventListener(kind, message => {
    heard();
    if (!state) return;
    const event = JSON.parse(message.data);
    skew = Date.parse(event.time) - Date.now();
    fold(state, event);
    draw();
    refreshPanel();
    if (kind === "finished") {
      loadUnits();
      const more = event.fault ? `${event.fault.code}. ${event.fault.hint}` : duration(event.ms);
      put($("announce"), TEXT.announce(event.slot, TEXT.verdicts[event.verdict], more));
    }
  }));
  source.onerror = lost;
}

function heard() {
  seen = Date.now();
  $("lost").hidden = true;
  document.body.classList.remove("stale");
}

function isStale() {
  return document.body.classList.contains("stale");
}

function lost() {
  put($("lost"), TEXT.lost(seen ? clock(seen) : "\u2013"));
  $("lost").hidden = false;
  document.body.classList.add("stale");
  // The browser tries again by itself, but not after an answer that is no event stream.
  if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, 2000);
}

/** A dead network is silent; so ask now and then, and take the station's clock along. */
async function check() {
  const asked = Date.now();
  const answer = await fetch("/healthz", { signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (!answer?.ok) { lost(); return; }
  const theirs = Date.parse(answer.headers.get("Date"));
  // The header counts whole seconds, so only a larger difference is one.
  if (Math.abs(theirs - asked - skew) > 2000) skew = theirs - asked;
  if (isStale()) connect();
  else seen = Date.now();
}

function words() {
  put($("panel-caption"), TEXT.panel);
  put($("keys"), TEXT.keys);
  put($("units-title"), TEXT.units);
  put($("units-none"), TEXT.noUnits);
  put($("older"), TEXT.older);
  put($("ask-title"), TEXT.askTitle);
  put($("ask-text"), TEXT.askText);
  put($("ask-yes"), TEXT.askYes);
  put($("ask-no"), TEXT.askNo);
  put($("unit-close"), VIEW.close);
  const classes = ["", "mid", "mid", "", "mid", "wide", "mac", "mid number", ""];
  $("units-head").append(...TEXT.columns.map((name, i) => h("th", { scope: "col", class: classes[i] }, name)));
}

words();
$("older").onclick = () => { wanted += 100; loadUnits(); };
fetch("/api/v1/faults").then(answer => answer.json()).then(list => {
  help = Object.fromEntries(list.map(fault => [fault.code, fault.help]));
  draw();
}).catch(() => {});
connect();
check();
setInterval(check, HEALTH);
setInterval(() => {
  if (isStale()) return;
  const working = state?.slots.filter(isWorking) ?? [];
  working.forEach(slot => cards.get(slot.name)?.tick(slot));
  if (working.length) refreshPanel();
}, TICK);
document.addEventListener("visibilitychange", refreshPanel);
window.addEventListener("hashchange", showUnit);
$("unit").addEventListener("close", leaveUnit);
showUnit();
