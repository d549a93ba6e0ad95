// What the pages also do where scripts run: keys, selection, pages that continue by
// themselves, descriptions that are saved in place. Everything works without it.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// typing reports whether keys belong to a field or to a video.
const typing = (event) => event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, video, dialog");

// The keys of the grid and of a photo's page, for people and for the handler below. Letters may
// be switched off: a dictated word must not move anything.
const shortcuts = [
  ["← →", "previous and next photo"],
  ["j k", "next and previous photo"],
  ["x", "select the photo", "grid"],
  ["a", "go to what is done with the selected photos", "grid"],
  ["Esc", "select nothing", "grid"],
  ["/", "search", "grid"],
  ["e", "describe the photo", "one"],
  ["?", "these keys"],
];
const lettersKey = "photos-letters";

// setting reads a setting that this browser keeps, and writes it if there is a value. A browser
// that keeps no cookies keeps no settings.
function setting(key, value) {
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
const letters = () => setting(lettersKey) !== "off";

function keys() {
  const help = keyHelp();
  document.addEventListener("keydown", (event) => {
    if (typing(event) || event.key.length === 1 && !letters()) return;
    const act = {
      "/": () => $("#search")?.select(), "?": () => help?.showModal(), e: () => $("#description")?.focus(),
      x: () => document.activeElement.closest?.(".tile")?.querySelector(".pick input").click(),
      a: () => $("#grid .tray input")?.focus(), Escape: () => $("#grid") && clearSelection(),
      ArrowLeft: () => step(-1), k: () => step(-1), ArrowRight: () => step(1), j: () => step(1),
    }[event.key];
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault();
    act();
  });
}

// step goes to the next or previous photo.
function step(by) {
  if ($(".one")) $(`.one a[rel=${by > 0 ? "next" : "prev"}]`)?.click();
  const links = $$("#grid .tile > a");
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : at + by]?.focus();
}

// keyHelp adds a button that lists the keys, and returns the list.
function keyHelp() {
  const place = $("#grid") ? "grid" : $(".one") ? "one" : "";
  if (!place) return null;
  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const list = make("dl");
  for (const [key, what, where] of shortcuts) {
    if (!where || where === place) list.append(make("dt", {}, ...key.split(" ").flatMap((one) => [make("kbd", { textContent: one }), " "])), make("dd", { textContent: what }));
  }
  const box = make("input", { type: "checkbox", checked: letters() });
  box.addEventListener("change", () => setting(lettersKey, box.checked ? "on" : "off"));
  const title = make("h2", { id: "keys-title", textContent: "Keys" });
  const help = make("dialog", { className: "keys" }, title, list, make("label", {}, box, " Letters and signs are keys"),
    make("form", { method: "dialog" }, make("button", { textContent: "Close" })));
  help.setAttribute("aria-labelledby", title.id);
  help.addEventListener("close", () => { if (help.contains(document.activeElement)) document.activeElement.blur(); });
  const open = make("button", { type: "button", className: "quiet", textContent: "Keys" });
  open.addEventListener("click", () => help.showModal());
  document.body.append(make("footer", { className: "foot" }, open), help);
  return help;
}

function clearSelection() {
  for (const box of $$("#grid .pick :checked")) box.checked = false;
  countSelection();
}

const mostSelected = 1000; // that the service changes at once

function countSelection() {
  const n = $$("#grid .pick :checked").length;
  const status = $("#grid .picked");
  if (!status) return;
  status.textContent = n > mostSelected ? `${n} selected. Select at most ${mostSelected}.` : n ? `${n} selected` : "";
  for (const button of $$("#grid .tray button")) button.disabled = n > mostSelected;
}

// selection counts what is selected, and selects a range with the shift key.
function selection() {
  const grid = $("#grid");
  if (!grid) return;
  let last = null;
  grid.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input");
    if (!box) return;
    const boxes = $$(".pick input", grid);
    if (event.shiftKey && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
  });
  grid.addEventListener("change", countSelection);
  window.addEventListener("pageshow", countSelection);
}

const mostTiles = 2000; // more would make the browser slow; a link leads on

// nextPage returns the paragraph with the link to the next page.
const nextPage = (root = document) => $("#grid a[rel=next]", root)?.closest(".more");

// endless adds the next page when its link comes near.
function endless() {
  if (!("IntersectionObserver" in window) || !nextPage()) return;
  const watch = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting || $$("#grid .tile").length >= mostTiles) return;
    const more = entry.target;
    watch.unobserve(more);
    try {
      const answer = await fetch($("a", more).href, { redirect: "error" });
      if (!answer.ok) return; // the link is still there
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      append(more, page, $("a", more).getAttribute("href"));
    } catch {
      return;
    }
    const next = nextPage();
    if (next) watch.observe(next);
  }, { rootMargin: "1200px" });
  watch.observe(nextPage());
}

// append puts the photos of a page before the link to it, and months together. The photos remember
// the address of their page.
function append(more, page, address) {
  for (const tile of $$("#grid .tile", page)) tile.dataset.page = address;
  for (const month of $$("#grid .month", page)) {
    const before = $$("#grid .month").at(-1);
    if (before && $("h3", before).textContent === $("h3", month).textContent) {
      $(".rows", before).append(...$(".rows", month).children);
    } else {
      more.before(document.importNode(month, true));
    }
  }
  const next = nextPage(page);
  if (next) more.replaceWith(next);
  else more.remove();
}

// returning leads back to the photo that was opened. The browser's history gets the address of the
// page with the photo, and the focus goes to it.
function returning() {
  const grid = $("#grid");
  if (!grid) return;
  const idOf = (link) => link.pathname.split("/").at(-1);
  grid.addEventListener("click", (event) => {
    const link = event.target.closest(".tile > a");
    if (!link) return;
    const page = link.closest(".tile").dataset.page ?? location.pathname + location.search;
    history.replaceState(null, "", `${page}#${idOf(link)}`);
  });
  const opened = location.hash.slice(1);
  if (opened) $$("#grid .tile > a").find((link) => idOf(link) === opened)?.focus();
}

// describing saves description and tags without leaving the page.
function describing() {
  const form = $("form.describe");
  if (!form) return;
  const status = $(".status", form);
  const fields = () => form.elements.description.value + "\0" + form.elements.tags.value;
  let saved = fields();
  form.addEventListener("input", () => { status.textContent = ""; });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  const save = async () => {
    status.textContent = "Saving…";
    const sent = fields();
    let answer, text;
    try {
      answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      text = await answer.text();
    } catch { /* there is no answer, or not all of it */ }
    if (text === undefined || answer.status >= 500) {
      status.textContent = "Not saved, because the service does not answer. Try again in a moment.";
      return;
    }
    const page = new DOMParser().parseFromString(text, "text/html");
    const now = $("form.describe", page)?.elements;
    if (!answer.ok || !answer.redirected || !now) {
      saved = fields();
      form.submit(); // the page that comes says what is wrong
      return;
    }
    const typedOn = fields() !== sent;
    for (const name of typedOn ? ["version", "had"] : ["description", "tags", "had", "version"]) form.elements[name].value = now[name].value;
    saved = now.description.value + "\0" + now.tags.value;
    showSaved(page);
    status.textContent = "Saved.";
  };
  let last = Promise.resolve();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    last = last.then(save); // one after the other: each needs the version that the one before made
  });
  window.addEventListener("beforeunload", (event) => {
    if (fields() !== saved) event.preventDefault();
  });
}

// showSaved takes what the description and the tags changed from the page as it is now.
function showSaved(page) {
  for (const part of ["title", "h1"]) $(part).textContent = $(part, page).textContent;
  for (const name of ["alt", "aria-label"]) {
    const [was, is] = [document, page].map((root) => $(`.one figure [${name}]`, root));
    if (was && is) was.setAttribute(name, is.getAttribute(name));
  }
  $(".about dl").replaceWith($(".about dl", page));
  const history = $(".history", page);
  if (!history) return;
  history.open = $(".history")?.open ?? false;
  if ($(".history")) $(".history").replaceWith(history);
  else $("form.describe").after(history);
}

// watching says so when the browser cannot play a video. A video that stops after a while is
// loaded again: the address of its bytes may have been valid only for some minutes.
function watching() {
  const video = $(".one video");
  if (!video) return;
  let again = 0;
  const failed = () => {
    const at = video.currentTime;
    if (at === 0 || Date.now() - again < 60000) {
      $(".unplayable").textContent = "This browser cannot play this video. Download the original to watch it.";
      return;
    }
    again = Date.now();
    video.load();
    video.currentTime = at;
    video.play().catch(() => {}); // the user starts it
  };
  if (video.error) failed();
  else video.addEventListener("error", failed);
}

// limiting says that a text is too long before it is sent. Browsers count its characters, and the
// service its bytes.
function limiting() {
  for (const field of $$("[data-bytes]")) {
    const most = Number(field.dataset.bytes);
    field.addEventListener("input", () => {
      const bytes = new TextEncoder().encode(field.value.trim()).length;
      field.setCustomValidity(bytes > most ? `This text is too long: ${bytes.toLocaleString("en")} bytes. At most ${most.toLocaleString("en")} can be stored.` : "");
    });
  }
}

// copying copies the address of a link to the clipboard.
function copying() {
  for (const button of $$("[data-copy]")) {
    const field = $(button.dataset.copy);
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        document.execCommand("copy"); // over http, browsers have no clipboard
      }
      $("#copied").textContent = "Copied.";
    });
  }
}

// pressingOnce ignores the second click of a double click, which would send a form twice.
function pressingOnce() {
  document.addEventListener("click", (event) => { if (event.detail > 1 && event.target.closest("form button")) event.preventDefault(); });
}

pressingOnce();
keys();
selection();
endless();
returning();
describing();
watching();
limiting();
copying();
for (const form of $$("form[data-upload]")) import(form.dataset.upload).then((module) => module.start(form));
