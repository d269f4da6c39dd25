// The state of the station and how events change it. Nothing here touches the page, so that it can be tested alone.

// Name and share of the whole bar, thousandths: the same numbers as Stage::share in the program.
export const STAGES = [["settle", 4], ["power", 4], ["attach", 15], ["identify", 15], ["backup", 490], ["keep", 10], ["plan", 4], ["erase", 120], ["write", 170], ["verify", 150], ["boot", 10], ["safe", 4], ["record", 4]];

/** How far the whole unit is, thousandths: as Stage::overall in the program. */
export function overall(stage, done, total) {
  let before = 0;
  for (const [name, share] of STAGES) {
    if (name === stage) return Math.min(1000, before + (total ? Math.floor(share * Math.min(done, total) / total) : 0));
    before += share;
  }
  return 0;
}

/** The letters of a text of runs such as 17K192W: one for each sector. */
export function cellsOf(text) {
  return (text ?? "").replace(/(\d+)([a-z.])/gi, (_, count, letter) => letter.repeat(Number(count)));
}

/** The text of runs of some letters. */
export function runsOf(letters) {
  return letters.replace(/(.)\1*/g, run => `${run.length}${run[0]}`);
}

/** Lays sectors over a map, from sector `at` on: as FlashMap::lay in the program. */
export function lay(text, at, patch) {
  const [old, over] = [cellsOf(text).padEnd(at, "."), cellsOf(patch)];
  return runsOf(old.slice(0, at) + over + old.slice(at + over.length));
}

/** Folds one event in: the same rules as Snapshot::apply in the program. */
export function fold(state, event) {
  state.seq = event.seq;
  if (event.kind === "finished") state.tally[event.verdict] += 1;
  if (event.kind === "archive_checked") state.archive = { ok: event.ok, damaged: event.damaged, names: event.names, checked_at: event.time };
  const slot = state.slots.find(slot => slot.name === event.slot);
  if (!slot) return;
  const step = slot.steps?.at(-1);
  switch (event.kind) {
    case "seated":
    case "lifted":
      Object.assign(slot, { seated: event.kind === "seated", verdict_shown: false, recalled: null });
      break;
    case "started":
      Object.assign(slot, { state: "busy", stage: null, progress: { done: 0, total: 0, overall: 0 }, started: event.time,
        recipe: event.recipe, board: null, firmware: null, baud: null, retries: 0, prompt: null, blocked: null, blocked_by: null, already: null,
        verdict_shown: false, recalled: null, supply: null, steps: [], map: { cells: "", areas: [] } });
      break;
    case "entered":
      slot.stage = event.stage;
      slot.prompt = null;
      slot.steps?.push({ stage: event.stage, start_ms: Math.max(0, ms(event.time) - ms(slot.started ?? event.time)), bytes: 0, retries: 0 });
      slot.progress = { done: 0, total: 0, overall: overall(event.stage, 0, 0) };
      break;
    case "progress":
      if (step) step.bytes = event.done;
      slot.progress = { done: event.done, total: event.total, overall: overall(event.stage, event.done, event.total) };
      break;
    case "rate": slot.baud = event.baud; break;
    case "prompt": slot.prompt = event.message; break;
    case "found": slot.board = event.board; break;
    case "chosen": slot.firmware = event.name; break;
    case "map": slot.map.cells = lay(slot.map.cells, event.at, event.cells); break;
    case "areas": slot.map.areas = event.areas; break;
    case "lines": Object.assign(slot.lines ??= {}, { power: event.power, cen: event.cen }); break;
    case "button": slot.lines.button = event.pressed; break;
    case "retried":
      slot.retries += 1;
      if (step) step.retries += 1;
      break;
    case "stopping": slot.state = "stopping"; break;
    case "noticed": slot.notice = event.message; break;
    case "settled": slot.notice = null; break;
    case "supply": slot.supply = event.reading; break;
    case "recalled": Object.assign(slot, { verdict_shown: Boolean(slot.last), recalled: event.time }); break;
    case "already": slot.already = event.already; break;
    case "acknowledged":
    case "mended":
      Object.assign(slot, { state: "idle", blocked: null, blocked_by: null });
      break;
    case "blocked": Object.assign(slot, { state: "blocked", blocked: event.message, blocked_by: event.fault ?? null }); break;
    case "finished":
      Object.assign(slot, { state: "idle", stage: null, prompt: null, started: null, progress: { done: 0, total: 0, overall: 0 },
        verdict_shown: true, recalled: null });
      slot.last = { seq: event.unit, verdict: event.verdict, fault: event.fault, ms: event.ms, finished: event.time, board: slot.board, already: slot.already };
      if (slot.already) state.tally.already += 1;
      break;
  }
}

/** Whole milliseconds of a time that may have more digits. */
function ms(time) {
  return Math.floor(Date.parse(time));
}
