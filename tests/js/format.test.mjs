/** The browser's words for numbers are the server's: the cases are shared with tests/pages/test_frame_format.py. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import * as format from "../../static/js/view/format.js";
import { path } from "../../static/js/view/sparkline.js";

process.env.TZ = "UTC"; // `ago` counts days by the reader's clock
const cases = JSON.parse(readFileSync(new URL("format-cases.json", import.meta.url), "utf8"));

/** @type {Record<string, (...args: any[]) => string>} */
const functions = { ...format, sparkline: path, ago: (then, now) => format.ago(new Date(then), new Date(now)) };

for (const [name, args, expected] of cases) {
  test(`${name}(${JSON.stringify(args).slice(1, -1)})`, () => assert.equal(functions[name](...args), expected));
}

test("values that are no numbers", () => {
  assert.equal(format.number(NaN), "NaN");
  assert.equal(format.percent(-Infinity), "−∞");
  assert.equal(format.eta(Infinity), "estimating…");
});
