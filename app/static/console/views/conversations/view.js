/** The view of the conversations: the list with its filters, and one of them. */

import { openList } from "./list.js";
import { openOne } from "./one.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "conversations",
  icon: "conversations",
  icons: {
    conversations:
      "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1 -2 2h-7l-5 4v-4H5a2 2 0 0 1 -2 -2V7a2 2 0 0 1 2 -2zM8 10h8"
        + "M8 13h5",
  },
  texts,
  needs: "project",
  open: (container, context, [threadId]) => {
    if (threadId) openOne(container, context, threadId);
    else openList(container, context);
  },
};
