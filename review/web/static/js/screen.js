// Screening: the next record is shown at once, for it was fetched ahead, while the decision is being
// saved; a line says when it is. One decision is on its way at a time. If it is not saved, the record
// comes back with its note, and why. Without this script the same form loads the page anew.

const desk = document.querySelector("[data-desk]");
const form = document.getElementById("decide");
const told = () => document.getElementById("told");
const place = () => document.getElementById("sheet");
const record = () => Number(place()?.querySelector("article")?.dataset.record ?? 0);
let saving = false;

function say(text, kind = "") {
  const line = document.createElement("p");
  line.textContent = text;
  line.className = kind;
  if (kind === "wrong") line.setAttribute("role", "alert");
  told().replaceChildren(line);
}

function lay(sheet) {
  place().replaceChildren(sheet);
  const skip = document.querySelector("[data-skip]");
  if (skip) {
    const address = new URL(skip.href);
    const skipped = new URL(location.href).searchParams.get("skip");
    address.searchParams.set("skip", [skipped, record()].filter(Boolean).join(","));
    skip.href = address.href;
  }
  scrollTo(0, 0);
}

function take(part) {
  told().replaceWith(part.getElementById("told"));
  document.getElementById("counts").replaceWith(part.getElementById("counts"));
  const sheet = part.querySelector("#sheet article");
  if (!sheet) {
    location.assign(form.action + location.search);
    return;
  }
  if (Number(sheet.dataset.record) !== record()) lay(sheet);
  document.getElementById("ahead").replaceWith(part.getElementById("ahead"));
}

async function decide(event) {
  const button = event.submitter;
  if (!button || button.hasAttribute("formaction") || new URL(location.href).searchParams.has("again")) return;
  event.preventDefault();
  if (saving) return;
  saving = true;
  const note = form.elements.note;
  const typed = note.value;
  const before = place().querySelector("article");
  const body = new FormData(form, button);
  const ahead = document.getElementById("ahead").content.querySelector("article");
  say(`Saving record ${record()} …`);
  if (ahead) {
    lay(ahead.cloneNode(true));
    note.value = "";
  }
  let why = "The server cannot be reached.";
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(body),
      headers: { "x-part": "1" },
      redirect: "error",
    });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) {
      if (!ahead) note.value = "";
      take(part);
      saving = false;
      return;
    }
    why = part.querySelector("#told .wrong, main h1, h1")?.textContent.trim() ?? `The server said ${answer.status}.`;
    if (answer.status === 401) why = "You are signed out: sign in in another tab, then decide again.";
  } catch {
    // said below
  }
  const meant = note.value;
  lay(before);
  note.value = [typed, meant].filter(Boolean).join("\n");
  say(`Record ${before.dataset.record} was not saved. ${why}`, "wrong");
  saving = false;
}

form?.addEventListener("submit", decide);
for (const field of document.querySelectorAll("#note, #label-name, #find")) {
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.blur();
  });
}

// Marks on and off, kept in this browser.

const marks = document.querySelector("[data-marks]");
if (marks) {
  const show = (off) => {
    document.documentElement.toggleAttribute("data-unmarked", off);
    marks.setAttribute("aria-pressed", String(!off));
  };
  const kept = () => {
    try {
      return localStorage.getItem("unmarked") === "1";
    } catch {
      return false;
    }
  };
  marks.hidden = false;
  show(kept());
  marks.addEventListener("click", () => {
    const off = !document.documentElement.hasAttribute("data-unmarked");
    try {
      localStorage.setItem("unmarked", off ? "1" : "0");
    } catch {
      // a browser that keeps nothing: it holds for this page
    }
    show(off);
  });
}

// The list: how many are ticked, all of them, and the row that was come to last.

const boxes = [...(desk?.querySelectorAll("input[name=records]") ?? [])];
if (boxes.length) {
  const count = desk.querySelector("[data-ticked]");
  const tell = () => {
    count.textContent = `${boxes.filter((box) => box.checked).length} of ${boxes.length}`;
  };
  const all = desk.querySelector("[data-all]");
  const tick = desk.querySelector("[data-tick]");
  let row = null;
  all.hidden = tick.hidden = false;
  all.addEventListener("click", () => {
    const on = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = on;
    tell();
  });
  desk.addEventListener("focusin", (event) => {
    row = event.target.closest("tbody tr") ?? row;
  });
  tick.addEventListener("click", () => {
    const box = (row ?? boxes[0].closest("tr")).querySelector("input[name=records]");
    box.checked = !box.checked;
    tell();
  });
  desk.addEventListener("change", tell);
  tell();
}
