/** The view of who may call the server: projects, their keys, and the origins of pages. */

import { icons } from "./icons.js";
import { openOverview } from "./overview.js";
import { openProject } from "./project.js";
import { texts } from "./texts.js";

/** @type {import("../../context.js").View} */
export const view = {
  name: "access",
  icon: "access",
  icons,
  texts,
  needs: "admin",
  open: (container, context, [project]) =>
    project ? openProject(container, context, project) : openOverview(container, context),
};
