/** Links to the views: beside the page, or below it on phones. */

import { byId, el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { say } from "../shell/speech.js";

/**
 * @param {import("./context.js").View[]} views
 * @param {import("./context.js").View|undefined} open the one that is open
 */
export function showNavigation(views, open) {
  const items = views.map((view) => {
    const link = el("a", { href: `#/${view.name}` }, icon(view.icon), say(el("span"), view.name));
    if (view === open) link.setAttribute("aria-current", "page");
    return el("li", {}, link);
  });
  byId("rail").replaceChildren(el("ul", {}, ...items));
}
