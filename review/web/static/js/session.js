// A session ends when nobody has asked for anything for a while. Who types is there: now and then it
// is said. Two minutes before the end it is said on the page; what was typed stays where it is, and
// after a new sign-in in another tab the forms of this page get their new token.

const idle = Number(document.body.dataset.idle) * 1000;
const box = document.getElementById("session");
let last = Date.now();
let told = last;

const token = () => document.body.dataset.token;

async function ask(method) {
  const answer = await fetch("/session", {
    method,
    headers: method === "POST" ? { "x-token": token() } : {},
    redirect: "manual",
  });
  return answer.ok ? answer.json() : null;
}

async function stay() {
  told = Date.now();
  if (await ask("POST")) {
    last = told;
    box.hidden = true;
  } else {
    say("You are signed out.", "Sign in in another tab, then go on here: what you typed is kept.", again);
  }
}

async function again() {
  const now = await ask("GET");
  if (!now || now.person !== document.body.dataset.person) {
    return;
  }
  document.body.dataset.token = now.token;
  for (const field of document.querySelectorAll("input[name=token]")) {
    field.value = now.token;
  }
  last = Date.now();
  box.hidden = true;
}

function say(heading, sentence, act) {
  box.querySelector("b").textContent = heading;
  box.querySelector("span").textContent = sentence;
  box.querySelector("a").hidden = act !== again;
  box.querySelector("button").onclick = act;
  box.hidden = false;
}

for (const kind of ["input", "keydown", "pointerdown"]) {
  addEventListener(kind, () => {
    if (Date.now() - told > 5 * 60 * 1000 && box.hidden) {
      stay();
    }
  }, { passive: true });
}
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    last = Date.now();
  }
});
document.body.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["x-token"] = token();
});

if (idle) {
  setInterval(() => {
    const left = last + idle - Date.now();
    if (left <= 0) {
      say("You are signed out.", "Sign in in another tab, then go on here: what you typed is kept.", again);
    } else if (left < 2 * 60 * 1000 && box.hidden) {
      say("You will be signed out in two minutes.", "What you typed stays.", stay);
    }
  }, 5000);
}
