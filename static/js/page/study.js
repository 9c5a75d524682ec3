/** A study's page: the plot, and news of its runs as they come. The server says all numbers; the socket only rings. */
import { isNews } from "../data/study.js";
import { at } from "../net/root.js";
import { keepAwake, LiveSocket } from "../net/socket.js";
import { swap } from "../swap.js";
import { showConnection } from "../view/connection.js";
import { pageData, setText } from "../view/dom.js";
import { CONFIG, emptyPicture, layout, readTokens, yRange } from "../view/plot.js";
import { depthRange, studyTraces } from "../view/study-traces.js";
import { onTheme, token } from "../view/theme.js";

/** @typedef {import("../data/study.js").Study} Study */

const PAUSE = 1000; // ms between two questions to the server
const plot = /** @type {HTMLElement} */ (document.getElementById("plot"));
const stop = /** @type {HTMLElement} */ (document.getElementById("stop"));
/** @type {Study} */
let study = pageData("study-data");

function draw() {
  const tokens = readTokens();
  const traces = studyTraces(study, (slot) => token(`--run${slot}`));
  const range = yRange(
    study.lines.map(({ points }) => ({ y: points.map(({ y }) => y) })),
    { fromZero: true },
  );
  const { depths } = study;
  const axis = {
    title: { text: "layers", standoff: 6, font: { size: 11 } },
    range: depthRange(depths),
    tickformat: "d",
    ...(depths.length <= 12 ? { tickvals: depths } : {}),
    showspikes: false,
    fixedrange: true,
  };
  const own = {
    hovermode: "closest",
    margin: { l: 48, r: 16, b: 42 },
    xaxis: axis,
    yaxis: { range: range ?? [0, 1], tickformat: ",~f" },
  };
  const picture = range
    ? { traces, layout: layout(tokens, own) }
    : emptyPicture(tokens, "Points appear here as runs report their peak.");
  void Plotly.react(plot, picture.traces, picture.layout, { ...CONFIG, responsive: true });
}

// ── news ────────────────────────────────────────────────────────────────────────────────────────────────────────
/** @type {ReturnType<typeof setTimeout> | undefined} */
let asking;

function askSoon() {
  asking ??= setTimeout(() => {
    asking = undefined;
    void swap("#study", location.href, "keep");
  }, PAUSE);
}

const socket = new LiveSocket({
  path: at("ws/runs"),
  after: () => 0,
  onMessage: (message) => {
    if (message.type === "runs" && isNews(study, message.items ?? [])) askSoon();
  },
  onState: (state) => {
    showConnection(state === "closed" ? "none" : state, socket.last, () => socket.now());
    document.body.classList.toggle("stale", state === "offline");
    if (state === "live") askSoon(); // what came between the page and the socket, or while away
  },
  onRefused: () => showConnection("offline", socket.last, () => location.reload()),
});

document.addEventListener("swapped", () => {
  study = pageData("study-data");
  stop.hidden = !study.active;
  setText(document.getElementById("conditions"), study.conditions);
  if (!study.active) socket.close();
  draw();
});
document.addEventListener("swapfailed", () => setTimeout(askSoon, 5 * PAUSE));
onTheme(draw);
draw();
if (study.active) {
  keepAwake(socket);
  socket.open();
}
