/** The view of the notifications: whom they tell that a visitor asks for a person. */

import { openNotifications } from "./page.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "notifications",
  icon: "bell",
  texts,
  within: "handovers",
  needs: "project",
  open: (container, context) => openNotifications(container, context),
};
