/** Accumulates a stream's deltas by the rules of OpenAI's SDKs. Pure. */

/**
 * @typedef {Record<string, any>} State an API object, as far as it has arrived
 */

/** Fields that identify an object: deltas may repeat them, and they are never added up. */
const IDENTIFYING = new Set(["id", "index", "type"]);
/** An entry with a higher index is appended instead, so that no delta can create a huge list. */
const HIGHEST_INDEX = 100_000;

/**
 * Add a delta to what came before: strings are appended, numbers added, objects merged, and lists
 * merged by their entries' `index`.
 *
 * @param {State} state changed in place
 * @param {State} delta
 * @returns {State} the same state
 */
export function accumulate(state, delta) {
  for (const [name, value] of Object.entries(delta)) {
    // Only own properties: a delta may contain any name, including `__proto__`.
    const before = Object.hasOwn(state, name) ? state[name] : null;
    const added = before === null || IDENTIFYING.has(name) ? copied(value) : sum(before, value);
    Object.defineProperty(state, name, {
      value: added,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return state;
}

/**
 * @template {State} T
 * @param {T[]} list changed in place; entries that have not arrived yet are holes
 * @param {T[]} deltas
 * @param {(state: T, delta: T) => T} [add] adds a delta to its entry
 * @returns {T[]} the same list
 */
export function accumulateList(list, deltas, add = addDefault) {
  for (const delta of deltas) {
    const place = placeOf(delta);
    if (place === null) list.push(delta);
    else list[place] = add(list[place] ?? /** @type {T} */ ({}), delta);
  }
  return list;
}

/**
 * @template {State} T
 * @param {T} state
 * @param {T} delta
 */
function addDefault(state, delta) {
  return /** @type {T} */ (accumulate(state, delta));
}

/**
 * @param {any} before
 * @param {any} value
 * @returns {any}
 */
function sum(before, value) {
  if (value === null || value === undefined) return before;
  if (Array.isArray(before) && Array.isArray(value)) return accumulateList(before, value);
  const isOneList = Array.isArray(before) || Array.isArray(value);
  if (typeof before !== typeof value || isOneList) return value;
  if (typeof before === "string" || typeof before === "number") return before + value;
  return typeof before === "object" ? accumulate(before, value) : value;
}

/**
 * Copy a first value; the entries of its lists have an `index` too.
 *
 * @param {any} value
 * @returns {any}
 */
function copied(value) {
  if (Array.isArray(value)) return accumulateList([], value);
  return value !== null && typeof value === "object" ? accumulate({}, value) : value;
}

/**
 * @param {any} delta
 * @returns {number|null}
 */
function placeOf(delta) {
  const place = delta !== null && typeof delta === "object" ? delta.index : null;
  return Number.isSafeInteger(place) && place >= 0 && place <= HIGHEST_INDEX ? place : null;
}
