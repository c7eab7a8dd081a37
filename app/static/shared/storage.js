/** Browser storage as JSON, with memory as a fallback (private mode, storage full or blocked). */

/**
 * @typedef {object} Kept
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(name: string) => void} remove
 */

/**
 * @param {() => Storage} open such as `() => window.localStorage`; even access to it may throw
 * @returns {Kept} `get` returns null for values that are missing or can't be read
 */
export function keptIn(open) {
  const memory = new Map();
  /** @type {Storage|null} */
  let storage = null;
  try {
    storage = open();
  } catch {
    // Blocked for this page: values last as long as the page.
  }
  return {
    get(name) {
      if (memory.has(name)) return memory.get(name);
      try {
        return JSON.parse(storage?.getItem(name) ?? "null");
      } catch {
        return null;
      }
    },
    set(name, value) {
      try {
        if (!storage) throw new DOMException("There is no storage.");
        storage.setItem(name, JSON.stringify(value));
        memory.delete(name);
      } catch {
        memory.set(name, value);
      }
    },
    remove(name) {
      memory.delete(name);
      try {
        storage?.removeItem(name);
      } catch {
        // Nothing was stored there.
      }
    },
  };
}

/** Stored in this browser. */
export const browserStorage = keptIn(() => window.localStorage);

/** Stored for this tab, until it is closed. */
export const tabStorage = keptIn(() => window.sessionStorage);
