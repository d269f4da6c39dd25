// The line to the station: its state, as the station tells it, and whether it can still be heard.

const HEALTH = 10000; // ms between questions whether the station is still there
/** What some view must hear of when it happens; all else is seen in the state. */
const HEARD = ["finished", "arrived", "confirmed", "shelf", "batch"];

export const live = {
  state: null,
  heard: null, // browser's time of the last message
  skew: 0, // station's clock minus the browser's, ms
  stale: false,
};

let source = null;
let again = 0;
const listeners = new Set();

/** Calls `listener(kind, event)` for what is heard; kinds of its own: snapshot, changes, stale, fresh. Gives a way to stop it. */
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
  source = new EventSource("/api/v1/events?changes=true");
  source.addEventListener("snapshot", message => {
    live.state = JSON.parse(message.data);
    heard();
    tell("snapshot");
  });
  source.addEventListener("changes", message => {
    heard();
    const { seq, time, state, slots } = JSON.parse(message.data);
    live.skew = Date.parse(time) - Date.now();
    merge(live.state, { seq, ...state });
    live.state.slots.forEach(slot => merge(slot, slots[slot.name] ?? {}));
    tell("changes");
  });
  HEARD.forEach(kind => source.addEventListener(kind, message => {
    heard();
    tell(kind, JSON.parse(message.data));
  }));
  source.onerror = lost;
}

/** Lays a JSON merge patch (RFC 7396) over a value; what it takes away becomes null. */
function merge(value, patch) {
  for (const [name, part] of Object.entries(patch)) {
    if (isObject(part) && isObject(value[name])) merge(value[name], part);
    else value[name] = part;
  }
}

const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);

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
