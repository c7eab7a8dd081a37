/** The state of a turn as text, with a button if the reader can act on it. */

import { asksAPerson } from "../shared/approvals.js";
import { errorText } from "../shared/language.js";
import { isSilent } from "../shared/turn.js";
import { el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { say } from "../shell/speech.js";

/**
 * @param {import("../shared/turn.js").Turn} turn
 * @param {boolean} isLast
 * @param {import("./answer_view.js").TurnListeners} listeners
 * @returns {HTMLElement[]} empty if there is nothing to say
 */
export function stateOf(turn, isLast, listeners) {
  if (!turn.connected) return [working("reconnecting")];
  if (turn.status === "stopping") return [working("stopping")];
  if (turn.status === "failed") return [failure(turn, isLast, listeners)];
  if (asksAPerson(turn)) return [];
  if (turn.status === "waiting") return [waiting(turn, listeners)];
  if (turn.status === "stopped") return [note("stopped")];
  if (turn.status === "incomplete") return [note("cutOff")];
  if (!isSilent(turn)) return [];
  const isAtWork = turn.status === "sending" || turn.status === "working";
  return [isAtWork ? working("thinking") : note("emptyAnswer")];
}

function working(name) {
  const dots = el("span", { className: "dots", "aria-hidden": "true" });
  dots.append(el("i"), el("i"), el("i"));
  return el("p", { className: "working" }, dots, say(el("span"), name));
}

function note(name) {
  return say(el("p", { className: "note" }), name);
}

function failure(turn, isLast, listeners) {
  const { name, values } = errorText(turn.error);
  const box = el("div", { className: "failure", role: "alert" }, icon("warning"));
  const lines = el("div", {}, say(el("p"), name, values));
  // Visitors must not see details meant for the operator.
  if (listeners.seesDetails() && turn.error.message && turn.error.code !== "unreachable") {
    const { message } = turn.error;
    lines.append(say(el("p", { className: "failure-details" }), "details", { message }));
  }
  box.append(lines);
  if (isLast) {
    const retry = el("button", {
      type: "button",
      className: "secondary",
      onclick: () => listeners.retry(turn),
    });
    box.append(say(retry, "retry"));
  }
  return box;
}

function waiting(turn, listeners) {
  const names = turn.awaited.map((call) => call.name).join(", ");
  const button = el("button", {
    type: "button",
    className: "secondary",
    onclick: () => listeners.check(turn),
  });
  return el(
    "div",
    { className: "waiting" },
    icon("tool"),
    listeners.seesDetails() ? say(el("p"), "waiting", { names }) : say(el("p"), "waitingHere"),
    say(button, "checkAgain"),
  );
}
