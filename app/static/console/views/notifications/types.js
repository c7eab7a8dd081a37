/** The objects of the notifications, for the type checker. */

/**
 * @typedef {"handover.requested"|"handover.message"} HandoverEvent
 *
 * @typedef {object} Target
 * @property {string} id
 * @property {"webhook"|"email"} type
 * @property {string} address
 * @property {"en"|"ko"} language
 * @property {boolean} enabled
 * @property {HandoverEvent[]} events
 */
/**
 * @typedef {object} Notification
 * @property {string} id
 * @property {number} created_at
 * @property {string} target_id
 * @property {string|null} thread_id
 * @property {HandoverEvent|"notification.test"} type
 * @property {"pending"|"delivered"|"failed"} status
 * @property {number} attempts
 * @property {number|null} attempted_at
 * @property {number|null} next_attempt_at
 * @property {number|null} ended_at
 * @property {string|null} last_error
 */
/**
 * @typedef {object} Channel
 * @property {"webhook"|"email"} type
 * @property {boolean} available
 */

export {};
