// Tests of the page in a headless Chromium, against real daemons on the virtual bench.
//
//   node tests/browser/run.mjs [--program target/release/flashjig] [--modules DIR] [--shots DIR] [--only WORD]
//
// `--modules` is a folder that has the packages of package.json in node_modules; `--shots` takes a picture of each view.

import { createRequire } from "node:module";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import * as benches from "./bench.mjs";
import * as pilots from "./pilot.mjs";
import { Station } from "./station.mjs";
import * as views from "./tests.mjs";

const given = Object.fromEntries(process.argv.slice(2).flatMap((word, i, all) => (word.startsWith("--") ? [[word.slice(2), all[i + 1]]] : [])));
const program = resolve(given.program ?? "target/release/flashjig");
const require = createRequire(resolve(given.modules ?? "tests/browser", "package.json"));
const shots = given.shots && resolve(given.shots);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const CHROMIUM = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(path => path && existsSync(path));
if (!CHROMIUM) throw new Error("no Chromium: install Debian's chromium, or name one in CHROMIUM");
if (shots) mkdirSync(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const demo = new Station(program, "demo");
const bench = new Station(program, "run");
const jig = new Station(program, "jig");
const doubt = new Station(program, "doubt");
const world = { browser, demo, bench, jig, doubt, axe, shots };
let failed = 0;
try {
  await Promise.all([demo.start(), bench.start(), jig.start(), doubt.start()]);
  // the bench without ports has firmware: what its units lack is the port
  const image = demo.made("_demo.bin");
  copyFileSync(image, join(bench.folder, "data", "firmware", basename(image)));
  for (const [name, test] of Object.entries({ ...views, ...benches, ...pilots })) {
    if (given.only && !name.includes(given.only)) continue;
    const begin = Date.now();
    try {
      const more = await test(world);
      console.log(`ok    ${name.replaceAll("_", " ")} (${((Date.now() - begin) / 1000).toFixed(1)} s${more ? `, ${more}` : ""})`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name.replaceAll("_", " ")}\n${error.stack ?? error}`);
    }
  }
} finally {
  await browser.close();
  await Promise.all([demo.end(), bench.end(), jig.end(), doubt.end()]);
}
console.log(failed ? `${failed} failed` : "all passed");
process.exit(failed ? 1 : 0);
