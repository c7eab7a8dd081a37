/** Uploads with progress: `fetch` doesn't report it, `XMLHttpRequest` does. */

import { ApiError } from "./client.js";

/**
 * @param {import("./client.js").ApiClient} client
 * @param {File} file
 * @param {{purpose?: string, signal?: AbortSignal, onProgress?: (part: number) => void}} [options]
 *   `onProgress` gets the part that was sent, from 0 to 1
 * @returns {Promise<import("./api.d.ts").ApiObject>} the file as the API returns it
 * @throws {ApiError} with code `aborted` after an abort
 */
export async function upload(client, file, { purpose = "assistants", signal, onProgress } = {}) {
  const authorization = await client.credential.authorization();
  /** @type {PromiseWithResolvers<import("./api.d.ts").ApiObject>} */
  const { promise, resolve, reject } = Promise.withResolvers();
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("purpose", purpose);
  form.append("file", file);
  request.open("POST", client.url("files"));
  if (authorization) request.setRequestHeader("authorization", authorization);
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => onProgress?.(event.loaded / event.total));
  request.addEventListener("load", () => {
    if (request.status === 200) resolve(request.response);
    else reject(new ApiError({ status: request.status, ...request.response?.error }));
  });
  request.addEventListener("error", () => reject(new ApiError({ code: "unreachable" })));
  request.addEventListener("abort", () => reject(new ApiError({ code: "aborted" })));
  signal?.addEventListener("abort", () => request.abort());
  if (signal?.aborted) throw new ApiError({ code: "aborted" });
  request.send(form);
  return promise;
}
