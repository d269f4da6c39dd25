// Requests to the station, the token that some of them need, and short notes about what came of them.

import { $, h, put } from "./dom.js";
import { t } from "./words.js";

/** JSON from the station; null when it has none, or does not answer. */
export async function get(url) {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok ? answer.json().catch(() => null) : null;
}

/** No page of another site can send this header without the station's leave. */
const OWN = { "X-Flashjig": "1" };

let toastTimer = 0;

/** A note at the foot of the page. */
export function toast(text, good = false) {
  const note = $("toast");
  put(note, text);
  note.classList.toggle("good", good);
  note.hidden = false;
  // As a popover it lies above an open dialog.
  note.showPopover?.();
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { note.hidePopover?.(); note.hidden = true; }, 8000);
}

/** What a refusal says. */
export async function problem(answer) {
  const body = await answer.json().catch(() => null);
  return body?.error ? `${body.error.title}: ${body.error.detail}` : `${answer.status} ${answer.statusText}`;
}

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
    toast(await problem(answer));
    return null;
  }
}

/** Asks for the token and hands it to the station, which answers with a cookie; an older one takes it with each request. */
export async function signIn() {
  const given = await askToken();
  if (!given) return false;
  const answer = await fetch("/api/v1/session", {
    method: "POST", headers: { ...OWN, "Content-Type": "application/json" }, body: JSON.stringify({ token: given }),
  }).catch(() => null);
  if (answer?.ok) { dispatchEvent(new Event("session")); return true; }
  if (answer?.status === 404 || answer?.status === 405) { sessionStorage.setItem("token", given); return true; }
  if (answer) toast(await problem(answer));
  return answer?.status === 401;
}

/** Whether this browser may give orders, and by what right. */
export const session = () => get("/api/v1/session");

/** Gives the right up. */
export async function signOut() {
  sessionStorage.removeItem("token");
  await fetch("/api/v1/session", { method: "DELETE", headers: OWN }).catch(() => null);
}

export const post = (url, body, quiet) =>
  guarded(url, { method: "POST", ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }) }, quiet);

/** An order to a slot. */
export const order = (slot, what, body) => post(`/api/v1/slots/${encodeURIComponent(slot)}/${what}`, body);

function askToken() {
  const dialog = $("ask");
  $("token").value = "";
  dialog.showModal();
  return new Promise(resolve => {
    const end = value => { dialog.close(); resolve(value); };
    dialog.querySelector("form").onsubmit = event => { event.preventDefault(); end($("token").value.trim()); };
    $("ask-no").onclick = () => end("");
    dialog.oncancel = () => resolve("");
  });
}

/** A question before something that can't be taken back. `choices` are [value, word]. Resolves to one of them, or null. */
export function sure(title, text, yes, choices = []) {
  const dialog = $("sure");
  put($("sure-title"), title);
  put($("sure-text"), text);
  put($("sure-yes"), yes);
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
export async function download(event) {
  event.preventDefault();
  const answer = await guarded(event.currentTarget.href);
  if (!answer) return;
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? "stock.bin";
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
