/**
 * The API client for browsers: one base URL, one credential, one error class.
 *
 * A credential is an object of two functions:
 *   authorization()  the value of the Authorization header, or null for none,
 *   renew()          called after a 401; true if the call should be tried once more.
 * `noCredential` and `keyCredential` are in this module, browser sessions in `session.js`.
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

/** GETs retry after a rate limit's wait of up to this many seconds; longer waits are errors. */
const LONGEST_SILENT_WAIT = 5;

/** A failed call. `status` is 0 if the server could not be reached. */
export class ApiError extends Error {
  /**
   * @param {{status?: number, code?: string|null, message?: string, retryAfter?: number|null,
   *   threadId?: string|null, runId?: string|null, param?: string|null}} details `retryAfter` in
   *   seconds; `param`: the field that the error is about
   */
  constructor({
    status = 0,
    code = null,
    message = "",
    retryAfter = null,
    threadId = null,
    runId = null,
    param = null,
  }) {
    super(message || `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.threadId = threadId;
    this.runId = runId;
    this.param = param;
  }

  /**
   * @param {Response} response a response that is not ok
   * @returns {Promise<ApiError>}
   */
  static async of(response) {
    /** @type {Record<string, any>} */
    let reported = {};
    try {
      reported = (await response.json()).error ?? {};
    } catch {
      // A proxy's error page: the status is enough.
    }
    return new ApiError({
      status: response.status,
      code: reported.code ?? null,
      message: reported.message,
      retryAfter: seconds(response.headers.get("retry-after")),
      threadId: response.headers.get("x-thread-id"),
      runId: response.headers.get("x-run-id"),
      param: reported.param ?? null,
    });
  }
}

/** For servers that require no key. */
export const noCredential = { authorization: async () => null, renew: async () => false };

/**
 * @param {string} key an API key
 * @returns {Credential}
 */
export function keyCredential(key) {
  return { authorization: async () => `Bearer ${key}`, renew: async () => false };
}

/** Calls the API. Every method throws `ApiError`, or its `signal`'s abort reason. */
export class ApiClient {
  /**
   * @param {string|URL} base URL that paths are relative to, such as `https://host/api/v1/`
   * @param {Credential} credential
   */
  constructor(base, credential = noCredential) {
    this.base = new URL(base);
    if (!this.base.pathname.endsWith("/")) this.base.pathname += "/";
    this.credential = credential;
  }

  /**
   * @param {string} path without a leading slash, such as `threads`
   * @param {Query} query null and "" are left out; each entry of a list is sent
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

  /** @returns {Promise<any>} the response's JSON */
  async get(path, /** @type {Options} */ { query, signal } = {}) {
    return (await this.fetch("GET", path, { query, signal })).json();
  }

  /** @returns {Promise<any>} the response's JSON */
  async post(path, body = {}, /** @type {Options} */ { signal } = {}) {
    return (await this.fetch("POST", path, { body, signal })).json();
  }

  /** @returns {Promise<any>} the response's JSON */
  async delete(path) {
    return (await this.fetch("DELETE", path)).json();
  }

  /**
   * Make a call and return its successful response.
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
 * Wait; rejects with the abort reason if `signal` aborts.
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
