/** The objects of actions, for the type checker. */

/**
 * @typedef {object} Auth
 * @property {"none"|"api_key"|"oauth"} type
 * @property {"bearer"|"basic"|"header"|"query"|null} in
 * @property {string|null} name of the header or the query parameter
 * @property {string|null} token_url
 * @property {string|null} client_id
 * @property {string|null} scope
 * @property {"post"|"basic"|null} exchange
 * @property {boolean} has_secret
 */
/**
 * @typedef {object} Action
 * @property {string} id
 * @property {string} name first part of the functions' names
 * @property {string} title of the document
 * @property {string|null} document_url
 * @property {string|null} server
 * @property {string} address what is called
 * @property {string[]|null} operations those that are offered; null: all
 * @property {"consequential"|"always"|"never"} ask
 * @property {Auth} auth
 * @property {boolean} configured
 */
/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {string} method
 * @property {string} path
 * @property {boolean} offered
 * @property {boolean} asks
 * @property {{type: "function", function: {name: string}}|null} tool
 * @property {{name: string, description?: string, parameters: Record<string, any>}|null} function
 * @property {string|null} problem
 */

export {};
