// Uploads with tus (https://tus.io): hundreds of photos by drag and drop, a bar each and one
// for all, pause, and resume, also after the page was left. Nothing is sent that the service
// has already.

const parallel = 3;
const largestDigest = 64 << 20; // bytes; the browser can only digest what is in memory
const pieceSize = 8 << 20;

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const plural = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export function start(form) {
  const queue = new Queue(form);
  form.querySelector("[type=file]").required = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const files = form.querySelector("[type=file]");
    queue.add([...files.files]);
    files.value = "";
  });
  dropping(form, queue);
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
    queue.add(await dropped(event.dataTransfer));
  });
}

// dropped returns the files of a drop, those in its folders, too.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  const found = [];
  const walk = async (entry) => {
    if (entry.name.startsWith(".")) return;
    if (entry.isFile) {
      found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const inner of some) await walk(inner);
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

// tusClient loads the tus client when the first photo comes.
let loading = null;
function tusClient(address) {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(make("script", { src: address, onload: () => resolve(window.tus), onerror: () => reject(new Error("a script could not be loaded")) }));
  });
  return loading;
}

class Queue {
  constructor(form) {
    this.form = form;
    this.items = [];
    this.running = 0;
    this.paused = false;
    this.said = 0;
    window.addEventListener("beforeunload", (event) => { if (this.open.length > 0) event.preventDefault(); });
  }

  get open() { return this.items.filter((item) => !item.outcome); }

  add(files) {
    if (files.length === 0) return;
    this.panel ??= this.build();
    const description = this.form.elements.description.value.trim();
    for (const file of files) {
      const item = new Item(this, file, description);
      this.items.push(item);
      this.list.append(item.row);
    }
    this.update();
    this.next();
  }

  build() {
    this.total = make("progress", { className: "total", max: 1, value: 0, ariaLabel: "All photos" });
    this.status = make("p", { className: "status", role: "status" });
    this.pause = make("button", { type: "button", className: "quiet", textContent: "Pause" });
    this.pause.addEventListener("click", () => this.toggle());
    this.list = make("ul", { className: "files" });
    const panel = make("section", { className: "uploads", ariaLabel: "Uploads" }, make("div", { className: "sum" }, this.status, this.pause), this.total, this.list);
    this.form.after(panel);
    return panel;
  }

  toggle() {
    this.paused = !this.paused;
    this.pause.textContent = this.paused ? "Resume" : "Pause";
    for (const item of this.items) {
      if (this.paused) item.stop();
      else if (item.stopped) item.stopped = false;
    }
    this.update();
    if (!this.paused) this.next();
  }

  next() {
    for (const item of this.items) {
      if (this.paused || this.running >= parallel) return;
      if (item.waiting) {
        this.running++;
        item.run().finally(() => { this.running--; this.update(); this.next(); });
      }
    }
    if (this.open.length === 0 && this.items.length > 0) this.finish();
  }

  update() {
    const bytes = this.items.reduce((sum, item) => sum + item.file.size, 0);
    const sent = this.items.reduce((sum, item) => sum + (item.outcome ? item.file.size : item.sent), 0);
    this.total.value = bytes ? sent / bytes : 1;
    const done = this.items.length - this.open.length;
    const now = Date.now();
    if (this.open.length > 0 && now - this.said < 1000) return; // a screen reader reads each change
    this.said = now;
    const failed = this.items.filter((item) => item.outcome === "failed").length;
    this.status.textContent = `${done} of ${plural(this.items.length, "photo", "photos")} done` +
      (failed ? `, ${failed} failed` : "") + (this.paused ? ", paused" : "");
  }

  finish() {
    this.said = 0;
    this.update();
    this.pause.hidden = true;
    const count = (...outcomes) => this.items.filter((item) => outcomes.includes(item.outcome)).length;
    if (count("failed") > 0) {
      this.status.append(" ", make("a", { href: this.form.dataset.after, textContent: "Show my photos" }));
      return;
    }
    const query = new URLSearchParams({ uploaded: count("uploaded", "restored", "repaired"), exists: count("exists", "described") });
    window.location.assign(`${this.form.dataset.after}?${query}`);
  }
}

// Item is one photo on its way.
class Item {
  constructor(queue, file, description) {
    Object.assign(this, { queue, file, description, sent: 0, outcome: null, stopped: false, busy: false });
    this.bar = make("progress", { max: file.size || 1, value: 0, ariaLabel: file.name });
    this.note = make("span", { className: "fine" });
    this.row = make("li", {}, make("span", { className: "name", textContent: file.name }), this.bar, this.note);
  }

  get waiting() { return !this.outcome && !this.stopped && !this.busy; }

  async run() {
    this.busy = true;
    try {
      await this.send();
    } catch (error) {
      this.fail(error);
    }
    this.busy = false;
  }

  stop() {
    if (this.outcome || this.stopped) return;
    this.stopped = true;
    this.upload?.abort();
    this.release?.();
    this.note.textContent = "Paused";
  }

  // send asks what the service has of the photo, and sends the rest.
  async send() {
    this.note.textContent = "";
    const known = await this.check();
    if (this.stopped) return;
    if (known?.state === "stored" && (known.description || !this.description)) return this.done("exists");
    if (known?.state === "stored" || known?.state === "trashed") return this.repeat();
    await this.transfer(known?.state === "unfinished" ? known.upload : null);
  }

  async check() {
    if (this.file.size > largestDigest || !window.crypto?.subtle) return null;
    if (!this.digest) {
      const sum = await crypto.subtle.digest("SHA-256", await this.file.arrayBuffer());
      this.digest = [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    const answer = await fetch(this.queue.form.dataset.check, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ids: [this.digest] }),
    });
    if (!answer.ok) throw await problem(answer);
    return (await answer.json()).results[0];
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
    const answer = await fetch(this.queue.form.dataset.uploads, {
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
        onProgress: (sent) => { this.sent = this.bar.value = sent; this.queue.update(); },
        onAfterResponse: (_, response) => { this.answer = response.getHeader("Photos-Outcome") ?? this.answer; },
        onShouldRetry: (error) => !(error.originalResponse?.getStatus() >= 400 && error.originalResponse.getStatus() < 500) || [409, 423].includes(error.originalResponse.getStatus()),
        onSuccess: () => { this.done(this.answer ?? "uploaded"); resolve(); },
        onError: (error) => reject(tusProblem(error)),
      });
      const begin = async () => {
        if (!this.digest && !id) {
          const [former] = await this.upload.findPreviousUploads();
          if (former) this.upload.resumeFromPreviousUpload(former);
        }
        if (!this.stopped) this.upload.start();
      };
      begin().catch(reject);
    });
  }

  done(outcome) {
    this.outcome = outcome;
    this.sent = this.bar.value = this.bar.max;
    this.row.className = "good";
    this.note.textContent = { exists: "Was here already", described: "Was here already; description added", restored: "Restored from the trash" }[outcome] ?? "Done";
  }

  fail(error) {
    if (this.stopped) return;
    if (error.status === 401) return this.signIn();
    this.outcome = "failed";
    this.row.className = "bad";
    this.note.textContent = error.message;
    const again = make("button", { type: "button", className: "quiet", textContent: "Try again", ariaLabel: `Try again: ${this.file.name}` });
    again.addEventListener("click", () => {
      again.remove();
      Object.assign(this, { outcome: null, stopped: false });
      this.row.className = "";
      this.queue.pause.hidden = false;
      this.queue.next();
    });
    if (error.status !== 422 && error.status !== 415) this.row.append(again);
  }

  // signIn pauses all: the session has ended. Nothing is lost.
  signIn() {
    if (!this.queue.paused) this.queue.toggle();
    this.stopped = true;
    this.queue.status.replaceChildren("You are signed out. ", make("a", { href: this.queue.form.dataset.login, target: "_blank", textContent: "Sign in in another tab" }), ", and then resume.");
  }
}

// problem returns the error of an answer of the service.
async function problem(answer) {
  let text = "";
  try {
    text = (await answer.json()).detail;
  } catch { /* no problem document */ }
  return Object.assign(new Error(sentence(text) || `The service answered ${answer.status}.`), { status: answer.status });
}

function tusProblem(error) {
  const answer = error.originalResponse;
  let text = "";
  try {
    text = JSON.parse(answer.getBody()).detail;
  } catch { /* no answer, or no problem document */ }
  return Object.assign(new Error(sentence(text) || (answer ? `The service answered ${answer.getStatus()}.` : "The connection was lost.")), { status: answer?.getStatus() });
}

const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) + "." : "");
