// One unit of the ledger, in a dialog of its own address (#unit-12): what it was, what was done, what it was told.
"use strict";

const VIEW = {
  open: seq => `Unit ${seq}: show everything`,
  title: seq => `Unit ${seq}`,
  none: seq => `The ledger has no unit ${seq}.`,
  close: "Close",
  facts: {
    where: "Made at", finished: "Finished", took: "Took", chip: "Chip", module: "Module", mac: "MAC", flash: "Flash",
    bootloader: "Boot loader", firmware: "Firmware", backup: "Backup", digest: "Backup's SHA-256", line: "Serial line",
    config: "Configuration",
  },
  where: unit => `${unit.station}, slot ${unit.slot}`,
  unsure: time => `${time} (the station's clock was not set)`,
  flash: board => [`${board.flash_size / 1024} KiB`, board.flash_id && `id ${board.flash_id}`].filter(Boolean).join(", "),
  backup: b => [`${b.bytes / 1024} KiB`, b.skipped_bytes ? `${b.skipped_bytes / 1024} KiB of it proven blank` : null].filter(Boolean).join(", "),
  line: uart => `${TEXT.baud(uart.baud)}, ${uart.errors === 1 ? "1 damaged reply" : `${uart.errors} damaged replies`}`,
  config: c => [c.injected.length ? `written: ${c.injected.join(", ")}` : "nothing written", c.checked ? "read back and compared" : null].filter(Boolean).join("; "),
  credentials: "The backup contains credentials: the Wi-Fi of the plug's former home, or the vendor's licence keys. Store it accordingly.",
  restore: "Write back",
  restoreAsk: (unit, slot) => `Write the stock flash of unit ${unit.seq}${unit.board?.mac ? ` (${unit.board.mac})` : ""} back to the board in slot ${slot}? Another board is refused.`,
  noSlot: "No slot is ready.",
  checks: "Checks",
  stages: "Stages",
  columns: ["Stage", "Began", "Took", "Moved", "Retries"],
  template: "OpenBeken template",
  script: "Script for the console",
  autoexec: "autoexec.bat",
  noTemplate: "This unit has no template: no pins were configured.",
  copy: "Copy",
  copied: "Copied",
  notCopied: "The browser does not allow it: the text is selected, press Ctrl+C.",
};

function openRow(event, seq) {
  if (!event.target.closest("a, button") && !String(getSelection())) location.hash = `unit-${seq}`;
}

/** Opens what the address names. */
async function showUnit() {
  const seq = /^#unit-(\d+)$/.exec(location.hash)?.[1];
  const dialog = $("unit");
  if (!seq) { dialog.close(); return; }
  const answer = await fetch(`/api/v1/units/${seq}`).catch(() => null);
  if (location.hash !== `#unit-${seq}`) return;
  if (!answer?.ok) {
    toast(answer?.status === 404 ? VIEW.none(seq) : TEXT.failed);
    leaveUnit();
    return;
  }
  const unit = await answer.json();
  const template = unit.config?.template
    ? await fetch(`/api/v1/units/${seq}/template`).then(found => (found.ok ? found.json() : null)).catch(() => null)
    : null;
  if (location.hash !== `#unit-${seq}`) return;
  drawUnit(unit, template);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

/** Closing gives the page its own address back, and the keyboard its place in the list. */
function leaveUnit() {
  const link = $("units").querySelector(`a[href="${location.hash}"]`);
  if (location.hash.startsWith("#unit-")) history.replaceState(null, "", location.pathname + location.search);
  link?.focus();
}

function drawUnit(unit, template) {
  put($("unit-title"), VIEW.title(unit.seq));
  $("unit-verdict").replaceChildren(icon(unit.verdict), TEXT.verdicts[unit.verdict]);
  $("unit-body").replaceChildren(...[faultOf(unit), credentialsOf(unit), factsOf(unit), filesOf(unit), checksOf(unit), stagesOf(unit),
    ...templateOf(template)].filter(Boolean));
}

function faultOf({ fault }) {
  if (!fault) return null;
  const { code, stage, message, hint } = fault;
  return h("div", { class: "view" }, h("p", { class: "todo" }, hint),
    h("p", { class: "message" }, h("code", {}, code), ` ${TEXT.at(stage)}: ${message}`),
    help[code] ? h("p", { class: "faint" }, help[code]) : null);
}

function credentialsOf({ backup }) {
  return backup?.contains_credentials ? h("p", { class: "mark" }, icon("key"), h("span", {}, VIEW.credentials)) : null;
}

function factsOf(unit) {
  const { board, firmware, backup, uart, config } = unit;
  const finished = new Date(unit.finished).toLocaleString([], { hour12: false });
  const facts = [
    ["where", VIEW.where(unit)],
    ["finished", unit.clock_synced ? finished : VIEW.unsure(finished)],
    ["took", duration(Date.parse(unit.finished) - Date.parse(unit.started))],
    ["chip", board?.chip], ["module", board?.module], ["mac", board?.mac], ["flash", board && VIEW.flash(board)],
    ["bootloader", board?.bootloader], ["line", uart.baud ? VIEW.line(uart) : null],
    ["backup", backup && VIEW.backup(backup)], ["config", config && VIEW.config(config)],
    ["firmware", firmware?.name], ["digest", backup?.sha256],
  ].filter(([, value]) => value);
  return h("dl", { class: "facts" }, ...facts.map(([name, value]) =>
    h("div", { class: `f-${name}` }, h("dt", {}, VIEW.facts[name]), h("dd", {}, value))));
}

function filesOf(unit) {
  const address = `/api/v1/units/${unit.seq}`;
  return h("p", { class: "files" },
    h("a", { href: address, "aria-label": TEXT.recordOf(unit.seq) }, TEXT.record),
    unit.backup ? h("a", { href: `${address}/backup`, "aria-label": TEXT.backupOf(unit.seq), onclick: download }, TEXT.backup) : null,
    unit.backup && (unit.backup.kind ?? "stock") === "stock" ? restoreOf(unit) : null);
}

/** Writes the stock flash back to the board that lies in the jig now. */
function restoreOf(unit) {
  const button = h("button", { type: "button" }, VIEW.restore);
  button.onclick = () => {
    const free = state?.slots.find(slot => slot.state === "idle" && slot.name === unit.slot) ?? state?.slots.find(slot => slot.state === "idle");
    if (!free) toast(VIEW.noSlot);
    else if (confirm(VIEW.restoreAsk(unit, free.name))) order(free.name, "restore", { unit: unit.seq });
  };
  return button;
}

function checksOf({ checks }) {
  if (!checks?.length) return null;
  return h("section", {}, h("h3", {}, VIEW.checks), h("dl", { class: "facts" }, ...checks.map(check =>
    h("div", {}, h("dt", {}, `${check.ok ? "\u2714" : "\u2718"} ${check.name.replaceAll("_", " ")}`), h("dd", {}, check.result)))));
}

function stagesOf(unit) {
  const row = stage => h("tr", {}, h("th", { scope: "row" }, stage.name),
    h("td", { class: "number" }, duration(stage.start_ms)), h("td", { class: "number" }, duration(stage.ms)),
    h("td", { class: "number" }, stage.bytes >= 1024 ? `${Math.round(stage.bytes / 1024)} KiB` : ""),
    h("td", { class: "number" }, stage.retries ? String(stage.retries) : ""));
  return h("section", {}, h("h3", {}, VIEW.stages), h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ...VIEW.columns.map((name, i) => h("th", { scope: "col", class: i ? "number" : "" }, name)))),
    h("tbody", {}, ...unit.stages.map(row)))));
}

function templateOf(template) {
  if (!template) return [h("p", { class: "faint" }, VIEW.noTemplate)];
  return [
    textOf(VIEW.template, JSON.stringify(template.template, null, 2)),
    textOf(VIEW.script, template.script.join("\n")),
    textOf(VIEW.autoexec, template.autoexec),
  ];
}

/** A text to carry away. */
function textOf(name, text) {
  const box = h("pre", { tabindex: "0", "aria-label": name }, text);
  const button = h("button", { type: "button", "aria-label": `${VIEW.copy}: ${name}` }, VIEW.copy);
  button.onclick = async () => {
    const done = await copied(text, box);
    put(button, done ? VIEW.copied : VIEW.copy);
    if (!done) toast(VIEW.notCopied);
    setTimeout(() => put(button, VIEW.copy), 3000);
  };
  return h("section", { class: "text" }, h("div", { class: "line" }, h("h3", {}, name), button), box);
}

/** Browsers have the clipboard only on https and on the station itself; elsewhere the selection has to do. */
async function copied(text, box) {
  if (navigator.clipboard && await navigator.clipboard.writeText(text).then(() => true, () => false)) return true;
  getSelection().selectAllChildren(box);
  return document.execCommand("copy");
}

async function download(event) {
  event.preventDefault();
  const answer = await guarded(event.currentTarget.href);
  if (!answer) return;
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? "stock.bin";
  const url = URL.createObjectURL(await answer.blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
