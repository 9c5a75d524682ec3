/** The share page: the run, read-only. */

import { RunView } from "./run-view.js";

void new RunView().start();
