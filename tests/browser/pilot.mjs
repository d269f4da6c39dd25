// What the page says of boards that go first, and of those that are not converted.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { close, open } from "./page.mjs";
import { Station } from "./station.mjs";

/** A station of its own for a test. */
async function at(world, kind, test) {
  const station = new Station(world.bench.program, kind);
  try {
    await station.start();
    await test(station);
  } finally {
    await station.end();
  }
}

const ended = (page, seq) => page.waitForFunction(seq => document.querySelector(".slot .block .foot")?.textContent.includes(`Unit ${seq}`), seq);

async function accessible(page, world) {
  await page.evaluate(world.axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  assert.deepEqual(violations.map(found => `${found.id}: ${found.nodes.map(node => node.html).join(" ")}`), []);
}

export async function what_was_met_and_is_not_converted_is_counted(world) {
  await at(world, "met", async station => {
    const page = await open(world, station);
    for (const seq of [1, 2]) {
      await page.locator(".slot .primary").click();
      await ended(page, seq);
    }
    await page.evaluate(() => { location.hash = "stats"; });
    const table = page.locator(".met table");
    await table.waitFor();
    const cells = await table.locator("tbody tr").first().locator("th, td").allTextContents();
    assert.equal(cells[0], "BK7231U");
    assert.match(cells[2], /^[0-9a-f]{8}$/);
    assert.match(cells[3], /^B02 /);
    assert.equal(cells[4], "2");
    await accessible(page, world);
    await close(page);
    const french = await open(world, station, "stats", { locale: "fr-FR" });
    await french.locator(".met h2", { hasText: "Vues, non converties" }).waitFor();
    await close(french);
  });
}

export async function a_pilot_waits_on_the_bench_until_somebody_says_that_its_plug_lives(world) {
  await at(world, "pilot", async station => {
    const page = await open(world, station);
    await page.locator(".slot .primary").click();
    await ended(page, 1);
    assert.equal(await page.locator(".slot .verdict .word").textContent(), "PASS");
    const told = page.locator(".pilot[role=status]");
    await told.locator("p", { hasText: "The pilot waits: unit 1" }).waitFor();
    await accessible(page, world);
    // the next start is refused with what to do
    await page.locator(".slot .primary").click();
    await page.locator("#toast", { hasText: "flashjig units --confirm 1" }).waitFor();
    await told.locator("a", { hasText: "Unit 1" }).click();
    await page.locator(".card.pilot b", { hasText: "waits" }).waitFor();
    await page.locator(".card.pilot .confirm").click();
    await page.click("#sure-no");
    await page.locator(".card.pilot .confirm").click();
    await page.click("#sure-yes");
    await page.locator(".card.pilot b", { hasText: "released" }).waitFor();
    assert.equal(await page.locator(".card.pilot .confirm").count(), 0);
    await accessible(page, world);
    const { confirmed, lot } = await (await fetch(`${station.base}/api/v1/units/1`)).json();
    assert.ok(confirmed.who && lot.loader.length === 8, JSON.stringify({ confirmed, lot }));
    await page.evaluate(() => { location.hash = "stats"; });
    await page.locator(".lots td", { hasText: "released" }).waitFor();
    await page.evaluate(() => { location.hash = "bench"; });
    await page.locator(".slot .primary").waitFor();
    await page.locator(".pilot[role=status]").waitFor({ state: "hidden" });
    await close(page);
  });
}

export async function a_unit_gives_its_flash_for_a_report_with_the_list_of_what_is_blanked(world) {
  const page = await open(world, world.jig);
  await page.locator(".slot .primary").click();
  await page.waitForFunction(() => /Unit \d+/.test(document.querySelector(".slot .block .foot")?.textContent ?? ""));
  await page.evaluate(() => { location.hash = "unit-1"; });
  const saved = async word => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".do a", { hasText: word }).click()]);
    return [file.suggestedFilename(), readFileSync(await file.path())];
  };
  const [name, flash] = await saved("Flash for a report");
  assert.match(name, /^report-000001-BK7231T\.bin$/);
  const [listName, list] = await saved("What was blanked");
  const { areas, bytes } = JSON.parse(list);
  assert.equal(listName, "report-1.json");
  assert.ok(flash.length === bytes && areas.some(area => area.blanked && area.what.includes("store of settings")));
  const { board } = await (await fetch(`${world.jig.base}/api/v1/units/1`)).json();
  const mac = Buffer.from(board.mac.replaceAll(":", ""), "hex");
  assert.equal(flash.includes(mac), false);
  await close(page);
}
