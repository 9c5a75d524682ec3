/**
 * The colours of layers: one ordered ramp of 50 a theme, from violet (nearest the pixels) to amber (the last layer).
 *
 * Made in OKLCH with lightness rising along it, so that the order reads without a key, in grey and in the common colour
 * blindnesses too; at least 3.16:1 on white in the light theme, 3.84:1 on the cards of the dark one.
 */
export const RAMP = {
  // prettier-ignore
  light: [
    "#3C086B", "#390F70", "#371475", "#331A7A", "#2F1F7E", "#2A2482", "#232A85", "#192F88", "#0A358A", "#003A86",
    "#003F7F", "#00437B", "#004578", "#014875", "#004B73", "#004E71", "#015170", "#01536F", "#01566E", "#01596D",
    "#015B6D", "#025E6C", "#00616B", "#02636A", "#01666A", "#016969", "#036B67", "#016E66", "#007164", "#027362",
    "#017660", "#01795D", "#017B5A", "#007E55", "#008050", "#00824B", "#028444", "#09873B", "#248735", "#37882D",
    "#468923", "#578914", "#678900", "#778901", "#848901", "#928801", "#9D8800", "#A88803", "#B48702", "#C08602",
  ],
  // prettier-ignore
  dark: [
    "#8962C5", "#8467CB", "#7F6BD0", "#7970D6", "#7375DA", "#6B7BDE", "#6381E2", "#5986E4", "#4F8BE6", "#4291E7",
    "#3496E7", "#239BE7", "#009FE6", "#02A3E1", "#03A5DD", "#02A8D9", "#02ABD6", "#04AED3", "#04B2CF", "#00B4CD",
    "#02B8C9", "#03BAC6", "#04BDC3", "#04C0C0", "#05C3BC", "#04C6B9", "#02C9B5", "#02CBB1", "#04CEAC", "#02D1A6",
    "#29D2A0", "#3DD49B", "#4FD594", "#5FD68E", "#6CD788", "#79D882", "#88D87A", "#94D974", "#A1D96D", "#AED967",
    "#BDD860", "#CAD85A", "#DAD755", "#E9D652", "#F8D452", "#FFD45C", "#FFD471", "#FFD582", "#FFD68F", "#FFD79A",
  ],
};

/** Heat maps that do not cross zero: one hue. */
export const HEAT = {
  light: ["#F1F4F7", "#B9DCE3", "#5FB0B7", "#1E7A7F", "#0E3B4F"],
  dark: ["#1C2530", "#23506B", "#1E8F9E", "#6FD1A5", "#FFD79A"],
};
