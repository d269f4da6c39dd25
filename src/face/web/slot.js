// A slot's card: what to do or what came of it, large; the flash; the stages; the board; the jig's lines.

import { coded, facts, h, icon, once, put } from "./dom.js";
import { now } from "./live.js";
import { FlashMap } from "./map.js";
import { get, guarded, order, sure, toast } from "./net.js";
import { asked, baud, clock, duration, fault, language, number, percent, rate, running, size, stageName, stages, t, verdictWord } from "./words.js";

const RATE_OVER = 1500; // ms of progress that the shown rate is taken from

export const isWorking = slot => slot.state === "busy" || slot.state === "stopping";

export class Card {
  constructor(name) {
    this.name = name;
    this.chips = h("div", { class: "chips" });
    this.view = h("div", { class: "view" });
    this.stage = h("strong", { class: "stage" });
    this.percent = h("span", { class: "percent" });
    this.bar = h("progress", { max: "1000", "aria-label": t("slot.progress", { slot: name }) });
    this.moved = h("span");
    this.time = h("span");
    this.prompt = h("p", { class: "prompt", role: "alert" });
    this.work = h("div", { class: "work" }, h("div", { class: "line" }, this.stage, this.percent), this.bar,
      h("div", { class: "line faint" }, this.moved, this.time));
    this.steps = h("ol", { class: "steps", "aria-label": t("slot.stages") }, stages().map(stage =>
      h("li", {}, h("span", { class: "name" }, stageName(stage)), h("span", { class: "took" }))));
    this.map = new FlashMap(t("map.title"));
    this.facts = h("div", {});
    this.lines = h("ul", { class: "lines", "aria-label": t("slot.lines") });
    this.buttons = h("div", { class: "actions" });
    const title = h("h2", { id: `slot-${name}` }, name);
    this.element = h("article", { class: "card slot", "aria-labelledby": title.id },
      h("header", {}, title, this.chips), this.prompt, this.view, this.work, this.map.element, this.steps, this.facts,
      h("footer", {}, this.lines, this.buttons));
    this.trail = [];
  }

  draw(slot) {
    const working = isWorking(slot);
    // a verdict stays until the next board; one that is in is not the one that it was of
    const next = slot.seated === true && slot.verdict_shown === false && slot.state === "idle";
    const result = slot.state === "blocked" ? "blocked" : working ? "work" : slot.last && !next ? slot.last.verdict : "ready";
    this.element.dataset.result = result;
    this.drawPrompt(slot);
    this.work.hidden = !working;
    this.view.hidden = working;
    this.drawChips(slot);
    if (working) this.drawWork(slot);
    else this.drawView(slot, result);
    this.map.draw(slot.map, slot.board?.flash_size);
    this.map.element.hidden = !slot.map?.cells || result === "ready";
    this.drawSteps(slot, working);
    this.steps.hidden ||= result === "ready";
    this.drawFacts(slot, working);
    this.facts.hidden = result === "ready";
    this.drawLines(slot);
    this.drawButtons(slot, working);
  }

  drawChips(slot) {
    once(this, "chips", [slot.state, slot.retries, slot.recipe], () => this.chips.replaceChildren(
      ...(slot.retries ? [h("span", { class: "again" }, t("slot.retries", { count: slot.retries }))] : []),
      h("span", { class: "state", "data-state": slot.state }, t(`state.${slot.state}`))));
  }

  /** What the operator is asked to do now, in a unit or before one. */
  drawPrompt(slot) {
    const text = (slot.state === "busy" && slot.prompt) || (slot.state !== "blocked" && slot.notice) || "";
    const { words, lang } = asked(text);
    put(this.prompt, words && words[0].toUpperCase() + words.slice(1));
    if (lang) this.prompt.lang = lang;
    else this.prompt.removeAttribute("lang");
    this.prompt.hidden = !words;
  }

  drawWork(slot) {
    put(this.stage, slot.state === "stopping" ? t("slot.stopping") : slot.stage ? stageName(slot.stage) : t("slot.begin"));
    put(this.percent, percent(Math.floor(slot.progress.overall / 10) / 100));
    this.bar.value = slot.progress.overall;
    const { done, total } = slot.progress;
    const speed = this.speed(slot);
    put(this.moved, total >= 1024 ? [t("slot.moved", { done: size(done), total: size(total) }), speed && rate(speed)].filter(Boolean).join(" \u00b7 ") : "");
    this.tick(slot);
  }

  /** Bytes a second over the last moments of the stage. */
  speed(slot) {
    const [at, { done }] = [performance.now(), slot.progress];
    if (this.trail.at(-1)?.stage !== slot.stage) this.trail = [];
    if (this.trail.at(-1)?.done !== done) this.trail.push({ at, done, stage: slot.stage });
    while (this.trail.length > 2 && at - this.trail[0].at > RATE_OVER) this.trail.shift();
    const [first, last] = [this.trail[0], this.trail.at(-1)];
    return last.at - first.at > 200 ? (last.done - first.done) * 1000 / (last.at - first.at) : 0;
  }

  tick(slot) {
    if (!slot.started) return;
    const spent = now() - Date.parse(slot.started);
    const part = slot.progress.overall / 1000;
    const left = part > 0.06 && part < 0.99 && spent > 2000 && spent / part - spent > 1000 ? t("slot.left", { time: running(spent / part - spent) }) : "";
    put(this.time, [running(spent), left].filter(Boolean).join(" \u00b7 "));
    const step = slot.steps?.at(-1);
    const item = step && this.steps.children[stages().indexOf(step.stage)];
    if (item) put(item.lastChild, duration(Math.max(0, spent - step.start_ms)));
  }

  drawView(slot, result) {
    once(this, "view", [result, slot.last, slot.blocked, slot.blocked_by, slot.seated], () => this.view.replaceChildren(...this.parts(slot, result)));
  }

  parts(slot, result) {
    if (result === "ready") {
      return [h("div", { class: "ready" }, icon("ready"), h("div", {}, h("p", { class: "word" }, t(slot.seated ? "slot.seated" : "slot.ready")),
        h("p", { class: "faint" }, t("slot.readyMore"))))];
    }
    const { last } = slot;
    if (result === "blocked" && slot.blocked_by) {
      return [banner("blocked", t("slot.blocked"), []), h("p", { class: "todo" }, t("slot.blockedAgain")), ...outcome({ fault: slot.blocked_by })];
    }
    if (result === "blocked") {
      return [banner("blocked", t("slot.blocked"), []), h("p", { class: "todo" }, t("slot.blockedDo")),
        ...(last?.fault ? outcome(last) : [h("p", { class: "message", lang: language === "en" ? null : "en" }, slot.blocked ?? "")])];
    }
    const foot = [last.seq == null ? t("slot.notRecorded") : t("unit.title", { seq: last.seq }), duration(last.ms), clock(last.finished)];
    return [banner(last.verdict, last.already ? t("verdict.already") : verdictWord(last.verdict), foot), ...outcome(last)];
  }

  /** When each stage began and what it took; the last one's end is the unit's. */
  drawSteps(slot, working) {
    const steps = slot.steps ?? [];
    this.steps.hidden = !steps.length;
    once(this, "steps", [steps.map(step => [step.stage, step.start_ms, step.retries]), working, slot.last?.ms, slot.last?.fault?.stage], () => {
      const took = new Map();
      steps.forEach((step, i) => {
        const end = steps[i + 1]?.start_ms ?? (working ? null : slot.last?.ms);
        const before = took.get(step.stage) ?? { ms: 0, retries: 0 };
        took.set(step.stage, { ms: end == null ? null : before.ms + Math.max(0, end - step.start_ms), retries: before.retries + step.retries });
      });
      const current = working ? steps.at(-1)?.stage : null;
      const failed = working ? null : slot.last?.fault?.stage;
      stages().forEach((name, i) => {
        const item = this.steps.children[i];
        const known = took.get(name);
        item.className = name === current ? "now" : name === failed ? "bad" : known ? "done" : "";
        item.toggleAttribute("data-again", Boolean(known?.retries));
        if (name === current) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
        if (name !== current) put(item.lastChild, known ? duration(known.ms) : "");
      });
    });
  }

  drawFacts(slot, working) {
    const board = working ? slot.board : slot.board ?? slot.last?.board;
    once(this, "facts", [board, slot.baud, slot.firmware, slot.recipe], () => this.facts.replaceChildren(facts([
      ["chip", t("fact.chip"), board?.chip], ["module", t("fact.module"), board?.module], ["flash", t("fact.flash"), board && size(board.flash_size)],
      ["mac", t("fact.mac"), board?.mac], ["baud", t("fact.baud"), slot.baud && baud(slot.baud)],
      ["firmware", t("fact.firmware"), slot.firmware],
    ])));
  }

  drawLines(slot) {
    const { power, cen, button } = slot.lines ?? {};
    const lines = [["power", power], ["cen", cen], ["contact", slot.seated], ["button", button]].filter(([, on]) => on != null);
    const { supply } = slot;
    const drawn = supply && t("line.supply.value", { volts: number(supply.millivolts / 1000, 2), amps: number(supply.milliamps) });
    once(this, "lines", [lines, drawn], () => this.lines.replaceChildren(...lines.map(([name, on]) =>
      h("li", { class: on ? "on" : "off", title: t(`line.${name}.what`) }, h("i", { "aria-hidden": "true" }), h("span", {}, t(`line.${name}.name`)), " ", h("b", {}, t(`line.${name}.${on ? "on" : "off"}`)))),
      ...(drawn ? [h("li", { class: "on", title: t("line.supply.what") }, h("span", {}, t("line.supply.name")), " ", h("b", {}, drawn))] : [])));
  }

  drawButtons(slot, working) {
    const again = !working && slot.state === "idle" && (slot.last?.already || slot.already);
    const codes = !working && slot.state === "idle" && slot.last?.fault ? (slot.last.doubts ?? []).filter(doubt => doubt.acceptable).map(doubt => doubt.code) : [];
    once(this, "buttons", [slot.state, Boolean(again), codes], () => {
      const focused = this.buttons.contains(document.activeElement);
      const button = (what, className, act, off) => h("button", { type: "button", class: className, disabled: off, "aria-label": t("slot.do", { what: t(`do.${what}`), slot: this.name }), onclick: act }, t(`do.${what}`));
      const made = working
        ? [button("abort", "", () => this.abort(), slot.state !== "busy")]
        : slot.state === "blocked"
          ? [button("acknowledge", "primary", () => order(this.name, "acknowledge"))]
          : [again ? button("redo", "", () => order(this.name, "start", { redo: true })) : null, codes.length ? button("accept", "", () => this.accept(codes)) : null, button("start", "primary", () => order(this.name, "start"), slot.state !== "idle")];
      this.buttons.replaceChildren(...made.filter(Boolean));
      if (focused) this.buttons.querySelector("button:last-child:not(:disabled)")?.focus();
    });
  }

  /** From now on these doubts stop no unit of the box in work. */
  async accept(codes) {
    const box = await get("/api/v1/batch");
    if (!box) return;
    if (!box.name) {
      toast(t("doubt.noBox"));
      return;
    }
    if (!await sure(t("doubt.title", { codes: codes.join(", "), box: box.name }), t("doubt.text"), t("do.accept"))) return;
    const body = JSON.stringify({ name: box.name, size: box.size, accept: [...new Set([...box.accept, ...codes])] });
    const answer = await guarded("/api/v1/batch", { method: "PUT", headers: { "Content-Type": "application/json" }, body });
    if (answer?.ok) toast(t("doubt.done"), true);
  }

  async abort() {
    if (await sure(t("slot.abortTitle", { slot: this.name }), t("slot.abortText"), t("do.abort"))) order(this.name, "abort");
  }
}

/** A verdict, to be read from two metres: by its shape, its word and its colour. */
export function banner(name, word, foot) {
  return h("div", { class: `verdict v-${name}` }, icon(name), h("div", {}, h("p", { class: "word" }, word),
    h("p", { class: "foot" }, foot.filter(Boolean).map(text => h("span", {}, text)))));
}

/** What a unit passed with in spite of it. */
export function doubtList(doubts) {
  if (!doubts?.length) return null;
  return h("div", { class: "doubts" }, h("p", {}, t("doubt.with")),
    h("ul", { lang: language === "en" ? null : "en" }, doubts.map(doubt => h("li", {}, h("code", {}, doubt.code), " ", coded(doubt.text)))));
}

/** What a verdict means, and what to do now. */
export function outcome({ verdict, fault: found, already, doubts }) {
  if (!found) return [h("p", { class: "meaning" }, t(already ? "meaning.already" : `meaning.${verdict}`)), doubtList(doubts)].filter(Boolean);
  const { hint, help, lang } = fault(found.code, found);
  return [
    h("p", { class: "todo", lang }, hint),
    help ? h("p", { class: "help", lang }, coded(help)) : null,
    h("p", { class: "message", lang: language === "en" ? null : "en" }, h("code", {}, found.code), ` ${stageName(found.stage)} \u2013 `, coded(found.message)),
  ].filter(Boolean);
}
