/** What a citation's mark stands for. Pure. */

const PLACE = /^【(\d+):(\d+)†/;

/**
 * @param {string} mark such as `【0:2†name】`: the third result of the run's first search
 * @param {import("./turn.js").ToolStep[]} steps of the run, in order, with their results' content
 * @returns {{text: string, name: string, fileId: string, score: number}|null} null where the
 *   search or its result is not there
 */
export function citedPassage(mark, steps) {
  const place = PLACE.exec(mark);
  if (!place) return null;
  const calls = steps.flatMap((step) => step.calls);
  const searches = calls.filter((call) => call.type === "file_search");
  const result = searches[Number(place[1])]?.file_search.results?.[Number(place[2])];
  if (!result) return null;
  const text = (result.content ?? []).map((part) => part.text ?? "").join("\n\n");
  return { text, name: result.file_name, fileId: result.file_id, score: result.score };
}
