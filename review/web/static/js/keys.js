// Single keys. A key clicks the button or the link that names it in aria-keyshortcuts, or puts the
// cursor into the field that does. They never fire while somebody types, can be switched off and
// changed (kept in this browser), and "?" lists those of the page. Nothing is bound: what is on the
// page when the key is pressed is asked, so that parts which arrive later work too.
//
//   <button aria-keyshortcuts="i">Include {{ parts.key("i") }}</button>   alternatives: "i 1"
//   <input type="search" aria-keyshortcuts="/">
//   <a href="..." data-jump="a">Analyses</a>                              g, then a
//   <table data-walk>                                                     j and k: its rows
//
// "Control+Enter" and other keys with a modifier fire in fields as well, and cannot be changed.

const STORE = "keys";
const PATIENCE = 1500;
const settings = read();
let leading = 0;

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE)) ?? {};
    return { off: Boolean(kept.off), map: kept.map ?? {} };
  } catch {
    return { off: false, map: {} };
  }
}

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(settings));
  } catch {
    // a browser that keeps nothing: the change holds for this page
  }
  mark();
}

const single = (key) => [...key].length === 1;
const mine = (key) => settings.map[key] ?? key;
const scope = () => document.querySelector("dialog[open]") ?? document;
const visible = (element) => !element.disabled && element.checkVisibility({ visibilityProperty: true });
const keysOf = (element) => (element.dataset.keys ?? element.getAttribute("aria-keyshortcuts") ?? "").split(/\s+/).filter(Boolean);

function named(event) {
  const key = event.key === " " ? "Space" : event.key;
  const held = [event.ctrlKey && "Control", event.altKey && "Alt", event.metaKey && "Meta"].filter(Boolean);
  if (event.shiftKey && (!single(key) || held.length)) held.push("Shift");
  return [...held, single(key) ? key.toLowerCase() : key].join("+");
}

function typing(target) {
  if (target.isContentEditable || target.matches?.("textarea, select")) return true;
  return target.matches?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit])") ?? false;
}

function claimed(key) {
  return [...scope().querySelectorAll("[aria-keyshortcuts], [data-keys]")].find(
    (element) => keysOf(element).some((one) => (single(one) ? mine(one) : one) === key) && visible(element),
  );
}

function use(element) {
  if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-walk] :is(tr, li)")]
    .map((row) => row.querySelector("a[href], button"))
    .filter((link) => link && visible(link));
  if (!rows.length) return false;
  const here = rows.findIndex((link) => link.closest("tr, li").contains(document.activeElement));
  rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1)].focus();
  return true;
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const key = named(event);
  const modified = event.ctrlKey || event.altKey || event.metaKey;
  if (!modified && (settings.off || typing(event.target))) return;
  if (/^(Enter|Space|Arrow\w+)$/.test(key) && event.target.closest?.("a, button, summary, input")) return;
  const jumping = Date.now() - leading < PATIENCE;
  leading = 0;
  if (jumping && single(key)) {
    const link = document.querySelector(`a[data-jump="${CSS.escape(key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
      return;
    }
  }
  const found = claimed(key);
  if (found) {
    event.preventDefault();
    if (!event.repeat || found.hasAttribute("data-repeat")) use(found);
  } else if (modified || scope() !== document) {
    return;
  } else if (key === mine("g")) {
    leading = Date.now();
  } else if (key === mine("j") || key === mine("k")) {
    if (walk(key === mine("j") ? 1 : -1)) event.preventDefault();
  }
}

// What the page says of its keys follows what they are: aria-keyshortcuts and each <kbd data-key>.

function mark() {
  for (const element of document.querySelectorAll("[aria-keyshortcuts], [data-keys]")) {
    const keys = keysOf(element);
    const now = keys.filter((key) => !single(key) || !settings.off).map((key) => (single(key) ? mine(key) : key)).join(" ");
    if (element.dataset.keys === undefined) {
      if (now === keys.join(" ")) continue;
      element.dataset.keys = keys.join(" ");
    }
    if (now) element.setAttribute("aria-keyshortcuts", now);
    else element.removeAttribute("aria-keyshortcuts");
  }
  for (const hint of document.querySelectorAll("kbd[data-key]")) {
    const key = hint.dataset.key;
    hint.hidden = settings.off && single(key);
    if (single(key) && hint.textContent !== mine(key)) hint.textContent = mine(key);
  }
}

// The list of keys, made when it is asked for.

const words = (element) => {
  const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent;
  if (label) return label.trim();
  const copy = element.cloneNode(true);
  for (const hint of copy.querySelectorAll("kbd")) hint.remove();
  return copy.textContent.replace(/\s+/g, " ").trim();
};

function listed() {
  const rows = [];
  for (const element of document.querySelectorAll("[aria-keyshortcuts], [data-keys]")) {
    if (element.closest("dialog") || !visible(element)) continue;
    for (const key of keysOf(element)) rows.push([key, words(element), ""]);
  }
  if (document.querySelector("[data-walk] a[href]")) {
    rows.push(["j", "Next row", ""], ["k", "Previous row", ""]);
  }
  const jumps = [...document.querySelectorAll("a[data-jump]")].map((link) => `${link.dataset.jump} ${words(link)}`);
  if (jumps.length) rows.push(["g", `Go to, then: ${jumps.join(", ")}`, ""]);
  const seen = new Set();
  return rows.filter(([key]) => !seen.has(key) && seen.add(key));
}

function add(parent, tag, text, values = {}) {
  const element = Object.assign(document.createElement(tag), values);
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

function change(key, field, told, all) {
  const wanted = field.value.trim().toLowerCase();
  const other = all.find(([one]) => one !== key && single(one) && mine(one) === wanted);
  field.setAttribute("aria-invalid", String(Boolean(other) || !single(wanted)));
  if (!single(wanted)) {
    told.textContent = "A key is one letter, digit or sign.";
  } else if (other) {
    told.textContent = `“${wanted}” is taken: ${other[1]}.`;
  } else {
    if (wanted === key) delete settings.map[key];
    else settings.map[key] = wanted;
    told.textContent = "Kept in this browser.";
    keep();
  }
}

function help() {
  document.getElementById("keys")?.remove();
  const all = listed();
  const dialog = add(document.body, "dialog", "", { id: "keys" });
  dialog.setAttribute("aria-labelledby", "keys-heading");
  add(dialog, "h2", "Keys of this page", { id: "keys-heading" });
  const choice = add(dialog, "p", "", { className: "choice" });
  const on = add(choice, "input", "", { type: "checkbox", id: "keys-on", checked: !settings.off });
  add(choice, "label", "Single keys are on", { htmlFor: "keys-on" });
  const table = add(add(dialog, "div", "", { className: "scroll", tabIndex: 0 }), "table");
  add(table, "caption", "Type another key to change one.");
  const told = add(dialog, "p", "", { className: "small" });
  told.setAttribute("role", "status");
  for (const [key, meaning] of all) {
    const row = add(table, "tr");
    const cell = add(row, "td");
    if (single(key)) {
      const field = add(cell, "input", "", { value: mine(key), maxLength: 2, className: "key", autocomplete: "off" });
      field.setAttribute("aria-label", `Key for: ${meaning}`);
      field.addEventListener("change", () => change(key, field, told, all));
    } else {
      add(cell, "kbd", key.replaceAll("+", " + "));
    }
    add(row, "th", meaning, { scope: "row" });
  }
  const actions = add(dialog, "form", "", { method: "dialog", className: "actions" });
  add(actions, "button", "Close", { className: "main" });
  const reset = add(actions, "button", "As they were", { type: "button" });
  on.addEventListener("change", () => {
    settings.off = !on.checked;
    told.textContent = "Kept in this browser.";
    keep();
  });
  reset.addEventListener("click", () => {
    settings.map = {};
    keep();
    help();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

document.addEventListener("keydown", pressed);
const button = document.getElementById("keys-help");
if (button) {
  button.hidden = false;
  button.addEventListener("click", help);
}
mark();
if (settings.off || Object.keys(settings.map).length) {
  new MutationObserver(mark).observe(document.body, { childList: true, subtree: true });
}
