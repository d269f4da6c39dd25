// A slot's card. Its block is to be read from two metres: how it is, what to do, and the button directly under it, always
// in the same place. The rest (flash, stages, board, lines) stands below, or in a card of many opens when asked for.

import { coded, facts, h, icon, once, put, short } from "./dom.js";
import { live, now } from "./live.js";
import { FlashMap } from "./map.js";
import { get, guarded, order, sure, toast } from "./net.js";
import { said } from "./said.js";
import { asked, baud, capital, clock, duration, fault, language, number, parted, percent, rate, running, size, stageName, stages, t, verdictWord } from "./words.js";

const RATE_OVER = 1500; // ms of progress that the shown rate is taken from

/** Why no unit can pass now, whatever board is in. */
const lack = () => live.state?.readiness?.lack?.kind;

export const isWorking = slot => slot.state === "busy" || slot.state === "stopping";

export class Card {
  constructor(name) {
    this.name = name;
    const title = h("h2", { id: `slot-${name}`, title: name }, name);
    this.symbol = h("span", { class: "symbol" });
    this.word = h("p", { class: "word" });
    this.percent = h("p", { class: "percent" });
    this.todo = h("p", { class: "todo" });
    this.note = h("p", { class: "note" });
    this.moved = h("span");
    this.time = h("span");
    this.again = h("span", { class: "again" });
    this.foot = h("p", { class: "foot" }, this.moved, this.again, this.time);
    this.block = h("div", { class: "block" }, h("div", { class: "line" }, title, this.symbol, this.word, this.percent), this.todo, this.note, this.foot);
    this.bar = h("progress", { max: "1000", "aria-label": t("slot.progress", { slot: name }) });
    this.main = h("div", { class: "main" });
    this.others = h("div", { class: "others" });
    this.open = h("button", { type: "button", class: "more", "aria-label": t("slot.do", { what: t("slot.details"), slot: name }), title: t("slot.details"), onclick: () => this.show() }, icon("list"));
    this.actions = h("div", { class: "actions" }, this.main, this.others, this.open);
    this.view = h("div", { class: "view" });
    this.steps = h("ol", { class: "steps", "aria-label": t("slot.stages") }, stages().map(stage =>
      h("li", {}, h("span", { class: "name" }, stageName(stage)), h("span", { class: "took" }))));
    this.map = new FlashMap(t("map.title"));
    this.facts = h("div", {});
    this.lines = h("ul", { class: "lines", "aria-label": t("slot.lines") });
    this.rest = h("div", { class: "rest" }, this.view, this.map.element, this.steps, this.facts, this.lines);
    this.element = h("article", { class: "card slot", "aria-labelledby": title.id }, this.block, this.bar, this.actions, this.rest);
    this.trail = [];
  }

  /** A card of many shows its block alone; the rest opens over the bench. */
  compact(is) {
    if (this.element.classList.contains("compact") === is) return;
    this.element.classList.toggle("compact", is);
    this.dialog?.close();
    if (!is) this.element.append(this.rest);
    else this.rest.remove();
    (is ? this.rest : this.actions).insertBefore(this.others, is ? this.rest.firstChild : this.open);
  }

  show() {
    const close = h("button", { type: "button" }, t("do.close"));
    const dialog = h("dialog", { class: "details", "aria-label": t("slot.named", { slot: this.name }) },
      h("header", {}, h("h2", {}, t("slot.named", { slot: this.name })), close), this.rest);
    close.onclick = () => dialog.close();
    dialog.onclick = event => { if (event.target === dialog) dialog.close(); };
    dialog.onclose = () => {
      dialog.remove();
      this.dialog = null;
      this.open.focus();
    };
    this.dialog = dialog;
    document.body.append(dialog);
    dialog.showModal();
  }

  draw(slot) {
    const working = isWorking(slot);
    // a verdict stays until the next board; one that is in is not the one that it was of
    const next = slot.seated === true && slot.verdict_shown === false && slot.state === "idle";
    const result = slot.state === "blocked" ? "blocked" : working ? "work" : slot.last && !next ? slot.last.verdict : "ready";
    const wish = wishOf(slot, result);
    this.element.dataset.result = result;
    this.element.dataset.look = wish ? "asked" : result;
    this.drawBlock(slot, result, wish);
    this.drawBar(slot, working, wish);
    this.drawView(slot, result);
    this.map.draw(slot.map, slot.board?.flash_size);
    this.map.element.hidden = !slot.map?.cells || result === "ready";
    this.drawSteps(slot, working);
    this.steps.hidden ||= result === "ready";
    this.drawFacts(slot, working);
    this.facts.hidden = result === "ready";
    this.drawLines(slot);
    this.drawButtons(slot, working);
  }

  /** How it is, what to do, and a word about why. */
  drawBlock(slot, result, wish) {
    const told = tell(slot, result, wish);
    this.again.hidden = !slot.retries || result === "ready" || Boolean(wish);
    put(this.again, t("slot.retries", { count: slot.retries }));
    once(this, "block", told, () => {
      this.block.className = `block verdict v-${wish ? "asked" : told.look ?? result}`;
      this.symbol.replaceChildren(icon(told.symbol));
      put(this.word, told.word);
      put(this.todo, told.todo);
      // what the operator is asked in the middle of a unit is said to screen readers at once
      if (wish) this.todo.setAttribute("role", "alert");
      else this.todo.removeAttribute("role");
      for (const [part, text] of [[this.todo, told.todo], [this.note, told.note]]) mark(part, text && told.lang);
      this.note.replaceChildren(...[told.note, told.look === "lack" && h("a", { href: "#shelf" }, `${t("nav.shelf")}.`), told.keys && h("span", { class: "keys" }, told.keys)].filter(Boolean));
    });
    this.percent.hidden = result !== "work";
    if (result === "work") put(this.percent, percent(Math.floor(slot.progress.overall / 10) / 100));
    if (result !== "work") {
      const { last } = slot;
      const shown = last && result === last.verdict;
      put(this.moved, shown ? (last.seq == null ? t("slot.notRecorded") : t("unit.title", { seq: String(last.seq) })) : "");
      put(this.time, shown ? `${duration(last.ms)} \u00b7 ${clock(last.finished)}` : "");
    }
  }

  drawBar(slot, working, wish) {
    this.bar.classList.toggle("off", !working);
    if (!working) return;
    this.bar.value = slot.progress.overall;
    const { done, total } = slot.progress;
    const speed = this.speed(slot);
    put(this.moved, total >= 1024 && !wish ? [t("slot.moved", { done: size(done), total: size(total) }), speed && rate(speed)].filter(Boolean).join(" \u00b7 ") : "");
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

  /** What there is to say beyond the block. */
  drawView(slot, result) {
    once(this, "view", [result, slot.last, slot.blocked, slot.blocked_by], () => {
      const found = result === "blocked" ? slot.blocked_by ?? slot.last?.fault : slot.last?.fault;
      const shown = result === "ready" || result === "work" ? [] : found ? why(found) : [doubtList(slot.last?.doubts)];
      this.view.replaceChildren(...shown.filter(Boolean));
      this.view.hidden = !this.view.children.length;
    });
  }

  /** When each stage began and what it took; the last one's end is the unit's. */
  drawSteps(slot, working) {
    const steps = slot.steps ?? [];
    this.steps.hidden = !steps.length;
    once(this, "steps", [steps.map(step => [step.stage, step.start_ms, step.retries]), working, slot.last?.ms, slot.last?.fault?.stage, Boolean(slot.awaited)], () => {
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
        // a proof of life is a stage only where the recipe asks for it
        item.hidden = name === "alive" && !slot.awaited && !known;
        item.toggleAttribute("data-again", Boolean(known?.retries));
        if (name === current) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
        if (name !== current) put(item.lastChild, known ? duration(known.ms) : "");
      });
    });
  }

  drawFacts(slot, working) {
    const board = working ? slot.board : slot.board ?? slot.last?.board;
    once(this, "facts", [board, slot.baud, slot.firmware, slot.firmware_sha256, slot.recipe], () => this.facts.replaceChildren(facts([
      ["chip", t("fact.chip"), board?.chip], ["module", t("fact.module"), board?.module], ["flash", t("fact.flash"), board && size(board.flash_size)],
      ["mac", t("fact.mac"), board?.mac], ["baud", t("fact.baud"), slot.baud && baud(slot.baud)],
      ["firmware", t("fact.firmware"), slot.firmware && h("span", {}, slot.firmware, " ", short(slot.firmware_sha256))],
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
    once(this, "buttons", [slot.state, Boolean(again), codes, lack()], () => {
      const focused = this.main.contains(document.activeElement);
      const button = (what, className, act, off) => h("button", { type: "button", class: className, disabled: off, "aria-label": t("slot.do", { what: t(`do.${what}`), slot: this.name }), onclick: act }, t(`do.${what}`));
      this.main.replaceChildren(working
        ? button("abort", "", () => this.abort(), slot.state !== "busy")
        : slot.state === "blocked"
          ? button("acknowledge", "primary", () => order(this.name, "acknowledge"))
          : button("start", "primary", () => order(this.name, "start"), slot.state !== "idle" || Boolean(lack())));
      this.others.replaceChildren(...[
        again ? button("redo", "", () => order(this.name, "start", { redo: true })) : null,
        codes.length ? button("accept", "", () => this.accept(codes)) : null,
      ].filter(Boolean));
      this.open.classList.toggle("calls", this.others.children.length > 0);
      if (focused) this.main.querySelector("button:not(:disabled)")?.focus();
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

const mark = (element, lang) => (lang ? element.setAttribute("lang", lang) : element.removeAttribute("lang"));

/** What the operator is asked to do now, in a unit or before one. */
const wishOf = (slot, result) => (slot.state === "busy" && slot.prompt) || (slot.state !== "blocked" && slot.state !== "stopping" && !(result === "ready" && lack() && slot.notice?.startsWith("not ready: ")) && slot.notice) || "";

/** A block's texts: symbol, word, what to do, a word about why. */
function tell(slot, result, wish) {
  const { last } = slot;
  if (wish) {
    const { words, lang } = asked(wish);
    const [todo, how] = parted(words);
    return { symbol: "hand", word: result === "work" ? stageWord(slot) : t("slot.asked"), todo: capital(todo ?? how), note: todo ? capital(how) : "", lang };
  }
  if (result === "work") return { symbol: "work", word: stageWord(slot), todo: t("slot.leave"), note: slot.state === "stopping" ? t("slot.stopping") : awaitedNote(slot) };
  if (result === "ready" && lack()) return { symbol: "error", word: t("ready.not"), todo: t(`ready.${lack()}`), note: t(`ready.more.${lack()}`), look: "lack" };
  if (result === "ready") {
    const todo = t(slot.button ? (slot.seated ? "slot.seated" : "slot.ready") : slot.seated ? "slot.seatedPage" : "slot.readyPage");
    return { symbol: "ready", word: t("state.idle"), todo, note: slot.button ? t("slot.byButton") : "", keys: live.state?.slots.length === 1 ? t("slot.bySpace") : null };
  }
  if (result === "blocked") {
    const found = slot.blocked_by ?? last?.fault;
    const told = found && fault(found.code, found);
    const [cause, todo] = told ? parted(told.hint) : [];
    if (slot.blocked_by) return { symbol: "blocked", word: t("slot.blocked"), todo: capital(todo), note: `${cause ? `${cause}. ` : ""}${t("slot.blockedAgain")}`, lang: told.lang };
    return { symbol: "blocked", word: t("slot.blocked"), todo: t("slot.blockedDo"), note: told ? t("slot.blockedWhy", { code: found.code, why: cause ?? "" }).trim() : said(slot.blocked ?? "").text };
  }
  if (last.fault) {
    const { hint, lang } = fault(last.fault.code, last.fault);
    const [cause, todo] = parted(hint);
    return { symbol: last.verdict, word: verdictWord(last.verdict), todo: capital(todo), note: [last.fault.code, cause].filter(Boolean).join(" "), lang };
  }
  const what = last.already ? "already" : last.verdict;
  const doubts = last.doubts?.length ? `${t("doubt.with")} ${last.doubts.map(doubt => doubt.code).join(", ")}` : "";
  return { symbol: last.verdict, word: last.already ? t("verdict.already") : verdictWord(last.verdict), todo: last.verdict === "pass" ? t("slot.takeOut") : t(`meaning.${what}`), note: doubts || (last.verdict === "pass" ? t(`meaning.${what}`) : "") };
}

/** Which signs of life are waited for, and how long yet. */
const awaitedNote = ({ stage, awaited }) => (stage === "alive" && awaited?.signs.length
  ? t("life.awaited", { signs: awaited.signs.map(sign => t(`life.${sign}`)).join(", "), seconds: number(awaited.left_s) }) : "");

const stageWord = slot => capital(slot.state === "stopping" ? t("state.stopping") : slot.stage ? stageName(slot.stage) : t("slot.begin"));

/** A verdict for a record: by its shape, its word and its colour. */
export function banner(name, word, foot) {
  return h("div", { class: `verdict v-${name}` }, icon(name), h("div", {}, h("p", { class: "word" }, word),
    h("p", { class: "foot" }, foot.filter(Boolean).map(text => h("span", {}, text)))));
}

/** What a unit passed with in spite of it. */
export function doubtList(doubts) {
  if (!doubts?.length) return null;
  return h("div", { class: "doubts" }, h("p", {}, t("doubt.with")),
    h("ul", {}, doubts.map(doubt => {
      const { text, lang } = said(doubt.text);
      return h("li", { lang }, h("code", {}, doubt.code), " ", coded(text));
    })));
}

/** Why a unit did not pass, in full. */
export function why(found) {
  const { help, lang } = fault(found.code, found);
  const own = said(found.message);
  return [
    help ? h("p", { class: "help", lang }, coded(help)) : null,
    h("p", { class: "message" }, h("code", {}, found.code), ` ${stageName(found.stage)} \u2013 `, h("span", { lang: own.lang }, coded(own.text))),
  ].filter(Boolean);
}

/** What a verdict means, and what to do now. */
export function outcome({ verdict, fault: found, already, doubts }) {
  if (!found) return [h("p", { class: "meaning" }, t(already ? "meaning.already" : `meaning.${verdict}`)), doubtList(doubts)].filter(Boolean);
  const { hint, lang } = fault(found.code, found);
  return [h("p", { class: "todo", lang }, hint), ...why(found)];
}
