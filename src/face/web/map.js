// The flash as a picture. Addresses run from left to right, eight sectors a column, so that the names of the areas
// stand below their sectors. A sector that the chip's CRC has proven fills its place; the others leave a gap.

import { h, once } from "./dom.js";
import { hex, size, t } from "./words.js";

const ROWS = 8;
const SECTOR = 4096;
/** What the letters of the station say. */
const WHAT = { ".": "unknown", r: "read", b: "blank", k: "kept", e: "erased", w: "written", f: "failed" };
const maps = new Set();

/** Colours of the theme in force. */
let inks = null;
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => { inks = null; maps.forEach(map => map.paint()); });

function ink(name) {
  inks ??= Object.fromEntries([...Object.values(WHAT), "settled", "card"].map(what => [what, getComputedStyle(document.documentElement).getPropertyValue(`--map-${what}`).trim()]));
  return inks[name];
}

/** The letters of a text of runs such as 17K192W: one for each sector. */
function cellsOf(text) {
  return (text ?? "").replace(/(\d+)([a-z.])/gi, (_, count, letter) => letter.repeat(Number(count)));
}

/** How many sectors came to what. */
export function count(cells) {
  const sums = { proven: 0 };
  for (const letter of cells) {
    const what = WHAT[letter.toLowerCase()];
    sums[what] = (sums[what] ?? 0) + 1;
    if (letter !== letter.toLowerCase()) sums.proven += 1;
  }
  return sums;
}

export class FlashMap {
  constructor(title) {
    this.title = title;
    this.canvas = h("canvas", { class: "cells", role: "img", "aria-label": title });
    this.areas = h("div", { class: "areas" });
    this.legend = h("ul", { class: "legend" });
    this.element = h("figure", { class: "map" }, this.canvas, this.areas, h("figcaption", {}, this.legend));
    this.cells = "";
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    maps.add(this);
  }

  /** Shows a map of the station, or an empty flash. */
  draw(map, bytes = 0x200000) {
    const cells = cellsOf(map?.cells) || ".".repeat(bytes / SECTOR);
    if (cells !== this.cells) {
      this.cells = cells;
      this.paint();
      this.tell();
    }
    once(this, "areas", [map?.areas, cells.length], () => this.name(map?.areas ?? [], cells.length * SECTOR));
  }

  fit() {
    const scale = devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * scale);
    if (!width || width === this.width) return;
    this.width = width;
    this.paint();
    this.part();
  }

  paint() {
    if (!this.width || !this.cells) return;
    const columns = Math.ceil(this.cells.length / ROWS);
    const side = this.width / columns;
    const canvas = this.canvas;
    canvas.width = this.width;
    canvas.height = Math.round(side * ROWS);
    const draw = canvas.getContext("2d");
    const scale = devicePixelRatio || 1;
    const gap = Math.max(scale * 0.75, side * 0.13);
    for (let i = 0; i < this.cells.length; i += 1) {
      const letter = this.cells[i];
      const lower = letter.toLowerCase();
      const [left, top] = [Math.round(Math.floor(i / ROWS) * side), Math.round((i % ROWS) * side)];
      const [right, bottom] = [Math.round((Math.floor(i / ROWS) + 1) * side), Math.round((i % ROWS + 1) * side)];
      sector(draw, lower, letter !== lower, left, top, right - left, bottom - top, gap);
    }
  }

  /** The same in words, and as a key of the colours. */
  tell() {
    const sums = count(this.cells);
    const shown = ["kept", "read", "blank", "erased", "written", "failed"].filter(what => sums[what]);
    const parts = shown.map(what => `${t(`map.${what}`)} ${size(sums[what] * SECTOR)}`);
    const proven = sums.proven ? t("map.provenOf", { done: size(sums.proven * SECTOR), all: size(this.cells.length * SECTOR) }) : null;
    this.canvas.setAttribute("aria-label", `${this.title}: ${[...parts, proven].filter(Boolean).join(", ") || t("map.nothing")}`);
    const item = (what, text) => h("li", {}, h("span", { class: `key k-${what}`, "aria-hidden": "true" }), text);
    this.legend.replaceChildren(...(shown.length ? shown.map(what => item(what, `${t(`map.${what}`)} ${size(sums[what] * SECTOR)}`)) : [item("unknown", t("map.nothing"))]),
      ...(proven ? [item("proven", proven)] : []));
  }

  /** Names below: wide areas in their own place, narrow ones as marks with a short name, moved apart. */
  name(areas, bytes) {
    const labels = [];
    for (const area of areas.filter(area => area.start < bytes)) {
      const [left, width] = [area.start / bytes * 100, (Math.min(area.end, bytes) - area.start) / bytes * 100];
      const wide = width > 12;
      const word = t(`area.${area.name}`);
      const text = wide ? word : t(`areaShort.${area.name}`);
      const label = h("span", { class: wide ? "area broad" : "area", title: `${word}: ${hex(area.start)} \u2013 ${hex(area.end)}` }, h("i", {}), h("b", {}, text));
      label.style.left = `${left}%`;
      label.style.width = `${Math.max(width, 0.3)}%`;
      labels.push(label);
    }
    this.areas.replaceChildren(...labels);
    this.areas.hidden = !labels.length;
    this.part();
  }

  /** Moves names apart that would lie on each other: to the right, then back from the end. */
  part() {
    const width = this.areas.clientWidth;
    if (!width) return;
    const names = [...this.areas.children].map(label => ({ text: label.lastChild, left: label.offsetLeft, at: label.offsetLeft, long: label.lastChild.offsetWidth + 6 }));
    names.forEach((name, i) => { if (i) name.at = Math.max(name.left, names[i - 1].at + names[i - 1].long); });
    let end = width + 6;
    for (const name of names.toReversed()) {
      name.at = Math.max(0, Math.min(name.at, end - name.long));
      end = name.at;
    }
    names.forEach(name => { name.text.style.marginLeft = `${name.at - name.left}px`; });
  }
}

/** One sector: what became of it by colour and by shape. */
function sector(draw, letter, proven, x, y, w, hgt, gap) {
  const inset = proven ? 0 : gap;
  const [left, top, width, height] = [x + inset / 2, y + inset / 2, w - inset, hgt - inset];
  // what was erased and is proven blank is at rest: it need not call any more
  draw.fillStyle = ink(letter === "e" && proven ? "settled" : WHAT[letter]);
  if (letter === ".") {
    // a dot: nobody looked
    const side = Math.max(1, w * 0.22);
    draw.fillRect(x + (w - side) / 2, y + (hgt - side) / 2, side, side);
  } else if (letter === "b" && !proven) {
    // hollow: nothing in it
    draw.strokeStyle = ink("blank");
    draw.lineWidth = Math.max(1, gap / 2);
    draw.strokeRect(left + draw.lineWidth / 2, top + draw.lineWidth / 2, width - draw.lineWidth, height - draw.lineWidth);
  } else if (letter === "e" && !proven) {
    draw.fillRect(left, top + height * 0.3, width, height * 0.4);
  } else {
    draw.fillRect(left, top, width, height);
  }
  if (letter === "f") {
    draw.strokeStyle = ink("card");
    draw.lineWidth = Math.max(1, w * 0.14);
    draw.beginPath();
    draw.moveTo(x + w * 0.25, y + hgt * 0.25);
    draw.lineTo(x + w * 0.75, y + hgt * 0.75);
    draw.moveTo(x + w * 0.75, y + hgt * 0.25);
    draw.lineTo(x + w * 0.25, y + hgt * 0.75);
    draw.stroke();
  }
}
