/** One notification: what it said, to whom, and what became of it. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { chip } from "../../pieces/facts.js";
import { actionButton } from "../../pieces/view_head.js";
import { TYPES } from "./names.js";

/** @typedef {import("./types.js").Notification} Notification */
/** @typedef {import("./types.js").Target} Target */

/**
 * @param {import("../../context.js").Context} context
 * @param {Notification} one
 * @param {Target|undefined} target
 * @param {() => void} resend
 */
export function deliveryRow(context, one, target, resend) {
  const { type, thread_id: threadId, status, last_error: error, attempts } = one;
  const facts = el(
    "div",
    { className: "notification-facts" },
    statusChip(one, target),
    timeOf(one.created_at),
    attempts ? say(el("span"), "attemptsMade", { count: attempts }) : null,
    nextAttempt(one, target),
    threadId ? say(el("a", { href: `#/handovers/${threadId}` }), "toItsConversation") : null,
  );
  return el(
    "div",
    { className: "notification-delivery" },
    el(
      "div",
      { className: "notification-words" },
      say(el("p", { className: "notification-event" }), TYPES[type]),
      el("p", { className: "muted notification-to", dir: "ltr" }, target?.address ?? ""),
      facts,
      error && status !== "delivered" ? lastError(error) : null,
    ),
    context.mayWrite && target?.enabled && isResendable(one)
      ? actionButton("secondary", status === "pending" ? "tryNow" : "resend", resend)
      : null,
  );
}

/** @param {Notification} one */
function isResendable({ status, attempts }) {
  return status === "failed" || (status === "pending" && attempts > 0);
}

/**
 * @param {Notification} one
 * @param {Target|undefined} target
 */
function statusChip({ status, last_error: error }, target) {
  if (status === "delivered") return chip("chip-accent", "isDelivered");
  if (status === "failed") return chip("chip-danger", "isGivenUp");
  if (target && !target.enabled) return chip("", "waitsPaused");
  return error ? chip("chip-danger", "isFailing") : chip("", "isOnItsWay");
}

/**
 * @param {Notification} one
 * @param {Target|undefined} target
 */
function nextAttempt({ next_attempt_at: next, last_error: error }, target) {
  const time = error && target?.enabled ? timeOf(next) : null;
  return time && el("span", {}, say(el("span"), "nextAttempt"), " ", time);
}

/** @param {string} error as the server reports it */
function lastError(error) {
  const line = el("p", { className: "notification-error", dir: "auto" });
  line.append(say(el("span"), "lastError"), " ", el("span", { lang: "en" }, error));
  return line;
}
