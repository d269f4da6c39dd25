// Firmware and recipes: what may be flashed, why a file is refused, which recipe is in force.

import { card, h, icon } from "./dom.js";
import { listen } from "./live.js";
import { get, guarded, post, problem, sure, toast } from "./net.js";
import { known, language, size, t, when } from "./words.js";

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
    const good = image.ok;
    const key = image.key && t("shelf.key", { key: t(`key.${image.key}`) });
    const facts = [image.chip, image.version, image.kind && (known(`kind.${image.kind}`) ?? image.kind), key, size(image.bytes), t(`origin.${image.origin}`)].filter(Boolean);
    return h("li", { class: good ? "ok" : "bad" }, icon(good ? "tick" : "cross"),
      h("div", { class: "grow" }, h("b", { class: "filename" }, image.name), h("p", { class: "faint" }, facts.join(" \u00b7 ")),
        good ? null : h("p", { class: "why", lang: language === "en" ? null : "en" }, image.reason)),
      image.origin === "usb" ? null : h("button", { type: "button", class: "small", "aria-label": `${t("do.delete")}: ${image.name}`, onclick: () => remove(image.name) }, t("do.delete")));
  }

  async function remove(name) {
    if (!await sure(t("shelf.deleteTitle", { name }), t("shelf.deleteText"), t("do.delete"))) return;
    if (await guarded(`/api/v1/firmware/${encodeURIComponent(name)}`, { method: "DELETE" })) load();
  }

  async function upload(list) {
    for (const one of list) {
      const line = h("li", { class: "wait" }, icon("drop"), h("div", { class: "grow" }, h("b", { class: "filename" }, one.name), h("p", { class: "faint" }, t("shelf.sending"))));
      results.prepend(line);
      const answer = await guarded(`/api/v1/firmware?name=${encodeURIComponent(one.name)}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: one }, true);
      if (!answer) { line.remove(); continue; }
      const body = answer.ok ? await answer.json().catch(() => ({})) : null;
      const good = body?.ok ?? false;
      const text = answer.ok ? (good ? [body.chip, body.version].filter(Boolean).join(" ") || t("shelf.taken") : body?.reason ?? "") : await problem(answer);
      line.className = good ? "ok" : "bad";
      line.replaceChildren(icon(good ? "tick" : "cross"), h("div", { class: "grow" }, h("b", { class: "filename" }, one.name),
        h("p", { class: good ? "" : "why" }, h("b", {}, t(good ? "shelf.taken" : "shelf.refused")), " ", h("span", { lang: language === "en" ? null : "en" }, text))));
      load();
    }
  }

  function drawRecipes(list) {
    if (!list) recipes.replaceChildren(h("p", { class: "none" }, t("shelf.missing")));
    else recipes.replaceChildren(...list.map(recipeCard));
  }

  function recipeCard({ name, chosen, ok, problems, summary }) {
    const lang = language === "en" ? null : "en";
    return h("article", { class: `recipe ${chosen ? "chosen" : ""}`, "aria-label": name },
      h("header", {}, icon(ok ? (chosen ? "pass" : "recipe") : "error"), h("h3", {}, name), chosen ? h("span", { class: "pill" }, t("shelf.chosen")) : null,
        chosen || !ok ? null : h("button", { type: "button", class: "small", "aria-label": `${t("do.choose")}: ${name}`, onclick: () => choose(name) }, t("do.choose"))),
      problems?.length ? h("ul", { class: "plain why", lang }, problems.map(text => h("li", {}, text))) : null,
      summary?.length ? h("ul", { class: "plain faint", lang }, summary.map(text => h("li", {}, text))) : null);
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
