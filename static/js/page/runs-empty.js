/** The first visit: when somebody's first run appears, show the table; n opens the form. */
import { at } from "../net/root.js";
import { keepAwake, LiveSocket } from "../net/socket.js";
import { showConnection } from "../view/connection.js";
import { listen } from "../view/keys.js";

const socket = new LiveSocket({
  path: at("ws/runs"),
  after: () => 0,
  onMessage: (message) => {
    if (message.type === "runs" && message.items.length) location.reload();
  },
  onState: (state) => showConnection(state === "closed" ? "none" : state, socket.last, () => socket.now()),
  onRefused: () => showConnection("offline", socket.last, () => location.reload()),
});
keepAwake(socket);
socket.open();
document.addEventListener("submit", () => socket.close()); // its own run must not reload the page that starts it
listen({ n: () => document.querySelector(/** @type {"a"} */ (".pagehead a.btn"))?.click() });
