// Uploads with tus (https://tus.io): hundreds of photos by drag and drop, a bar each and one
// for all, pause, and resume, also after the page was left. Nothing is sent that the service
// has already.

const parallel = 3; // photos that are sent at the same time
const ahead = 200; // photos that are read before they are sent
const mostAsked = 1000; // photos in one question to the service
const largestDigest = 64 << 20; // bytes; the browser can only digest what is in memory
const pieceSize = 8 << 20;
const quiet = 5000; // milliseconds between two sentences of a screen reader

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const plural = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export function start(form) {
  const queue = new Queue(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const files = form.querySelector("[type=file]");
    queue.add([...files.files].map((file) => ({ file })));
    files.value = "";
  });
  dropping(form, queue);
  remindOfUnfinished(form);
}

// dropping takes files and folders that are dropped anywhere on the page.
function dropping(form, queue) {
  const hint = form.querySelector(".drop");
  hint.hidden = false;
  let depth = 0;
  const show = (on) => document.body.classList.toggle("dropping", on);
  const files = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => { if (files(event)) { depth++; show(true); } });
  document.addEventListener("dragleave", (event) => { if (files(event) && --depth <= 0) { depth = 0; show(false); } });
  document.addEventListener("dragover", (event) => { if (files(event)) event.preventDefault(); });
  document.addEventListener("drop", async (event) => {
    if (!files(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    form.closest("details")?.setAttribute("open", "");
    if (form.elements.description.reportValidity()) queue.add(await dropped(event.dataTransfer));
  });
}

// dropped returns the files of a drop, also those in its folders. Of a folder, files that are not
// photos are left out later, and what cannot be read is returned as a file that says so.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ file }));
  const found = [];
  const walk = async (entry, inFolder) => {
    if (entry.name.startsWith(".")) return;
    if (entry.isFile) {
      found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), inFolder });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const inner of some) await tryWalk(inner, true);
    }
  };
  const tryWalk = async (entry, inFolder) => {
    try {
      await walk(entry, inFolder);
    } catch {
      found.push({ file: new File([], entry.name), unreadable: true });
    }
  };
  for (const entry of entries) await tryWalk(entry, false);
  return found;
}

const unfinishedKey = "photos-unfinished";

// remindOfUnfinished names the photos that were on their way when the page was left. A browser
// gives a page no file again, so the user has to choose them.
function remindOfUnfinished(form) {
  const kept = JSON.parse(sessionStorage.getItem(unfinishedKey));
  if (!kept) return;
  if (kept.owner !== form.dataset.owner) { // somebody else was signed in
    sessionStorage.removeItem(unfinishedKey);
    return;
  }
  const names = kept.names;
  form.closest("details")?.setAttribute("open", "");
  const some = names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
  const forget = make("button", { type: "button", className: "quiet", textContent: "Forget" });
  const reminder = make("div", { className: "unfinished" }, make("p", { className: "fine", textContent:
    `${plural(names.length, "photo was", "photos were")} not finished when you left the page: ${some}. Choose ${names.length === 1 ? "it" : "them"} again: what was sent is not sent again.` }), forget);
  forget.addEventListener("click", () => {
    sessionStorage.removeItem(unfinishedKey);
    reminder.remove();
    form.querySelector("[type=file]").focus();
  });
  form.prepend(reminder);
}

// tusClient loads the tus client when the first photo comes.
let loading = null;
function tusClient(address) {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(make("script", { src: address, onload: () => resolve(window.tus), onerror: () => reject(new Error("A script could not be loaded.")) }));
  });
  return loading;
}

const hex = (byte) => byte.toString(16).padStart(2, "0");

// Checker asks the service what it has of photos. While one question is on its way, the next
// photos gather for one question.
class Checker {
  constructor(address) {
    Object.assign(this, { address, waiting: [], asking: false });
  }

  ask(id) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, resolve, reject });
      if (!this.asking) this.flush();
    });
  }

  // answers reports whether the service can be reached.
  async answers() {
    try {
      await this.ask("0".repeat(64));
      return true;
    } catch (error) {
      return error.status < 500;
    }
  }

  async flush() {
    this.asking = true;
    while (this.waiting.length > 0) {
      const asked = this.waiting.splice(0, mostAsked);
      try {
        const answer = await request(this.address, {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ids: [...new Set(asked.map((one) => one.id))] }),
        });
        if (!answer.ok) throw await problem(answer);
        const known = new Map((await answer.json()).results.map((result) => [result.id, result]));
        for (const one of asked) one.resolve(known.get(one.id));
      } catch (error) {
        for (const one of asked) one.reject(error);
      }
    }
    this.asking = false;
  }
}

class Queue {
  constructor(form) {
    Object.assign(this, { form, items: [], running: 0, reading: false, paused: false, trouble: null, said: 0, drawing: false });
    this.checker = new Checker(form.dataset.check);
    window.addEventListener("beforeunload", (event) => { if (this.open.length > 0) event.preventDefault(); });
    window.addEventListener("pagehide", () => this.remember());
  }

  // mustBeRead reports whether the user has to see the list before the page goes on.
  get mustBeRead() { return this.items.some((item) => item.outcome === "failed") || this.items.every((item) => item.outcome === "skipped"); }

  get open() { return this.items.filter((item) => !item.outcome); }

  // remember keeps the names of what is not finished, until the tab is closed.
  remember() {
    if (this.items.length === 0) return;
    const names = this.open.map((item) => item.file.name);
    if (names.length > 0) sessionStorage.setItem(unfinishedKey, JSON.stringify({ owner: this.form.dataset.owner, names }));
    else sessionStorage.removeItem(unfinishedKey);
  }

  // add takes files, and what is known of each.
  add(files) {
    if (files.length === 0) return;
    this.form.querySelector(".unfinished")?.remove();
    this.panel ??= this.build();
    this.pause.hidden = false;
    const description = this.form.elements.description.value.trim();
    const added = files.map((one) => new Item(this, one, description));
    this.items.push(...added);
    this.list.append(...added.map((item) => item.row));
    for (const item of added) if (item.unreadable) item.fail(unreadable());
    this.tell();
    this.next();
  }

  build() {
    this.total = make("progress", { className: "total", max: 1, value: 0, ariaLabel: "All photos" });
    this.text = make("p");
    this.spoken = make("p", { className: "hidden", role: "status" });
    this.pause = make("button", { type: "button", className: "quiet", textContent: "Pause" });
    this.pause.addEventListener("click", () => this.toggle());
    this.list = make("ul", { className: "files", tabIndex: 0, ariaLabel: "Photos of this upload" });
    const panel = make("section", { className: "uploads", ariaLabel: "Uploads" }, make("div", { className: "sum" }, this.text, this.pause), this.spoken, this.total, this.list);
    this.form.after(panel);
    return panel;
  }

  toggle() {
    this.paused = !this.paused;
    this.trouble = null;
    this.pause.textContent = this.paused ? "Resume" : "Pause";
    for (const item of this.items) {
      if (this.paused) item.stop();
      else item.resume();
    }
    this.tell();
    this.next();
  }

  // next reads photos ahead, and sends those about which the service has answered.
  next() {
    this.read();
    for (const item of this.items) {
      if (this.paused || this.running >= parallel) break;
      if (item.state === "known" && !this.items.some((one) => one.state === "sending" && one.digest && one.digest === item.digest)) {
        this.running++;
        item.run().finally(() => { this.running--; this.update(); this.next(); });
      }
    }
    if (this.open.length === 0 && this.items.length > 0) this.finish();
  }

  // read digests one photo after the other, since each has to be in memory.
  async read() {
    if (this.reading) return;
    this.reading = true;
    while (!this.paused && this.items.filter((item) => item.state === "known" || item.state === "asked").length < ahead) {
      const item = this.items.find((one) => one.state === "new");
      if (!item) break;
      await item.look();
    }
    this.reading = false;
  }

  // update draws the progress with the next picture that the browser paints.
  update() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => { this.drawing = false; this.draw(); });
    setTimeout(() => { if (this.drawing) { this.drawing = false; this.draw(); } }, 1000); // a hidden tab paints nothing
  }

  draw() {
    const bytes = this.items.reduce((sum, item) => sum + item.file.size, 0);
    const sent = this.items.reduce((sum, item) => sum + (item.outcome ? item.file.size : item.sent), 0);
    this.total.value = bytes ? sent / bytes : 1;
    const failed = this.items.filter((item) => item.outcome === "failed").length;
    const skipped = this.items.filter((item) => item.outcome === "skipped").length;
    const all = this.items.length - skipped;
    const text = !all ? `Nothing to upload: ${plural(skipped, "file", "files")} left out` : `${all - this.open.length} of ${plural(all, "photo", "photos")} done` + (failed ? `, ${failed} failed` : "") +
      (skipped ? `, ${plural(skipped, "other file", "other files")} left out` : "") + (this.paused ? ", paused" : "");
    this.text.replaceChildren(...(this.trouble ?? [text]));
    if (this.open.length === 0 && this.mustBeRead) this.text.append(" ", make("a", { href: this.form.dataset.after, textContent: "Show my photos" }));
    const now = Date.now();
    if (now - this.said < quiet) return;
    this.said = now;
    this.spoken.textContent = this.text.textContent;
  }

  // interrupt pauses all, and says why. Nothing is lost.
  interrupt(...trouble) {
    if (!this.paused) this.toggle();
    this.trouble = trouble;
    this.tell();
  }

  // tell draws the progress at once, also for a screen reader.
  tell() {
    this.said = 0;
    this.draw();
  }

  finish() {
    this.tell();
    this.pause.hidden = true;
    this.remember();
    const count = (...outcomes) => this.items.filter((item) => outcomes.includes(item.outcome)).length;
    if (this.mustBeRead) return;
    const query = new URLSearchParams({ uploaded: count("uploaded", "restored", "repaired"), exists: count("exists", "described") });
    window.location.assign(`${this.form.dataset.after}?${query}`);
  }
}

// Item is one photo on its way. Its state is new, asked (the service is being asked about it),
// known (its answer is there), sending, stopped or done.
class Item {
  constructor(queue, { file, inFolder = false, unreadable = false }, description) {
    Object.assign(this, { queue, file, inFolder, unreadable, description, sent: 0, outcome: null, state: "new" });
    this.bar = make("progress", { max: file.size || 1, value: 0, ariaLabel: file.name });
    this.note = make("span", { className: "fine", textContent: "Waiting" });
    this.row = make("li", {}, make("span", { className: "name", textContent: file.name, title: file.name }), this.bar, this.note);
  }

  // look reads the photo and asks the service what it has of it. It does not wait for the answer.
  async look() {
    this.state = "asked";
    try {
      if (!this.digest && this.file.size <= largestDigest && window.crypto?.subtle) {
        const sum = await crypto.subtle.digest("SHA-256", await this.file.arrayBuffer());
        this.digest = [...new Uint8Array(sum)].map(hex).join("");
      }
    } catch {
      await this.fail(unreadable());
      return;
    }
    const answer = this.digest ? this.queue.checker.ask(this.digest) : Promise.resolve(null);
    answer.then((known) => this.learn(known), (error) => this.fail(error)).finally(() => { this.queue.update(); this.queue.next(); });
  }

  // learn takes the service's answer.
  learn(known) {
    if (this.state !== "asked") return;
    this.known = known;
    this.state = "known";
    if (known?.state === "stored" && (known.description || !this.description)) this.done("exists");
  }

  // run sends what the service does not have.
  async run() {
    this.state = "sending";
    this.note.textContent = "";
    try {
      const has = this.known?.state;
      if (has === "stored" || has === "trashed") await this.repeat();
      else await this.transfer(has === "unfinished" ? this.known.upload : null);
    } catch (error) {
      await this.fail(error);
    }
  }

  stop() {
    if (this.outcome) return;
    this.state = "stopped";
    this.upload?.abort();
    this.release?.();
    this.note.textContent = "Paused";
  }

  resume() {
    if (this.outcome || this.state !== "stopped") return;
    this.state = "new"; // the service may have more of it by now
    this.note.textContent = "Waiting";
  }

  metadata() {
    const all = { filename: this.file.name };
    if (this.description) Object.assign(all, { description: this.description, description_source: "web" });
    if (this.digest) all.sha256 = this.digest;
    if (this.file.lastModified) all.modified = new Date(this.file.lastModified).toISOString();
    return all;
  }

  // repeat begins the upload of a photo that the service has: it sends no bytes, but may
  // restore the photo or fill in its description.
  async repeat() {
    const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
    const answer = await request(this.queue.form.dataset.uploads, {
      method: "POST",
      headers: {
        "Tus-Resumable": "1.0.0", "Upload-Length": String(this.file.size),
        "Upload-Metadata": Object.entries(this.metadata()).map(([key, value]) => `${key} ${encode(value)}`).join(","),
      },
    });
    if (!answer.ok) throw await problem(answer);
    this.done(answer.headers.get("Photos-Outcome") ?? "exists");
  }

  async transfer(id) {
    const tus = await tusClient(this.queue.form.dataset.tus);
    if (this.state !== "sending") return;
    await new Promise((resolve, reject) => {
      this.release = resolve;
      this.upload = new tus.Upload(this.file, {
        endpoint: this.queue.form.dataset.uploads,
        uploadUrl: id ? `${this.queue.form.dataset.uploads}/${id}` : null,
        metadata: this.metadata(),
        chunkSize: pieceSize,
        retryDelays: [0, 1000, 3000, 10000, 30000],
        storeFingerprintForResuming: !this.digest, // the service finds the others by their digest
        removeFingerprintOnSuccess: true,
        uploadDataDuringCreation: this.file.size <= pieceSize,
        onProgress: (sent) => this.progress(sent),
        onAfterResponse: (request, response) => {
          this.answer = response.getHeader("Photos-Outcome") ?? this.answer;
          if (request.getMethod() === "HEAD" && response.getStatus() < 300) this.goOn(Number(response.getHeader("Upload-Offset")));
        },
        onShouldRetry: (error) => !(error.originalResponse?.getStatus() >= 400 && error.originalResponse.getStatus() < 500) || [409, 423].includes(error.originalResponse.getStatus()),
        onSuccess: () => { this.done(this.answer ?? "uploaded"); resolve(); },
        onError: (error) => reject(tusProblem(error)),
      });
      const begin = async () => {
        if (!this.digest && !id) {
          const [former] = await this.upload.findPreviousUploads();
          if (former) this.upload.resumeFromPreviousUpload(former);
        }
        if (this.state === "sending") this.upload.start();
      };
      begin().catch(reject);
    });
  }

  progress(sent) {
    this.sent = this.bar.value = sent;
    this.queue.update();
  }

  // goOn notes that the service has the first bytes of the photo already.
  goOn(offset) {
    if (!(offset > 0)) return;
    this.progress(offset);
    this.note.textContent = `Continues at ${Math.floor(offset / this.file.size * 100)} %`;
  }

  done(outcome) {
    this.outcome = outcome;
    this.state = "done";
    this.sent = this.bar.value = this.bar.max;
    this.row.className = "good";
    for (const twin of this.queue.items) { // a second file with the same content is not sent
      if (twin.state === "known" && twin.digest && twin.digest === this.digest) twin.state = "new";
    }
    this.note.textContent = { exists: "Was here already", described: "Was here already; description added", restored: "Restored from the trash" }[outcome] ?? "Done";
  }

  // fail shows why the photo could not be sent. What stops all photos pauses all.
  async fail(error) {
    if (this.state === "stopped") return;
    const { queue, state } = this;
    const away = !(error.status < 500) && !await queue.checker.answers();
    if (this.state !== state) return; // the user has paused meanwhile
    if (away || error.status === 401) {
      this.state = "stopped";
      this.note.textContent = "Paused";
      if (away) queue.interrupt("The service does not answer. Resume in a moment.");
      else queue.interrupt("You are signed out. ", make("a", { href: queue.form.dataset.login, target: "_blank", textContent: "Sign in in another tab" }), ", and then resume.");
      return;
    }
    if (error.status === 415 && this.inFolder) {
      this.skip();
      return;
    }
    this.outcome = "failed";
    this.state = "done";
    this.row.className = "bad";
    this.note.textContent = error.message;
    const again = make("button", { type: "button", className: "quiet", textContent: "Try again", ariaLabel: `Try again: ${this.file.name}` });
    again.addEventListener("click", () => {
      again.remove();
      Object.assign(this, { outcome: null, state: "new" });
      this.row.className = "";
      this.note.textContent = "Waiting";
      this.queue.pause.hidden = false;
      this.queue.tell();
      this.queue.next();
    });
    if (error.status !== 422 && error.status !== 415) this.row.append(again);
  }

  // skip leaves out a file of a folder that is not a photo.
  skip() {
    this.outcome = "skipped";
    this.state = "done";
    this.sent = this.bar.value = this.bar.max;
    this.note.textContent = "Left out: not a photo or video";
  }
}

const unreadable = () => Object.assign(new Error("The file could not be read."), { status: 0 });

// request is fetch, with an error in words when there is no answer.
const request = (address, options) => fetch(address, options).catch(() => { throw new Error("The connection was lost."); });

// problem returns the error of an answer of the service.
async function problem(answer) {
  let text = "";
  try {
    text = words(await answer.json());
  } catch { /* no problem document */ }
  return Object.assign(new Error(text || `The service answered ${answer.status}.`), { status: answer.status });
}

function tusProblem(error) {
  const answer = error.originalResponse;
  let text = "";
  try {
    text = words(JSON.parse(answer.getBody()));
  } catch { /* no answer, or no problem document */ }
  return Object.assign(new Error(text || (answer ? `The service answered ${answer.getStatus()}.` : "The connection was lost.")), { status: answer?.getStatus() });
}

// words returns what a problem document says. The hint of other kinds is for programs.
const words = ({ detail, hint, kind }) => sentence(detail) + (kind === "too_large" && hint ? ` ${sentence(hint)}` : "");

const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) + "." : "");
