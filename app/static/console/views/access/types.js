/** The objects of the administration, for the type checker. */

/**
 * @typedef {object} Project
 * @property {string} id its name
 * @property {string} name
 * @property {"settings"|"api"} source
 * @property {"active"|"archived"} status
 * @property {number|null} token_budget
 * @property {number|null} max_concurrent_runs
 * @property {number} configured_keys
 * @property {number} keys
 */
/**
 * @typedef {object} Key
 * @property {string} id
 * @property {string} project
 * @property {string} name
 * @property {string} redacted_value
 * @property {"all"|"read"|"chat"} scope
 * @property {string[]} origins
 * @property {string} rate
 * @property {number|null} token_budget
 * @property {number} tokens_today
 * @property {number} created_at
 * @property {number|null} last_used_at
 * @property {number|null} revoked_at
 */
/**
 * @typedef {object} Origin
 * @property {string} id
 * @property {string} origin
 * @property {"settings"|"api"} source
 */

export {};
