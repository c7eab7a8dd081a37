/** The view of the insights: charts by day, and the questions without a good answer. */

import { openInsights } from "./page.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "insights",
  icon: "insights",
  icons: { insights: "M4 20h16M7 16v-5M12 16V5M17 16v-8" },
  texts,
  needs: "project",
  open: (container, context) => openInsights(container, context),
};
