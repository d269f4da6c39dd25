// The line to the station: its state, kept up to date by its events, and whether it can still be heard.

import { fold } from "./state.js";

const HEALTH = 10000; // ms between questions whether the station is still there
const KINDS = ["seated", "lifted", "started", "entered", "progress", "rate", "found", "chosen", "kept", "planned", "map", "areas",
  "lines", "button", "retried", "prompt", "finished", "stopping", "blocked", "mended", "shelf", "batch", "already", "acknowledged",
  "noticed", "settled", "supply", "recalled", "archive_checked", "board_log"];

export const live = {
  state: null,
  heard: null, // browser's time of the last message
  skew: 0, // station's clock minus the browser's, ms
  stale: false,
};

let source = null;
let again = 0;
const listeners = new Set();

/** Calls `listener(kind, event)` after each change; kinds of its own: snapshot, stale, fresh. Gives a way to stop it. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The station's time. */
export const now = () => Date.now() + live.skew;

function tell(kind, event) {
  listeners.forEach(listener => listener(kind, event));
}

export function connect() {
  clearTimeout(again);
  source?.close();
  source = new EventSource("/api/v1/events");
  source.addEventListener("snapshot", message => {
    live.state = JSON.parse(message.data);
    heard();
    tell("snapshot");
  });
  KINDS.forEach(kind => source.addEventListener(kind, message => {
    heard();
    if (!live.state) return;
    const event = JSON.parse(message.data);
    live.skew = Date.parse(event.time) - Date.now();
    fold(live.state, event);
    tell(kind, event);
  }));
  source.onerror = lost;
}

function heard() {
  live.heard = Date.now();
  if (!live.stale) return;
  live.stale = false;
  tell("fresh");
}

function lost() {
  live.stale = true;
  tell("stale");
  // The browser tries again by itself, but not after an answer that is no event stream.
  clearTimeout(again);
  if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, 1500);
}

/** A dead network is silent; so ask now and then, and take the station's clock along. */
async function check() {
  const asked = Date.now();
  const answer = await fetch("/healthz", { signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (!answer?.ok) { lost(); return; }
  const theirs = Date.parse(answer.headers.get("Date"));
  // The header counts whole seconds, so only a larger difference is one.
  if (Math.abs(theirs - asked - live.skew) > 2000) live.skew = theirs - asked;
  if (live.stale) connect();
  else live.heard = Date.now();
}

export function begin() {
  connect();
  check();
  setInterval(check, HEALTH);
}
