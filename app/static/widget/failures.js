/** What a visitor reads about a failure, and what the console says to the site's operator. */

import { ApiError } from "../shared/client.js";
import { errorText } from "../shared/language.js";

/**
 * @param {unknown} error
 * @param {(name: string, values?: import("../shared/language.js").Values) => string} t texts
 * @returns {string}
 * @throws what is not an `ApiError`
 */
export function failureText(error, t) {
  if (!(error instanceof ApiError)) throw error;
  if (error.code === "origin_not_allowed") {
    const { origin } = window.location;
    console.warn(`Threadkeeper: ${origin} is not among the server's CORS_ORIGINS.`);
    return t("notAllowed");
  }
  if (error.code?.startsWith("user_token")) console.warn(`Threadkeeper: ${error.message}`);
  if (error.code === "public_chat_is_off") return t("notPublic");
  const { name, values } = errorText(error);
  return t(name, values);
}
