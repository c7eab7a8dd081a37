/** Who waits for a person, and whom one answers; the list keeps itself up to date. */

import { ApiError } from "../../../shared/client.js";
import { el, languageOf } from "../../../shell/dom.js";
import { say, words } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { chip } from "../../pieces/facts.js";
import { repeat } from "../../pieces/repeating.js";
import { showFailure, showLoading, showNothing } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { addressOf, nameOf, noteOf } from "./facts.js";
import { PAGE, look } from "./looking.js";

const LOOK_MS = 5000;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @returns {() => void}
 */
export function openList(container, context) {
  const closing = new AbortController();
  const body = el("div", { className: "handovers" });
  const bell = actionButton("secondary", "notifications", () => context.go("#/notifications"), "bell");
  const head = { title: "handovers", text: "handoversText", actions: [bell] };
  container.append(viewHead(context, head), body);
  showLoading(body);
  let before = "";
  const update = async () => {
    try {
      const open = await look(context);
      const found = JSON.stringify(open);
      if (found === before || closing.signal.aborted) return;
      before = found;
      show(body, open);
    } catch (error) {
      // A list that is shown stays; the next look tells more.
      if (!before && error instanceof ApiError && !closing.signal.aborted) {
        showFailure(body, error, null);
      }
      throw error;
    }
  };
  repeat(update, LOOK_MS, closing.signal);
  return () => closing.abort();
}

/**
 * @param {HTMLElement} body
 * @param {import("./looking.js").Open} open
 */
function show(body, { waiting, taken, isAll }) {
  const focused = document.activeElement?.getAttribute("href");
  if (!waiting.length && !taken.length) {
    const text = "noHandoversText";
    showNothing(body, { symbol: "handovers", title: "noHandovers", text });
    return;
  }
  body.replaceChildren(
    ...part("waitingHandovers", waiting, "noneWaiting"),
    ...part("takenHandovers", taken, "noneTaken"),
  );
  if (!isAll) body.append(say(el("p", { className: "muted" }), "moreHandovers", { count: PAGE }));
  const same = focused && body.querySelector(`[href="${CSS.escape(focused)}"]`);
  if (same instanceof HTMLElement) same.focus();
}

function part(title, handovers, empty) {
  const rows = handovers.map((one) => el("li", {}, row(one)));
  return [
    say(el("h2"), title),
    rows.length
      ? el("ul", { className: "rows" }, ...rows)
      : say(el("p", { className: "muted" }), empty),
  ];
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
