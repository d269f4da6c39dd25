// What the page must do. Every wait is for something to be seen, none is for time to pass.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { close, open, unitOf } from "./page.mjs";

const VIEWS = ["bench", "units", "unit", "stats", "shelf", "station"];
/** What is there once a view has what it shows. */
const SHOWN = { bench: ".slot .verdict", units: "#units tr", unit: ".head .verdict", stats: ".bigs", shelf: ".recipes > *", station: ".facts" };

export async function progress_is_seen_to_move(world) {
  const page = await open(world, world.demo);
  const seen = new Set();
  const maps = new Set();
  const look = await page.waitForFunction(() => {
    window.seen ??= { bars: new Set(), maps: new Set() };
    document.querySelectorAll("progress").forEach(bar => window.seen.bars.add(bar.value));
    document.querySelectorAll("canvas.cells").forEach(map => window.seen.maps.add(map.getAttribute("aria-label")));
    return window.seen.bars.size > 10 && window.seen.maps.size > 10 && [[...window.seen.bars], [...window.seen.maps]];
  });
  const [bars, labels] = await look.jsonValue();
  bars.forEach(value => seen.add(value));
  labels.forEach(label => maps.add(label));
  assert.ok(seen.size > 10 && maps.size > 10);
  assert.ok([...maps].some(label => /read [\d,]+/.test(label)), [...maps].join("\n"));
  const drawn = await page.$eval("canvas.cells", map => new Set(map.getContext("2d").getImageData(0, 0, map.width, map.height).data).size);
  assert.ok(drawn > 2, "the map is drawn");
  assert.match(await page.textContent(".lines"), /CEN (high|low)/);
  await close(page);
  return `${seen.size} positions of the bars, ${maps.size} states of the maps`;
}

export async function the_first_visit_warns_until_it_is_read(world) {
  for (const [locale, word] of [["en-GB", /mains[^]*10 V DC[^]*3\.4 V/], ["fr-FR", /secteur[^]*10 V[^]*3,4 V/]]) {
    const page = await open(world, world.bench, "bench", { first: true, locale });
    assert.match(await page.textContent("#safety"), word);
    await page.evaluate(world.axe);
    const { violations } = await page.evaluate(() => window.axe.run("#safety"));
    assert.deepEqual(violations.map(found => found.id), []);
    // it stands on every view, and goes for good
    await page.click("#nav a[href='#station']");
    await page.waitForSelector(".view-station");
    if (world.shots) await page.screenshot({ path: join(world.shots, `safety-${locale}.png`) });
    await page.click("#safety button");
    await page.waitForSelector("#safety", { state: "detached" });
    await page.reload();
    await page.waitForSelector("#view h1", { state: "attached" });
    assert.equal(await page.$("#safety"), null);
    await close(page);
  }
}

export async function a_verdict_is_large_and_stays(world) {
  await unitOf(world, "pass");
  const page = await open(world, world.demo);
  // at one moment: the next board may come at any time
  const look = await page.waitForFunction(() => {
    const verdict = document.querySelector(".slot .block.v-pass");
    const [word, icon] = [verdict?.querySelector(".word"), verdict?.querySelector(".icon")];
    return verdict && [word.textContent, word.getBoundingClientRect().height, icon.getBoundingClientRect().height];
  });
  const [word, height, shape] = await look.jsonValue();
  assert.equal(word, "PASS");
  assert.ok(height >= 48 && shape >= 48, `${height} and ${shape} px high`);
  await close(page);
}

export async function a_fault_comes_with_what_to_do(world) {
  await unitOf(world, "fail");
  const page = await open(world, world.demo);
  const slot = page.locator(".slot", { has: page.locator(".verdict.v-fail") }).first();
  await slot.waitFor();
  assert.equal(await slot.locator(".verdict .word").textContent(), "FAIL");
  assert.match(await slot.locator(".block .todo").textContent(), /press again|set board aside/i);
  assert.match(await slot.locator(".message").textContent(), /W0\d.*0x04/);
  await close(page);
}

export async function a_doubt_is_accepted_for_the_box_and_told_with_the_pass(world) {
  const page = await open(world, world.doubt);
  const slot = page.locator(".slot");
  const ended = seq => page.waitForFunction(seq => document.querySelector(".slot .block .foot")?.textContent.includes(`Unit ${seq}`), seq);
  await slot.locator(".primary").click();
  await ended(1);
  assert.equal(await slot.locator(".verdict .word").textContent(), "FAIL");
  assert.match(await slot.locator(".message").textContent(), /^C04.*list-differs/);
  const accept = slot.locator("button", { hasText: "Accept for this box" });
  await accept.click();
  // without a box there is nothing that it could count for
  await page.locator("#toast", { hasText: "Begin a box first" }).waitFor();
  const box = accept => fetch(`${world.doubt.base}/api/v1/batch`, { method: "PUT", headers: { "Content-Type": "application/json", "X-Flashjig": "1" }, body: JSON.stringify({ name: "shed", accept }) });
  assert.equal((await box(["coil"])).status, 422);
  assert.equal((await box([])).status, 200);
  await accept.click();
  assert.match(await page.locator("dialog[open]").textContent(), /Accept list-differs for the box shed/);
  if (world.shots) await page.screenshot({ path: `${world.shots}/doubt-refused.png`, fullPage: true });
  await page.click("#sure-yes");
  await page.locator("#toast", { hasText: "Accepted" }).waitFor();
  assert.deepEqual((await (await fetch(`${world.doubt.base}/api/v1/batch`)).json()).accept, ["list-differs"]);
  await slot.locator(".primary").click();
  await ended(2);
  assert.equal(await slot.locator(".verdict .word").textContent(), "PASS");
  assert.match(await slot.locator(".doubts").textContent(), /Passed, with:.*list-differs/);
  assert.equal(await accept.count(), 0);
  if (world.shots) await page.screenshot({ path: `${world.shots}/doubt-passed.png`, fullPage: true });
  await page.evaluate(() => { location.hash = "unit-2"; });
  await page.waitForSelector(".head .doubts");
  assert.match(await page.locator(".card.doubts").textContent(), /list-differs.*accepted/);
  if (world.shots) {
    await page.screenshot({ path: `${world.shots}/doubt-unit.png`, fullPage: true });
    const panel = await fetch(`${world.doubt.base}/api/v1/panel.png`);
    writeFileSync(`${world.shots}/doubt-panel.png`, Buffer.from(await panel.arrayBuffer()));
  }
  await close(page);
}

export async function units_are_found_and_exported(world) {
  const unit = await unitOf(world, "pass");
  const page = await open(world, world.demo, "units");
  await page.waitForSelector("#units tr");
  await page.fill("#q", unit.board.mac);
  await page.waitForFunction(mac => { const rows = [...document.querySelectorAll("#units tr")]; return rows.length > 0 && rows.every(row => row.textContent.includes(mac)); }, unit.board.mac);
  const links = await page.$$eval(".exports a", links => links.map(link => link.href));
  const [csv, jsonl] = await Promise.all(links.map(link => fetch(link)));
  assert.equal(csv.status, 200);
  const lines = (await csv.text()).trim().split("\n");
  assert.match(lines[0], /seq/);
  assert.ok(lines.slice(1).every(line => line.includes(unit.board.mac)) && lines.length > 1, lines.join("\n"));
  const records = (await jsonl.text()).trim().split("\n").map(line => JSON.parse(line));
  assert.ok(records.some(record => record.seq === unit.seq));
  await page.fill("#q", "no such unit at all");
  await page.waitForSelector(".none:visible");
  await close(page);
}

export async function a_unit_shows_everything_and_gives_its_backup(world) {
  const unit = await unitOf(world, "pass");
  const page = await open(world, world.demo, `unit-${unit.seq}`);
  await page.waitForSelector(".head .verdict");
  const text = await page.textContent("#view");
  for (const part of [unit.board.mac, unit.backup.sha256, unit.firmware.name, "Stages", "Flash map"]) assert.ok(text.includes(part), part);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(`a[href$="/backup"]`)]);
  assert.equal(readFileSync(await file.path()).length, unit.backup.bytes);
  await close(page);
}

export async function figures_are_drawn_with_tables_behind(world) {
  await unitOf(world, "fail");
  const page = await open(world, world.demo, "stats");
  await page.waitForSelector(".bigs dd");
  assert.ok(await page.locator("svg.plot").count() >= 2);
  assert.ok(await page.locator("details table").count() >= 2);
  assert.match(await page.textContent(".counts"), /W0\d/);
  await page.click(".tabs button:nth-child(2)");
  await page.fill("#box-name", "box 7");
  await page.fill("#box-size", "40");
  await page.click(".boxed button[type=submit]");
  await page.waitForFunction(() => document.querySelector(".boxed .count")?.textContent.includes("of 40"));
  await close(page);
}

export async function a_good_image_is_taken_and_a_wrong_one_refused(world) {
  const page = await open(world, world.demo, "shelf");
  const image = world.demo.made("_demo.bin");
  const good = readFileSync(image);
  await page.setInputFiles("#file", { name: "OpenBK7231T_UA_1.18.301_test.bin", mimeType: "application/octet-stream", buffer: good });
  await page.waitForSelector("#sure[open] .first8");
  await page.click("#sure-yes");
  await page.waitForSelector(".results li.ok");
  const bad = Buffer.from(good);
  bad[0x4000] ^= 0x10;
  await page.setInputFiles("#file", { name: "OpenBK7231T_UA_1.18.302_test.bin", mimeType: "application/octet-stream", buffer: bad });
  await page.waitForSelector(".results li.bad .why");
  assert.ok((await page.textContent(".results li.bad .why")).length > 30, "it says why");
  await page.locator(".files li", { hasText: "1.18.301_test" }).locator("button").click();
  await page.click("#sure-yes");
  await page.locator(".files li", { hasText: "1.18.301_test" }).waitFor({ state: "detached" });
  await close(page);
}

export async function control_needs_the_token_and_space_starts(world) {
  const page = await open(world, world.bench);
  await page.waitForSelector(".slot .primary");
  await page.keyboard.press("Space");
  await page.waitForSelector("#ask[open]");
  await page.fill("#token", "wrong");
  await page.click("#ask-yes");
  await page.locator("#ask-why").waitFor();
  assert.match(await page.textContent("#ask-why"), /not the station's token/, "the reason stands in the dialog");
  assert.ok(!(await page.textContent("#ask-why")).includes("`"), "commands are set as such");
  assert.equal(await page.inputValue("#token"), "wrong", "what was typed stays");
  await page.fill("#token", world.bench.token);
  await page.click("#ask-yes");
  await page.waitForFunction(() => /UART missing|No firmware for/.test(document.querySelector(".slot .block").textContent));
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelectorAll(".slot .verdict").length >= 1 && !document.querySelector("#ask[open]"));
  await close(page);
}

export async function who_may_control_sees_who_did_what_and_sends_everybody_out(world) {
  const page = await open(world, world.bench, "station");
  await page.waitForSelector(".station .checks");
  assert.equal(await page.locator(".station .audit").count(), 0, "it is not for everybody");
  await page.getByRole("button", { name: "Control with the token" }).click();
  await page.fill("#token", world.bench.token);
  await page.click("#ask-yes");
  await page.locator(".station .audit button").waitFor();
  await page.locator(".station .audit button").click();
  await page.locator(".station .audit").waitFor({ state: "detached" });
  assert.equal((await (await fetch(`${world.bench.base}/api/v1/audit`)).json()).error?.code, "no_token");
  await close(page);
}

export async function a_slot_that_fails_again_and_again_wants_somebody_to_look(world) {
  const page = await open(world, world.bench);
  const slot = page.locator(".slot", { has: page.locator("#slot-B") });
  const headers = { Authorization: `Bearer ${world.bench.token}`, "X-Flashjig": "1" };
  const isBlocked = async () => (await (await fetch(`${world.bench.base}/api/v1/status`)).json()).slots[1].state === "blocked";
  for (let tries = 0; tries < 300 && !await isBlocked(); tries += 1) {
    await fetch(`${world.bench.base}/api/v1/slots/B/start`, { method: "POST", headers });
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  await slot.locator(".verdict.v-blocked").waitFor();
  assert.match(await slot.locator(".block .todo").textContent(), /Find the cause/);
  assert.match(await slot.locator(".block .note").textContent(), /^[SI]01 again and again\. (UART missing|No firmware for this chip)/);
  await slot.locator("button.primary").click();
  await page.fill("#token", world.bench.token);
  await page.click("#ask-yes");
  await slot.locator(".verdict:not(.v-blocked)").waitFor();
  assert.equal(await slot.locator("button.primary").textContent(), "Start");
  await close(page);
}

export async function a_board_is_converted_left_alone_redone_and_restored(world) {
  const page = await open(world, world.jig);
  const word = page.locator(".slot .verdict .word");
  const unit = seq => page.waitForFunction(seq => document.querySelector(".slot .block .foot")?.textContent.includes(`Unit ${seq}`), seq);
  await page.locator(".slot .primary").click();
  await unit(1);
  assert.equal(await word.textContent(), "PASS");
  await page.locator(".slot .primary").click();
  await unit(2);
  assert.equal(await word.textContent(), "DONE");
  await page.locator(".slot button", { hasText: "Convert again" }).click();
  await unit(3);
  assert.equal(await word.textContent(), "PASS");
  // only the first unit's backup is the stock flash
  await page.evaluate(() => { location.hash = "unit-3"; });
  await page.waitForSelector(".head .verdict");
  assert.equal(await page.locator(".do button", { hasText: "Write stock back" }).count(), 0);
  await page.evaluate(() => { location.hash = "unit-1"; });
  await page.locator("h1", { hasText: "Unit 1" }).waitFor();
  await page.locator(".do button", { hasText: "Write stock back" }).click();
  await page.click("#sure-yes");
  await unit(4);
  assert.equal(await word.textContent(), "PASS");
  const [restored, first] = await Promise.all([4, 1].map(async seq => (await fetch(`${world.jig.base}/api/v1/units/${seq}`)).json()));
  assert.equal(restored.restored_from, 1);
  assert.ok(restored.map.cells && first.checks.length > 5);
  await close(page);
}

export async function the_page_holds_the_state_that_the_station_has(world) {
  // opened before the unit, so that it has followed every change and not read the state afterwards
  const page = await open(world, world.jig);
  await page.waitForSelector(".slot .primary");
  const held = () => page.evaluate(async () => (await import("/assets/live.js")).live.state);
  const status = async () => (await fetch(`${world.jig.base}/api/v1/status`)).json();
  const { seq } = (await status()).slots[0].last ?? { seq: 0 };
  await page.locator(".slot .primary").click();
  await page.waitForFunction(seq => document.querySelector(".slot .block .foot")?.textContent.includes(`Unit ${seq + 1}`), seq);
  // the jig's lines move after the verdict, and a change comes a moment after the event
  let [shown, known] = [null, null];
  for (let tries = 0; tries < 100; tries += 1) {
    [shown, known] = [await held(), await status()];
    // what changes nothing in the state is not told
    shown.seq = known.seq;
    if (isDeepStrictEqual(shown, known)) break;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  assert.deepEqual(shown, known);
  await close(page);
}

export async function a_verdict_is_told_to_ears_and_to_screen_readers(world) {
  const page = await open(world, world.jig);
  await page.evaluate(() => {
    window.tones = [];
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (at) { window.tones.push(this.frequency.value); return start.call(this, at); };
  });
  await page.getByRole("button", { name: "Sound for each verdict" }).click();
  await page.evaluate(() => { window.tones = []; });
  await page.locator(".slot .primary").click();
  await page.waitForFunction(() => /^Slot A: PASS\./.test(document.getElementById("announce").textContent));
  assert.deepEqual(await page.evaluate(() => window.tones), [660, 990]);
  await close(page);
}

export async function the_station_shows_what_the_doctor_finds(world) {
  const page = await open(world, world.jig, "station");
  await page.locator("h2", { hasText: "What the doctor finds" }).waitFor();
  const found = await page.textContent("#view");
  for (const part of ["kernel", "port of slot A", "data folder", "firmware"]) assert.ok(found.includes(part), part);
  await close(page);
}

export async function the_page_reconnects_after_a_restart(world) {
  const page = await open(world, world.bench);
  await page.waitForSelector(".slot");
  await world.bench.stop();
  await page.waitForSelector("#lost:visible");
  assert.match(await page.textContent("#lost"), /\d\d:\d\d:\d\d/);
  await world.bench.start();
  await page.waitForSelector("#lost", { state: "hidden" });
  assert.ok(await page.locator(".slot .primary").first().isEnabled());
  await close(page);
}

export async function it_speaks_french(world) {
  const page = await open(world, world.demo, "bench", { locale: "fr-FR" });
  await page.waitForSelector(".slot");
  assert.equal(await page.getAttribute("html", "lang"), "fr");
  assert.match(await page.textContent("#nav"), /Banc.*Unités/s);
  await page.selectOption("#language", "en");
  await page.waitForFunction(() => document.documentElement.lang === "en" && document.querySelector("#nav").textContent.includes("Bench"));
  await page.reload();
  await page.waitForFunction(() => document.querySelector("#nav").textContent.includes("Bench"));
  await close(page);
}

export async function every_view_is_accessible_in_both_themes(world) {
  const unit = await unitOf(world, "fail");
  let checked = 0;
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, size] of [["phone", { width: 390, height: 844 }], ["desktop", { width: 1440, height: 900 }]]) {
      const page = await open(world, world.demo, "bench", { colorScheme, viewport: size, deviceScaleFactor: name === "phone" ? 2 : 1 });
      for (const view of VIEWS) {
        await page.evaluate(hash => { location.hash = hash; }, view === "unit" ? `unit-${unit.seq}` : view);
        await page.waitForSelector(`.view-${view} ${SHOWN[view]}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} is wider than a ${name}`);
        if (world.shots) await page.screenshot({ path: join(world.shots, `${view}-${name}-${colorScheme}.png`), fullPage: view !== "units" });
        await page.evaluate(world.axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const told = violations.map(v => `${v.id}: ${v.help}\n  ${v.nodes.slice(0, 3).map(n => `${n.target} ${n.failureSummary}`).join("\n  ")}`);
        assert.deepEqual(told, [], `${view}, ${colorScheme}, ${name}:\n${told.join("\n")}`);
        checked += 1;
      }
      await close(page);
    }
  }
  return `${checked} views`;
}
