/** Where the site stands on its host: a proxy may serve it under a path, and every page says which. */

const said = globalThis.document?.documentElement.dataset ?? {};
const root = said.root ?? "";

/** An address on this host. @param {string} path below the site's root, without a slash in front */
export const at = (path) => `${root}/${path}`;

/** The path of the site's cookies. */
export const cookiePath = root || "/";

/** The name of the CSRF cookie. */
export const csrfCookie = said.csrf ?? "csrftoken";
