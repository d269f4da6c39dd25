// The bench with one to eight slots, on a desk, on a small screen and on a phone, in both languages.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { close, open, unitOf } from "./page.mjs";

const SIZES = [[1280, 800], [1024, 768], [390, 844]];
const SLOTS = [1, 2, 4, 8];
const LOCALES = ["en-GB", "fr-FR"];

/** The demo with another number of slots: its state with copies of its first slot, everything else as it is. */
async function crowd(demo, change) {
  const server = createServer((asked, answer) => {
    if (asked.url.startsWith("/api/v1/events")) {
      fetch(`${demo.base}/api/v1/status`).then(found => found.json()).then(state => {
        answer.writeHead(200, { "Content-Type": "text/event-stream" });
        answer.write(`event: snapshot\ndata: ${JSON.stringify(change(state))}\n\n`);
      });
      return;
    }
    const passed = request(`${demo.base}${asked.url}`, { method: asked.method, headers: { ...asked.headers, host: `127.0.0.1:${demo.port}` } }, found => {
      answer.writeHead(found.statusCode, found.headers);
      found.pipe(answer);
    });
    asked.pipe(passed);
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const end = () => { server.closeAllConnections(); server.close(); };
  return { base: `http://127.0.0.1:${port}`, end };
}

const BOX = { name: "box 12", size: 40, done: 37, failed: 2, at_end: "ask" };

/** Many looks: each verdict by turns. */
function slotsOf(count, state) {
  const from = state.slots.find(slot => slot.last) ?? state.slots[0];
  const fault = { code: "L01", stage: "attach", message: "x", hint: "No answer: reseat board, press again" };
  const last = from.last ?? { seq: 12, ms: 41500, finished: "2026-11-03T09:15:41Z", board: null };
  const looks = [
    { last: { ...last, verdict: "pass", fault: null, doubts: [] } }, { last: { ...last, verdict: "fail", fault } },
    { last: null }, { last: { ...last, verdict: "timeout", fault: { ...fault, code: "T01" } } },
  ];
  return Array.from({ length: count }, (_, i) => ({ ...from, notice: null, prompt: null, state: "idle", verdict_shown: true, seated: true, button: true, name: "ABCDEFGH"[i], ...looks[i % looks.length] }));
}

/** Draws every text that a block can have into the first card; gives what has no room, and where the button was. */
const everyText = async () => {
  const [{ Card }, { live }] = [await import("/assets/slot.js"), await import("/assets/live.js")];
  const [faults, words] = await Promise.all(["/api/v1/faults", "/assets/words-fr.json"].map(url => fetch(url).then(answer => answer.json())));
  const idle = { ...structuredClone(live.state.slots[0]), state: "idle", last: null, retries: 12 };
  const last = { seq: 123456, verdict: "pass", fault: null, ms: 65000, finished: new Date().toISOString(), board: null, doubts: [] };
  const faulted = ({ code, verdict, hint }) => ({ ...last, verdict, fault: { code, stage: "backup", message: "x", hint } });
  const busy = stage => ({ ...idle, state: "busy", stage, started: new Date(Date.now() - 61000).toISOString(), progress: { done: 1040000, total: 2097152, overall: 388 }, retries: 12, steps: [] });
  const looks = [idle, { ...idle, button: false }, { ...idle, seated: false }, { ...idle, last }, { ...idle, last: { ...last, already: {} } }, { ...idle, last: { ...last, doubts: [{ code: "drivers-unknown", text: "x" }] } },
    ...faults.flatMap(fault => [{ ...idle, last: faulted(fault) }, { ...idle, state: "blocked", blocked: "x", last: faulted(fault) }]),
    ...faults.filter(fault => ["S01", "S02"].includes(fault.code)).map(fault => ({ ...idle, state: "blocked", blocked: "x", blocked_by: faulted(fault).fault })),
    ...Object.keys(words.stage).flatMap(stage => [busy(stage), { ...busy(stage), state: "stopping" }]),
    ...Object.keys(words.asked).flatMap(text => [{ ...busy("attach"), prompt: text }, { ...idle, notice: text }])];
  const slots = document.querySelector(".slots");
  const card = new Card("A");
  card.compact(slots.classList.contains("many"));
  slots.replaceChild(card.element, slots.firstChild);
  const [narrow, tops] = [[], new Set()];
  const ready = live.state.readiness;
  const lacks = ["firmware", "approval", "recipe"].map(kind => [idle, { lack: { kind } }]);
  for (const [look, readiness] of [...looks.map(look => [look, ready]), ...lacks]) {
    live.state.readiness = readiness;
    card.draw(structuredClone(look));
    const told = [card.word, card.todo, card.note, card.foot].map(part => part.textContent).join(" | ");
    const size = parseFloat(getComputedStyle(card.todo).fontSize);
    if (!card.todo.textContent || size < 32) narrow.push(`${size} px: ${told}`);
    if ([card.block, card.todo, card.note].some(part => part.scrollHeight > part.clientHeight + 1 || part.scrollWidth > part.clientWidth + 1)) narrow.push(`${told}: ${[card.block, card.todo, card.note].map(part => `${part.scrollWidth}x${part.scrollHeight} in ${part.clientWidth}x${part.clientHeight}`).join(", ")}`);
    tops.add(Math.round(card.main.firstChild.getBoundingClientRect().top));
  }
  live.state.readiness = ready;
  const gap = card.main.getBoundingClientRect().top - card.block.getBoundingClientRect().bottom;
  return { narrow, tops: [...tops], gap, looks: looks.length + lacks.length };
};

export async function what_to_do_is_large_and_its_button_stays_right_below(world) {
  await unitOf(world, "pass");
  let tried = 0;
  for (const count of SLOTS) {
    const station = await crowd(world.demo, state => ({ ...state, slots: slotsOf(count, state), batch: BOX }));
    for (const locale of LOCALES) {
      for (const [width, height] of SIZES) {
        const at = `${count} slots, ${width}x${height}, ${locale}`;
        const page = await open(world, station, "bench", { locale, viewport: { width, height } });
        await page.waitForSelector(".slot .verdict");
        await page.waitForSelector(".sums .count");
        const bottom = await page.$$eval(".slots .main button", buttons => Math.max(...buttons.map(button => button.getBoundingClientRect().bottom)));
        // a phone scrolls; a screen shows every verdict with its button
        if (width > 390) assert.ok(bottom <= height, `${at}: the last button ends at ${bottom}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${at}: too wide`);
        if (world.shots) await page.screenshot({ path: join(world.shots, `bench-${count}-${width}-${locale.slice(0, 2)}.png`) });
        await page.evaluate(world.axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(violations.map(found => `${found.id} ${found.nodes[0].target} ${found.nodes[0].failureSummary}`), [], at);
        const { narrow, tops, gap, looks } = await page.evaluate(everyText);
        assert.deepEqual(narrow, [], at);
        assert.equal(tops.length, 1, `${at}: the button moves: ${tops}`);
        assert.ok(gap >= 0 && gap < 40, `${at}: the button is ${gap} px below`);
        tried += looks;
        await close(page);
      }
    }
    station.end();
  }
  return `${tried} texts`;
}

export async function a_compact_card_opens_and_gives_the_focus_back(world) {
  await unitOf(world, "fail");
  const message = "0x040000..0x041000: expected it as planned, found it different after 3 erases and writes";
  const station = await crowd(world.demo, state => {
    const slots = slotsOf(8, state);
    slots[1].last.fault = { code: "W02", stage: "verify", message, hint: "Sector won't write: set board aside" };
    return { ...state, slots };
  });
  for (const [locale, told] of [["en-GB", message], ["fr-FR", "0x040000..0x041000 : diffère du plan après 3 effacements et écritures"]]) {
    const page = await open(world, station, "bench", { locale, viewport: { width: 1024, height: 768 } });
    const card = page.locator(".slot", { has: page.locator("#slot-B") });
    assert.equal(await card.locator(".steps").count(), 0, "only the block and its buttons");
    await card.locator(".more").click();
    const text = await page.locator("dialog.details[open]").textContent();
    assert.ok(text.includes(told), text);
    assert.ok(await page.locator("dialog.details .steps .name").evaluateAll(names => names.every(name => name.scrollWidth <= name.clientWidth && getComputedStyle(name).textOverflow === "clip")), "a stage's name is cut");
    await page.evaluate(world.axe);
    const { violations } = await page.evaluate(() => window.axe.run("dialog.details"));
    assert.deepEqual(violations.map(found => `${found.id} ${found.nodes[0].target}`), []);
    if (world.shots) await page.screenshot({ path: join(world.shots, `bench-open-${locale.slice(0, 2)}.png`) });
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog.details", { state: "detached" });
    assert.ok(await card.locator(".more").evaluate(button => button === document.activeElement));
    await close(page);
  }
  station.end();
}

export async function hints_name_only_what_the_slot_has(world) {
  for (const [button, locale, wanted, unwanted] of [[true, "en-GB", /jig’s button/, /press Start/], [false, "en-GB", /press Start/, /jig’s button/], [false, "fr-FR", /Démarrer/, /gabarit/]]) {
    const station = await crowd(world.demo, state => ({ ...state, slots: slotsOf(1, state).map(slot => ({ ...slot, last: null, button })) }));
    const page = await open(world, station, "bench", { locale });
    const block = page.locator(".slot .block");
    await block.waitFor();
    assert.match(await block.innerText(), wanted);
    assert.doesNotMatch(await block.innerText(), unwanted);
    assert.match(await block.innerText(), /[Ss]pace bar|barre d’espace/);
    await close(page);
    const phone = await open(world, station, "bench", { locale, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await phone.locator(".slot .block").waitFor();
    assert.doesNotMatch(await phone.locator(".slot .block").innerText(), /[Ss]pace bar|barre d’espace/);
    await close(phone);
    station.end();
  }
}

export async function a_box_is_set_counted_and_asked_about_on_the_bench(world) {
  const page = await open(world, world.jig);
  const last = async () => (await (await fetch(`${world.jig.base}/api/v1/status`)).json()).slots[0].last?.seq ?? 0;
  const unit = seq => page.waitForFunction(seq => document.querySelector(".slot .foot")?.textContent.includes(`Unit ${seq}`), seq);
  await page.locator(".sums .box button").click();
  const name = `box ${"no. ".repeat(9)}7`;
  await page.fill("#box-name", `${name} ${"x".repeat(60)}`);
  assert.ok(await page.$eval("#box-name", input => input.value.length > 60 && !input.validity.valid), "a long name is said, not cut");
  await page.fill("#box-name", name);
  await page.fill("#box-size", "1");
  await page.locator("dialog.boxed button[type=submit]").click();
  await page.locator(".sums .count", { hasText: "of 1" }).waitFor();
  const first = await last() + 1;
  await page.locator(".slot .primary").click();
  await unit(first);
  await page.locator(".full:visible", { hasText: "is full" }).waitFor();
  if (world.shots) await page.screenshot({ path: join(world.shots, "box-full.png") });
  await page.locator(".slot .primary").click();
  await page.locator("#toast", { hasText: "box full" }).waitFor();
  // its summary, its records alone, and the name of the next one
  await page.locator(".full button.primary").click();
  await page.locator("dialog.boxed .calm").waitFor();
  const csv = await (await fetch(await page.locator("dialog.boxed a[download]").getAttribute("href").then(href => world.jig.base + href))).text();
  assert.equal(csv.trim().split("\n").length, 2, csv);
  assert.equal(await page.inputValue("#box-name-next"), name.replace(/7$/, "8"));
  await page.keyboard.press("Escape");
  await page.locator(".full button", { hasText: "Count on" }).click();
  await page.locator(".full").waitFor({ state: "hidden" });
  await page.locator(".slot .primary").click();
  await unit(first + 1);
  await page.locator(".sums .box button").click();
  await page.locator("dialog.boxed button", { hasText: "Work without a box" }).click();
  await page.locator(".sums .box button", { hasText: "Begin a box" }).waitFor();
  await close(page);
}

export async function the_boards_of_a_box_that_failed_are_listed_once_each(world) {
  const failed = await unitOf(world, "fail");
  const page = await open(world, world.demo, "bench", { locale: "fr-FR" });
  const list = await page.evaluate(async () => (await (await import("/assets/box.js")).failures("no such box")).length);
  assert.equal(list, 0);
  // the demo's units belong to no box: their records are given one on their way
  await page.route("**/api/v1/units?*", async route => {
    const answer = await route.fetch({ url: `${world.demo.base}/api/v1/units?verdict=fail&limit=3` });
    const units = await answer.json();
    await route.fulfill({ response: answer, headers: {}, contentType: "application/json", json: [units[0], ...units] });
  });
  const found = await page.evaluate(async () => (await (await import("/assets/box.js")).failures("x")).map(unit => unit.board.mac));
  assert.equal(new Set(found).size, found.length);
  assert.ok(found.length >= 1 && failed.board.mac);
  await page.evaluate(async () => (await import("/assets/box.js")).openBox({ name: "carton 1", size: 40, done: 3, failed: 1, at_end: "ask" }, () => {}));
  await page.locator("dialog.boxed .failures li").first().waitFor();
  assert.match(await page.locator("dialog.boxed .failures").textContent(), /Unité \d+.*W0\d/);
  await page.evaluate(world.axe);
  const { violations } = await page.evaluate(() => window.axe.run("dialog.boxed"));
  assert.deepEqual(violations.map(found => `${found.id} ${found.nodes[0].target}`), []);
  if (world.shots) await page.screenshot({ path: join(world.shots, "box-summary.png") });
  await close(page);
}

export async function a_unit_is_told_whole_in_the_readers_language(world) {
  for (const verdict of ["pass", "fail"]) {
    const unit = await unitOf(world, verdict);
    const page = await open(world, world.demo, `unit-${unit.seq}`, { locale: "fr-FR" });
    await page.waitForSelector(".card.checks");
    const english = await page.$$eval("main [lang='en']", parts => parts.map(part => part.textContent));
    assert.deepEqual(english, [], `unit ${unit.seq}`);
    if (verdict === "fail") assert.match(await page.locator(".card.checks .bad").textContent(), /Contrôle.*W0\d.*diffère/, "what did not hold stands among the proofs");
    if (world.shots) await page.screenshot({ path: join(world.shots, `unit-${verdict}-fr.png`), fullPage: true });
    await close(page);
  }
}

export async function every_sentence_of_the_catalogue_is_found_again_with_its_facts(world) {
  const page = await open(world, world.demo, "bench", { locale: "fr-FR" });
  const wrong = await page.evaluate(async () => {
    const { said } = await import("/assets/said.js");
    const sentences = await (await fetch("/assets/said-fr.json")).json();
    const fill = text => text.replace(/\{(\w)\}/g, (_, name) => `0x${name}0`);
    return Object.entries(sentences).flatMap(([english, own]) => {
      const told = said(fill(english));
      return told.lang || ![...fill(own).matchAll(/0x\w0/g)].every(([fact]) => told.text.includes(fact)) ? [`${english} -> ${told.text}`] : [];
    });
  });
  assert.deepEqual(wrong, []);
  const kept = await page.evaluate(async () => (await import("/assets/said.js")).said("nobody has this sentence here"));
  assert.deepEqual(kept, { text: "nobody has this sentence here", lang: "en" });
  await close(page);
}

export async function a_search_finds_what_people_type(world) {
  const unit = await unitOf(world, "pass");
  const page = await open(world, world.demo, "units");
  await page.waitForSelector("#units tr");
  const { seq, board, slot } = unit;
  for (const text of [`#${seq}`, `unit ${seq}`, `${board.chip} ${slot}`, board.mac.slice(9), `pass ${board.mac.slice(-5)}`, "PASS"]) {
    await page.fill("#q", text);
    await page.waitForFunction(seq => [...document.querySelectorAll("#units tr th")].some(cell => cell.textContent === String(seq)), seq);
  }
  await page.fill("#q", "fail");
  await page.waitForFunction(() => { const rows = [...document.querySelectorAll("#units tr")]; return rows.every(row => row.dataset.verdict === "fail"); });
  await close(page);
}

export async function a_lost_connection_is_seen_wherever_one_has_scrolled_to(world) {
  const page = await open(world, world.demo, "station", { viewport: { width: 1024, height: 768 } });
  await page.waitForSelector(".station .card");
  await page.evaluate(() => { document.getElementById("view").style.minHeight = "4000px"; scrollTo(0, 2000); });
  // at once: the next news of the station hides it again
  const { top, bottom } = await page.evaluate(() => {
    const lost = document.getElementById("lost");
    lost.hidden = false;
    document.getElementById("lost-text").textContent = "x";
    const { top, bottom } = lost.getBoundingClientRect();
    return { top, bottom };
  });
  assert.ok(top >= 0 && bottom > top && bottom < 768, `${top}`);
  await close(page);
}
