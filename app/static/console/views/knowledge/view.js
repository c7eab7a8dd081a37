/** The view of the knowledge: the assistants, and the documents of one. */

import { openChoice } from "./choice.js";
import { openDocuments } from "./documents.js";
import { icons } from "./icons.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "knowledge",
  icon: "knowledge",
  icons,
  texts,
  needs: "project",
  open: (container, context, [assistantId]) =>
    assistantId ? openDocuments(container, context, assistantId) : openChoice(container, context),
};
