// The page's fold of events against the program's: the same events, the same states (tests/it/page_fold.rs writes them).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const read = path => readFileSync(new URL(path, import.meta.url), "utf8");

export async function fold() {
  // by its text: without a package.json beside it node would not take the file for a module
  const page = await import(`data:text/javascript,${encodeURIComponent(read("../../src/face/web/state.js"))}`);
  const { start, steps } = JSON.parse(read("../golden/fold.json"));
  for (const { event, state } of steps) {
    page.fold(start, event);
    assert.deepEqual(start, state, `after ${JSON.stringify(event)}`);
  }
  return `${steps.length} events`;
}
