// Requests to the station, the token that some of them need, and short notes about what came of them.

import { $, coded, h, put } from "./dom.js";
import { said } from "./said.js";
import { asked, t } from "./words.js";

/** JSON from the station; null when it has none, or does not answer. */
export async function get(url) {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok ? answer.json().catch(() => null) : null;
}

/** No page of another site can send this header without the station's leave. */
const OWN = { "X-Flashjig": "1" };

let toastTimer = 0;

/** A note at the foot of the page; `lang` where it is not in the page's language. */
export function toast(text, good = false, lang = null) {
  const note = $("toast");
  mark(note, lang);
  note.replaceChildren(...coded(text));
  note.classList.toggle("good", good);
  note.hidden = false;
  // As a popover it lies above an open dialog.
  note.showPopover?.();
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { note.hidePopover?.(); note.hidden = true; }, 8000);
}

/** What a refusal says, in the reader's language where the catalogue has all of it; `lang` marks what stayed English. */
export async function problem(answer) {
  const body = await answer.json().catch(() => null);
  if (!body?.error) return { text: `${answer.status} ${answer.statusText}`, lang: "en" };
  const { title, detail } = body.error;
  const [, code = "", why] = /^([A-Z]\d\d )?([^]*)$/.exec(detail);
  const [name, own, order] = [said(title), said(why), asked(why)];
  if (name.lang || own.lang && order.lang) return { text: `${title}: ${detail}`, lang: "en" };
  return { text: t("note.refusal", { title: name.text, detail: code + (own.lang ? order.words : own.text) }), lang: null };
}

const mark = (element, lang) => (lang ? element.setAttribute("lang", lang) : element.removeAttribute("lang"));

/** A request that may need the token; asks for it when the station wants it. Null: refused, and told. */
export async function guarded(url, options = {}, quiet = false) {
  for (let attempt = 0; ; attempt += 1) {
    const token = sessionStorage.getItem("token");
    const headers = { ...OWN, ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(url, { ...options, headers }).catch(() => null);
    if (!answer) { toast(t("note.noAnswer")); return null; }
    if (answer.status === 401 && attempt < 3) {
      sessionStorage.removeItem("token");
      if (!await signIn()) return null;
      continue;
    }
    if (answer.ok || quiet) return answer;
    const { text, lang } = await problem(answer);
    toast(text, false, lang);
    return null;
  }
}

/** Asks for the token until the station takes it (and answers with a cookie), or until somebody cancels. */
export function signIn() {
  const [dialog, field, why] = [$("ask"), $("token"), $("ask-why")];
  const complain = ({ text, lang }) => {
    why.hidden = !text;
    mark(why, lang);
    why.replaceChildren(...coded(text));
    field.setAttribute("aria-invalid", String(Boolean(text)));
  };
  field.value = "";
  complain({ text: "" });
  dialog.showModal();
  return new Promise(resolve => {
    const end = value => { dialog.close(); resolve(value); };
    dialog.querySelector("form").onsubmit = async event => {
      event.preventDefault();
      const reason = await offer(field.value.trim());
      if (!dialog.open) return;
      if (!reason) { end(true); return; }
      complain(reason);
      field.focus();
      field.select();
    };
    $("ask-no").onclick = () => end(false);
    dialog.oncancel = () => resolve(false);
  });
}

/** Hands a token to the station; gives the reason when it is not taken, with its language. An older station takes it with each request. */
async function offer(given) {
  const answer = await fetch("/api/v1/session", {
    method: "POST", headers: { ...OWN, "Content-Type": "application/json" }, body: JSON.stringify({ token: given }),
  }).catch(() => null);
  if (!answer) return { text: t("note.noAnswer") };
  if (answer.ok) { dispatchEvent(new Event("session")); return null; }
  if (answer.status === 404 || answer.status === 405) { sessionStorage.setItem("token", given); return null; }
  if (answer.status === 401) return { text: t("ask.wrong") };
  if (answer.status === 429) return { text: t("ask.wait", { count: Number(answer.headers.get("Retry-After")) || 1 }) };
  return problem(answer);
}

/** Whether this browser may give orders, and by what right. */
export const session = () => get("/api/v1/session");

/** Gives the right up. */
export async function signOut() {
  sessionStorage.removeItem("token");
  await fetch("/api/v1/session", { method: "DELETE", headers: OWN }).catch(() => null);
}

/** Ends every session of the station; null: refused, and told. */
export async function signOutEverywhere() {
  const answer = await guarded("/api/v1/sessions", { method: "DELETE" });
  sessionStorage.removeItem("token");
  if (answer) dispatchEvent(new Event("session"));
  return answer;
}

export const post = (url, body, quiet) =>
  guarded(url, { method: "POST", ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }) }, quiet);

/** An order to a slot. */
export const order = (slot, what, body) => post(`/api/v1/slots/${encodeURIComponent(slot)}/${what}`, body);

/** A question before something that can't be taken back. `choices` are [value, word], `more` what the answer hangs on. Resolves to one of them, or null. */
export function sure(title, text, yes, choices = [], more = []) {
  const dialog = $("sure");
  put($("sure-title"), title);
  put($("sure-text"), text);
  put($("sure-yes"), yes);
  $("sure-more").replaceChildren(...more);
  const pick = $("sure-pick");
  pick.hidden = choices.length < 2;
  pick.replaceChildren(...choices.map(([value, word]) => h("option", { value }, word)));
  dialog.showModal();
  return new Promise(resolve => {
    const end = value => { dialog.close(); resolve(value); };
    dialog.querySelector("form").onsubmit = event => { event.preventDefault(); end(choices.length ? pick.value : true); };
    $("sure-no").onclick = () => end(null);
    dialog.oncancel = () => resolve(null);
  });
}

/** Saves what a link leads to, with the token. */
export async function download(event, named = "stock.bin") {
  event.preventDefault();
  const answer = await guarded(event.currentTarget.href);
  if (!answer) return;
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? named;
  const url = URL.createObjectURL(await answer.blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** Browsers have the clipboard only on https and on the station itself; elsewhere the selection has to do. */
export async function copied(text, box) {
  if (navigator.clipboard && await navigator.clipboard.writeText(text).then(() => true, () => false)) return true;
  getSelection().selectAllChildren(box);
  return document.execCommand("copy");
}
