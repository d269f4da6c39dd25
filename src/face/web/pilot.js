// The first board of a lot of a chip that needs a word: what waits for it, and the word that its plug lives.

import { card, facts, h, icon, table } from "./dom.js";
import { get, post, sure, toast } from "./net.js";
import { said } from "./said.js";
import { fault, number, t, when } from "./words.js";

/** How the lots stand. */
export const lotsNow = async () => (await get("/api/v1/stats"))?.lots ?? [];

const linkTo = seq => h("a", { href: `#unit-${seq}` }, t("unit.title", { seq: String(seq) }));

function confirmButton(seq, changed) {
  const act = async () => {
    if (!await sure(t("pilot.sureTitle", { seq: String(seq) }), t("pilot.sureText"), t("pilot.confirm"))) return;
    if (await post(`/api/v1/units/${seq}/confirm`)) {
      toast(t("pilot.done"), true);
      changed();
    }
  };
  return h("button", { type: "button", class: "primary confirm", onclick: act }, t("pilot.confirm"));
}

/** What the bench says while a pilot waits; nothing when none does. */
export function waiting(lots, changed) {
  return lots.filter(lot => lot.state === "waits").flatMap(lot => [
    h("p", {}, t("pilot.waits", { seq: String(lot.pilot) })),
    h("div", { class: "actions" }, confirmButton(lot.pilot, changed), h("a", { class: "button", href: `#unit-${lot.pilot}` }, t("unit.title", { seq: String(lot.pilot) }))),
  ]);
}

/** The lot of a unit, and what can be said of it. */
export function pilotCard(unit, lots, changed) {
  if (!unit.lot) return null;
  const same = lot => lot.loader === unit.lot.loader && lot.module === unit.lot.module && lot.image === unit.lot.image;
  const lot = lots.find(same);
  const why = lot && said(lot.why);
  return card(t("pilot.title"), "pilot",
    lot ? h("p", {}, icon(lot.state === "released" ? "tick" : lot.state === "stopped" ? "cross" : "key"), " ", h("b", {}, t(`pilot.state.${lot.state}`)), " ", h("span", { lang: why.lang }, why.text)) : null,
    facts([
      ["loader", t("pilot.loader"), unit.lot.loader], ["module", t("fact.module"), unit.lot.module], ["digest", t("fact.firmwareDigest"), unit.lot.image],
      ["pilot", t("pilot.pilot"), lot && linkTo(lot.pilot)], ["passed", t("pilot.passed"), lot && number(lot.passed)],
      ["confirmed", t("pilot.confirmed"), unit.confirmed && `${unit.confirmed.who}, ${when(unit.confirmed.at)}`],
    ]),
    lot?.state === "waits" && lot.pilot === unit.seq ? h("div", { class: "actions" }, confirmButton(unit.seq, changed)) : null);
}

/** All lots, for the figures. */
export function lotsCard(lots, changed) {
  if (!lots?.length) return null;
  const columns = [[t("pilot.pilot"), ""], [t("column.chip"), ""], [t("column.module"), ""], [t("pilot.loader"), ""], [t("column.firmware"), ""], [t("pilot.stands"), ""], [t("pilot.passed"), "number"]];
  const rows = lots.map(lot => [linkTo(lot.pilot), lot.chip, lot.module, h("code", {}, lot.loader), lot.firmware?.name ?? lot.image.slice(0, 8), t(`pilot.state.${lot.state}`), number(lot.passed)]);
  return card(t("pilot.lots"), "lots", h("p", { class: "faint" }, t("pilot.what")), table(t("pilot.list"), columns, rows), ...waiting(lots, changed));
}

/** What was met and can't be converted, for the figures. */
export function metCard(met) {
  if (!met?.length) return null;
  const columns = [[t("column.chip"), ""], [t("column.module"), ""], [t("pilot.loader"), ""], [t("met.why"), ""], [t("met.count"), "number"], [t("met.last"), ""]];
  const rows = met.map(kind => [kind.chip ?? t("met.unknown"), kind.module, kind.loader && h("code", {}, kind.loader), `${kind.fault} ${fault(kind.fault).hint}`, number(kind.count), h("a", { href: `#unit-${kind.unit}` }, when(kind.last))]);
  return card(t("met.title"), "met", h("p", { class: "faint" }, t("met.what")), table(t("met.list"), columns, rows));
}
