/** Colours of layers: one order, told apart, readable as text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fade, heatScale, layerColour, mix, onText } from "../../static/js/view/palette.js";
import { RAMP } from "../../static/js/view/ramp.js";

const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const luminance = (hex) =>
  [0.2126, 0.7152, 0.0722].reduce(
    (sum, weight, i) => sum + weight * channel(parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255),
    0,
  );
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((p, q) => p - q);
  return (high + 0.05) / (low + 0.05);
};

test("fifty different colours a theme, from end to end", () => {
  for (const theme of ["light", "dark"]) {
    assert.equal(new Set(RAMP[theme]).size, 50);
    assert.equal(layerColour(theme, 0, 4), RAMP[theme][0]);
    assert.equal(layerColour(theme, 3, 4), RAMP[theme][49]);
    assert.equal(layerColour(theme, 0, 1), RAMP[theme][24]);
    assert.equal(new Set(Array.from({ length: 50 }, (_, i) => layerColour(theme, i, 50))).size, 50);
  }
});

test("lines have 3:1 and names 4.5:1 against the cards of their theme", () => {
  for (const [theme, surface, text] of [
    ["light", "#FFFFFF", "#1B212A"],
    ["dark", "#161A21", "#E7EBF0"],
  ]) {
    for (const colour of RAMP[theme]) {
      assert.ok(contrast(colour, surface) >= 3, colour);
      assert.ok(contrast(onText(colour, text), surface) >= 4.5, colour);
    }
  }
});

test("mixing and fading", () => {
  assert.equal(mix("#000000", "#ffffff", 0.5), "#808080");
  assert.equal(fade("#102030", 0.1), "#1020301a");
});

test("a heat map that crosses zero parts there", () => {
  const tokens = { surface: "#ffffff", bad: "#b3261e" };
  assert.equal(heatScale("light", 0, 3, tokens).length, 5);
  const scale = heatScale("light", -1, 3, tokens);
  assert.deepEqual(scale[1], [0.25, "#ffffff"]);
  assert.deepEqual([scale[0][0], scale.at(-1)[0]], [0, 1]);
  assert.ok(scale.every(([at], i) => i === 0 || at > scale[i - 1][0]));
});
