/** The view of the people who wait for a person: the list, and one of their conversations. */

import { openList } from "./list.js";
import { watchWaiting } from "./looking.js";
import { openOne } from "./one.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "handovers",
  icon: "handovers",
  icons: {
    handovers: "M12 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.6-3.6 3.5-5.5 7-5.5s6.4 1.9 7 5.5",
  },
  texts,
  needs: "project",
  watch: watchWaiting,
  counted: "handoversWaiting",
  open: (container, context, [threadId]) =>
    threadId ? openOne(container, context, threadId) : openList(container, context),
};
