/** The views, in the order of the navigation. */

import { view as access } from "./views/access/view.js";
import { view as actions } from "./views/actions/view.js";
import { view as assistants } from "./views/assistants/view.js";
import { view as conversations } from "./views/conversations/view.js";
import { view as handovers } from "./views/handovers/view.js";
import { view as insights } from "./views/insights/view.js";
import { view as knowledge } from "./views/knowledge/view.js";
import { view as notifications } from "./views/notifications/view.js";

/** @type {import("./context.js").View[]} */
export const views = [
  assistants, knowledge, actions, conversations, handovers, notifications, insights, access,
];
