/** Who waits for a person, and whom one answers; the list keeps itself up to date. */

import { ApiError } from "../../../shared/client.js";
import { el, languageOf } from "../../../shell/dom.js";
import { say, words } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { chip } from "../../pieces/facts.js";
import { repeat } from "../../pieces/repeating.js";
import { showFailure, showLoading, showNothing } from "../../pieces/states.js";
import { viewHead } from "../../pieces/view_head.js";
import { addressOf, nameOf, noteOf } from "./facts.js";

const LOOK_MS = 4000;
const PAGE = 100;

/**
 * @param {import("../../context.js").Context} context
 * @param {AbortSignal} signal
 * @returns {Promise<number>} how many threads wait, up to 100
 */
export async function countWaiting({ client }, signal) {
  const query = { state: "waiting", limit: PAGE };
  return (await client.get("handovers", { query, signal })).data.length;
}

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @returns {() => void}
 */
export function openList(container, context) {
  const closing = new AbortController();
  const body = el("div", { className: "handovers" });
  container.append(viewHead(context, { title: "handovers", text: "handoversText" }), body);
  showLoading(body);
  let before = "";
  const look = async () => {
    try {
      // Who has waited longest comes first.
      const get = (state) => context.client.get("handovers", {
        query: { state, order: "asc", limit: PAGE }, signal: closing.signal,
      });
      const [waiting, taken] = await Promise.all([get("waiting"), get("person")]);
      const found = JSON.stringify([waiting.data, taken.data]);
      if (found === before) return;
      before = found;
      show(body, waiting, taken);
    } catch (error) {
      // A list that is shown stays; the next look tells more.
      if (!before && error instanceof ApiError && !closing.signal.aborted) {
        showFailure(body, error, null);
      }
      throw error;
    }
  };
  repeat(look, LOOK_MS, closing.signal);
  return () => closing.abort();
}

function show(body, waiting, taken) {
  const focused = document.activeElement?.getAttribute("href");
  if (!waiting.data.length && !taken.data.length) {
    const text = "noHandoversText";
    showNothing(body, { symbol: "handovers", title: "noHandovers", text });
    return;
  }
  body.replaceChildren(
    ...part("waitingHandovers", waiting, "noneWaiting"),
    ...part("takenHandovers", taken, "noneTaken"),
  );
  if (focused) body.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

function part(title, { data, has_more: hasMore }, empty) {
  const rows = data.map((one) => el("li", {}, row(one)));
  return [
    say(el("h2"), title),
    rows.length
      ? el("ul", { className: "rows" }, ...rows)
      : say(el("p", { className: "muted" }), empty),
    hasMore ? say(el("p", { className: "muted" }), "moreHandovers", { count: PAGE }) : null,
  ].filter(Boolean);
}

function row(one) {
  const name = nameOf(one) || words("someVisitor");
  const asked = one.preview ?? "";
  return el(
    "div",
    { className: "handover-row" },
    el("a", { href: `#/handovers/${one.id}`, lang: languageOf(name), dir: "auto" }, name),
    noteOf(one.note) ?? el("p", { className: "muted", dir: "auto", lang: languageOf(asked) }, asked),
    el(
      "div",
      { className: "conversation-facts" },
      one.state === "person" ? chip("chip-accent", "answeredBy", { name: one.person }) : null,
      timeOf(one.state === "person" ? one.taken_at : one.requested_at),
      name === one.contact ? null : addressOf(one),
    ),
  );
}
