// The page on which a trial is entered: the form beside the report, what is doubted and what it
// does, saved as one types.

import { Sheet, h, newKey, signs } from "./grid.js";
import { Keeper, Refused, ask, signIn } from "./keep.js";
import { commas, planned, table } from "./paste.js";
import { besides, divider } from "./beside.js";
import { paired } from "./reader.js";

const page = document.querySelector("[data-entry]");
const { api, home, study, review } = page.dataset;
const path = `${api}/studies/${study}`;
const part = (name) => page.querySelector(`#${name}`);
const tell = (words) => (part("told").textContent = words);
const beside = besides(part("reader"));
let draft, sheet, keeper, checked, away, chosen, comma;

// What is typed, as it is sent.
const body = () => ({ entry: draft.entry, form: sheet.form, made_from: draft.made_from });

function saved(kind, words) {
  const box = part("saved");
  box.className = `tag ${kind}`;
  box.textContent = words;
}

function ended() {
  signIn(part("sign-in"), () => {
    keeper.go();
    check();
  });
}

// Saving

async function start() {
  const asked = new URLSearchParams(location.search).get("entry");
  draft = await ask("GET", `${path}/draft${asked ? `?entry=${encodeURIComponent(asked)}` : ""}`);
  keeper ??= new Keeper({ path: `${path}/draft`, name: `draft:${review}:${study}:${document.body.dataset.person}`, read: body, say: saved, onStale: stale });
  keeper.onEnded = ended;
  keeper.version = draft.version;
  keeper.base = JSON.stringify(draft.form);
  part("kind").textContent = draft.entry === "blind" ? "Blind entry: nobody sees it until both are finished" : draft.entry === "consensus" ? "Entry by consensus" : "Single entry";
  part("closed").hidden = !draft.closed;
  part("closed").textContent = draft.closed ?? "";
  part("reopen").hidden = !(draft.finished && draft.entry === "blind");
  part("preview").hidden = !draft.preview;
  sheet ??= new Sheet(part("form"), draft.known, { changed, paste, take, jump, source, report, drawing, drawn });
  sheet.known = draft.known;
  sheet.past = [];
  const left = keeper.left();
  sheet.load(draft.form);
  if (left && JSON.stringify(left.body.form) !== keeper.base) {
    if (left.version === draft.version && left.body.entry === draft.entry) {
      sheet.load(left.body.form);
      keeper.changed();
      tell("What this browser kept of your last visit is back; it is being saved.");
    } else {
      const stored = draft.form;
      sheet.load(left.body.form);
      choose(differences(left.body.form, stored), () => keeper.changed());
    }
  } else {
    keeper.forget();
    saved(draft.saved_at ? "good" : "", draft.saved_at ? `Saved ${new Date(draft.saved_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}` : "Nothing typed yet");
  }
  for (const one of page.querySelectorAll("fieldset.all")) one.disabled = Boolean(draft.closed);
  showReport();
  check();
}

function changed() {
  keeper.changed();
  later();
}

// Another window of the same person saved: cell by cell, nothing typed is lost.
function stale(error) {
  const stored = error.body.draft;
  if (!stored) return void location.reload();
  const found = differences(sheet.form, stored.form);
  merge(stored.form);
  choose(found, () => {
    draft.made_from = stored.made_from ?? draft.made_from;
    keeper.base = JSON.stringify(stored.form);
    keeper.version = stored.version;
    keeper.stopped = false;
    keeper.changed();
    keeper.go();
  });
}

const placesOf = (form) => [["study", [{ key: "", ...form.study }]], ["arm", form.arms], ["report", form.reports], ["block", form.blocks], ["row", form.blocks.flatMap((one) => one.rows)], ["note", form.notes]];

function flat(form) {
  const made = new Map();
  for (const [where, list] of placesOf(form)) {
    for (const one of list) {
      for (const [field, value] of [...Object.entries(one.cells ?? {}), ...Object.entries(one)]) {
        if (typeof value === "string" && field !== "key") made.set(`${where}|${one.key}|${field}`, value);
      }
    }
  }
  return made;
}

function differences(mine, stored) {
  const [here, there, was] = [flat(mine), flat(stored), flat(JSON.parse(keeper.base))];
  const found = [];
  for (const name of new Set([...here.keys(), ...there.keys()])) {
    const [where, key, field] = name.split("|");
    if ((here.get(name) ?? "") === (there.get(name) ?? "")) continue;
    found.push({ place: { at: where, key }, field, yours: here.get(name) ?? "", stored: there.get(name) ?? "", was: was.get(name) ?? "" });
  }
  return found;
}

// Rows, arms and blocks that only the other window has are kept beside mine.
function merge(other) {
  sheet.change((form) => {
    for (const name of ["arms", "reports", "notes", "blocks"]) form[name].push(...other[name].filter((one) => !form[name].some((each) => each.key === one.key)));
    for (const block of other.blocks) {
      const mine = form.blocks.find((one) => one.key === block.key);
      mine.rows.push(...block.rows.filter((row) => !form.blocks.some((one) => one.rows.some((each) => each.key === row.key))));
    }
  });
}

const calledOf = (field) => draft.known.columns.find((one) => one.name === field)?.called ?? field.replaceAll("_", " ");

function named({ at: where, key }, field) {
  const what = calledOf(field);
  const block = where === "row" ? sheet.blockOf(key) : null;
  const of = where === "row" ? [sheet.armName(sheet.at({ at: where, key })?.arm), block && sheet.title(block)] : where === "arm" ? [sheet.armName(key)] : where === "block" ? [sheet.title(sheet.at({ at: where, key }) ?? {})] : [`the ${where}`];
  return `${what}${what && ": "}${of.filter(Boolean).join(", ")}`;
}

function choose(conflicts, done) {
  const dialog = part("choose");
  const take = (conflict, side) => h("td", {}, h("label", {}, h("input", { type: "radio", name: `c${conflicts.indexOf(conflict)}`, value: side, checked: (conflict.yours !== conflict.was || conflict.stored === conflict.was) === (side === "yours") }), ` ${conflict[side] || "(empty)"}`));
  dialog.querySelector("tbody").replaceChildren(...conflicts.map((one) => h("tr", {}, h("th", { scope: "row" }, named(one.place, one.field)), take(one, "yours"), take(one, "stored"), h("td", {}, one.was || "(empty)"))));
  for (const button of dialog.querySelectorAll("[data-all]")) {
    button.onclick = () => dialog.querySelectorAll(`input[value=${button.dataset.all}]`).forEach((one) => (one.checked = true));
  }
  dialog.querySelector("form").onsubmit = (event) => {
    event.preventDefault();
    dialog.close();
    sheet.change(() => conflicts.forEach((one, place) => {
      if (dialog.querySelector(`input[name=c${place}]:checked`).value === "stored") sheet.put(one.place, one.field, one.stored);
    }));
    done();
  };
  if (!conflicts.length) return done();
  dialog.oncancel = (event) => event.preventDefault();
  if (!dialog.open) dialog.showModal();
}

// Checking while one types

let timer, running;
function later() {
  clearTimeout(timer);
  timer = setTimeout(check, 100);
}

async function check() {
  clearTimeout(timer);
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  try {
    checked = await ask("POST", `${path}/check`, { ...body(), preview: false }, { signal });
    told();
    if (part("preview").open) preview(signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) ended();
    part("checking").textContent = `Doubts and effects wait: ${error.message}`;
  }
}

const placed = ({ at: where, key }) => `${where}:${key ?? ""}:`;

function told() {
  part("checking").textContent = "";
  const boxes = new Map();
  const add = (place, field, item) => {
    const own = placed(place) + (field ?? "");
    const box = page.querySelector(`[data-said="${CSS.escape(own)}"]`) ? own : placed(place);
    boxes.set(box, [...(boxes.get(box) ?? []), item]);
  };
  for (const one of checked.problems) add(one.place, one.fields[0], { kind: "problem", fields: one.fields, words: one.message });
  for (const one of checked.doubts) for (const place of one.places.slice(0, 1)) add(place, null, { kind: "doubt", fields: one.fields, words: one.message, key: one.key, severity: one.severity });
  for (const one of checked.conversions) add(one.place, null, { kind: "conversion", fields: one.fields, words: one.words, approximate: one.approximate });
  for (const one of checked.lacks) add(one.place, null, { kind: "lack", fields: [], words: one.words });
  for (const box of page.querySelectorAll("[data-said]")) says(box, boxes.get(box.dataset.said) ?? []);
  for (const block of sheet.form.blocks) {
    const said = checked.directions.filter((one) => block.rows.some((row) => one.rows.includes(row.key)));
    const line = sheet.find({ at: "block", key: block.key })?.closest("section")?.querySelector(".direction");
    line?.replaceChildren(...said.flatMap((one) => [`${signs(one.sentence)} `, one.against ? h("strong", { class: "wrong" }, `${signs(one.against)} `) : ""]));
  }
  effects();
  const blocking = checked.problems.length + checked.doubts.filter((one) => !ticked(one.key)).length;
  part("counts").textContent = blocking ? `${checked.problems.length} to mend, ${blocking - checked.problems.length} doubted` : "";
}

const tickOf = (key) => sheet.form.doubts.find((one) => one.key === key);
const ticked = (key) => Boolean(tickOf(key)?.reason.trim());

function says(box, items) {
  const [where, key] = box.dataset.said.split(":");
  const sign = JSON.stringify(items);
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  box.id ||= `said-${box.dataset.said.replaceAll(":", "-")}`;
  box.replaceChildren(...items.map((one) => saying(one)));
  for (const input of sheet.root.querySelectorAll(`[data-in="${where}"][data-key="${CSS.escape(key)}"]`)) {
    const of = items.filter((one) => one.fields.includes(input.dataset.field));
    input.toggleAttribute("aria-invalid", false);
    if (of.some((one) => one.kind === "problem")) input.setAttribute("aria-invalid", "true");
    input.classList.toggle("doubted", of.some((one) => one.kind === "doubt"));
    if (of.length) input.setAttribute("aria-describedby", box.id);
    else input.removeAttribute("aria-describedby");
  }
}

function saying(one) {
  if (one.kind === "problem") return h("p", { class: "wrong" }, signs(one.words));
  if (one.kind === "lack") return h("p", { class: "small quiet" }, signs(`Lacks: ${one.words}`));
  if (one.kind === "conversion") return h("p", { class: "small conversion" }, signs(one.words), one.approximate ? " (approximate)" : "");
  const reason = h("input", { type: "text", "aria-label": "Why it is right nevertheless", placeholder: "why it is right nevertheless", value: tickOf(one.key)?.reason ?? "", oninput: () => tick() });
  const box = h("input", { type: "checkbox", checked: Boolean(tickOf(one.key)), onchange: () => (tick(), box.checked && !reason.value && reason.focus()) });
  const tick = () => {
    sheet.form.doubts = sheet.form.doubts.filter((each) => each.key !== one.key);
    if (box.checked) sheet.form.doubts.push({ key: one.key, reason: reason.value });
    sheet.commit();
    keeper.changed();
    later();
  };
  return h("div", { class: "doubt" }, h("p", {}, h("b", {}, one.severity === "impossible" ? "Cannot be: " : "Doubt: "), signs(one.words)), h("p", { class: "row" }, h("label", { class: "tick" }, box, " checked"), reason));
}

function effects() {
  const states = { counts: "", left_out: "left out", unfit: "not of this analysis" };
  part("effects").replaceChildren(...checked.effects.map((one) => h("li", { "data-analysis": one.analysis },
    h("b", {}, one.title), " ", one.text ? h("span", { class: "effect" }, signs(one.text)) : "", states[one.state] ? h("span", { class: "tag" }, states[one.state]) : "",
    one.reason || one.missing ? h("span", { class: "small quiet" }, ` ${one.reason ?? ""} ${one.missing ?? ""}`) : "",
    one.recipe ? h("span", { class: "small quiet" }, ` ${one.recipe}`) : "",
    one.not_used?.length ? h("ul", { class: "small quiet" }, one.not_used.map((each) => h("li", {}, each))) : "")));
  if (!checked.effects.length) part("effects").append(h("li", { class: "quiet" }, "No planned analysis takes anything of this trial yet."));
}

// What would this trial do?

async function preview(signal) {
  const box = part("preview-of");
  const analysis = part("preview-analysis").value;
  try {
    box.innerHTML = await ask("POST", `${home}/enter/preview`, { ...body(), analysis }, { signal, html: true });
  } catch (error) {
    if (error.name !== "AbortError") box.replaceChildren(h("p", { class: "quiet" }, error.message));
  }
}

// Sources: a selection in the report goes to a row; a number leads to its passage

function sourceOf(row, block, field) {
  return row?.sources?.[field] ?? row?.source ?? block?.source ?? null;
}

function source(row, block) {
  const said = sourceOf(row, block);
  const who = sheet.armName(row.arm);
  return [said ? h("button", { type: "button", class: "plain", title: said.quote, "aria-label": `p. ${said.page}: show the source of ${who}`, onclick: () => show(said) }, `p. ${said.page}`) : null,
    h("button", { type: "button", class: "plain", title: "Take the selection in the report as source (Alt+S)", "aria-label": `Take the selection as the source of ${who}`, onclick: () => take([{ at: "row", key: row.key }, ""]) }, said ? "↺" : "Source")];
}

function take(focus, own = false) {
  if (focus?.[0]?.at !== "row") return tell("Go to a number first: the selection becomes its source.");
  const selection = (away && chosen) || beside.selection();
  if (!selection) return tell("Select the passage in the report first.");
  const made = { report: sheet.form.reports.find((one) => one.id === beside.pdf.report)?.key ?? "", pdf: beside.pdf.sha256, pdf_page: selection.page, page: selection.label, quote: selection.quote };
  const row = sheet.at(focus[0]);
  const block = sheet.blockOf(row.key);
  const rowsToo = !own && !block.source && block.rows.every((one) => !one.source);
  sheet.change(() => {
    if (own && focus[1]) row.sources = { ...row.sources, [focus[1]]: made };
    else if (rowsToo) block.source = made;
    else row.source = made;
  }, focus);
  tell(`Source of ${rowsToo ? "this block" : own ? "this number" : "this row"}: page ${made.page}, “${made.quote.slice(0, 120)}”`);
}

function jump(focus) {
  if (focus?.[0]?.at !== "row") return;
  const row = sheet.at(focus[0]);
  const said = sourceOf(row, sheet.blockOf(row.key), focus[1]);
  if (said) show(said);
  else tell("This number has no source yet.");
}

async function show(said) {
  const wanted = beside.of(said);
  if (wanted && away) return say({ kind: "show", report: String(wanted.report), window: windowOf(wanted), page: said.pdf_page ?? said.page, quote: said.quote });
  const found = await beside.show(said);
  if (found === null) tell(`${said.page}: “${said.quote}”. There is no PDF of this report.`);
  if (found === false) tell("The passage is not in the report word for word.");
}

const windowOf = (one) => `${home}/report/${one.report}`;
const say = paired(`reader:${review}:${study}`, (message) => {
  if (message.kind === "open") {
    away = true;
    page.classList.add("away");
    if (String(beside.pdf?.report) !== message.report) chosen = null;
    beside.pdf = draft.known.pdfs.find((one) => String(one.report) === message.report) ?? beside.pdf;
  }
  if (message.kind === "closed") {
    away = false;
    chosen = null;
    page.classList.remove("away");
  }
  if (message.kind === "selection" || message.kind === "take") chosen = message.selection;
  if (message.kind === "take") take(sheet.focus);
});

function showReport() {
  const { pdfs } = draft.known;
  beside.has(pdfs);
  const select = part("pdfs");
  select.replaceChildren(...pdfs.map((one, place) => h("option", { value: String(place), selected: one === beside.pdf }, one.name)));
  select.hidden = pdfs.length < 2;
  part("no-pdf").hidden = pdfs.length > 0;
  part("report-window").hidden = !pdfs.length;
}

function report(one) {
  if (!one.id) return h("p", { class: "small quiet" }, "Save, and a PDF can be attached.");
  const has = draft.known.pdfs.filter((each) => each.report === one.id);
  return h("label", { class: "small" }, has.length ? `PDF: ${has.map((each) => each.name).join(", ")}. Another:` : "Attach its PDF", h("input", { type: "file", accept: "application/pdf", onchange: (event) => attach(one.id, event.target.files[0]) }));
}

async function attach(number, file) {
  const answer = await fetch(`${api}/reports/${number}/pdf?name=${encodeURIComponent(file.name)}`, { method: "PUT", body: file, headers: { "content-type": "application/pdf", "x-token": document.body.dataset.token } }).catch(() => null);
  if (!answer?.ok) return tell(answer?.status === 413 ? "This PDF is too large." : "The PDF was not taken.");
  draft.known = sheet.known = (await ask("GET", `${path}/draft`)).known;
  sheet.draw();
  showReport();
}

// A block from a spreadsheet or a PDF: shown before it is taken

function paste(text, key, field) {
  const dialog = part("paste");
  const area = dialog.querySelector("textarea");
  const block = sheet.blockOf(key);
  if (!block) return;
  const columns = sheet.shown(block).map((one) => one.name);
  let plan;
  const show = () => {
    const kind = commas(area.value);
    const asks = kind && comma === undefined;
    dialog.querySelector(".commas").hidden = !asks;
    const said = asks ? dialog.querySelector("[name=comma]:checked")?.value : comma;
    const how = said ?? (kind === "decimal" ? "decimal" : "thousands");
    if (asks && !said) dialog.querySelector(`[name=comma][value=${how}]`).checked = true;
    const whole = table(area.value, { columns, comma: how });
    plan = whole ? { whole, how } : { ...planned(area.value, { columns, column: field, row: block.rows.findIndex((one) => one.key === key), count: block.rows.length, comma: how }), how };
    const lines = whole ? whole.made.map((one) => [`${armOf(one.arm) ? one.arm : `${one.arm} (new arm)`}, ${one.time || block.timepoint}${blockAt(block, one.time) ? "" : " (new block)"}`, Object.entries(one.values).map(([name, value]) => `${called(name)} ${value}`).join(", "), stood(block, one)])
      : plan.cells.map((one) => {
        const row = block.rows[one.row];
        return [`${called(one.column)}, ${sheet.armName(row.arm)}`, one.value, row.cells[one.column] ?? ""];
      });
    dialog.querySelector("tbody").replaceChildren(...lines.map(([what, value, old]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, value), h("td", {}, old && old !== value ? `instead of ${old}` : ""))));
    const left = plan.whole?.left ?? plan.left;
    dialog.querySelector(".left").textContent = left.length ? `Not taken: ${left.slice(0, 12).join("; ")}` : "";
    dialog.querySelector("button.main").disabled = !lines.length;
  };
  const called = (name) => sheet.columns.get(name)?.called ?? name;
  area.value = text;
  area.oninput = show;
  for (const one of dialog.querySelectorAll("[name=comma]")) Object.assign(one, { checked: false, onchange: show });
  show();
  dialog.querySelector("form").onsubmit = (event) => {
    event.preventDefault();
    dialog.close();
    if (event.submitter?.value === "cancel") return;
    if (!dialog.querySelector(".commas").hidden) comma = plan.how;
    if (plan.whole) takeTable(block, plan.whole.made);
    else sheet.change(() => plan.cells.forEach((one) => (block.rows[one.row].cells[one.column] = one.value)), [{ at: "row", key }, field]);
  };
  dialog.showModal();
  (text ? dialog.querySelector("button.main") : area).focus();
}

const same = (one, other) => one.trim().toLowerCase() === other.trim().toLowerCase();
const armOf = (label) => sheet.form.arms.find((one) => same(one.label, label));
function blockAt(like, time) {
  return sheet.form.blocks.find((one) => one.level === "arm" && one.instrument === like.instrument && one.rater === like.rater && one.analysis_set === like.analysis_set && same(one.timepoint, time || like.timepoint));
}

// What a table's cells would replace.
function stood(like, one) {
  const row = blockAt(like, one.time)?.rows.find((each) => each.arm === armOf(one.arm)?.key);
  return Object.entries(one.values).filter(([name, value]) => row?.cells[name] && row.cells[name] !== value).map(([name]) => row.cells[name]).join(", ");
}

function takeTable(like, made) {
  sheet.change((form) => {
    for (const one of made) {
      let arm = armOf(one.arm);
      if (!arm) form.arms.push((arm = { key: newKey("a"), id: null, label: one.arm, cells: {} }));
      let block = blockAt(like, one.time);
      if (!block) form.blocks.push((block = { ...like, key: newKey("b"), timepoint: one.time, source: null, rows: [] }));
      let row = block.rows.find((each) => each.arm === arm.key);
      if (!row) block.rows.push((row = { key: newKey("x"), result: null, arm: arm.key, versus_arm: "", cells: {}, source: null, sources: {}, withdraw: null }));
      Object.assign(row.cells, one.values);
    }
  });
}

// Saving into the review, finishing

async function list(finishing) {
  if (!(await keeper.settled())) return;
  await check();
  const dialog = part("finish");
  dialog.querySelector("h2").textContent = finishing ? "Finish this entry" : "Save into the review";
  const open = checked.doubts.filter((one) => !ticked(one.key));
  const overwritten = checked.changes.filter((one) => one.was);
  const lines = (heading, items, kind) => (items.length ? [h("h3", {}, heading), h("ul", { class: `lines tight ${kind}` }, items)] : []);
  const link = (place, field, words) => h("li", {}, h("button", { type: "button", class: "plain", onclick: () => (dialog.close(), goTo(place, field)) }, words));
  dialog.querySelector(".lists").replaceChildren(
    ...lines("To mend first", checked.problems.map((one) => link(one.place, one.fields[0], one.message)), "problems"),
    ...lines(finishing ? "Doubted: tick each with its reason first" : "Doubted", open.map((one) => link(one.places[0], one.fields[0], one.message)), "doubts"),
    ...lines("Empty", checked.empty.map((one) => link(one.place, one.fields[0], `${named(one.place, "")}: ${one.words}${one.fields.length && one.place.at !== "row" ? ` (${one.fields.map(calledOf).join(", ")})` : ""}`)), "empties"),
    ...lines("Changed", overwritten.map((one) => h("li", {}, `${named(one.place, one.field)}: ${one.was || "(empty)"} becomes ${one.now || "(empty)"}`)), "changes"));
  dialog.querySelector(".reason").hidden = !overwritten.length;
  dialog.querySelector(".wrong").textContent = "";
  const main = dialog.querySelector("button.main");
  main.textContent = finishing ? "Finish" : "Save";
  main.disabled = checked.problems.length > 0 || (finishing && open.length > 0);
  dialog.querySelector("form").onsubmit = (event) => {
    if (event.submitter?.value === "cancel") return;
    event.preventDefault();
    send(finishing, dialog);
  };
  dialog.showModal();
  (main.disabled ? dialog.querySelector("button[value=cancel]") : main).focus();
}

function goTo(place, field) {
  const target = sheet.find(place, field) ?? sheet.find(place);
  const fold = target?.closest("details");
  if (fold) fold.open = true;
  target?.scrollIntoView({ block: "center" });
  (target?.matches("input, select") ? target : target?.querySelector("input, select"))?.focus();
}

async function send(finishing, dialog) {
  const reason = dialog.querySelector("[name=reason]").value.trim() || null;
  try {
    const { version } = keeper;
    const answer = await ask("POST", `${path}/${finishing ? "finish" : "entries"}`, { version: version || null, reason }, { version });
    keeper.forget();
    dialog.close();
    if (finishing) return void location.assign(home);
    await start();
    saved("good", "Saved into the review");
    tell(answer.said ?? "Saved.");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 409 && error.body.conflicts) {
      dialog.close();
      return choose(error.body.conflicts, () => {
        draft.made_from = error.body.stored;
        keeper.changed();
        keeper.go();
        tell("Chosen. Save again when you are ready.");
      });
    }
    if (error.status === 401) {
      dialog.close();
      return ended();
    }
    dialog.querySelector(".wrong").textContent = [error.message, ...(error.body.errors ?? []).map((one) => one.message)].join(" ");
  }
}

function drawing() {
  part("undo").disabled = !sheet.past.length;
  part("redo").disabled = !sheet.future.length;
}

function drawn() {
  drawing();
  if (checked) told();
}

// The keys of the page

divider(page, part("divider"));
part("undo").onclick = () => sheet.undo();
part("redo").onclick = () => sheet.redo();
part("save").onclick = () => list(false);
part("finish-now").onclick = () => list(true);
part("report-toggle").onclick = (event) => event.target.setAttribute("aria-expanded", page.classList.toggle("report-shown"));
part("pdfs").onchange = (event) => beside.open(draft.known.pdfs[event.target.value]);
part("report-window").onclick = () => window.open(windowOf(beside.pdf), `report-${review}-${study}`, "popup,width=900,height=1100");
part("preview").addEventListener("toggle", () => check());
part("preview-analysis").onchange = () => check();
part("reopen").onsubmit = async (event) => {
  event.preventDefault();
  try {
    await ask("POST", `${path}/reopen`, { reason: part("reopen").elements.reason.value });
    await start();
  } catch (error) {
    part("reopen").querySelector(".wrong").textContent = error.message;
  }
};
part("discard").onclick = async () => {
  if (!confirm("Throw away what you typed since the last save into the review?")) return;
  try {
    await keeper.settled();
    if (keeper.version) await ask("DELETE", `${path}/draft`, undefined, { version: keeper.version });
    keeper.forget();
    await start();
  } catch (error) {
    tell(error.message);
  }
};
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    keeper.go();
  }
});

start().then(() => say({ kind: "where" }), (error) => {
  if (error.status === 401) signIn(part("sign-in"), () => location.reload());
  else saved("bad", error.message);
});
