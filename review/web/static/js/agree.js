// Two blind entries become one: cell by cell, by keys, each with its reason, both sources a click away.

import { h, signs } from "./grid.js";
import { Refused, ask } from "./keep.js";
import { besides, divider } from "./beside.js";

const page = document.querySelector("[data-agree]");
const { api, home, study } = page.dataset;
const path = `${api}/studies/${study}`;
const part = (name) => page.querySelector(`#${name}`);
const report = besides(part("reader"));
let found, at;

async function load(keep) {
  try {
    found = await ask("GET", `${path}/comparison?tolerance=${encodeURIComponent(part("tolerance").value)}`);
  } catch (error) {
    part("closed").hidden = false;
    part("closed").textContent = error.message;
    part("standing").textContent = "Nothing to decide.";
    return;
  }
  part("work").hidden = false;
  part("who").textContent = `Blind entries of ${found.first} and ${found.second}`;
  part("first-head").textContent = found.first;
  part("second-head").textContent = found.second;
  part("reasons").replaceChildren(...found.reasons.map((one) => h("option", { value: one })));
  part("reason-buttons").replaceChildren(...found.reasons.slice(0, 4).map((one) => h("button", { type: "button", class: "plain small", onclick: () => (part("reason").value = one) }, one)));
  const open = found.cells.filter((one) => isOpen(one));
  if (!keep || !open.some((one) => one.id === at)) at = open[0]?.id;
  draw();
  part("agree").disabled = open.length > 0 || found.agreed;
  part("standing").textContent = found.agreed ? "Agreed." : open.length ? `${open.length} of ${found.cells.length} cells are open.` : "Every difference is decided.";
  if (open.length <= 1 && !found.agreed) look();
}

const isOpen = (one) => one.state !== "equal" && !one.decided;
const words = (place) => (typeof place === "string" ? place : place.words ?? `${place.at} ${place.key}`);

function draw() {
  const ticked = new Set(chosen());
  const shown = found.cells.filter((one) => part("equal").checked || one.state !== "equal");
  part("cells").querySelector("tbody").replaceChildren(...shown.map((one) => row(one, ticked.has(one.id))));
  part("agreement").querySelector("tbody").replaceChildren(...found.agreement.map((one) => h("tr", {}, h("th", { scope: "row" }, one.of.replaceAll("_", " ")), ...[one.compared, one.equal, share(one.share), one.kappa === null ? "" : one.kappa.toFixed(2).replace("-", "−")].map((each) => h("td", { class: "n" }, String(each))))));
}

const share = (one) => (one === null ? "" : `${Math.round(100 * one)} %`);

function row(one, ticked) {
  const side = (name) => h("td", {}, h("b", {}, one[name] === null || one[name] === "" ? "–" : String(one[name])), " ", from(one, name));
  const words_ = one.decided ? `${{ first: "first", second: "second", other: "other", leave_out: "left out" }[one.decided.taken] ?? one.decided.taken}${one.decided.value ? ` ${one.decided.value}` : ""}: ${one.decided.reason}` : one.state === "equal" ? "equal" : "";
  const label = `${one.field}, ${words(one.place)}`;
  return h("tr", { class: one.id === at ? "chosen" : null, "data-cell": one.id, "aria-current": one.id === at ? "true" : null, onclick: () => mark(one.id) },
    h("td", {}, one.state === "equal" ? null : h("input", { type: "checkbox", checked: ticked, "aria-label": `Decide on ${label} with others` })),
    h("th", { scope: "row" }, h("button", { type: "button", class: "plain", onclick: () => mark(one.id) }, one.field.replaceAll("_", " ")), h("span", { class: "small quiet" }, ` ${words(one.place)}`)),
    side("first"), side("second"), h("td", { class: "small" }, words_));
}

function from(one, name) {
  const source = one.sources?.[name];
  if (!source?.page && !source?.quote) return null;
  return h("button", { type: "button", class: "plain small", title: source.quote, "aria-label": `p. ${source.page}: source of the ${name} entry`, onclick: (event) => (event.stopPropagation(), report.show(source)) }, `p. ${source.page}`);
}

function mark(id) {
  at = id;
  for (const one of part("cells").querySelectorAll("[data-cell]")) {
    one.classList.toggle("chosen", one.dataset.cell === String(id));
    one.toggleAttribute("aria-current", one.dataset.cell === String(id));
  }
}

function chosen() {
  return [...part("cells").querySelectorAll("tbody input:checked")].map((one) => one.closest("tr").dataset.cell);
}

async function decide(taken) {
  const ids = chosen().length ? chosen() : at === undefined ? [] : [String(at)];
  const cells = found.cells.filter((one) => ids.includes(String(one.id)));
  if (!cells.length) return;
  const reason = part("reason").value.trim();
  const wrong = (words_, field) => {
    part("reason-wrong").textContent = words_;
    part(field).focus();
  };
  if (!reason) return wrong("Give the reason first; it stays for the next decisions.", "reason");
  const value = taken === "other" ? part("other").value.trim() : null;
  if (taken === "other" && !value) return wrong("Type the other value, then choose Other.", "other");
  part("reason-wrong").textContent = "";
  try {
    await ask("POST", `${path}/resolutions`, { cells: cells.map((one) => ({ id: one.id, taken, value, reason })), tolerance: Number(part("tolerance").value) });
    part("other").value = "";
    for (const one of part("cells").querySelectorAll("tbody input:checked")) one.checked = false;
    await load(true);
    part("cells").querySelector(".chosen button")?.focus({ preventScroll: false });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    wrong([error.message, ...(error.body.errors ?? []).map((one) => one.message)].join(" "), "reason");
  }
}

async function look() {
  const box = part("previews");
  try {
    const { previews } = await ask("POST", `${path}/consensus`, { tolerance: Number(part("tolerance").value), preview: true });
    box.replaceChildren(...previews.map((one) => h("div", {}, h("h3", {}, one.title), h("p", {}, signs(one.sentence)), h("p", { class: "small" }, signs(`${one.before?.text ?? "no estimate"} would be ${one.after?.text ?? "no estimate"}; nothing is stored.`)))));
    if (!previews.length) box.replaceChildren(h("p", { class: "quiet" }, "No planned analysis takes anything of this trial."));
  } catch (error) {
    box.replaceChildren(h("p", { class: "quiet" }, error.message));
  }
}

async function agree() {
  try {
    await ask("POST", `${path}/consensus`, { tolerance: Number(part("tolerance").value), preview: false });
    location.assign(home);
  } catch (error) {
    part("reason-wrong").textContent = [error.message, ...(error.body?.errors ?? []).map((one) => one.message)].join(" ");
  }
}

for (const button of part("deeds").querySelectorAll("button")) button.onclick = () => decide(button.dataset.taken);
part("reason").addEventListener("keydown", (event) => {
  if (event.key === "Enter") part("cells").querySelector(".chosen button")?.focus();
});
part("look").onclick = look;
part("agree").onclick = agree;
part("equal").onchange = draw;
part("tolerance").onchange = () => load(true);
part("cells").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.matches("input[type=text]")) return;
  event.preventDefault();
  const rows = [...part("cells").querySelectorAll("[data-cell]")];
  const next = rows[rows.findIndex((one) => one.dataset.cell === String(at)) + step];
  if (next) {
    mark(found.cells.find((one) => String(one.id) === next.dataset.cell).id);
    next.querySelector("button").focus();
  }
});
divider(page, part("divider"));
load().then(async () => {
  const { known } = await ask("GET", `${path}/draft`).catch(() => ({ known: { pdfs: [] } }));
  report.has(known.pdfs);
  part("no-pdf").hidden = known.pdfs.length > 0;
});
