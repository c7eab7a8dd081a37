/** Links to the views: beside the page, or below it on phones; some with a count of what waits. */

import { byId, el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { announce } from "../shell/notices.js";
import { label, say } from "../shell/speech.js";

/** Higher counts are shown with a plus. */
const MOST = 99;
/** @type {Map<string, number>} by the view's name */
const counts = new Map();

/**
 * @param {import("./context.js").View[]} views
 * @param {import("./context.js").View|undefined} open the one that is open
 */
export function showNavigation(views, open) {
  const linked = views.filter(({ within }) => !within);
  const items = linked.map((view) => {
    const link = el("a", { href: `#/${view.name}` }, icon(view.icon), say(el("span"), view.name));
    if ([open?.name, open?.within].includes(view.name)) link.setAttribute("aria-current", "page");
    link.dataset.view = view.name;
    showCount(link, view);
    return el("li", {}, link);
  });
  byId("rail").replaceChildren(el("ul", {}, ...items));
}

/**
 * Keep the counts of the views true.
 *
 * @param {import("./context.js").View[]} views
 * @param {import("./context.js").Context} context
 * @returns {() => void} ends it
 */
export function watchCounts(views, context) {
  const closing = new AbortController();
  counts.clear();
  for (const view of views) {
    view.watch?.(context, closing.signal, (now) => {
      const before = counts.get(view.name) ?? 0;
      counts.set(view.name, now);
      if (now === before) return;
      if (now > before && view.counted) announce(view.counted, { count: now });
      const link = byId("rail").querySelector(`[data-view="${view.name}"]`);
      if (link instanceof HTMLElement) showCount(link, view);
    });
  }
  return () => closing.abort();
}

/**
 * @param {HTMLElement} link
 * @param {import("./context.js").View} view
 */
function showCount(link, { name, counted }) {
  const count = counts.get(name) ?? 0;
  link.querySelector(".rail-count")?.remove();
  if (!count || !counted) return;
  const shown = el("span", { className: "rail-count", role: "img" });
  shown.append(count > MOST ? `${MOST}+` : String(count));
  link.append(label(shown, counted, { count }));
}
