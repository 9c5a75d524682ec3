/** The HTTP API from a page: session cookie, CSRF header, problem+json as errors in words. */

import { csrfCookie } from "./root.js";

/** @typedef {{loc: string, msg: string, type: string}} Problem */

export class ApiError extends Error {
  /**
   * @param {number} status 0 when there was no answer
   * @param {string} detail
   * @param {Problem[]} errors
   */
  constructor(status, detail, errors = []) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.errors = errors;
  }
}

function csrf() {
  return (
    document.cookie
      .split("; ")
      .find((pair) => pair.startsWith(`${csrfCookie}=`))
      ?.slice(csrfCookie.length + 1) ?? ""
  );
}

/**
 * @param {Response} response
 * @returns {Promise<ApiError>}
 */
async function refusal(response) {
  const body = await response.json().catch(() => null);
  if (body && typeof body.detail === "string") return new ApiError(response.status, body.detail, body.errors ?? []);
  if (response.status === 401) return new ApiError(401, "You are signed out. Sign in to go on.");
  return new ApiError(response.status, `The server answered with an error (${response.status}). Nothing was changed.`);
}

/**
 * One call of the API. Throws ApiError for refusals and for silence; an aborted call throws as fetch does.
 * @param {"GET" | "POST" | "PATCH" | "DELETE"} method
 * @param {string} url on this host, as the page gave it
 * @param {unknown} body
 * @param {{signal?: AbortSignal}} options
 * @returns {Promise<any>} the parsed answer; null when there is none
 */
export async function call(method, url, body = undefined, { signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrf();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The server did not answer. Nothing was changed.");
  }
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}
