/** The list of conversations, with its filters. */

import { el, languageOf } from "../../../shell/dom.js";
import { label, say, words } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { chip, offerAssistants } from "../../pieces/facts.js";
import { Field } from "../../pieces/form.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { viewHead } from "../../pieces/view_head.js";

/** @typedef {Record<string, any>} Conversation */

const PAGE = 25;
const DAY_SECONDS = 86_400;
/** What is shown, and the query that selects it. */
const SHOWN = [
  ["allConversations", {}],
  ["withThumbDown", { rating: "down" }],
  ["withThumbUp", { rating: "up" }],
  ["withNothingFound", { flag: "nothing_found" }],
  ["withFailure", { flag: "failed" }],
  ["withPerson", { flag: "needs_person" }],
  ["fromVisitors", { visitors: "true" }],
];

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openList(container, context) {
  const search = el("input", { type: "search", maxLength: 500, autocomplete: "off" });
  label(search, "searchConversations").dataset.placeholder = "searchConversations";
  search.placeholder = words("searchConversations");
  const shown = el("select", {}, ...SHOWN.map(([name], place) => {
    return say(el("option", { value: String(place) }), String(name));
  }));
  const assistant = el("select", {}, say(el("option", { value: "" }), "allAssistants"));
  const from = el("input", { type: "date" });
  const until = el("input", { type: "date" });
  const query = () => ({
    q: search.value.trim(),
    assistant_id: assistant.value,
    // Both limits are exclusive; days are those of the reader's time zone.
    created_after: from.value ? secondsOf(from.value) - 1 : null,
    created_before: until.value ? secondsOf(until.value) + DAY_SECONDS : null,
    .../** @type {object} */ (SHOWN[Number(shown.value)][1]),
  });
  /** @type {PagedList<any>} */
  const list = new PagedList({
    label: "conversations",
    load: (after) => {
      return context.client.get("conversations", { query: { ...query(), limit: PAGE, after } });
    },
    row,
    showEmpty: (place) => {
      const symbol = "conversations";
      showNothing(place, { symbol, title: "noConversations", text: "noConversationsText" });
    },
  });
  const fields = [
    new Field({ name: "show", label: "conversationsWith", control: shown }),
    new Field({ name: "assistant_id", label: "conversationsOf", control: assistant }),
    new Field({ name: "from", label: "fromDay", control: from }),
    new Field({ name: "until", label: "untilDay", control: until }),
  ];
  const filters = el("form", { className: "filters", onsubmit: (event) => event.preventDefault() });
  filters.append(search, ...fields.map(({ element }) => element));
  filters.addEventListener("change", () => list.reload());
  const head = viewHead(context, { title: "conversations", text: "conversationsText" });
  container.append(head, filters, list.element);
  list.reload();
  offerAssistants(context, assistant);
}

/** @param {Conversation} one */
function row(one) {
  const preview = one.preview || words("withoutQuestion");
  const chips = [
    say(el("span", { className: "chip" }), "countMessages", { count: one.messages }),
    one.visitor_id ? say(el("span", { className: "chip" }), "visitorFlag") : null,
    one.ratings.up ? chip("chip-accent", "countUp", { count: one.ratings.up }) : null,
    one.ratings.down ? chip("chip-danger", "countDown", { count: one.ratings.down }) : null,
    one.flags.includes("needs_person") ? chip("chip-danger", "needsPersonFlag") : null,
    one.flags.includes("nothing_found") ? chip("chip-danger", "nothingFoundFlag") : null,
    one.flags.includes("failed") ? chip("chip-danger", "failedFlag") : null,
  ];
  const last = one.last_message?.preview ?? "";
  return el(
    "div",
    { className: "conversation-row" },
    el("a", { href: `#/conversations/${one.id}`, lang: languageOf(preview), dir: "auto" }, preview),
    el("p", { className: "muted", lang: languageOf(last), dir: "auto" }, last),
    el("div", { className: "conversation-facts" }, ...chips, timeOf(one.last_activity_at)),
  );
}

function secondsOf(day) {
  return Math.floor(new Date(`${day}T00:00`).getTime() / 1000);
}
