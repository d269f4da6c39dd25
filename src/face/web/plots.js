// Plots as drawings of our own. What they show is also in a table behind them, so they are hidden from screen readers
// only where that table stands beside them.

import { h, icon, s } from "./dom.js";
import { clock, duration, number, stageName, t, verdictWord } from "./words.js";

/** Units of a drawing's width, so that its letters keep their size on a phone. */
const wide = () => Math.min(600, Math.max(330, innerWidth - 60));

/** Bars that begin where a stage began: one unit's time. */
export function stageBars(stages) {
  const width = wide();
  const all = Math.max(1, ...stages.map(stage => stage.start_ms + stage.ms));
  const [row, left, right] = [24, 92, 64];
  const scale = value => value / all * (width - left - right);
  return s("svg", { class: "plot", viewBox: `0 0 ${width} ${stages.length * row + 4}`, role: "img", "aria-label": t("unit.stages") }, stages.map((stage, i) => {
    const y = i * row;
    const [x, long] = [left + scale(stage.start_ms), Math.max(2, scale(stage.ms))];
    return s("g", {},
      s("line", { class: "guide", x1: left, x2: width - right, y1: y + row / 2, y2: y + row / 2 }),
      label(left - 8, y + row / 2, stageName(stage.name), "end"),
      s("rect", { class: `bar s-${stage.name}${stage.retries ? " again" : ""}`, x, y: y + 4, width: long, height: row - 8, rx: 3 }),
      label(width, y + row / 2, duration(stage.ms), "end value"));
  }));
}

/** Median as a bar, the slow end as a thin one behind it. */
export function stageTimes(stages) {
  const width = wide();
  const shown = stages.filter(stage => stage.p50 != null);
  const all = Math.max(1, ...shown.map(stage => stage.p95 ?? stage.p50));
  const [row, left, right] = [26, 92, 130];
  const scale = value => value / all * (width - left - right);
  return s("svg", { class: "plot", viewBox: `0 0 ${width} ${shown.length * row + 4}`, role: "img", "aria-label": t("stats.stages") }, shown.map((stage, i) => {
    const y = i * row;
    return s("g", {},
      label(left - 8, y + row / 2, stageName(stage.name), "end"),
      s("rect", { class: "tail", x: left, y: y + 9, width: Math.max(2, scale(stage.p95 ?? stage.p50)), height: row - 18, rx: 2 }),
      s("rect", { class: "bar", x: left, y: y + 5, width: Math.max(2, scale(stage.p50)), height: row - 10, rx: 3 }),
      label(width, y + row / 2, `${duration(stage.p50)} / ${duration(stage.p95)}`, "end value"));
  }));
}

/** How often something was. */
export function countBars(items) {
  const all = Math.max(1, ...items.map(item => item.count));
  return h("ul", { class: "counts" }, items.map(item => {
    const bar = h("i", { "aria-hidden": "true" });
    bar.style.width = `${item.count / all * 100}%`;
    return h("li", {}, h("span", { class: "what" }, h("code", {}, item.code), " ", item.text), h("span", { class: "often" }, bar, h("b", {}, String(item.count))));
  }));
}

/** The last units as dots: how long each took, and by shape and colour how it ended. */
export function dots(units) {
  const width = wide();
  const [height, left, bottom, top] = [190, 56, 24, 12];
  const most = Math.max(1, ...units.map(unit => unit.ms));
  const step = (width - left - 16) / Math.max(1, units.length - 1);
  const y = ms => height - bottom - ms / most * (height - bottom - top);
  const lines = [0, 0.5, 1].map(part => part * most);
  const end = (i, anchor) => (units[i] ? label(left + i * step, height - 8, clock(units[i].finished), anchor) : null);
  return s("svg", { class: "plot dots", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("stats.recent", { count: units.length }) },
    lines.map(ms => s("g", {}, s("line", { class: "guide", x1: left, x2: width - 6, y1: y(ms), y2: y(ms) }), label(left - 8, y(ms), duration(ms), "end"))),
    units.length > 1 ? [end(0, "start"), end(units.length - 1, "end")] : [],
    units.map((unit, i) => s("use", { href: `#i-${unit.verdict}`, class: `dot i-${unit.verdict}`, x: left + i * step - 6, y: y(unit.ms) - 6, width: 12, height: 12 },
      s("title", {}, `${t("unit.title", { seq: String(unit.seq) })}: ${verdictWord(unit.verdict)}, ${duration(unit.ms)}`))));
}

/** A box as it is filled: one place for each plug. */
export function places(done, failed, size) {
  const shown = Math.min(size, 400);
  return h("div", { class: "places", "aria-hidden": "true" }, Array.from({ length: shown }, (_, i) =>
    h("i", { class: i < done ? "done" : i < done + failed ? "failed" : "" })));
}

/** How the units ended, to scale; the numbers stand below, so that a small part needs no more room than it has. */
export function verdictBar(sums) {
  const names = ["pass", "fail", "error", "timeout", "aborted"].filter(name => sums[name]);
  const all = names.reduce((sum, name) => sum + sums[name], 0) || 1;
  const bar = h("div", { class: "split", "aria-hidden": "true" }, names.map(name => {
    const part = h("i", { class: `v-${name}` });
    part.style.width = `${sums[name] / all * 100}%`;
    return part;
  }));
  return [bar, h("ul", { class: "splits" }, names.map(name => h("li", {}, icon(name), `${verdictWord(name)} ${number(sums[name])}`)))];
}

function label(x, y, text, className = "") {
  const [anchor, extra] = className.split(" ");
  return s("text", { x, y, class: extra ?? null, "text-anchor": anchor || "start", "dominant-baseline": "central" }, text);
}
