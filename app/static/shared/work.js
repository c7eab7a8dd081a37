/** Work that is cut into small steps, so that the page can be used and painted in between. */

/** Milliseconds of each frame that steps may take; the rest is for layout and for the reader. */
const SLICE = 8;

const waiting = [];
let scheduled = false;

/**
 * Run `step` again and again, a few milliseconds in each frame, until it returns false. What was
 * added last runs first: that is what the reader looks at.
 *
 * @param {() => boolean} step does a little, and returns whether there is more to do
 */
export function work(step) {
  waiting.push(step);
  schedule();
}

function schedule() {
  if (scheduled || !waiting.length) return;
  scheduled = true;
  // A page in the background gets no frames.
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
      // One that fails must not keep the others from their turn.
      reportError(error);
    }
    if (!more) waiting.splice(waiting.lastIndexOf(step), 1);
  }
  schedule();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden && scheduled) setTimeout(run);
});
