/** Whom notifications go to, and what became of the recent ones. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { Deliveries } from "./deliveries.js";
import { openTargetForm } from "./target_form.js";
import { showSigningSecret } from "./signing_secret.js";
import { targetRow } from "./target_row.js";

/** @typedef {import("./types.js").Target} Target */

// A project has fewer.
const MOST_TARGETS = 100;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @returns {() => void}
 */
export function openNotifications(container, context) {
  const closing = new AbortController();
  const deliveries = new Deliveries(context, closing.signal);
  const changed = () => {
    targets.reload().then(() => deliveries.reload());
  };
  const sent = () => {
    attempt(deliveries.refresh());
  };
  /** @type {PagedList<Target>} */
  const targets = new PagedList({
    label: "notificationTargets",
    load: async () => {
      const query = { limit: MOST_TARGETS };
      const page = await context.client.get("notification_targets", { query });
      deliveries.targets = page.data;
      return page;
    },
    row: (target) => targetRow(context, target, { changed, sent }),
    showEmpty: (place) => {
      showNothing(place, { symbol: "bell", title: "noTargets", text: "noTargetsText" });
    },
  });
  const add = () => openTargetForm(context, null, (made) => {
    if (made.secret) showSigningSecret(made.secret, "signingSecretText");
    changed();
  });
  const back = { href: "#/handovers", name: "handovers" };
  const actions = context.mayWrite ? [actionButton("primary", "addTarget", add, "plus")] : [];
  container.append(
    viewHead(context, { title: "notifications", text: "notificationsText", back, actions }),
    say(el("h2", { className: "section-heading" }), "notificationTargets"),
    targets.element,
    deliveries.element,
  );
  targets.reload().then(() => deliveries.open());
  return () => closing.abort();
}
