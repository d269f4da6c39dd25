// A short tone for each verdict, made by the browser; off until somebody wants it.

const KEPT = "flashjig-sound";
let context = null;

export const wanted = () => localStorage.getItem(KEPT) === "on";

export function want(on) {
  localStorage.setItem(KEPT, on ? "on" : "off");
  if (on) play("pass");
}

// Pitch in Hz, begin and length in s: rising for a pass, low and twice for a fault, one tone for all else.
const TUNES = {
  pass: [[660, 0, 0.12], [990, 0.13, 0.25]],
  fail: [[220, 0, 0.22], [196, 0.3, 0.4]],
  other: [[330, 0, 0.35]],
};

export function play(verdict) {
  if (!wanted()) return;
  context ??= new AudioContext();
  context.resume();
  for (const [pitch, at, length] of TUNES[verdict] ?? TUNES.other) {
    const [tone, gain, begin] = [context.createOscillator(), context.createGain(), context.currentTime + at];
    tone.type = "triangle";
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(0.25, begin + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + length);
    tone.connect(gain).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + length);
  }
}
