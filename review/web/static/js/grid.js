// The form of a trial: what is typed is the state, cell by cell, with undo and redo over all of it.
// A cell that is being typed in is never replaced; only a change of shape draws the form anew.

export function h(tag, props = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "open") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

// Minus signs as they are printed.
export const signs = (text) => (text ?? "").replace(/(^|[\s[(])-(?=[\d.])/g, "$1−");

const head = (words) => (words.length > 3 ? words[0].toUpperCase() + words.slice(1) : words);

let counted = 0;
export const newKey = (letter) => `${letter}${Date.now().toString(36)}${(counted += 1)}`;
export const isNumber = (column) => /number/.test(column.kind ?? "");
const LEVELS = { arm: "Arms", contrast: "Arm against arm", association: "Associations" };

export class Sheet {
  constructor(root, known, calls) {
    Object.assign(this, { root, known, calls, past: [], future: [] });
    this.columns = new Map(known.columns.map((one) => [one.name, one]));
    this.of = (level) => known.columns.filter((one) => one.level === level);
    root.addEventListener("input", (event) => this._typed(event.target));
    root.addEventListener("change", (event) => this._left(event.target));
    root.addEventListener("focusin", (event) => this._entered(event.target));
    root.addEventListener("keydown", (event) => this._key(event));
    root.addEventListener("paste", (event) => this._paste(event));
  }

  load(form) {
    this.form = form;
    this.last = JSON.stringify(form);
    this.draw();
  }

  // What a place names: an object with cells, or a block, report or note with its own fields.
  at({ at: where, key }) {
    const { form } = this;
    if (where === "study") return form.study;
    const lists = { arm: form.arms, report: form.reports, block: form.blocks, note: form.notes, row: form.blocks.flatMap((one) => one.rows) };
    return lists[where]?.find((one) => one.key === key);
  }

  get(place, field) {
    const one = this.at(place);
    return one ? ((one.cells && field in one.cells) || !(field in one) ? one.cells?.[field] ?? "" : one[field]) : "";
  }

  put(place, field, value) {
    const one = this.at(place);
    if (!one) return;
    if (one.cells && !(field in one)) one.cells[field] = value;
    else one[field] = value;
  }

  blockOf(row) {
    return this.form.blocks.find((one) => one.rows.some((each) => each.key === row));
  }

  armName(key) {
    return this.form.arms.find((one) => one.key === key)?.label || "arm without a name";
  }

  // Undo and redo

  commit() {
    const now = JSON.stringify(this.form);
    if (now === this.last) return;
    this.past.push(this.last);
    if (this.past.length > 200) this.past.shift();
    this.last = now;
    this.future = [];
  }

  // A change of shape: what it does to the form, one step of undo, drawn at once.
  change(act, focus) {
    this.commit();
    act(this.form);
    this.commit();
    this.draw(focus);
    this.calls.changed();
  }

  step(from, to) {
    this.commit();
    if (!from.length) return;
    to.push(this.last);
    this.last = from.pop();
    this.form = JSON.parse(this.last);
    this.draw();
    this.calls.changed();
  }

  undo() {
    this.step(this.past, this.future);
  }

  redo() {
    this.step(this.future, this.past);
  }

  // Typing

  _place(target) {
    const { in: where, key, field } = target.dataset ?? {};
    return field ? [{ at: where, key: key ?? "" }, field] : null;
  }

  _typed(target) {
    const at = this._place(target);
    if (!at) return;
    this.put(...at, target.value);
    target.classList.toggle("nr", target.value === "NR");
    if (target.dataset.shape) return;
    this.calls.changed();
  }

  _left(target) {
    const at = this._place(target);
    if (!at) return;
    const word = target.value.trim();
    if (isNumber(this.columns.get(at[1]) ?? {}) && /^(n|nr|na|n\/a|not reported)$/i.test(word)) target.value = "NR";
    target.classList.toggle("nr", target.value === "NR");
    this.put(...at, target.value);
    if (at[1] === "gives") this._levelled(this.at(at[0]));
    this.commit();
    this.calls.changed();
    if (target.dataset.shape) this.draw();
  }

  // What the report gives says whether rows are arms or contrasts; rows that hold nothing follow it.
  _levelled(block) {
    const level = this.known.gives.find((one) => one.name === block.gives)?.level ?? "arm";
    if (level === block.level) return;
    block.level = level;
    if (block.rows.some((row) => row.result || Object.entries(row.cells).some(([name, value]) => value && name !== "n"))) return;
    const [first, second] = this.form.arms.map((one) => one.key);
    block.rows = level === "arm" ? this.form.arms.map((one) => this._row(one.key)) : [this._row(first ?? "", level === "contrast" ? second ?? "" : "")];
  }

  _entered(target) {
    this.focus = this._place(target) ?? this._place(target.closest("tr")?.querySelector("[data-field]") ?? {});
    this.before = target.value;
    if (target.matches("td input")) target.select();
  }

  _key(event) {
    const { target } = event;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && "zZyY".includes(event.key) && event.key.length === 1) {
      event.preventDefault();
      const back = event.key.toLowerCase() === "z" && !event.shiftKey;
      return back ? this.undo() : this.redo();
    }
    if (event.altKey && ["KeyS", "KeyJ"].includes(event.code)) {
      event.preventDefault();
      return this.calls[event.code === "KeyS" ? "take" : "jump"](this.focus, event.shiftKey);
    }
    if (!this._place(target) || command || event.altKey || target.tagName !== "INPUT") return;
    const whole = target.selectionStart === 0 && target.selectionEnd === target.value.length;
    const still = target.selectionStart === target.selectionEnd;
    if (event.key === "Escape" && target.value !== this.before) {
      event.preventDefault();
      event.stopPropagation();
      target.value = this.before;
      this._typed(target);
      target.select();
    } else if (event.key === "-" && isNumber(this.columns.get(target.dataset.field) ?? {})) {
      event.preventDefault();
      target.setRangeText("−", target.selectionStart, target.selectionEnd, "end");
      this._typed(target);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this._move(target, event.shiftKey ? -1 : 1, 0);
    } else if (event.key === "Tab" && !event.shiftKey) {
      const along = [...(target.closest("tr.cells")?.querySelectorAll("[data-field]") ?? [])];
      let next = along.at(-1) === target ? target.closest("tr") : null;
      do next = next?.nextElementSibling; while (next && !next.matches(".cells"));
      if (next) {
        event.preventDefault();
        next.querySelector("input[data-field]")?.focus();
      }
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (this._move(target, event.key === "ArrowDown" ? 1 : -1, 0)) event.preventDefault();
    } else if (event.key === "ArrowRight" && (whole || (still && target.selectionEnd === target.value.length))) {
      if (this._move(target, 0, 1)) event.preventDefault();
    } else if (event.key === "ArrowLeft" && (whole || (still && target.selectionStart === 0))) {
      if (this._move(target, 0, -1)) event.preventDefault();
    }
  }

  _move(target, down, across) {
    const cell = target.closest("td");
    if (!cell) return false;
    const lines = [...this.root.querySelectorAll("tr.cells")];
    const line = lines.indexOf(cell.parentElement);
    let next;
    if (across) {
      const along = [...cell.parentElement.querySelectorAll("input[data-field]")];
      next = along[along.indexOf(target) + across];
    } else {
      const wanted = lines.slice(down > 0 ? line + 1 : 0, down > 0 ? undefined : line);
      if (down < 0) wanted.reverse();
      next = wanted.map((one) => one.querySelector(`input[data-field="${target.dataset.field}"]`)).find(Boolean);
      this._left(target);
    }
    next?.focus();
    return Boolean(next);
  }

  _paste(event) {
    const cell = event.target.closest("td input[data-in=row]");
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!cell || !text.trim()) return;
    if (!/[\t\n]/.test(text.trim()) && /^\s*[-−]?[\d.]+\s*$/.test(text)) return;
    event.preventDefault();
    this.calls.paste(text, cell.dataset.key, cell.dataset.field);
  }

  // Drawing

  draw(focus = this.focus) {
    this.calls.drawing?.();
    const open = new Set([...this.root.querySelectorAll("details[open]")].map((one) => one.dataset.name));
    this.root.replaceChildren(this._facts(), this._reports(), this._arms(), ...this.form.blocks.map((one) => this._block(one)), this._more(), this._notes());
    for (const one of this.root.querySelectorAll("details")) if (open.has(one.dataset.name)) one.open = true;
    this.calls.drawn();
    if (focus) this.find(...focus)?.focus();
  }

  find(place, field) {
    const of = `[data-in="${place.at}"][data-key="${CSS.escape(place.key ?? "")}"]`;
    return this.root.querySelector(field ? `${of}[data-field="${field}"]` : of);
  }

  cell(place, column, label) {
    const value = this.get(place, column.name);
    const marks = { "data-in": place.at, "data-key": place.key ?? "", "data-field": column.name, "aria-label": label, title: column.help };
    if (column.kind === "multiple") marks.title = `Several of these, with “; ” between: ${column.choices.join("; ")}`;
    else if (column.kind === "choice" || column.choices?.length) {
      const names = column.choices.map((one) => one.value ?? one);
      const all = ["", ...names, ...(place.at === "block" ? [] : ["NR"])];
      if (!all.includes(value)) all.push(value);
      return h("select", { ...marks, value, class: value === "NR" ? "nr" : null }, all.map((one) =>
        h("option", { value: one, selected: one === value }, one === "NR" ? "not reported" : this._words(column, one))));
    }
    const number = isNumber(column);
    return h("input", { ...marks, value, autocomplete: "off", spellcheck: "false", class: [number && "number", value === "NR" && "nr"].filter(Boolean).join(" ") || null, inputmode: number ? "decimal" : null, list: column.list });
  }

  _words(column, value) {
    const found = column.choices.find((one) => (one.value ?? one) === value);
    return found?.words ?? (String(found ?? value).replaceAll("_", " ") || " ");
  }

  _field(place, column) {
    return h("div", { class: "cell-field" }, h("label", {}, head(column.called), this.cell(place, column, null)), this.said(place, column.name));
  }

  // Where messages about a place stand; check() fills them.
  said(place, field = "") {
    return h("div", { class: "said", "data-said": `${place.at}:${place.key ?? ""}:${field}` });
  }

  _fold(name, words, ...inside) {
    return h("details", { class: "part", "data-name": name }, h("summary", {}, words), ...inside);
  }

  _button(words, act, more = {}) {
    return h("button", { type: "button", onclick: act, ...more }, words);
  }

  _facts() {
    const place = { at: "study", key: "" };
    const columns = this.of("study");
    const known = columns.filter((one) => this.form.study.cells[one.name]).length;
    return this._fold("study", `Facts of the study (${known} of ${columns.length})`,
      h("div", { class: "cell-fields" }, columns.map((one) => this._field(place, one))), this.said(place));
  }

  _reports() {
    const columns = [["citation", "Citation"], ["doi", "DOI"]].map(([name, called]) => ({ name, called, kind: "text" }));
    return this._fold("reports", `Reports (${this.form.reports.length})`,
      this.form.reports.map((one) => h("div", { class: "stack" }, h("div", { class: "cell-fields" }, columns.map((column) => this._field({ at: "report", key: one.key }, column))),
        this.calls.report?.(one), this.said({ at: "report", key: one.key }))),
      this._button("Add a report", () => this.change((form) => form.reports.push({ key: newKey("r"), id: null, citation: "", doi: "" }))));
  }

  _arms() {
    const columns = [{ name: "label", called: "Arm", kind: "text" }, ...this.of("arm").filter((one) => one.name !== "label")];
    const line = (arm) => [
      h("tr", { class: "cells" }, columns.map((column) => h("td", {}, this.cell({ at: "arm", key: arm.key }, column, `${column.called} of ${arm.label || "the new arm"}`))),
        h("td", {}, arm.id ? null : this._button("×", () => this._dropArm(arm.key), { class: "plain", "aria-label": `Remove ${arm.label || "this arm"}` }))),
      h("tr", { class: "saying" }, h("td", { colspan: columns.length + 1 }, this.said({ at: "arm", key: arm.key }))),
    ];
    return h("section", { class: "arms" }, h("h2", {}, "Arms"), this._table("Arms of the trial", [...columns.map((one) => one.called), ""], this.form.arms.map(line)),
      this._button("Add an arm", () => this.addArm(), { "aria-keyshortcuts": "Alt+a" }));
  }

  addArm(label = "") {
    const key = newKey("a");
    this.change((form) => {
      form.arms.push({ key, id: null, label, cells: {} });
      for (const one of form.blocks) if (one.level === "arm") one.rows.push(this._row(key));
    }, [{ at: "arm", key }, "label"]);
    return key;
  }

  _dropArm(key) {
    this.change((form) => {
      form.arms = form.arms.filter((one) => one.key !== key);
      for (const one of form.blocks) one.rows = one.rows.filter((row) => row.result || (row.arm !== key && row.versus_arm !== key));
    });
  }

  _row(arm, versus = "") {
    return { key: newKey("x"), result: null, arm, versus_arm: versus, cells: {}, source: null, sources: {}, withdraw: null };
  }

  _table(caption, heads, lines) {
    return h("div", { class: "scroll", role: "group", "aria-label": caption, tabindex: "0" }, h("table", { class: "sheet" }, h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, heads.map((one) => (one ? h("th", { scope: "col" }, head(one)) : h("td", {}))))), h("tbody", {}, lines)));
  }

  held(block) {
    return block.rows.flatMap((row) => Object.keys(row.cells).filter((one) => row.cells[one]));
  }

  // What the report gives: as chosen, or as the numbers that are there say.
  gives(block) {
    const [name] = (block.gives || "").split("+");
    const held = this.held(block);
    const fits = (one) => 20 * held.filter((each) => one.columns.includes(each)).length - one.columns.length;
    const able = this.known.gives.filter((one) => one.level === block.level);
    return this.known.gives.find((one) => one.name === name) ?? (held.length ? able.toSorted((one, other) => fits(other) - fits(one))[0] : able[0]);
  }

  // The columns that a block shows: what the report gives, what was asked for, what holds something.
  shown(block) {
    const extra = (block.gives || "").split("+").slice(1);
    return [...new Set([...(this.gives(block)?.columns ?? []), ...extra, ...this.held(block)])].map((one) => this.columns.get(one)).filter(Boolean);
  }

  title(block) {
    const name = this.known.instruments.find((one) => one.slug === block.instrument)?.name ?? block.instrument;
    return [name || "instrument not chosen", block.rater, block.timepoint, block.analysis_set].filter(Boolean).join(", ").replaceAll("_", " ");
  }

  _block(block) {
    const place = { at: "block", key: block.key };
    const { known } = this;
    const names = known.instruments.map((one) => ({ value: one.slug, words: one.name }));
    const heads = [["instrument", "Instrument", names], ...(block.level === "association" ? [["with_instrument", "with", names]] : []),
      ["rater", "Rater", known.raters], ["timepoint", "Time", null], ["analysis_set", "Analysed", known.analysis_sets]];
    const gives = { name: "gives", called: "The report gives", kind: "choice", choices: known.gives.map((one) => ({ value: one.name, words: one.level === "arm" ? one.words : `${one.words} (${LEVELS[one.level].toLowerCase()})` })) };
    const base = this.gives(block)?.name ?? "";
    const head = heads.map(([name, called, choices]) => this._field(place, { name, called, kind: choices ? "choice" : "text", choices, list: choices ? null : "timepoints" }));
    const giving = this._field(place, gives);
    const select = giving.querySelector("select");
    select.value = base;
    select.dataset.shape = "1";
    for (const one of head) for (const each of one.querySelectorAll("select")) each.dataset.shape = "1";
    const columns = this.shown(block);
    const others = this.of("result").filter((one) => !columns.includes(one));
    const more = h("label", { class: "small" }, "Another column", h("select", { onchange: (event) => this.change(() => (block.gives = `${block.gives || base}+${event.target.value}`), [{ at: "row", key: block.rows[0]?.key }, event.target.value]) },
      h("option", { value: "" }, " "), others.map((one) => h("option", { value: one.name }, one.called))));
    const arms = this.form.arms.map((one) => ({ value: one.key, words: one.label || "arm without a name" }));
    const line = (row) => {
      const at = { at: "row", key: row.key };
      const who = block.level === "contrast" ? `${this.armName(row.arm)} against ${this.armName(row.versus_arm)}` : this.armName(row.arm);
      const sides = ["arm", ...(block.level === "contrast" ? ["versus_arm"] : [])].map((name) =>
        block.level === "arm" && row.arm ? h("th", { scope: "row" }, who) : h("td", {}, this._side(at, name, arms)));
      return [
        h("tr", { class: row.withdraw === null || row.withdraw === undefined ? "cells" : "cells off" }, sides,
          columns.map((column) => h("td", {}, this.cell(at, column, `${column.called}, ${who}, ${this.title(block)}`))),
          h("td", { class: "source" }, this.calls.source(row, block)),
          h("td", {}, this._button("×", () => this._dropRow(block, row), { class: "plain", "aria-label": row.result ? `Withdraw the result of ${who}` : `Remove the row of ${who}` }))),
        h("tr", { class: "saying" }, h("td", { colspan: columns.length + sides.length + 2 }, this._withdrawal(row), this.said(at))),
      ];
    };
    const first = block.level === "contrast" ? ["Arm", "against"] : ["Arm"];
    return h("section", { class: "block", "data-in": "block", "data-key": block.key }, h("h2", {}, this.title(block)),
      h("div", { class: "cell-fields" }, head, giving, more), this.said(place),
      this._table(`Results: ${this.title(block)}`, [...first, ...columns.map((one) => one.called), "Source", ""], block.rows.map(line)),
      h("p", { class: "direction small" }),
      h("div", { class: "row" }, this._button("Add a row", () => this.change(() => block.rows.push(this._row(block.level === "arm" ? "" : this.form.arms[0]?.key ?? "", block.level === "contrast" ? this.form.arms[1]?.key ?? "" : "")))),
        this._button("Paste a table", () => this.calls.paste("", block.rows[0]?.key, columns[0]?.name)),
        block.rows.every((row) => !row.result) && this._button("Remove this block", () => this.change((form) => (form.blocks = form.blocks.filter((one) => one !== block))))));
  }

  _side(at, name, arms) {
    const cell = this.cell(at, { name, called: name === "arm" ? "Arm" : "against", kind: "choice", choices: arms }, name === "arm" ? "Arm" : "against");
    for (const one of cell.querySelectorAll("option[value=NR]")) one.remove();
    cell.dataset.shape = "1";
    return cell;
  }

  _dropRow(block, row) {
    this.change(() => {
      if (row.result) row.withdraw = row.withdraw === null || row.withdraw === undefined ? "" : null;
      else block.rows = block.rows.filter((one) => one !== row);
    }, row.result ? [{ at: "row", key: row.key }, "withdraw"] : undefined);
  }

  _withdrawal(row) {
    if (row.withdraw === null || row.withdraw === undefined) return null;
    return h("label", {}, "Why this is no result (it is withdrawn when you save)", this.cell({ at: "row", key: row.key }, { name: "withdraw", kind: "text" }, null));
  }

  _more() {
    return h("p", { class: "row" }, this._button("New block: another instrument, rater or time", () => this.addBlock(), { class: "main", "aria-keyshortcuts": "Alt+n" }),
      h("datalist", { id: "timepoints" }, this.known.timepoints.map((one) => h("option", { value: one.value ?? one }))));
  }

  // A new block has the arms of the last one and their n; `changed` says what differs.
  copied(changed = {}) {
    const last = this.form.blocks.at(-1);
    const rows = last && last.level !== "association" ? last.rows.map((one) => ({ ...this._row(one.arm, one.versus_arm), cells: one.cells.n ? { n: one.cells.n } : {} }))
      : this.form.arms.map((one) => this._row(one.key));
    const key = newKey("b");
    return { key, level: last?.level ?? "arm", instrument: last?.instrument ?? (this.known.instruments.length === 1 ? this.known.instruments[0].slug : ""), rater: last?.rater ?? "", timepoint: last ? "" : "post",
      analysis_set: last?.analysis_set ?? "", with_instrument: last?.with_instrument ?? "", gives: last?.gives ?? "mean_sd", source: null, ...changed, rows };
  }

  addBlock() {
    const block = this.copied();
    this.change((form) => form.blocks.push(block), [{ at: "block", key: block.key }, this.form.blocks.length ? "timepoint" : "instrument"]);
  }

  _notes() {
    const columns = [["topic", "Topic"], ["text", "Note"], ["source", "Source"], ["certainty", "How certain"]].map(([name, called]) => ({ name, called, kind: "text" }));
    return this._fold("notes", `Notes (${this.form.notes.length} new)`,
      this.form.notes.map((one) => h("div", {}, h("div", { class: "cell-fields" }, columns.map((column) => this._field({ at: "note", key: one.key }, column))), this.said({ at: "note", key: one.key }))),
      this._button("Add a note", () => this.change((form) => form.notes.push({ key: newKey("n"), topic: "", text: "", source: "", certainty: "" }))));
  }
}
