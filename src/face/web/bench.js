// The view of the bench: a card for each slot, how today and the box are going, and the panel's picture.

import { $, h, once, put } from "./dom.js";
import { listen, live } from "./live.js";
import { get, order } from "./net.js";
import { Card, isWorking } from "./slot.js";
import { boxPicture } from "./stats.js";
import { number, percent, t } from "./words.js";

const TICK = 500; // ms

export function bench(root) {
  const cards = new Map();
  const slots = h("div", { class: "slots" });
  const figures = h("dl", { class: "tally" });
  const box = h("div", { class: "box", hidden: true });
  const picture = h("img", { id: "panel", src: panelUrl(), alt: t("panel.alt") });
  const glass = h("div", { class: "glass" }, picture);
  root.append(h("h1", { class: "unseen" }, t("nav.bench")), h("div", { class: "bench" }, slots,
    h("aside", { class: "card side", "aria-label": t("bench.side") }, figures, box,
      h("figure", { class: "panel" }, glass, h("figcaption", { class: "faint" }, t("panel.caption"))),
      h("p", { class: "faint keys" }, h("kbd", {}, t("bench.space")), " ", t("bench.spaceDoes")))));

  function draw() {
    const { state } = live;
    if (!state) return;
    const names = state.slots.map(slot => slot.name);
    if (names.join("\n") !== [...cards.keys()].join("\n")) {
      cards.clear();
      names.forEach(name => cards.set(name, new Card(name)));
      slots.replaceChildren(...[...cards.values()].map(card => card.element));
      slots.dataset.count = String(names.length);
    }
    state.slots.forEach(slot => cards.get(slot.name).draw(slot));
    tally(state);
  }

  let today = null;

  function tally(state) {
    const { pass, fail, error, timeout, aborted } = today?.units ? today : state.tally;
    const all = pass + fail + error + timeout + aborted;
    // a station's error or an operator's stop says nothing of the unit
    const judged = pass + fail + timeout;
    const values = [["pass", number(pass)], ["notPass", number(all - pass)], ["yield", percent(today?.units ? today.yield : judged ? pass / judged : null)]];
    if (today?.units && today.units_per_hour != null) values.push(["rate", number(today.units_per_hour, today.units_per_hour < 10 ? 1 : 0)]);
    once(figures, "values", values, () => figures.replaceChildren(...values.map(([name, value]) =>
      h("div", { class: `t-${name}` }, h("dt", {}, t(`tally.${name}`)), h("dd", {}, value)))));
  }

  async function sums() {
    const [stats, batch] = await Promise.all([get("/api/v1/stats"), get("/api/v1/batch")]);
    today = stats?.today ?? null;
    box.hidden = !batch?.name;
    if (batch?.name) box.replaceChildren(...boxPicture(batch, stats?.batch ?? stats?.box));
    if (live.state) tally(live.state);
  }

  let due = false;

  function refreshPanel() {
    if (due || document.hidden || live.stale) return;
    due = true;
    setTimeout(() => {
      // The new picture takes the old one's place only when it has come, so nothing flickers.
      const next = h("img", { alt: t("panel.alt") });
      const end = () => { due = false; };
      next.onload = () => { next.id = "panel"; glass.replaceChildren(next); end(); };
      next.onerror = end;
      next.src = panelUrl();
    }, 250);
  }

  draw();
  sums();
  const stop = listen(kind => {
    draw();
    if (kind !== "stale") refreshPanel();
    if (["finished", "snapshot", "batch"].includes(kind)) sums();
  });
  const timer = setInterval(() => {
    if (live.stale) return;
    const working = live.state?.slots.filter(isWorking) ?? [];
    working.forEach(slot => cards.get(slot.name)?.tick(slot));
    if (working.length) refreshPanel();
  }, TICK);
  return () => { stop(); clearInterval(timer); };
}

/** Each of the panel's pixels as a square of four. */
const panelUrl = () => `/api/v1/panel.png?scale=2&seq=${live.state?.seq ?? 0}-${Math.floor(Date.now() / 1000)}`;

/** The space bar starts the first slot that is ready. */
export function space(event) {
  if (event.key !== " " || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("button, a, input, select, textarea, dialog, summary, [tabindex]")) return;
  event.preventDefault();
  const slot = live.state?.slots.find(slot => slot.state === "idle");
  if (slot) order(slot.name, "start");
}
