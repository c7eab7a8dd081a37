/** The view of the assistants: the list, and one of them. */

import { icons } from "./icons.js";
import { openList } from "./list.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "assistants",
  icon: "assistants",
  icons,
  texts,
  needs: "project",
  open: (container, context) => openList(container, context),
};
