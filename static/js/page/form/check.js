/** Ask the server what it makes of the form, and put its answer into the page. An older answer is dropped. */

/**
 * @typedef {{
 *   changed: boolean, errors: string, gone: boolean, off?: Record<string, string>, without?: string[], why?: string,
 *   aside?: string, title?: string, unit?: string, placeholder?: string
 * }} Piece
 * @typedef {{
 *   groups: {name: string, summary: string, changed: number, bad: number, more: string}[],
 *   fields: Record<string, Piece>, name: string, seeds: string,
 *   html: {numbers: string, changes: string, no_controls: string}, controls: Record<string, string>,
 *   auto_name: string, start: string, twin: string | null, line: string,
 *   foot: string, command: string, net: import("../../view/net-geometry.js").Net, said: string
 * }} Answer
 */

const PAUSE = 300; // ms after the last key

/**
 * @param {HTMLFormElement} form
 * @param {{answer: (answer: Answer) => void, failed: (words: string) => void}} then
 * @returns {(soon: boolean) => void} asks; `soon` for a click, after a pause for typing
 */
export function checker(form, then) {
  /** @type {AbortController | undefined} */
  let asking;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function ask() {
    asking?.abort();
    const mine = (asking = new AbortController());
    form.classList.add("waiting");
    try {
      const answer = await send(form, mine.signal);
      if (mine === asking) then.answer(answer);
    } catch (error) {
      if (mine === asking) then.failed(error instanceof Error ? error.message : String(error));
    } finally {
      if (mine === asking) form.classList.remove("waiting");
    }
  }

  return (soon) => {
    clearTimeout(timer);
    asking?.abort();
    asking = undefined;
    timer = setTimeout(ask, soon ? 0 : PAUSE);
  };
}

/** @param {HTMLFormElement} form @param {AbortSignal} signal @returns {Promise<Answer>} */
async function send(form, signal) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  let response;
  try {
    response = await fetch(form.dataset["check"] ?? "", { method: "POST", body, signal, credentials: "same-origin" });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error("The server did not answer. Your form is kept; the next change tries again.");
  }
  if (response.redirected) throw new Error("You are signed out. Sign in in another tab; your form is kept.");
  if (!response.ok) throw new Error(`The server could not check this (${response.status}). Your form is kept.`);
  return response.json();
}
