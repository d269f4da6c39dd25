// Firmware and recipes: what may be flashed, why a file is refused, which recipe is in force.

import { card, h, icon, put } from "./dom.js";
import { listen, live } from "./live.js";
import { get, guarded, post, problem, sure, toast } from "./net.js";
import { known, language, size, t, when } from "./words.js";

export function shelfView(root) {
  const results = h("ul", { class: "results", "aria-live": "polite" });
  const pick = h("input", { type: "file", id: "file", multiple: true, accept: ".bin,.rbl,.img", class: "unseen" });
  const drop = h("label", { class: "drop", for: "file" }, icon("drop"), h("span", {}, h("b", {}, t("shelf.drop")), " ", h("span", { class: "faint" }, t("shelf.orChoose"))));
  const files = h("div", {});
  const recipes = h("div", { class: "recipes" });
  root.append(h("div", { class: "title" }, h("h1", {}, t("nav.shelf"))), h("div", { class: "shelf" },
    card(t("shelf.firmware"), "", pick, drop, results, files), card(t("shelf.recipes"), "", h("p", { class: "faint" }, t("shelf.flight")), recipes)));

  async function load() {
    const [images, list] = await Promise.all([get("/api/v1/firmware"), get("/api/v1/recipes")]);
    drawFiles(listIn(images, "files", "firmware", "images"));
    drawRecipes(listIn(list, "recipes"), list?.chosen ?? list?.default ?? null);
  }

  function drawFiles(list) {
    if (!list) { files.replaceChildren(h("p", { class: "none" }, t("shelf.missing"))); return; }
    if (!list.length) { files.replaceChildren(h("p", { class: "none" }, t("shelf.noFirmware"))); return; }
    files.replaceChildren(h("ul", { class: "files" }, list.map(file)));
  }

  function file(image) {
    const good = isGood(image);
    const facts = [image.chip, image.version, image.kind && (known(`kind.${image.kind}`) ?? image.kind), image.key && t(`key.${image.key}`), size(image.bytes ?? image.size)].filter(Boolean);
    return h("li", { class: good ? "ok" : "bad" }, icon(good ? "tick" : "cross"),
      h("div", { class: "grow" }, h("b", { class: "filename" }, image.name), h("p", { class: "faint" }, facts.join(" \u00b7 ")),
        good ? null : h("p", { class: "why", lang: language === "en" ? null : "en" }, reasons(image))),
      h("button", { type: "button", class: "small", "aria-label": `${t("do.delete")}: ${image.name}`, onclick: () => remove(image.name) }, t("do.delete")));
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
      const good = answer.ok && isGood(body);
      const text = answer.ok ? (good ? [body.chip, body.version].filter(Boolean).join(" ") || t("shelf.taken") : reasons(body)) : await problem(answer);
      line.className = good ? "ok" : "bad";
      line.replaceChildren(icon(good ? "tick" : "cross"), h("div", { class: "grow" }, h("b", { class: "filename" }, one.name),
        h("p", { class: good ? "" : "why" }, h("b", {}, t(good ? "shelf.taken" : "shelf.refused")), " ", h("span", { lang: language === "en" ? null : "en" }, text))));
      load();
    }
  }

  function drawRecipes(list, chosen) {
    if (!list) { recipes.replaceChildren(h("p", { class: "none" }, t("shelf.missing"))); return; }
    recipes.replaceChildren(...list.map(recipe => recipeCard(typeof recipe === "string" ? { name: recipe } : recipe, chosen)));
  }

  function recipeCard(recipe, chosen) {
    const isChosen = recipe.chosen ?? recipe.name === chosen;
    const problems = [recipe.problem, ...(recipe.problems ?? [])].filter(Boolean);
    const text = h("pre", { tabindex: "0", role: "region", "aria-label": recipe.name });
    const details = h("details", {}, h("summary", {}, t("shelf.show")), text);
    details.ontoggle = async () => {
      if (!details.open || text.textContent) return;
      const whole = await get(`/api/v1/recipes/${encodeURIComponent(recipe.name)}`);
      put(text, whole?.text ?? whole?.toml ?? whole?.source ?? (whole ? JSON.stringify(whole, null, 2) : t("shelf.builtIn")));
    };
    return h("article", { class: `recipe ${isChosen ? "chosen" : ""}`, "aria-label": recipe.name },
      h("header", {}, icon(problems.length ? "error" : isChosen ? "pass" : "recipe"), h("h3", {}, recipe.name), isChosen ? h("span", { class: "pill" }, t("shelf.chosen")) : null,
        isChosen || problems.length ? null : h("button", { type: "button", class: "small", "aria-label": `${t("do.choose")}: ${recipe.name}`, onclick: () => choose(recipe.name) }, t("do.choose"))),
      problems.length ? h("ul", { class: "plain why", lang: language === "en" ? null : "en" }, problems.map(item => h("li", {}, typeof item === "string" ? item : item.message ?? JSON.stringify(item)))) : null, details);
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

function listIn(answer, ...names) {
  if (!answer) return null;
  return Array.isArray(answer) ? answer : names.map(name => answer[name]).find(Array.isArray) ?? [];
}

const isGood = image => image?.usable !== false && image?.ok !== false && image?.valid !== false && !image?.refused && !image?.problem && !image?.problems?.length;
const reasons = image => [image?.refused, image?.problem, image?.reason, ...(image?.problems ?? [])].filter(Boolean).join(" ");
