// A page of a station, and units to wait for.

import assert from "node:assert/strict";

const WAIT = { timeout: 60_000 };

/** A page of its own; what it logs as an error fails the test at its end. */
export async function open({ browser }, station, view = "bench", { first = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", reducedMotion: "reduce", ...options });
  // the note of the first visit is read, except where a test is about it
  if (!first) await context.addInitScript(() => localStorage.setItem("flashjig-safety", "read"));
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT.timeout);
  page.errors = [];
  page.on("pageerror", error => page.errors.push(error.message));
  page.on("request", request => { if (!request.url().startsWith(station.base) && !request.url().startsWith("blob:") && !request.url().startsWith("data:")) page.errors.push(`asked ${request.url()}`); });
  await page.goto(`${station.base}/#${view}`);
  await page.waitForSelector("#view h1", { state: "attached" });
  return page;
}

export async function close(page) {
  assert.deepEqual(page.errors, []);
  await page.context().close();
}

const units = async ({ demo }, query = "") => (await fetch(`${demo.base}/api/v1/units?limit=50${query}`)).json();

/** Waits until the ledger has a unit of this verdict. */
export async function unitOf(world, verdict) {
  for (let tries = 0; tries < 2400; tries += 1) {
    const found = await units(world, `&verdict=${verdict}`);
    if (found.length) return found[0];
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`no unit came to ${verdict}`);
}
