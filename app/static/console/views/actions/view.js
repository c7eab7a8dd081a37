/** The view of the actions: functions that the server calls, from OpenAPI documents. */

import { openAction } from "./action.js";
import { icons } from "./icons.js";
import { openList } from "./list.js";
import { openNew } from "./new_action.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "actions",
  icon: "actions",
  icons,
  texts,
  needs: "project",
  open: (container, context, [id]) => {
    if (id === "new") openNew(container, context);
    else if (id) return openAction(container, context, id);
    else openList(container, context);
    return undefined;
  },
};
