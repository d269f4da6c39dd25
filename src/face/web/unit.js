// One unit of the ledger: what it was, what was done and proven, what it was told, and what can be done with it now.

import { card, facts, h, icon, put, table } from "./dom.js";
import { live } from "./live.js";
import { FlashMap } from "./map.js";
import { copied, download, get, order, sure, toast } from "./net.js";
import { lotsNow, pilotCard } from "./pilot.js";
import { stageBars } from "./plots.js";
import { said } from "./said.js";
import { banner, outcome } from "./slot.js";
import { length } from "./units.js";
import { baud, capital, duration, hex, known, size, stageName, t, verdictWord, when } from "./words.js";

export async function unitView(root, seq) {
  const answer = await fetch(`/api/v1/units/${seq}`).catch(() => null);
  if (!answer?.ok) {
    root.append(h("h1", {}, t("unit.title", { seq })), h("p", { class: "none" }, t(answer?.status === 404 ? "unit.none" : "note.noAnswer", { seq })), h("p", {}, h("a", { href: "#units" }, t("nav.units"))));
    return;
  }
  const unit = await answer.json();
  const template = unit.config?.template ? await get(`/api/v1/units/${seq}/template`) : null;
  const lots = unit.lot ? await lotsNow() : [];
  const again = () => { root.replaceChildren(); unitView(root, seq); };
  const foot = [when(unit.finished), duration(length(unit)), t("unit.where", { station: unit.station, slot: unit.slot })];
  root.append(
    h("div", { class: "title" }, h("h1", {}, t("unit.title", { seq: String(unit.seq) })), neighbours(unit.seq)),
    h("div", { class: "one" },
      h("div", { class: "column" },
        h("section", { class: "card head", "data-result": unit.verdict, "aria-label": t("column.verdict") }, banner(unit.verdict, unit.already ? t("verdict.already") : verdictWord(unit.verdict), foot), outcome({ ...unit, doubts: passedOver(unit) })),
        pilotCard(unit, lots, again), checksOf(unit), doubtsOf(unit), meterOf(unit), factsOf(unit), logOf(unit), templateOf(template, unit)),
      h("div", { class: "column" }, mapOf(unit), stagesOf(unit), filesOf(unit), recordOf(unit))));
}

function neighbours(seq) {
  return h("nav", { class: "pager", "aria-label": t("unit.others") },
    seq > 1 ? h("a", { class: "button", href: `#unit-${seq - 1}` }, `\u2190 ${seq - 1}`) : null,
    h("a", { class: "button", href: "#units" }, t("nav.units")),
    h("a", { class: "button", href: `#unit-${seq + 1}` }, `${seq + 1} \u2192`));
}

/** The last lines of the board's own log, where the slot hears it. */
function logOf({ board_log: lines }) {
  return lines?.length ? card(t("unit.boardLog"), "text", textOf(t("unit.boardLog"), lines.join("\n"))) : null;
}

/** The checks of the record; for records of before they were kept, what the record proves by itself. */
function checksOf(unit) {
  const listed = (unit.checks ?? []).map(check => [check.ok, known(`check.${check.name}`) ?? check.name.replaceAll("_", " "), own(check.result)]);
  const checks = [...(listed.length ? listed : derived(unit)), ...(unit.life ?? []).map(lived)];
  // what stopped it did not hold either, where no check of its own says so
  if (unit.fault && unit.verdict !== "pass" && checks.every(([ok]) => ok)) checks.push([false, capital(stageName(unit.fault.stage)), h("span", {}, h("code", {}, unit.fault.code), " ", own(unit.fault.message))]);
  if (!checks.length) return null;
  return card(t("unit.checks"), "checks", h("ul", {}, checks.map(([ok, name, what]) =>
    h("li", { class: ok ? "ok" : "bad" }, icon(ok ? "tick" : "cross"), h("span", {}, h("b", {}, name), h("span", { class: "unseen" }, ok ? t("check.held") : t("check.broken")), " ", what ?? "")))));
}

/** A sign of life as a check: what was seen, after how long, and what was expected where it did not come. */
function lived({ name, held, ms, starts, expected, found }) {
  const after = t(starts > 1 ? "life.again" : "life.after", { time: duration(ms) });
  return [held, capital(known(`life.${name}`) ?? name), h("span", {}, own(found), ` (${after})`, ...(held ? [] : ["; ", t("life.expected"), " ", own(expected)]))];
}

/** What the program said, in the reader's language. */
function own(words) {
  const { text, lang } = said(words);
  return h("span", { lang }, text);
}

function derived({ backup, verdict, firmware, config, stages, seq }) {
  const verify = stages.find(stage => stage.name === "verify");
  return [
    backup && [true, t("check.backup"), size(backup.bytes)],
    firmware && backup && [true, t("check.firmware"), firmware.name],
    verify && [verdict === "pass", t("check.flash"), size(verify.bytes)],
    config?.injected.length && [config.checked, t("check.configured"), config.injected.join(", ")],
    [true, t("check.recorded"), `#${seq}`],
  ].filter(Boolean);
}

/** What its verdict is told with, as the bench tells it. */
function passedOver({ fault, config }) {
  if (fault || !config) return [];
  return (config.doubts ?? []).filter(doubt => (config.accepted ?? []).includes(doubt.code));
}

/** All doubts about it, with what they rest on. */
function doubtsOf({ config }) {
  if (!config?.doubts?.length) return null;
  return card(t("unit.doubts"), "doubts", h("ul", {}, config.doubts.map(doubt =>
    h("li", {}, h("p", {}, h("code", {}, doubt.code), (config.accepted ?? []).includes(doubt.code) ? h("b", {}, ` ${t("doubt.accepted")}`) : null, " ", own(doubt.text)),
      doubt.facts.length ? h("p", { class: "faint" }, doubt.facts.map((fact, i) => [i ? "; " : "", own(fact)]).flat()) : null))));
}

/** What became of the factory's calibration of its meter. */
function meterOf({ meter }) {
  if (!meter) return null;
  const raw = meter.raw && ["v", "i", "p", "e"].map(name => `${name} ${meter.raw[name]}`).join(", ");
  return card(t("unit.meter"), "", h("p", { lang: said(meter.text).lang }, `${capital(said(meter.text).text)}.`), facts([
    ["chip", t("meter.chip"), meter.chip], ["text", t("meter.factory"), raw],
    ["text", t("meter.factors"), meter.slots?.join(" ")], ["text", t("meter.readback"), meter.readback && t(`meter.${meter.readback}`)],
  ]), listOf(t("meter.notes"), meter.notes));
}

function mapOf(unit) {
  if (!unit.map?.cells) return null;
  const map = new FlashMap(t("map.title"));
  map.draw(unit.map);
  const rows = (unit.map.areas ?? []).map(area => [t(`area.${area.name}`), hex(area.start), hex(area.end), size(area.end - area.start)]);
  return card(t("map.title"), "wide-map", map.element, rows.length
    ? h("details", {}, h("summary", {}, t("map.areas")), table(t("map.areas"), [[t("map.area"), ""], [t("map.from"), "number"], [t("map.to"), "number"], [t("map.size"), "number"]], rows))
    : null);
}

function stagesOf(unit) {
  if (!unit.stages.length) return null;
  const rows = unit.stages.map(stage => [stageName(stage.name), duration(stage.start_ms), duration(stage.ms), stage.bytes >= 1024 ? size(stage.bytes) : "", stage.retries ? String(stage.retries) : ""]);
  const columns = ["stage", "began", "took", "moved", "retries"].map((name, i) => [t(`column.${name}`), i ? "number" : ""]);
  return card(t("unit.stages"), "", stageBars(unit.stages), h("details", {}, h("summary", {}, t("plot.asTable")), table(t("unit.stages"), columns, rows)));
}

function factsOf(unit) {
  const { board, firmware, backup, uart, config } = unit;
  const finished = `${when(unit.finished)}${unit.clock_synced ? "" : ` (${t("unit.unsure")})`}`;
  const kept = backup && [size(backup.bytes), backup.skipped_bytes ? t("unit.skipped", { size: size(backup.skipped_bytes) }) : null,
    backup.written_bytes ? t("unit.stored", { size: size(backup.written_bytes) }) : null].filter(Boolean).join(", ");
  const told = config && [config.injected.length ? t("unit.written", { list: config.injected.join(", ") }) : t("unit.unconfigured"), config.checked ? t("unit.compared") : null].filter(Boolean).join("; ");
  return card(t("unit.facts"), "", facts([
    ["chip", t("fact.chip"), board?.chip], ["module", t("fact.module"), board?.module], ["mac", t("fact.mac"), board?.mac],
    ["flash", t("fact.flash"), board && [size(board.flash_size), board.flash_id].filter(Boolean).join(", ")],
    ["bootloader", t("fact.bootloader"), board?.bootloader], ["key", t("fact.key"), board?.key && t(`key.${board.key}`)],
    ["started", t("fact.started"), `${when(unit.started)}`], ["finished", t("fact.finished"), finished],
    ["batch", t("fact.batch"), unit.batch], ["restored", t("fact.restored"), unit.restored_from && h("a", { href: `#unit-${unit.restored_from}` }, String(unit.restored_from))],
    ["content", t("fact.content"), backup?.kind && t(`content.${backup.kind}`)],
    ["line", t("fact.line"), uart.baud ? `${baud(uart.baud)}, ${t("unit.damaged", { count: uart.errors })}${uart.overruns == null ? "" : `, ${t("unit.overruns", { count: uart.overruns })}`}` : null],
    ["backup", t("fact.backup"), kept], ["firmware", t("fact.firmware"), firmware?.name], ["version", t("fact.version"), firmware?.version],
    ["device", t("fact.device"), config?.device], ["name", t("fact.name"), config?.name], ["recipe", t("fact.recipe"), config?.recipe],
    ["topic", t("fact.topic"), config?.topic], ["arrival", t("fact.arrival"), arrivalOf(unit)],
    ["config", t("fact.config"), told],
    ["digest", t("fact.digest"), backup?.sha256], ["digest", t("fact.firmwareDigest"), firmware?.sha256],
  ]), listOf(t("unit.arrival"), unit.arrival?.remarks, true), listOf(t("unit.notes"), config?.notes), listOf(t("unit.evidence"), board?.evidence));
}

/** When its plug said hello on the broker; for one that is to, and did not, that. */
function arrivalOf({ arrival, config, verdict }) {
  if (!arrival) return config?.topic && verdict === "pass" ? t("unit.notArrived") : null;
  const { at, name, address, version, rssi } = arrival;
  return [when(at), name, address, version, rssi == null ? null : `${rssi} dBm`].filter(Boolean).join(", ");
}

function listOf(title, items, open = false) {
  if (!items?.length) return null;
  return h("details", { open }, h("summary", {}, title), h("ul", { class: "plain" }, items.map(item => h("li", {}, own(item)))));
}

function filesOf(unit) {
  const address = `/api/v1/units/${unit.seq}`;
  const { backup } = unit;
  const isStock = backup && (backup.kind ?? "stock") === "stock";
  return card(t("unit.do"), "do",
    backup?.contains_credentials ? h("p", { class: "mark" }, icon("key"), h("span", {}, t("unit.credentials"))) : null,
    h("div", { class: "actions" },
      backup ? h("a", { class: "button", href: `${address}/backup`, onclick: download }, icon("save"), t("do.backup")) : null,
      h("a", { class: "button", href: address, download: `unit-${unit.seq}.json` }, icon("save"), t("do.record")),
      backup ? h("a", { class: "button", href: `${address}/report.bin`, onclick: download }, icon("save"), t("do.report")) : null,
      backup ? h("a", { class: "button", href: `${address}/report`, onclick: event => download(event, `report-${unit.seq}.json`) }, icon("save"), t("do.reportList")) : null,
      isStock ? h("button", { type: "button", onclick: () => send(unit, "restore", { unit: unit.seq }) }, t("do.restore")) : null,
      unit.verdict === "pass" ? h("button", { type: "button", onclick: () => send(unit, "start", { redo: true }) }, t("do.redo")) : null));
}

/** Restore or redo, in a slot that is asked for. */
async function send(unit, what, body) {
  const slots = (live.state?.slots ?? []).map(slot => slot.name);
  const own = slots.includes(unit.slot) ? [unit.slot, ...slots.filter(name => name !== unit.slot)] : slots;
  const word = t(what === "restore" ? "do.restore" : "do.redo");
  const key = what === "restore" ? "restore" : "redo";
  const slot = await sure(t(`unit.${key}Title`, { seq: String(unit.seq) }), t(`unit.${key}Text`, { mac: unit.board?.mac ?? "?" }), word, own.map(name => [name, t("slot.named", { slot: name })]));
  if (!slot) return;
  if (await order(slot, what, body)) {
    toast(t("unit.sent", { slot }), true);
    location.hash = "bench";
  }
}

function templateOf(template, unit) {
  if (!template) return unit.board ? [h("p", { class: "faint" }, t("unit.noTemplate"))] : [];
  return [card(t("unit.template"), "text", textOf(t("unit.json"), JSON.stringify(template.template, null, 2), true), textOf(t("unit.script"), template.script.join("\n")), textOf("autoexec.bat", template.autoexec))];
}

/** A text to carry away. */
function textOf(name, text, open = false) {
  const box = h("pre", { tabindex: "0", "aria-label": name, role: "region" }, text);
  const button = h("button", { type: "button", class: "small", "aria-label": `${t("do.copy")}: ${name}` }, t("do.copy"));
  button.onclick = async () => {
    const done = await copied(text, box);
    put(button, t(done ? "do.copied" : "do.copy"));
    if (!done) toast(t("note.notCopied"));
    setTimeout(() => put(button, t("do.copy")), 3000);
  };
  return h("details", { open }, h("summary", {}, name), h("div", { class: "copy" }, box, button));
}

function recordOf(unit) {
  return h("details", { class: "card raw" }, h("summary", {}, t("unit.everything")), h("pre", { tabindex: "0", role: "region", "aria-label": t("unit.everything") }, JSON.stringify(unit, null, 2)));
}
