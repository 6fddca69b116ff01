// What a clipboard holds, as numbers for cells: from a spreadsheet, or from the text of a PDF.
// Nothing here touches the page: what is planned is shown before it is taken.

const N = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)`;
const SHAPES = [
  ["one", new RegExp(`^(${N})$`)],
  ["share", new RegExp(`^(${N})\\s*\\(\\s*${N}\\s*%\\s*\\)$`)],
  ["events", new RegExp(`^(${N})\\s*/\\s*(${N})(?:\\s*\\(\\s*${N}\\s*%?\\s*\\))?$`)],
  ["limits", new RegExp(`^(${N})\\s*[([]\\s*(${N})\\s*(?:,|;|to|-)\\s*(${N})\\s*[)\\]]$`)],
  ["spread", new RegExp(`^(${N})\\s*(?:\\(\\s*(?:SD|SE)?\\s*|\\[\\s*|±\\s*|\\+/-\\s*)(${N})\\s*[)\\]]?$`, "i")],
];
const LEADS = {
  spread: { mean: [["sd", "se"]], mean_change: [["sd_change"]], baseline_mean: [["baseline_sd"]], estimate: [["se"]] },
  limits: { estimate: [["ci_low"], ["ci_high"]], mean: [["ci_low"], ["ci_high"]], median: [["q1", "minimum"], ["q3", "maximum"]] },
  events: { events: [["n"]] },
  share: { events: [] },
};
const STATS = { n: "n", mean: "mean", m: "mean", sd: "sd", se: "se", sem: "se", median: "median", events: "events" };

function plainSigns(text) {
  return text.replace(/[\u2010-\u2015\u2212\ufe63\uff0d]/g, "-").replace(/[\u00a0\u2007\u2009\u202f]/g, " ").replaceAll("·", ".");
}

// What commas between digits are: "decimal", "thousands", "either" (1,234) or null without any.
export function commas(text) {
  const found = [...plainSigns(text).matchAll(/(\d+)((?:,\d+)+)(\.\d)?/g)];
  if (!found.length) return null;
  if (found.some((one) => one[3] || one[2].lastIndexOf(",") > 0)) return "thousands";
  const odd = found.some((one) => one[2].length !== 4 || one[1].startsWith("0") || one[1].length > 3);
  return odd ? "decimal" : "either";
}

// A cell of a clipboard: {shape, values: [text], n}, or null where it holds no number.
export function numbers(text, comma = "thousands") {
  let cell = plainSigns(text).trim();
  if (/^(nr|na|n\/a|not reported)$/i.test(cell)) return { shape: "one", values: ["NR"] };
  if (comma === "decimal") cell = cell.replace(/(\d)\.(?=\d{3}(?!\d))/g, "$1").replace(/(\d),(?=\d)/g, "$1.");
  else cell = cell.replace(/(\d),(?=\d{3}(?!\d))/g, "$1");
  cell = cell.replace(/(\d) (?=\d{3}(?!\d))/g, "$1").replace(/(\d)[a-d*†‡]+$/, "$1");
  cell = cell.replace(/[,;:(]?\s*\d\d(\.\d)?\s*%\s*(CI|KI|confidence interval)[:,]?\s*/i, " (");
  cell = cell.replace(/\(\s*[([]/, "(");
  const size = cell.match(/[,;]?\s*\(?\bn\s*=\s*(\d+)\)?/i);
  if (size) cell = cell.replace(size[0], "").trim();
  if (/\([^)\]]*$/.test(cell)) cell += ")";
  for (const [shape, pattern] of SHAPES) {
    const found = cell.match(pattern);
    if (found) {
      const values = found.slice(1).filter((one) => one !== undefined).map((one) => one.replace(/^\+/, "").replace(/^-/, "−"));
      return { shape, values, n: size?.[1], said: cell.match(/\bS[DE]\b/i)?.[0].toLowerCase() };
    }
  }
  return size && !cell ? { shape: "one", values: [], n: size[1] } : null;
}

export function rows(text) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
  return lines.map((line) => line.split("\t").map((cell) => cell.replace(/^"(.*)"$/, "$1").trim()));
}

// Which cells one cell of a clipboard fills, from a column on; columns are names in their order.
function filled(found, columns, from) {
  if (found.shape === "one") return found.values.length && columns[from] ? [[columns[from], found.values[0]]] : [];
  const leads = LEADS[found.shape];
  const order = [...columns.slice(from), ...columns.slice(0, from)];
  const fits = (one) => columns.includes(one) && (!found.said || one.startsWith(found.said));
  const rest = (name) => leads[name].map((names) => names.find(fits));
  const lead = order.find((name) => name in leads && rest(name).every(Boolean));
  return lead ? [lead, ...rest(lead)].map((name, place) => [name, found.values[place]]) : null;
}

// Plan a block of cells into rows from a place on: [{row, column, value}], and what is left over.
export function planned(text, { columns, column, row, count, comma }) {
  const cells = [];
  const left = [];
  rows(text).forEach((line, down) => {
    let at = columns.indexOf(column);
    line.forEach((word) => {
      if (!word) return void (at += 1);
      const found = numbers(word, comma);
      const taken = found && row + down < count ? filled(found, columns, at) : null;
      if (!taken?.length && !found?.n) return void left.push(word);
      for (const [name, value] of taken ?? []) cells.push({ row: row + down, column: name, value });
      if (found.n && columns.includes("n")) cells.push({ row: row + down, column: "n", value: found.n });
      at = taken?.length ? Math.max(...taken.map(([name]) => columns.indexOf(name))) + 1 : at;
    });
  });
  return { cells, left };
}

// Read a table of arms by times: [{time, arm, values: {column: text}}]; null where it is none.
export function table(text, { columns, comma }) {
  const lines = rows(text).filter((line) => line.some(Boolean));
  const numeric = (line) => line.slice(1).filter((word) => word && numbers(word, comma)).length;
  const first = lines.findIndex((line) => line.length > 1 && numeric(line) * 2 >= line.slice(1).filter(Boolean).length && numeric(line));
  if (first < 1) return null;
  const stat = (word) => STATS[word.toLowerCase().replace(/[^a-z]/g, "")];
  const heads = lines.slice(0, first);
  const stats = heads.findLast((line) => line.slice(1).some(stat) && line.slice(1).every((word) => !word || stat(word) || numbers(word, comma)));
  const times = heads.find((line) => line !== stats && line.slice(1).some(Boolean));
  if (!times && !stats) return null;
  const made = [];
  const left = [];
  for (const line of lines.slice(first)) {
    const arm = line[0];
    let time = "";
    line.slice(1).forEach((word, place) => {
      time = times?.[place + 1] || time;
      if (!word) return;
      const found = numbers(word, comma);
      const name = stats && stat(stats[place + 1] ?? "");
      const taken = found && (found.shape === "one" && name ? [[name, found.values[0]]] : filled(found, columns, Math.max(0, columns.indexOf(name ?? "mean"))));
      if (!taken?.length || !arm) return void left.push(word);
      let one = made.find((each) => each.arm === arm && each.time === time);
      if (!one) made.push((one = { arm, time, values: {} }));
      Object.assign(one.values, Object.fromEntries(taken), found.n ? { n: found.n } : {});
    });
  }
  return made.length ? { made, left } : null;
}
