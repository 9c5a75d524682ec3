/** What every page does: theme button, menus that close, times that stay true, toasts that leave. */
import { ago } from "../view/format.js";
import { icon } from "../view/dom.js";
import { onTheme, setTheme, theme } from "../view/theme.js";
import { expireServerToasts } from "../view/toast.js";

const form = document.getElementById("theme-form");
const button = form?.querySelector("button");

function label() {
  const other = theme() === "dark" ? "light" : "dark";
  button?.setAttribute("aria-label", `Use the ${other} theme`);
  button?.setAttribute("value", other);
  button?.replaceChildren(icon(other === "light" ? "sun" : "moon"));
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  setTheme(theme() === "dark" ? "light" : "dark");
});
onTheme(label);
label();

/** @param {Element | null} except */
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.removeAttribute("open");
  }
}
document.addEventListener("click", (event) => {
  closeMenus(event.target instanceof Element ? event.target.closest("details.menu") : null);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  closeMenus(null);
  open?.querySelector("summary")?.focus();
});

function refreshTimes() {
  for (const node of document.querySelectorAll("time.ago")) {
    const text = ago(new Date(node.getAttribute("datetime") ?? ""));
    if (node.textContent !== text) node.textContent = text;
  }
}
refreshTimes();
setInterval(refreshTimes, 30_000);
expireServerToasts();
