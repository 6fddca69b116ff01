// A PDF that is read beside a form: pages with their text, a passage found and marked, a selection
// that gives page and quote. It may stand in a window of its own, on a second screen: the two talk
// over a channel, and what asks need not know where the pages are.

const vendor = new URL("../vendor/pdfjs/", import.meta.url).href;
const WIDEST = 2;
let library;

async function pdfjs() {
  library ??= import(`${vendor}pdf.min.mjs`).then((made) => {
    made.GlobalWorkerOptions.workerSrc = `${vendor}pdf.worker.min.mjs`;
    return made;
  });
  return library;
}

// Signs that reports and people write differently are one sign here; white space is none.
const SAME = [[/[\u2010-\u2015\u2212\u00ad]/g, "-"], [/[\u2018\u2019\u02bc]/g, "'"], [/[\u201c\u201d]/g, '"']];
export function plain(text) {
  let made = text.normalize("NFKC");
  for (const [old, sign] of SAME) made = made.replace(old, sign);
  return made.replace(/\s+/g, "").toLowerCase();
}

// A word cut at the end of a line keeps its hyphen: "post-treatment" and "treat-ment" look alike.
export function quoted(text) {
  return text.replace(/(\p{L}-)\s*\n\s*(?=\p{Ll})/gu, "$1").replace(/\s+/g, " ").trim();
}

function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

function button(words, sign, act) {
  const made = make("button", "plain", sign);
  made.type = "button";
  made.title = words;
  made.setAttribute("aria-label", words);
  made.addEventListener("click", act);
  return made;
}

class Reader {
  constructor(element, { url, page = 1, quote = "", onSelect = null, onMessage = null }) {
    this.element = element;
    this.onSelect = onSelect;
    this.onMessage = onMessage;
    this.pages = [];
    this.zoom = 1;
    this.chosen = null;
    this.marked = null;
    this._build();
    this.ready = this._open(url).then(() => this.show(page, quote), (error) => this._failed(error));
  }

  _build() {
    const bar = make("div", "reader-bar");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Pages of the report");
    this.number = make("input");
    Object.assign(this.number, { type: "text", inputMode: "numeric", value: "1" });
    this.number.setAttribute("aria-label", "Page");
    this.number.addEventListener("change", () => this.show(this.number.value));
    this.count = make("span", "quiet", "");
    this.search = make("input");
    Object.assign(this.search, { type: "search", placeholder: "find" });
    this.search.setAttribute("aria-label", "Find in the report");
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this._next(this.search.value);
      }
    });
    bar.append(
      button("Page before", "‹", () => this.show(this.at - 1)), this.number, this.count,
      button("Page after", "›", () => this.show(this.at + 1)),
      button("Smaller", "−", () => this._scale(this.zoom / 1.2)),
      button("Larger", "+", () => this._scale(this.zoom * 1.2)), this.search,
    );
    this.bar = bar;
    this.said = make("p", "reader-said small");
    this.said.setAttribute("role", "status");
    this.sheets = make("div", "reader-pages");
    this.sheets.tabIndex = 0;
    this.sheets.setAttribute("role", "region");
    this.sheets.setAttribute("aria-label", "Report");
    this.element.replaceChildren(bar, this.said, this.sheets);
    this.seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const page = this.pages[entry.target.dataset.page - 1];
        page.near = entry.isIntersecting;
        if (page.near) this._draw(page);
      }
    }, { root: this.sheets, rootMargin: "600px 0px" });
    this.sheets.addEventListener("scroll", () => this._passed(), { passive: true });
    this.listener = () => this._selected();
    document.addEventListener("selectionchange", this.listener);
    this.resized = new ResizeObserver(() => this._scale(this.zoom));
    this.resized.observe(this.sheets);
  }

  async _open(url) {
    this._say("The report is being opened.");
    const { getDocument } = await pdfjs();
    this.task = getDocument({
      url,
      standardFontDataUrl: `${vendor}fonts/`,
      wasmUrl: `${vendor}wasm/`,
      useSystemFonts: false,
      isEvalSupported: false,
      enableXfa: false,
      verbosity: 0,
    });
    this.file = await this.task.promise;
    this.labels = await this.file.getPageLabels();
    const first = (await this.file.getPage(1)).getViewport({ scale: 1 });
    for (let number = 1; number <= this.file.numPages; number++) {
      const sheet = make("div", "reader-page");
      sheet.dataset.page = number;
      this.pages.push({ number, sheet, size: first });
      this.sheets.append(sheet);
    }
    this.at = 1;
    this.count.textContent = `of ${this.file.numPages}`;
    this._scale(1);
    for (const page of this.pages) this.seen.observe(page.sheet);
    this._say("");
  }

  _failed(error) {
    const missing = error?.status === 404 || error?.name === "MissingPDFException";
    this._say(missing ? "There is no PDF of this report yet." : "This PDF could not be opened.", "wrong");
  }

  _say(text, kind = "quiet") {
    this.said.className = `reader-said small ${kind}`;
    this.said.textContent = text;
    this.said.hidden = !text;
  }

  _scale(zoom) {
    if (!this.file) return;
    this.zoom = Math.min(4, Math.max(0.4, zoom));
    const room = this.sheets.clientWidth - 16;
    if (room < 50) return;
    for (const page of this.pages) {
      const scale = (room / page.size.width) * this.zoom;
      if (page.scale && Math.abs(scale - page.scale) < 0.001) continue;
      page.scale = scale;
      page.sheet.style.width = `${Math.round(page.size.width * scale)}px`;
      page.sheet.style.height = `${Math.round(page.size.height * scale)}px`;
      page.sheet.style.setProperty("--total-scale-factor", scale);
      page.drawn = null;
      if (page.near) this._draw(page);
    }
  }

  _draw(page) {
    if (page.drawn) return page.drawn;
    const mine = this._drawing(page).catch(() => {
      if (page.drawn === mine) page.drawn = null; // one that a newer drawing ended is no failure
    });
    return (page.drawn = mine);
  }

  async _drawing(page) {
    const made = await this.file.getPage(page.number);
    const size = made.getViewport({ scale: 1 });
    if (size.width !== page.size.width || size.height !== page.size.height) {
      page.size = size;
      page.scale = 0;
      page.drawn = null;
      this._scale(this.zoom);
      return page.drawn;
    }
    const scale = page.scale;
    const sharp = Math.min(WIDEST, devicePixelRatio || 1);
    const canvas = make("canvas");
    const drawn = made.getViewport({ scale: scale * sharp });
    canvas.width = Math.floor(drawn.width);
    canvas.height = Math.floor(drawn.height);
    canvas.setAttribute("aria-hidden", "true");
    page.task?.cancel();
    page.task = made.render({ canvas, viewport: drawn });
    page.lines ??= this._lines(page, made, scale).catch((error) => {
      page.lines = null;
      throw error;
    });
    await Promise.all([page.task.promise, page.lines]);
    if (scale !== page.scale) return page.drawn;
    page.sheet.querySelector("canvas")?.remove();
    page.sheet.prepend(canvas);
    if (this.marked?.page === page.number) this._mark(page, this.marked.quote);
  }

  // The lines are made once and grow with the sheet: what is selected outlives each drawing of a page.
  async _lines(page, made, scale) {
    const { TextLayer } = await pdfjs();
    const text = make("div", "textLayer");
    const viewport = made.getViewport({ scale });
    await new TextLayer({ textContentSource: made.streamTextContent(), container: text, viewport }).render();
    page.end = make("div", "endOfContent");
    text.append(page.end);
    page.text = text;
    page.sheet.append(make("div", "reader-marks"), text);
  }

  _passed() {
    const top = this.sheets.getBoundingClientRect().top + 80;
    const here = this.pages.findLast((one) => one.sheet.getBoundingClientRect().top <= top);
    this.at = here ? here.number : 1;
    if (document.activeElement !== this.number) this.number.value = this._label(this.at);
  }

  _label(number) {
    return this.labels?.[number - 1] || String(number);
  }

  // Numbers of pages are those of the file; a printed number is taken where the file has it.
  _number(wanted) {
    const named = this.labels ? this.labels.indexOf(String(wanted)) + 1 : 0;
    const number = typeof wanted === "number" ? wanted : named || parseInt(wanted, 10);
    return Math.min(this.pages.length, Math.max(1, number || 1));
  }

  // Go to a page and mark a passage; false where the passage is not in the report word for word.
  async show(wanted, quote = "") {
    if (!this.file) await this.task?.promise.catch(() => null);
    if (!this.pages.length) return false;
    let number = this._number(wanted);
    this.marked = null;
    for (const old of this.sheets.querySelectorAll(".reader-mark")) old.remove();
    let found = !quote;
    if (quote) {
      const place = await this._find(quote, number);
      if (place) number = place;
      found = Boolean(place);
    }
    const page = this.pages[number - 1];
    page.sheet.scrollIntoView({ block: "start" });
    this.at = number;
    this.number.value = this._label(number);
    if (found && quote) {
      this.marked = { page: number, quote };
      await this._draw(page);
      this._mark(page, quote);
    }
    this._say(found ? "" : "This passage is not in the report word for word.", "wrong");
    return found;
  }

  async _words(page) {
    page.words ??= plain((await (await this.file.getPage(page.number)).getTextContent()).items
      .map((item) => item.str).join(" "));
    return page.words;
  }

  async _find(quote, near) {
    const order = [near, ...this.pages.map((page) => page.number).filter((n) => n !== near)];
    for (const wanted of [plain(quote), plain(quote).replaceAll("-", "")]) {
      for (const number of order) {
        const words = await this._words(this.pages[number - 1]);
        if (words.includes(wanted) || words.replaceAll("-", "").includes(wanted)) return number;
      }
    }
    return null;
  }

  async _next(words) {
    if (!words.trim()) return;
    const from = this.marked?.quote === words ? this.marked.page % this.pages.length + 1 : this.at;
    await this.show(from, words);
  }

  _mark(page, quote) {
    const range = page.text && rangeOf(page.text, quote);
    if (!range) return;
    const sheet = page.sheet.getBoundingClientRect();
    const marks = page.sheet.querySelector(".reader-marks");
    marks.replaceChildren();
    let first = null;
    for (const box of range.getClientRects()) {
      if (box.width < 1) continue;
      const mark = make("div", "reader-mark");
      mark.style.left = `${(100 * (box.left - sheet.left)) / sheet.width}%`;
      mark.style.top = `${(100 * (box.top - sheet.top)) / sheet.height}%`;
      mark.style.width = `${(100 * box.width) / sheet.width}%`;
      mark.style.height = `${(100 * box.height) / sheet.height}%`;
      marks.append(mark);
      first ??= box;
    }
    if (first) this.sheets.scrollTop += first.top - this.sheets.getBoundingClientRect().top - 120;
  }

  _selected() {
    const now = getSelection();
    const node = now.anchorNode?.nodeType === Node.TEXT_NODE ? now.anchorNode.parentElement : now.anchorNode;
    const sheet = node?.closest?.(".reader-page");
    if (!sheet || !this.sheets.contains(sheet) || now.isCollapsed) return;
    const page = this.pages[sheet.dataset.page - 1];
    // The empty end of a page lies behind the last words: a selection that leaves the lines stays small.
    const last = now.focusNode?.nodeType === Node.TEXT_NODE ? now.focusNode.parentElement : null;
    if (page.end && last?.parentElement === page.text) last.after(page.end);
    const quote = quoted(now.toString());
    if (!quote) return;
    this.chosen = { page: page.number, label: this._label(page.number), quote };
    this.onSelect?.(this.chosen);
  }

  selection() {
    this._selected(); // a key may be faster than the browser's word of what was selected
    return this.chosen;
  }

  focus() {
    this.sheets.focus();
  }

  destroy() {
    document.removeEventListener("selectionchange", this.listener);
    this.seen.disconnect();
    this.resized.disconnect();
    this.task?.destroy();
    this.element.replaceChildren();
  }
}

// The words of a page without white space, each with its place in the page.
function rangeOf(text, quote) {
  const places = [];
  let words = "";
  const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    let offset = 0;
    for (const sign of node.data) {
      for (const one of plain(sign)) {
        words += one;
        places.push([node, offset, sign.length]);
      }
      offset += sign.length;
    }
  }
  let wanted = plain(quote);
  let from = words.indexOf(wanted);
  let kept = [...words].map((_, place) => place);
  if (from < 0) {
    kept = kept.filter((place) => words[place] !== "-");
    wanted = wanted.replaceAll("-", "");
    from = kept.map((place) => words[place]).join("").indexOf(wanted);
  }
  if (from < 0 || !wanted) return null;
  const [start, end] = [places[kept[from]], places[kept[from + wanted.length - 1]]];
  const range = document.createRange();
  range.setStart(start[0], start[1]);
  range.setEnd(end[0], end[1] + end[2]);
  return range;
}

// Show the PDF at `url` in `element`.
export function mount(element, options) {
  return new Reader(element, options);
}

// Two windows that belong together: `heard` gets what the other says; returns how to speak to it.
export function paired(name, heard) {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", (event) => heard(event.data));
  return (message) => channel.postMessage(message);
}

// A window that is all reader says what is selected in it and shows what it is asked for.
const whole = document.querySelector("[data-reader]");
if (whole) {
  const say = paired(whole.dataset.channel, async (message) => {
    if (message.kind === "where") say({ kind: "open", report: whole.dataset.report });
    if (message.kind !== "show") return;
    if (message.report !== whole.dataset.report) {
      location.replace(`${message.window}#${new URLSearchParams({ page: message.page, quote: message.quote })}`);
    } else {
      say({ kind: "shown", found: await reader.show(message.page, message.quote) });
    }
  });
  const asked = new URLSearchParams(location.hash.slice(1));
  const reader = mount(whole, {
    url: whole.dataset.reader,
    page: asked.get("page") ?? 1,
    quote: asked.get("quote") ?? "",
    onSelect: (selection) => say({ kind: "selection", report: whole.dataset.report, selection }),
  });
  whole.addEventListener("keydown", (event) => {
    if (event.altKey && event.code === "KeyS" && reader.selection()) {
      event.preventDefault();
      say({ kind: "take", report: whole.dataset.report, selection: reader.selection() });
    }
  });
  say({ kind: "open", report: whole.dataset.report });
  addEventListener("pagehide", () => say({ kind: "closed" }));
}
