/** The names of the texts for what the API names. */

/** @type {Record<import("./types.js").Target["type"], string>} */
export const CHANNELS = { webhook: "channelWebhook", email: "channelEmail" };

/** @type {Record<import("./types.js").HandoverEvent, string>} */
export const EVENTS = {
  "handover.requested": "eventRequested",
  "handover.message": "eventMessage",
};

/** @type {Record<import("./types.js").Notification["type"], string>} */
export const TYPES = { ...EVENTS, "notification.test": "eventTest" };

/** @type {Record<import("./types.js").Target["language"], string>} */
export const LANGUAGES = { en: "inEnglish", ko: "inKorean" };
