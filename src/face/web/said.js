// What the program says in its own words (a proof, a fault's message, a doubt), in the reader's language when it is shown.
// Records keep the program's English: a catalogue has its sentences with a mark for each fact, and the facts found in a
// message are put into the catalogue's sentence. A fact may be such a message again.

import { language, told } from "./words.js";

const DEEP = 6; // sentences within sentences

let patterns = null;

/** The sentences of the catalogue as expressions; those with the most letters of their own first. */
function known() {
  patterns ??= Object.entries(told()).map(([english, own]) => {
    const names = [];
    const source = english.split(/\{(\w*)\}/).map((part, i) => {
      if (i % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      names.push(part);
      return "([^]+?)";
    }).join("");
    return { test: new RegExp(`^${source}$`), names, own, own_letters: english.replace(/\{\w*\}/g, "").length };
  }).sort((a, b) => b.own_letters - a.own_letters);
  return patterns;
}

/** The text in the reader's language; `lang` marks one that no catalogue has. */
export function said(text) {
  if (!text || language === "en") return { text: text ?? "", lang: null };
  const own = put(text, 0);
  return own == null ? { text, lang: "en" } : { text: own, lang: null };
}

function put(text, depth) {
  // names, numbers and addresses are the same in every language
  if (/^[^a-z]*$/.test(text) || /^\S+$/.test(text) && /[\d_./:]/.test(text)) return text;
  if (depth > DEEP) return null;
  for (const { test, names, own } of known()) {
    const found = test.exec(text);
    if (!found) continue;
    let whole = true;
    const facts = Object.fromEntries(names.map((name, i) => {
      const fact = put(found[i + 1], depth + 1);
      // what stands in quotes is another program's word
      whole &&= fact != null || isName(found[i + 1]) || own.includes(`\u00ab\u00a0{${name}}`) || own.includes(`\u00ab {${name}}`);
      return [name, fact ?? found[i + 1]];
    }));
    if (whole) return own.replace(/\{(\w+)\}/g, (mark, name) => facts[name] ?? mark);
  }
  for (const [between, joint] of [[/(?<=\.) (?=[A-Z])/, " "], ["; ", " ; "], [", ", ", "]]) {
    const parts = text.split(between);
    if (parts.length < 2) continue;
    const own = parts.map(part => put(part, depth + 1) ?? (part.endsWith(".") ? stop(put(part.slice(0, -1), depth + 1)) : null) ?? (isName(part) ? part : null));
    if (own.every(part => part != null)) return own.join(joint);
  }
  return null;
}

const stop = text => (text == null ? null : `${text}.`);

/** One word that no catalogue has is a name. */
const isName = text => !/\s/.test(text) || /^["\u201c].*["\u201d]$/.test(text);
