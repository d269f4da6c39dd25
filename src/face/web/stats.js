// How it goes: today, this box, all.

import { boxForm, boxPicture, openBox } from "./box.js";
import { card, h, icon, table } from "./dom.js";
import { listen } from "./live.js";
import { get } from "./net.js";
import { lotsCard, metCard } from "./pilot.js";
import { countBars, dots, stageTimes, verdictBar } from "./plots.js";
import { duration, fault, number, percent, stageName, t, verdictWord, when } from "./words.js";

const SETS = ["today", "batch", "all"];
let chosen = "today";

export function statsView(root) {
  const body = h("div", { class: "figures" });
  const tabs = h("div", { class: "tabs", role: "group", "aria-label": t("stats.which") });
  root.append(h("div", { class: "title" }, h("h1", {}, t("nav.stats")), tabs), body);
  let [stats, batch] = [null, null];

  function draw() {
    tabs.replaceChildren(...SETS.map(name => h("button", { type: "button", "aria-pressed": String(name === chosen), onclick: () => { chosen = name; draw(); tabs.querySelector("[aria-pressed=true]").focus(); } }, t(`stats.${name}`))));
    if (!stats) { body.replaceChildren(h("p", { class: "none" }, t("stats.missing"))); return; }
    const sums = figuresOf(stats, chosen);
    const box = chosen === "batch" ? [boxCard(batch, load)] : [];
    body.replaceChildren(...box, ...(sums?.units ? shown(sums) : chosen === "batch" && !batch?.name ? [] : [h("p", { class: "none" }, t("stats.none"))]), ...[lotsCard(stats.lots, load), metCard(stats.met)].filter(Boolean));
  }

  async function load() {
    [stats, batch] = await Promise.all([get("/api/v1/stats"), get("/api/v1/batch")]);
    // not under the hands of somebody who types
    if (!body.contains(document.activeElement) || !document.activeElement.matches("input")) draw();
  }

  draw();
  load();
  return listen(kind => { if (["finished", "confirmed", "snapshot", "batch"].includes(kind)) load(); });
}

const figuresOf = (stats, name) => (name === "batch" ? stats.batch ?? stats.box : stats[name]);

function shown(sums) {
  const big = (name, value, note) => h("div", { class: `big b-${name}` }, h("dt", {}, t(`stats.${name}`)), h("dd", {}, value), note ? h("dd", { class: "note" }, note) : null);
  const rate = sums.units_per_hour;
  const faults = sums.faults ?? [];
  const stages = sums.stages ?? [];
  const recent = sums.recent ?? [];
  return [
    h("section", { class: "card", "aria-label": t("stats.numbers") }, h("dl", { class: "bigs" },
      big("units", number(sums.units), t("stats.unitsWhat", { count: sums.error + sums.aborted })),
      big("yield", percent(sums.yield), t("stats.boardsOf", { pass: sums.boards_passed, count: sums.boards })),
      big("firstPass", percent(sums.first_pass_yield), t("stats.boardsOf", { pass: sums.boards_first, count: sums.boards })),
      big("perHour", rate == null ? "\u2013" : number(rate, rate < 10 ? 1 : 0), t("stats.perHourWhat")),
      big("cycle", duration(sums.cycle_ms?.p50), t("stats.cycleWhat", { p95: duration(sums.cycle_ms?.p95) }))), verdictBar(sums), meanings()),
    h("div", { class: "column" },
      recent.length ? card(t("stats.recent", { count: recent.length }), "", dots(recent), behind(t("stats.recent", { count: recent.length }), ["unit", "verdict", "finished", "took"],
        recent.toReversed().map(unit => [String(unit.seq), verdictWord(unit.verdict), when(unit.finished), duration(unit.ms)]))) : null,
      card(t("stats.faults"), "", faults.length ? countBars(faults.map(item => ({ ...item, text: fault(item.code).hint }))) : h("p", { class: "calm" }, icon("pass"), t("stats.noFaults")))),
    stages.length ? card(t("stats.stages"), "", h("p", { class: "faint" }, t("stats.stagesWhat")), stageTimes(stages), behind(t("stats.stages"), ["stage", "p50", "p95"],
      stages.map(stage => [stageName(stage.name), duration(stage.p50), duration(stage.p95)]))) : null,
  ].filter(Boolean);
}

/** What is counted, in a few words. */
function meanings() {
  return h("details", {}, h("summary", {}, t("stats.meanings")), h("dl", { class: "meanings" }, ["unit", "board", "yield", "first", "judged", "hour"].flatMap(name =>
    [h("dt", {}, t(`meant.${name}.name`)), h("dd", {}, t(`meant.${name}.what`))])));
}

function behind(title, columns, rows) {
  return h("details", {}, h("summary", {}, t("plot.asTable")), table(title, columns.map((name, i) => [t(`column.${name}`), i ? "number" : ""]), rows));
}

/** The box in work, and the form that names one. */
function boxCard(box, changed) {
  return card(box?.name ?? t("box.none"), "boxed", box?.name ? h("div", { class: "box" }, boxPicture(box, true)) : h("p", { class: "faint" }, t("box.what")),
    box?.name ? h("div", { class: "actions" }, h("button", { type: "button", onclick: () => openBox(box, changed) }, t("box.open"))) : null,
    boxForm(box, false, changed));
}
