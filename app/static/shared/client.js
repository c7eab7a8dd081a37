/**
 * The API's client for browsers: one base URL, one credential, errors as a class.
 *
 * A credential is an object of two functions:
 *   authorization()  the value of the Authorization header, or null for none,
 *   renew()          called after a 401; true where the call may be tried once more.
 * `noCredential` and `keyCredential` are here, browser sessions are in `session.js`.
 */

/**
 * @typedef {{authorization: () => Promise<string|null>, renew: () => Promise<boolean>}} Credential
 */
/**
 * @typedef {{query?: Query, body?: object, headers?: Record<string, string>,
 *   signal?: AbortSignal}} Options
 */
/** @typedef {string|number|null|undefined} QueryValue */
/** @typedef {Record<string, QueryValue|QueryValue[]>} Query */

/** GETs wait this long (in seconds) for a rate limit by themselves; longer waits are told. */
const LONGEST_SILENT_WAIT = 5;

/** What went wrong with a call. `status` is 0 where the server could not be reached. */
export class ApiError extends Error {
  /**
   * @param {{status?: number, code?: string|null, message?: string, retryAfter?: number|null,
   *   threadId?: string|null, runId?: string|null}} details `retryAfter` in seconds
   */
  constructor({
    status = 0,
    code = null,
    message = "",
    retryAfter = null,
    threadId = null,
    runId = null,
  }) {
    super(message || `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.threadId = threadId;
    this.runId = runId;
  }

  /**
   * @param {Response} response one that is not ok
   * @returns {Promise<ApiError>}
   */
  static async of(response) {
    /** @type {Record<string, any>} */
    let told = {};
    try {
      told = (await response.json()).error ?? {};
    } catch {
      // A proxy's page: its status says enough.
    }
    return new ApiError({
      status: response.status,
      code: told.code ?? null,
      message: told.message,
      retryAfter: seconds(response.headers.get("retry-after")),
      threadId: response.headers.get("x-thread-id"),
      runId: response.headers.get("x-run-id"),
    });
  }
}

/** For servers that ask for no key. */
export const noCredential = { authorization: async () => null, renew: async () => false };

/**
 * @param {string} key an API key
 * @returns a credential
 */
export function keyCredential(key) {
  return { authorization: async () => `Bearer ${key}`, renew: async () => false };
}

/** Calls the API. Every method raises `ApiError`, or the abort of its `signal`. */
export class ApiClient {
  /**
   * @param {string|URL} base where the version's paths begin, such as `https://host/api/v1/`
   * @param {Credential} credential
   */
  constructor(base, credential = noCredential) {
    this.base = new URL(base);
    if (!this.base.pathname.endsWith("/")) this.base.pathname += "/";
    this.credential = credential;
  }

  /**
   * @param {string} path without a leading slash, such as `threads`
   * @param {Query} query what is null is left out; of a list each entry is sent
   * @returns {string}
   */
  url(path, query = {}) {
    const url = new URL(path, this.base);
    for (const [name, values] of Object.entries(query)) {
      for (const value of [values].flat()) {
        if (value === null || value === undefined || value === "") continue;
        url.searchParams.append(name, String(value));
      }
    }
    return url.href;
  }

  /** @returns {Promise<any>} the answer's JSON */
  async get(path, /** @type {Options} */ { query, signal } = {}) {
    return (await this.fetch("GET", path, { query, signal })).json();
  }

  /** @returns {Promise<any>} the answer's JSON */
  async post(path, body = {}, /** @type {Options} */ { signal } = {}) {
    return (await this.fetch("POST", path, { body, signal })).json();
  }

  /** @returns {Promise<any>} the answer's JSON */
  async delete(path) {
    return (await this.fetch("DELETE", path)).json();
  }

  /**
   * Make a call and return its response, whose status is a success.
   *
   * @param {string} method
   * @param {string} path
   * @param {Options} options
   * @returns {Promise<Response>}
   */
  async fetch(method, path, options = {}) {
    let response = await this.#send(method, path, options);
    if (response.status === 401 && (await this.credential.renew())) {
      response = await this.#send(method, path, options);
    }
    if (response.status === 429 && method === "GET") {
      const wait = seconds(response.headers.get("retry-after"));
      if (wait !== null && wait <= LONGEST_SILENT_WAIT) {
        await pause(wait * 1000, options.signal);
        response = await this.#send(method, path, options);
      }
    }
    if (!response.ok) throw await ApiError.of(response);
    return response;
  }

  async #send(method, path, /** @type {Options} */ { query, body, headers = {}, signal }) {
    const authorization = await this.credential.authorization();
    try {
      return await fetch(this.url(path, query), {
        method,
        signal,
        credentials: "omit",
        cache: "no-store",
        headers: {
          ...(authorization ? { authorization } : {}),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError({ message: "The server can't be reached.", code: "unreachable" });
    }
  }
}

/**
 * Wait, or raise the abort of `signal`.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const aborted = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

function seconds(header) {
  const number = Number.parseFloat(header ?? "");
  return Number.isFinite(number) && number >= 0 ? number : null;
}
