/** Runs work in small steps, so that the page stays responsive in between. */

/** Milliseconds per frame for steps; the rest is for layout and input. */
const SLICE = 8;

const waiting = [];
let scheduled = false;

/**
 * Run `step` repeatedly, a few milliseconds per frame, until it returns false. The work added last
 * runs first, because the reader is looking at it.
 *
 * @param {() => boolean} step does a small part, and returns whether there is more to do
 */
export function work(step) {
  waiting.push(step);
  schedule();
}

function schedule() {
  if (scheduled || !waiting.length) return;
  scheduled = true;
  // A background page gets no frames.
  if (document.hidden) setTimeout(run);
  else requestAnimationFrame(run);
}

function run() {
  if (!scheduled) return;
  scheduled = false;
  const until = performance.now() + SLICE;
  while (waiting.length && performance.now() < until) {
    const step = waiting.at(-1);
    let more = false;
    try {
      more = step();
    } catch (error) {
      // One failing step must not block the others.
      reportError(error);
    }
    if (!more) waiting.splice(waiting.lastIndexOf(step), 1);
  }
  schedule();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden && scheduled) setTimeout(run);
});
