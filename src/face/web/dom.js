// Small helpers that make and change elements.

/** An element with attributes (functions and flags become properties) and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(child => child != null && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a drawing. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  element.append(...children.flat().filter(child => child != null));
  return element;
}

/** A symbol of page.html. It says nothing by itself: a word stands beside it. */
export function icon(name, className = "") {
  return s("svg", { class: `icon i-${name} ${className}`, "aria-hidden": "true" }, s("use", { href: `#i-${name}` }));
}

/** A text whose commands stand between backticks. */
export const coded = text => text.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));

/** The first digits of a digest: enough to tell files apart. The whole of it is its title. */
export const short = sha256 => (sha256 ? h("code", { title: sha256 }, sha256.slice(0, 8)) : null);

export const $ = id => document.getElementById(id);

/** Changes a text only when it differs, so that screen readers stay quiet. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Calls `draw` only when what it draws has changed. */
export function once(owner, name, value, draw) {
  const key = JSON.stringify(value);
  owner.drawn ??= {};
  if (owner.drawn[name] === key) return;
  owner.drawn[name] = key;
  draw();
}

/** A list of names and values. */
export function facts(pairs, className = "facts") {
  const shown = pairs.filter(([, , value]) => value != null && value !== "");
  return h("dl", { class: className }, shown.map(([name, word, value]) => h("div", { class: `f-${name}` }, h("dt", {}, word), h("dd", {}, value))));
}

/** A table: columns are [word, class], rows lists of cells; the first cell of each names the row. */
export function table(caption, columns, rows) {
  const cell = (value, i) => h(i ? "td" : "th", { class: columns[i][1], scope: i ? null : "row" }, value ?? "\u2013");
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, h("table", {},
    h("thead", {}, h("tr", {}, columns.map(([word, className]) => h("th", { scope: "col", class: className }, word)))),
    h("tbody", {}, rows.map(row => h("tr", {}, row.map(cell))))));
}

/** A card with a title. */
export function card(title, className, ...children) {
  const id = `t-${Math.random().toString(36).slice(2, 9)}`;
  return h("section", { class: `card ${className}`, "aria-labelledby": id }, h("h2", { id }, title), ...children);
}
