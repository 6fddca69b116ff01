// What is typed is kept: in this browser at once, at the server a second after typing stops.
// Whatever the server answers, no character is lost, and the page says where things stand.

const PAUSE = 1000;
const token = () => document.body.dataset.token;

export class Refused extends Error {
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? `The server answered ${status}.`);
    this.status = status;
    this.body = body ?? {};
  }
}

const unread = (error) => {
  if (error.name === "AbortError") throw error;
  return null;
};

// Ask the API; a Refused has the status and the problem, 0 where nothing was reached.
export async function ask(method, path, body, { version, signal, html = false } = {}) {
  const headers = { "x-token": token(), accept: html ? "text/html" : "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (version !== undefined) headers["if-match"] = `"${version}"`;
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { detail: "The server cannot be reached." });
  }
  const kind = answer.headers.get("content-type") ?? "";
  const said = /json/.test(kind) ? await answer.json().catch(unread) : html ? await answer.text() : null;
  if (!answer.ok) {
    const error = new Refused(answer.status, said);
    error.wait = Number(answer.headers.get("retry-after")) || 0;
    throw error;
  }
  return said;
}

const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export class Keeper {
  // `base` is the form that the server has. read() gives what is sent; say(kind, words) tells it; onStale(problem) solves a 409, then calls go().
  constructor({ path, name, read, say, onStale }) {
    Object.assign(this, { path, name, read, say, onStale, version: 0, dirty: false, stopped: false, tries: 0 });
    addEventListener("online", () => this.dirty && this.go());
    addEventListener("beforeunload", (event) => this.dirty && event.preventDefault());
    document.addEventListener("visibilitychange", () => document.hidden && this.dirty && this.go());
  }

  // What this browser still holds of an earlier visit, not yet at the server: {version, body}.
  left() {
    try {
      return JSON.parse(localStorage.getItem(this.name));
    } catch {
      return null;
    }
  }

  changed() {
    this.dirty = true;
    this.tries = 0;
    try {
      localStorage.setItem(this.name, JSON.stringify({ version: this.version, at: Date.now(), body: this.read() }));
    } catch {
      this.say("warn", "This browser keeps no copy: its storage is full or off.");
    }
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.go(), PAUSE);
    if (!this.going) this.say("quiet", "Not saved yet");
  }

  forget() {
    clearTimeout(this.timer);
    this.dirty = false;
    localStorage.removeItem(this.name);
  }

  // Send what there is; one request at a time, the newest words after it.
  go() {
    clearTimeout(this.timer);
    if (this.stopped) return this.going ?? Promise.resolve(false);
    this.going ??= this._send().finally(() => {
      this.going = null;
      if (this.again) {
        this.again = false;
        this.go();
      }
    });
    return this.going;
  }

  // All is at the server: waits for what is under way; false where it is not.
  async settled() {
    if (this.going) await this.going;
    return this.dirty ? this.go() : true;
  }

  async _send() {
    const sent = JSON.stringify(this.read());
    if (!this.tries) this.say("quiet", "Saving");
    try {
      const answer = await ask("PUT", this.path, JSON.parse(sent), { version: this.version });
      this.version = answer.version;
      this.base = JSON.stringify(JSON.parse(sent).form);
      this.tries = 0;
      if (JSON.stringify(this.read()) === sent) {
        this.forget();
        this.say("good", `Saved ${clock(answer.saved_at ?? Date.now())}`);
        return true;
      }
      this.again = true;
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this._refused(error);
      return false;
    }
  }

  _refused(error) {
    const { status } = error;
    if (status === 401) {
      this.say("bad", "Not saved: your session has ended. Sign in below; what you typed stays.");
      this.onEnded?.();
    } else if (status === 409 || status === 428) {
      this.stopped = true;
      this.say("bad", "Not saved: this was changed in another window. Nothing you typed is lost; choose below.");
      this.onStale(error);
    } else if (status === 413) {
      this.say("bad", "Not saved: the form is too large for the server. This browser keeps it; shorten notes or quotes.");
    } else if ([403, 404, 422].includes(status)) {
      this.say("bad", `Not saved: ${error.message} This browser keeps what you typed.`);
    } else {
      this.tries += 1;
      const wait = error.wait || Math.min(8, 2 ** this.tries);
      this.say("warn", `Not saved, retrying. ${error.message}`);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.go(), wait * 1000);
    }
  }
}

// Ask for the password in place; `back` is called when the session is there again.
export function signIn(box, back) {
  if (!box.hidden) return;
  const [name, word, code] = ["name", "password", "code"].map((field) => box.querySelector(`[name=${field}]`));
  const said = box.querySelector(".wrong");
  name.value = document.body.dataset.person;
  const waits = () => !code.closest(".field").hidden;
  box.hidden = false;
  box.onsubmit = async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(waits() ? { code: code.value, next: "/session" }
      : { name: name.value, password: word.value, next: "/session" });
    const answer = await fetch(waits() ? "/sign-in/code" : "/sign-in", { method: "POST", body }).catch(() => null);
    const session = answer?.ok && /json/.test(answer.headers.get("content-type")) ? await answer.json() : null;
    if (session && session.person === document.body.dataset.person) {
      document.body.dataset.token = session.token;
      for (const field of document.querySelectorAll("input[name=token]")) field.value = session.token;
      word.value = code.value = said.textContent = "";
      box.hidden = true;
      back();
    } else if (answer?.ok && answer.url.includes("/sign-in/code")) {
      code.closest(".field").hidden = false;
      code.focus();
    } else {
      said.textContent = session ? "This is somebody else's name." : answer ? "Name and password do not fit." : "The server cannot be reached.";
    }
  };
  word.focus();
}
