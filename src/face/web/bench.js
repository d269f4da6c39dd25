// The view of the bench: a card for each slot, how today and the box are going, and the panel's picture.

import { boxPicture, countOn, holds, openBox } from "./box.js";
import { h, once } from "./dom.js";
import { listen, live } from "./live.js";
import { get, order } from "./net.js";
import { waiting } from "./pilot.js";
import { Card, isWorking } from "./slot.js";
import { number, percent, t } from "./words.js";

const TICK = 500; // ms
const SETTLE = 300; // ms that the station needs to count a unit that has ended
const FEW = 2; // slots whose cards have room for everything
const BESIDE = 4; // slots that leave room for the figures at their side

/** Where two cards can't stand side by side. */
const narrow = matchMedia("(max-width: 52rem)");

const columnsOf = count => (count <= 3 ? count : count === 4 ? 2 : count <= 6 ? 3 : 4);

export function bench(root) {
  const cards = new Map();
  const slots = h("div", { class: "slots" });
  const figures = h("dl", { class: "tally" });
  const box = h("div", { class: "box" });
  const full = h("div", { class: "full", role: "status" });
  const pilot = h("div", { class: "holds pilot", role: "status", hidden: true });
  const picture = h("img", { id: "panel", src: panelUrl(), alt: t("panel.alt") });
  const glass = h("div", { class: "glass" }, picture);
  const frame = h("div", { class: "bench" },
    h("section", { class: "card sums", "aria-label": t("bench.side") }, box, h("div", { class: "today" }, figures, h("p", { class: "faint meant" }, t("tally.meant")))),
    h("div", { class: "work" }, full, pilot, slots),
    h("aside", { class: "card side", "aria-label": t("panel.caption") }, h("figure", { class: "panel" }, glass, h("figcaption", { class: "faint" }, t("panel.caption"))),
      h("p", { class: "faint keys first" }, h("kbd", {}, t("bench.space")), " ", t("bench.spaceDoes"))));
  root.append(h("h1", { class: "unseen" }, t("nav.bench")), frame);

  function draw() {
    const { state } = live;
    if (!state) return;
    const names = state.slots.map(slot => slot.name);
    if (names.join("\n") !== [...cards.keys()].join("\n")) {
      cards.forEach(card => card.dialog?.close());
      cards.clear();
      names.forEach(name => cards.set(name, new Card(name)));
      slots.replaceChildren(...[...cards.values()].map(card => card.element));
      slots.dataset.count = String(names.length);
      slots.dataset.columns = String(columnsOf(names.length));
      frame.classList.toggle("crowd", names.length > BESIDE);
      frame.classList.toggle("alone", names.length === 1);
      fold();
    }
    state.slots.forEach(slot => cards.get(slot.name).draw(slot));
    tally();
    drawBox();
  }

  function fold() {
    const many = cards.size > (narrow.matches ? 1 : FEW);
    slots.classList.toggle("many", many);
    cards.forEach(card => card.compact(many));
  }

  let today = null;

  /** Boards, each once: a plug that is pressed again is the same plug. */
  function tally() {
    const values = [
      ["pass", number(today?.boards_passed ?? 0)], ["fail", number((today?.boards ?? 0) - (today?.boards_passed ?? 0))],
      ["yield", percent(today?.yield ?? null)], ["first", percent(today?.first_pass_yield ?? null)], ["units", number(today?.units ?? 0)],
    ];
    if (today?.units_per_hour != null) values.push(["rate", number(today.units_per_hour, today.units_per_hour < 10 ? 1 : 0)]);
    once(figures, "values", values, () => figures.replaceChildren(...values.map(([name, value]) =>
      h("div", { class: `t-${name}`, title: t(`tally.${name}What`) }, h("dt", {}, t(`tally.${name}`)), h("dd", {}, value)))));
  }

  function drawBox() {
    const { batch = null } = live.state;
    once(box, "box", batch, () => box.replaceChildren(...(batch ? [...boxPicture(batch), boxButton("box.open", () => openBox(batch, sums))] : [boxButton("box.begin", () => openBox(null, sums))])));
    once(full, "full", holds(batch) && batch, () => {
      full.hidden = !holds(batch);
      full.replaceChildren(...(holds(batch) ? [
        h("p", {}, t("box.fullNow", { box: batch.name, done: batch.done, count: batch.size })),
        h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: () => openBox(batch, sums) }, t("box.nextOne")),
          batch.at_end === "ask" ? h("button", { type: "button", onclick: () => countOn(batch) }, t("box.on")) : null),
      ] : []));
    });
  }

  async function sums() {
    const stats = await get("/api/v1/stats");
    today = stats?.today ?? null;
    const lots = (stats?.lots ?? []).filter(lot => lot.state === "waits");
    once(pilot, "lots", lots.map(lot => lot.pilot), () => {
      pilot.hidden = !lots.length;
      pilot.replaceChildren(...waiting(lots, sums));
    });
    if (live.state) tally();
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

  let counting = 0;
  draw();
  sums();
  narrow.addEventListener("change", fold);
  const stop = listen(kind => {
    draw();
    if (kind !== "stale") refreshPanel();
    if (!["finished", "confirmed", "snapshot", "batch"].includes(kind)) return;
    clearTimeout(counting);
    counting = setTimeout(sums, SETTLE);
  });
  const timer = setInterval(() => {
    if (live.stale) return;
    const working = live.state?.slots.filter(isWorking) ?? [];
    working.forEach(slot => cards.get(slot.name)?.tick(slot));
    if (working.length) refreshPanel();
  }, TICK);
  return () => {
    stop();
    clearInterval(timer);
    clearTimeout(counting);
    narrow.removeEventListener("change", fold);
    cards.forEach(card => card.dialog?.close());
  };
}

const boxButton = (word, act) => h("button", { type: "button", class: "small", onclick: act }, t(word));

/** Each of the panel's pixels as a square of four. */
const panelUrl = () => `/api/v1/panel.png?scale=2&seq=${live.state?.seq ?? 0}-${Math.floor(Date.now() / 1000)}`;

/** The space bar starts the first slot that is ready. */
export function space(event) {
  if (event.key !== " " || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("button, a, input, select, textarea, dialog, summary, [tabindex]:not(main)")) return;
  event.preventDefault();
  const slot = live.state?.slots.find(slot => slot.state === "idle");
  if (slot) order(slot.name, "start");
}
