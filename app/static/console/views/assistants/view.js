/** The view of the assistants: the list, and one of them. */

import { openEditor } from "./editor.js";
import { openImport } from "./gpt_page.js";
import { icons } from "./icons.js";
import { openList } from "./list.js";
import { openNew } from "./new_assistant.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "assistants",
  icon: "assistants",
  icons,
  texts,
  needs: "project",
  open: (container, context, [id]) => {
    if (id === "new") openNew(container, context);
    else if (id === "import") openImport(container, context);
    else if (id) return openEditor(container, context, id);
    else openList(container, context);
    return undefined;
  },
};
