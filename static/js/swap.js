/**
 * Partial pages: GET forms and links with data-swap="#place" fetch their page with the header X-Partial and put the
 * answer into that place; the address, the back button and the focus stay right. Any trouble falls back to the browser.
 */

/** @type {AbortController | undefined} */
let running;

/** @param {HTMLElement} place @param {string} html */
function replaceKeepingFocus(place, html) {
  const active = document.activeElement;
  const id = active && place.contains(active) ? active.id : "";
  const typed = active instanceof HTMLInputElement && active.type === "search" ? active.value : null;
  const caret = active instanceof HTMLInputElement && typed !== null ? active.selectionStart : null;
  place.innerHTML = html; // the server's own template; every name in it is escaped there
  const again = id ? document.getElementById(id) : null;
  if (again instanceof HTMLInputElement && typed !== null) {
    again.value = typed;
    again.focus();
    again.setSelectionRange(caret, caret);
  } else again?.focus();
}

/**
 * Fetch `url` into the element that `selector` names.
 * @param {string} selector
 * @param {string} url
 * @param {"push" | "replace" | "keep"} history what becomes of the address
 */
export async function swap(selector, url, history = "push") {
  const place = document.querySelector(selector);
  if (!(place instanceof HTMLElement)) return;
  running?.abort();
  const mine = (running = new AbortController());
  const dim = setTimeout(() => place.classList.add("stale"), 150);
  try {
    const response = await fetch(url, {
      headers: { "X-Partial": "1" },
      credentials: "same-origin",
      signal: mine.signal,
    });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    const html = await response.text();
    if (mine !== running) return;
    replaceKeepingFocus(place, html);
    if (history === "push") window.history.pushState({ swap: selector }, "", url);
    if (history === "replace") window.history.replaceState({ swap: selector }, "", url);
    place.dispatchEvent(new CustomEvent("swapped", { bubbles: true }));
  } catch {
    if (mine.signal.aborted) return;
    place.dispatchEvent(new CustomEvent("swapfailed", { bubbles: true, detail: { url, history } }));
  } finally {
    clearTimeout(dim);
    if (mine === running) place.classList.remove("stale");
  }
}

/** @param {HTMLFormElement} form */
function address(form) {
  const query = new URLSearchParams();
  for (const [key, value] of new FormData(form)) if (typeof value === "string" && value !== "") query.set(key, value);
  return `${form.action.split("?")[0]}${query.size ? `?${query}` : ""}`;
}

/** Take over the forms and links of the page that ask for it. */
export function startSwapping() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.swap || event.defaultPrevented) return;
    event.preventDefault();
    swap(form.dataset.swap, address(form), form.dataset.history === "replace" ? "replace" : "push");
    delete form.dataset.history;
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-swap]") : null;
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!(link instanceof HTMLAnchorElement) || !link.dataset.swap || !plain) return;
    event.preventDefault();
    swap(link.dataset.swap, link.href);
  });
  window.addEventListener("popstate", () =>
    swap(document.querySelector("[data-swap]")?.getAttribute("data-swap") ?? "main", location.href, "keep"),
  );
}
