/** Sign-in, team and settings: show a password, copy a secret, send a one-time link's form by itself. */
import { toast } from "../view/toast.js";

/** @param {string | undefined} id */
function field(id) {
  const found = document.getElementById(id ?? "");
  return found instanceof HTMLInputElement ? found : null;
}

for (const button of document.querySelectorAll("button[data-show]")) {
  button.addEventListener("click", () => {
    const input = field(button.getAttribute("data-show") ?? "");
    if (!input) return;
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    button.textContent = show ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(show));
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    const input = field(button.getAttribute("data-copy") ?? "");
    if (!input) return;
    try {
      await navigator.clipboard.writeText(input.value);
      toast("Copied.");
    } catch {
      input.select(); // no clipboard over plain http: the reader presses Ctrl-C
      toast("Press Ctrl C to copy the selected text.");
    }
  });
}

// Whoever opens the link in a browser gets in with that one click; previews run no scripts and burn nothing.
const once = document.querySelector("form[data-send-once]");
if (once instanceof HTMLFormElement) once.requestSubmit();
