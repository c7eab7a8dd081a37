/** The buttons below a finished answer. */

import { answerText, messagesOf } from "../shared/turn.js";
import { copy } from "../shell/clipboard.js";
import { icon } from "../shell/icons.js";
import { iconButton } from "../shell/speech.js";

// Milliseconds.
const SHOWN_COPIED_FOR = 1500;

/**
 * @param {import("../shared/turn.js").Turn} turn
 * @param {boolean} isLast
 * @param {import("./answer_view.js").TurnListeners} listeners
 * @returns {HTMLElement[]}
 */
export function actionsOf(turn, isLast, listeners) {
  const message = messagesOf(turn).at(-1);
  const byPerson = Boolean(message?.metadata.person);
  const rates = message && !byPerson ? ratings(turn, message, listeners) : [];
  const actions = message ? [copyButton(turn), ...rates] : [];
  const again = !byPerson && turn.status !== "failed" && turn.status !== "waiting" && turn.question;
  if (isLast && again) {
    actions.push(action("again", "regenerate", () => listeners.retry(turn)));
  }
  const hasSteps = turn.items.some((item) => item.kind === "step");
  if (turn.mayHaveSteps && !hasSteps) {
    actions.push(action("tool", "showSteps", () => listeners.loadSteps(turn)));
  }
  return actions;
}

function action(symbol, name, onclick, properties = {}) {
  return iconButton(symbol, name, { onclick, "data-action": name, ...properties });
}

function copyButton(turn) {
  const button = action("copy", "copy", async () => {
    if (!(await copy(answerText(turn)))) return;
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), SHOWN_COPIED_FOR);
  });
  return button;
}

function ratings(turn, message, listeners) {
  const given = message.feedback?.rating ?? null;
  return ["up", "down"].map((rating) => {
    const pressed = given === rating;
    const press = () => listeners.rate(turn, pressed ? null : rating);
    const name = rating === "up" ? "ratedUp" : "ratedDown";
    return action(rating, name, press, { "aria-pressed": String(pressed) });
  });
}
