// An appraisal while it is typed: what the algorithms propose and which questions are asked follow
// each answer, and the draft is kept a second after typing stops. Nothing typed is ever replaced.

const form = document.querySelector("form[data-appraisal]");
const saved = form.querySelector("[data-saved]");
const held = new Set(["token", "draft", "settled", "settling", "outcome", "instrument", "timepoint", "do"]);
let waiting, under, again, unsaved = false, patience = 1000;

function fields() {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    if (!held.has(name) && value.trim()) found[name] = value;
  }
  return found;
}

const value = (name) => form.elements[name]?.value || null;

function body() {
  return JSON.stringify({
    outcome: value("outcome"), instrument: value("instrument"), timepoint: value("timepoint"),
    settling: value("settling") === "true", version: Number(value("draft")) || null, fields: fields(),
  });
}

function say(words, bad = false) {
  saved.textContent = words;
  saved.classList.toggle("wrong", bad);
  saved.classList.toggle("quiet", !bad);
}

function follow(told) {
  for (const domain of told.domains) {
    for (const element of form.querySelectorAll(`[data-proposed="${CSS.escape(domain.key)}"]`)) {
      element.textContent = domain.proposed ?? "nothing yet";
    }
    for (const element of form.querySelectorAll(`[data-judged="${CSS.escape(domain.key)}"]`)) {
      element.textContent = domain.judged ?? "open";
    }
    for (const number of domain.questions) {
      const question = form.querySelector(`[data-question="${CSS.escape(number)}"]`);
      if (question) question.hidden = !domain.asked.includes(number);
    }
  }
  form.querySelector("[data-left]").textContent =
    `${told.unanswered} ${told.unanswered === 1 ? "question" : "questions"} left`;
}

async function save() {
  clearTimeout(waiting);
  if (under) {
    again = true;
    return;
  }
  under = true;
  again = false;
  say("Saving");
  try {
    const answer = await fetch(form.dataset.appraisal, {
      method: "PUT",
      headers: { "content-type": "application/json", "x-token": document.body.dataset.token },
      body: body(),
    });
    const told = await answer.json();
    if (answer.ok) {
      form.elements.draft.value = told.version;
      unsaved = again;
      patience = 1000;
      say(`Draft saved ${told.saved_at.slice(11, 16)} UTC; only you see it.`);
      follow(told);
    } else if (answer.status === 401) {
      say("Not saved: you are signed out. Sign in in another tab; what you typed stays here.", true);
      later();
    } else if (answer.status === 503 || answer.status === 429) {
      later();
    } else {
      say(`Not saved: ${told.detail}`, true);
    }
  } catch {
    later();
  } finally {
    under = false;
    if (again) save();
  }
}

function later() {
  patience = Math.min(2 * patience, 30_000);
  if (!saved.classList.contains("wrong")) say("Not saved yet, trying again", true);
  waiting = setTimeout(save, patience);
}

// The report is read in a window of its own: what is selected there goes to the quote of the
// question, or of the judgement, that the person was at last.
let at = null;
form.addEventListener("focusin", (event) => {
  at = event.target.closest(".question, .judgement") ?? at;
});

function quote({ quote: words, page, label }) {
  const field = (at ?? form).querySelector('textarea[name^="quote-"], textarea[name^="cited-"]');
  const cited = `${words} (p. ${label || page})`;
  field.value = field.value.trim() ? `${field.value.trim()} … ${cited}` : cited;
  if (field.closest("details")) field.closest("details").open = true;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById("status").textContent = `Quoted: ${cited}`;
}

new BroadcastChannel(form.dataset.channel).addEventListener("message", ({ data }) => {
  if (data.kind === "take" && data.selection) quote(data.selection);
});

form.addEventListener("input", (event) => {
  unsaved = true;
  clearTimeout(waiting);
  waiting = setTimeout(save, event.target.type === "radio" ? 0 : 1000);
});
form.addEventListener("submit", (event) => {
  if (under) {
    event.preventDefault(); // the answer brings the version that the form must name
    const by = event.submitter;
    setTimeout(() => form.requestSubmit(by), 100);
    return;
  }
  clearTimeout(waiting);
  unsaved = false;
});
addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
