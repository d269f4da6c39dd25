// What the page says: one catalogue for each language in words/, and numbers and times as the language writes them.

const KEPT = "flashjig-language";
let words = {};
let sentences = {};
let plain = {}; // English, for what a catalogue lacks
let plural = null;
export let language = "en";
export let languages = [];

const read = name => fetch(`/assets/words-${name}.json`).then(answer => answer.json());

/** Takes the language that was chosen before, or the browser's, or English. */
export async function load() {
  languages = (await fetch("/assets/words.json").then(answer => answer.json()).catch(() => null)) ?? ["en"];
  const wishes = [localStorage.getItem(KEPT), ...navigator.languages.map(tag => tag.split("-")[0])];
  language = wishes.find(wish => languages.includes(wish)) ?? "en";
  plain = await read("en");
  words = language === "en" ? plain : await read(language).catch(() => plain);
  sentences = language === "en" ? {} : await fetch(`/assets/said-${language}.json`).then(answer => answer.json()).catch(() => ({}));
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

/** Another language, kept for the next time. */
export function choose(name) {
  localStorage.setItem(KEPT, name);
  location.reload();
}

/** Its name, in itself. */
export function languageName(name) {
  const text = new Intl.DisplayNames([name], { type: "language" }).of(name);
  return text[0].toLocaleUpperCase(name) + text.slice(1);
}

function find(tree, key) {
  return key.split(".").reduce((node, part) => node?.[part], tree);
}

/** The words of a key, with {names} filled in. One that has plurals takes its form from `count`. */
export function t(key, values = {}) {
  let text = find(words, key) ?? find(plain, key);
  if (text && typeof text === "object") text = text[plural.select(values.count ?? 0)] ?? text.other;
  if (text == null) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(typeof values[name] === "number" ? number(values[name]) : values[name]) : whole));
}

/** Whether a catalogue has the key, in the language itself. */
export function known(key) {
  return find(words, key) ?? null;
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

export function percent(part) {
  if (part == null) return "\u2013";
  // what is not all must not read as all, nor what is not nothing as nothing
  const near = (part < 1 && part > 0.99) || (part > 0 && part < 0.01);
  const shown = near ? Math.min(0.999, Math.max(0.001, part)) : part;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: near ? 1 : 0 }).format(shown);
}

export function clock(time) {
  return new Date(time).toLocaleTimeString(language, { hour12: false });
}

/** A time of today by the clock, an older one with its day. */
export function when(time) {
  const date = new Date(time);
  if (date.toDateString() === new Date().toDateString()) return clock(date);
  return `${date.toLocaleDateString(language, { day: "numeric", month: "short", year: "numeric" })} ${date.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false })}`;
}

/** How long something took. */
export function duration(ms) {
  if (ms == null) return "\u2013";
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.0995) return `${number(Math.round(ms))}\u00a0ms`;
  if (seconds < 59.95) return `${number(seconds, 1)}\u00a0s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}\u00a0min`;
  const hours = Math.floor(whole / 3600);
  if (hours < 48) return `${hours}:${String(Math.floor(whole / 60) % 60).padStart(2, "0")}\u00a0h`;
  return t("time.days", { count: Math.floor(hours / 24) });
}

/** A running time. */
export function running(ms) {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Bytes in KiB, or more. */
export function size(bytes) {
  if (bytes == null) return "\u2013";
  const steps = [["GiB", 2 ** 30], ["MiB", 2 ** 20]];
  // flash sizes are told in KiB, disks in what reads well
  const step = steps.find(([name, unit]) => bytes >= (name === "MiB" ? 16 : 1) * unit);
  return step ? `${number(bytes / step[1], 1)}\u00a0${t(`size.${step[0]}`)}` : `${number(Math.round(bytes / 1024))}\u00a0${t("size.KiB")}`;
}

export function rate(bytesPerSecond) {
  return `${number(Math.round(bytesPerSecond / 1024))}\u00a0${t("size.KiB")}/s`;
}

export function baud(bits) {
  return bits >= 1e6 ? `${number(bits / 1e6, bits % 1e6 ? 1 : 0)}\u00a0Mbaud` : `${number(bits / 1e3, bits % 1e3 ? 1 : 0)}\u00a0kbaud`;
}

export const hex = value => `0x${value.toString(16).padStart(6, "0")}`;

// ---- names of the program's own words

/** The stages of a unit, in order: that of the catalogue. */
export const stages = () => Object.keys(plain.stage);
export const stageName = name => t(`stage.${name}`);
export const verdictWord = verdict => t(`verdict.${verdict}`);

/** What the station asks of the operator about a file on a stick. */
const OFFER = /^hold 1 s to use: digest (\S+), (\S+) (.+) from a stick$/;

/** What the station asks of the operator, in the page's language where the catalogue has it. */
export function asked(text) {
  const offer = OFFER.exec(text);
  if (offer) return { words: t("slot.offer", { digest: offer[1], chip: offer[2], version: offer[3] }), lang: null };
  const own = words.asked?.[text];
  return { words: own ?? text, lang: own || language === "en" ? null : "en" };
}

export const capital = text => (text ? text[0].toLocaleUpperCase(language) + text.slice(1) : "");

/** A hint or a prompt in its two parts, which a colon or a full stop stands between; the first may be missing. */
export function parted(text) {
  const parts = /^(.+?)(?:\s?:|\.)\s+([^]+)$/.exec(text ?? "");
  return parts ? [parts[1], parts[2]] : [null, text ?? ""];
}

/** The program's own sentences, and what this language says in their place. */
export const told = () => sentences;

let faults = {};

/** The help for each fault code, from the station. */
export async function loadFaults() {
  const list = await fetch("/api/v1/faults").then(answer => (answer.ok ? answer.json() : [])).catch(() => []);
  faults = Object.fromEntries(list.map(fault => [fault.code, fault]));
}

/** What to do and why, in the page's language where the catalogue has it; `lang` marks what stayed English. */
export function fault(code, given = {}) {
  const own = known(`faults.${code}`);
  const lang = own || language === "en" ? null : "en";
  return { hint: own?.hint ?? given.hint ?? faults[code]?.hint ?? "", help: own?.help ?? faults[code]?.help ?? "", lang };
}
