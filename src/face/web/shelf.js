// Firmware and recipes: what may be flashed, why a file is refused, which recipe is in force.

import { card, facts, h, icon, short } from "./dom.js";
import { listen } from "./live.js";
import { get, guarded, post, problem, sure, toast } from "./net.js";
import { said } from "./said.js";
import { known, size, t } from "./words.js";

/** The largest file that the station takes. */
const MOST = 4 * 2 ** 20;
/** So many notes on what became of files that were sent. */
const NOTES = 5;

/** An element with what the program said, in the reader's language. */
function told(name, words, properties = {}) {
  const { text, lang } = said(words);
  return h(name, { ...properties, lang }, text);
}

export function shelfView(root) {
  const results = h("ul", { class: "results", "aria-live": "polite" });
  const pick = h("input", { type: "file", id: "file", multiple: true, accept: ".bin,.rbl,.img", class: "unseen" });
  const drop = h("label", { class: "drop", for: "file" }, icon("drop"), h("span", {}, h("b", {}, t("shelf.drop")), " ", h("span", { class: "faint" }, t("shelf.orChoose"))));
  const files = h("div", {});
  const recipes = h("div", { class: "recipes" });
  root.append(h("div", { class: "title" }, h("h1", {}, t("shelf.title"))), h("div", { class: "shelf" },
    card(t("shelf.firmware"), "", pick, drop, results, files), card(t("shelf.recipes"), "", h("p", { class: "faint" }, t("shelf.flight")), recipes)));

  async function load() {
    const [images, list] = await Promise.all([get("/api/v1/firmware"), get("/api/v1/recipes")]);
    drawFiles(images);
    drawRecipes(list);
  }

  function drawFiles(list) {
    if (!list) { files.replaceChildren(h("p", { class: "none" }, t("shelf.missing"))); return; }
    if (!list.length) { files.replaceChildren(h("p", { class: "none" }, t("shelf.noFirmware"))); return; }
    files.replaceChildren(h("ul", { class: "files" }, list.map(file)));
  }

  function file(image) {
    const { ok, offered, name } = image;
    const key = image.key && t("shelf.key", { key: t(`key.${image.key}`) });
    const facts = [image.chip, image.version, image.kind && (known(`kind.${image.kind}`) ?? image.kind), key, size(image.bytes), t(`origin.${image.origin}`), image.approved_by && t(`approved.${image.approved_by}`)].filter(Boolean);
    const act = (what, run) => h("button", { type: "button", class: `small ${what === "approve" ? "primary" : ""}`, "aria-label": `${t(`do.${what}`)}: ${name}`, onclick: run }, t(`do.${what}`));
    const why = offered ? h("p", { class: "why" }, t("shelf.offered")) : ok ? null : told("p", image.reason, { class: "why" });
    return h("li", { class: ok ? "ok" : offered ? "wait" : "bad" }, icon(ok ? "tick" : offered ? "error" : "cross"),
      h("div", { class: "grow" }, h("b", { class: "filename" }, name), h("p", { class: "faint" }, facts.join(" \u00b7 "), " ", short(image.sha256)), why),
      offered ? act("approve", () => approve(image)) : null,
      image.origin === "usb" && ["page", "panel", "command"].includes(image.approved_by) ? act("revoke", () => revoke(image)) : null,
      image.origin === "usb" ? null : act("delete", () => remove(name)));
  }

  /** Asks whether this content may be used, showing what it is. True: it may, from the next unit on. */
  async function approve(image) {
    const { name, chip, version, sha256, origin } = image;
    const rows = [["chip", t("fact.chip"), chip], ["version", t("fact.version"), version], ["origin", t("shelf.from"), t(`origin.${origin}`)],
      ["digest", t("shelf.first8"), h("code", { class: "first8" }, sha256.slice(0, 8))], ["whole", "SHA-256", h("code", { class: "whole" }, sha256)]];
    if (!await sure(t("shelf.approveTitle", { name }), t("shelf.approveText"), t("do.approve"), [], [facts(rows)])) return false;
    const done = await post(`/api/v1/firmware/${encodeURIComponent(name)}/approve`, { sha256 });
    load();
    return Boolean(done);
  }

  async function revoke({ name, sha256 }) {
    if (await post(`/api/v1/firmware/${encodeURIComponent(name)}/revoke`, { sha256 })) load();
  }

  async function remove(name) {
    if (!await sure(t("shelf.deleteTitle", { name }), t("shelf.deleteText"), t("do.delete"))) return;
    if (await guarded(`/api/v1/firmware/${encodeURIComponent(name)}`, { method: "DELETE" })) load();
  }

  /** What became of a file that was sent: one note a name, the last few of them, each until it is closed. */
  function note(name) {
    [...results.children].filter(line => line.dataset.name === name).forEach(line => line.remove());
    const line = h("li", { "data-name": name });
    results.prepend(line);
    while (results.children.length > NOTES) results.lastChild.remove();
    const close = h("button", { type: "button", class: "small", "aria-label": `${t("do.close")}: ${name}`, onclick: () => line.remove() }, t("do.close"));
    return (kind, word, text = "", lang = null) => {
      line.className = kind;
      line.replaceChildren(icon({ ok: "tick", bad: "cross" }[kind] ?? "drop"), h("div", { class: "grow" }, h("b", { class: "filename" }, name),
        h("p", { class: kind === "bad" ? "why" : "" }, h("b", {}, word), " ", h("span", { lang }, text))), close);
    };
  }

  async function upload(list) {
    for (const one of list) {
      const say = note(one.name);
      say("wait", t("shelf.sending"));
      if (one.size > MOST) { say("bad", t("shelf.refused"), t("shelf.tooLarge", { size: size(one.size), most: size(MOST) })); continue; }
      const answer = await guarded(`/api/v1/firmware?name=${encodeURIComponent(one.name)}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: one }, true);
      if (!answer?.ok) {
        const { text, lang } = answer ? await problem(answer) : { text: t("shelf.notSent") };
        say("bad", t("shelf.refused"), text, lang);
        continue;
      }
      const image = await answer.json().catch(() => ({}));
      const what = [image.chip, image.version, image.sha256?.slice(0, 8)].filter(Boolean).join(" ");
      load();
      say("wait", t("shelf.stored"), what);
      if (!image.offered || await approve(image)) say("ok", t("shelf.taken"), what);
    }
  }

  function drawRecipes(list) {
    if (!list) recipes.replaceChildren(h("p", { class: "none" }, t("shelf.missing")));
    else recipes.replaceChildren(...list.map(recipeCard));
  }

  function recipeCard({ name, chosen, ok, problems, summary }) {
    return h("article", { class: `recipe ${chosen ? "chosen" : ""}`, "aria-label": name },
      h("header", {}, icon(ok ? (chosen ? "pass" : "recipe") : "error"), h("h3", {}, name), chosen ? h("span", { class: "pill" }, t("shelf.chosen")) : null,
        chosen || !ok ? null : h("button", { type: "button", class: "small", "aria-label": `${t("do.choose")}: ${name}`, onclick: () => choose(name) }, t("do.choose"))),
      problems?.length ? h("ul", { class: "plain why" }, problems.map(text => told("li", text))) : null,
      summary?.length ? h("ul", { class: "plain faint" }, summary.map(text => told("li", text))) : null);
  }

  async function choose(name) {
    if (await post(`/api/v1/recipes/${encodeURIComponent(name)}/choose`)) {
      toast(t("shelf.nowChosen", { name }), true);
      load();
    }
  }

  pick.onchange = () => { upload([...pick.files]); pick.value = ""; };
  const over = event => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop") upload([...event.dataTransfer.files]);
  };
  const kinds = ["dragover", "dragleave", "drop"];
  kinds.forEach(kind => document.addEventListener(kind, over));
  load();
  const stop = listen(kind => { if (kind === "shelf" || kind === "snapshot") load(); });
  return () => { stop(); kinds.forEach(kind => document.removeEventListener(kind, over)); };
}
