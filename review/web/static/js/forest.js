// A row of a forest plot says where it is from: on hover, on focus, on a tap. Without this script
// its name leads to the study, which says the same. Ticking a trial off computes anew at once.

const form = document.querySelector("form[data-forest]");
const room = form?.querySelector(".with-detail");
const kept = new Map();
let panel, shown, timer;

function address(study) {
  return `${form.dataset.forest}/${study}?run=${form.dataset.run}`;
}

async function told(study) {
  if (!kept.has(study)) {
    const answer = await fetch(address(study), { headers: { accept: "text/html" } });
    if (!answer.ok) return null;
    kept.set(study, await answer.text());
  }
  return kept.get(study);
}

async function show(row) {
  if (row === shown) return;
  hide();
  shown = row;
  row.classList.add("shown");
  const text = await told(row.querySelector("th a").href.split("/").pop());
  if (shown !== row || text === null) return;
  panel = document.createElement("aside");
  panel.className = "detail";
  panel.id = "row-detail";
  panel.setAttribute("role", "status");
  panel.innerHTML = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "plain";
  close.textContent = "Close";
  close.addEventListener("click", hide);
  panel.append(close);
  room.append(panel);
  const top = row.getBoundingClientRect().bottom - room.getBoundingClientRect().top + 4;
  panel.style.top = `${top}px`;
}

function hide() {
  clearTimeout(timer);
  panel?.remove();
  shown?.classList.remove("shown");
  panel = shown = undefined;
}

if (room) {
  const rows = room.querySelectorAll("tbody tr:has(th > a)");
  for (const row of rows) {
    row.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "mouse") return;
      clearTimeout(timer);
      timer = setTimeout(() => show(row), 250);
    });
    row.addEventListener("focusin", (event) => {
      if (event.target.matches("a")) show(row);
    });
    row.addEventListener("click", (event) => {
      if (!event.target.closest("a, input")) shown === row ? hide() : show(row);
    });
  }
  room.addEventListener("pointerleave", () => clearTimeout(timer));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  document.addEventListener("click", (event) => {
    if (!room.contains(event.target)) hide();
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "without" || event.target.name === "whatif") form.requestSubmit();
  });
}
