/** Finds the passage that a citation mark refers to. Pure. */

import { passagesOf } from "./calls/registry.js";

const PLACE = /^【(\d+):(\d+)†/;

/**
 * @param {string} mark such as `【0:2†name】`: the third result of the run's first search
 * @param {import("./turn.js").ToolStep[]} steps of the run, in order, with their results' content
 * @returns {import("./calls/registry.js").Passage|null} null if there is no such search or result
 */
export function citedPassage(mark, steps) {
  const place = PLACE.exec(mark);
  if (!place) return null;
  const passages = steps.flatMap((step) => step.calls.map(passagesOf));
  const searches = passages.filter((one) => one !== null);
  return searches[Number(place[1])]?.[Number(place[2])] ?? null;
}
