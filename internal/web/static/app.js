// What the pages do more where scripts run: keys, selection, pages that continue by
// themselves, descriptions that are saved in place. Without it everything works, too.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// typing reports whether keys belong to a field.
const typing = (event) => event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, video");

function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !typing(event) && $("#search")) {
      event.preventDefault();
      $("#search").select();
      return;
    }
    if (typing(event)) return;
    const link = { ArrowLeft: "prev", k: "prev", ArrowRight: "next", j: "next" }[event.key];
    if (link && $(".one")) $(`.one a[rel=${link}]`)?.click();
    if (link && $("#grid .tile")) moveFocus(event, link === "next" ? 1 : -1);
    if (event.key === "Escape" && $("#grid")) clearSelection();
  });
}

// moveFocus goes from photo to photo in the grid.
function moveFocus(event, by) {
  const links = $$("#grid .tile > a");
  const at = links.indexOf(document.activeElement);
  const to = at < 0 ? 0 : at + by;
  if (!links[to]) return;
  event.preventDefault();
  links[to].focus();
}

function clearSelection() {
  for (const box of $$("#grid .pick :checked")) box.checked = false;
  countSelection();
}

function countSelection() {
  const n = $$("#grid .pick :checked").length;
  const status = $("#grid .picked");
  if (status) status.textContent = n ? `${n} selected` : "";
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

// endless adds the next page when its link comes near.
function endless() {
  if (!("IntersectionObserver" in window) || !$("#grid .more a")) return;
  const watch = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting || $$("#grid .tile").length >= mostTiles) return;
    const more = entry.target;
    watch.unobserve(more);
    try {
      const answer = await fetch($("a", more).href, { redirect: "error" });
      if (!answer.ok) return; // the link is still there
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      append(more, page);
    } catch {
      return;
    }
    const next = $("#grid .more");
    if (next) watch.observe(next);
  }, { rootMargin: "1200px" });
  watch.observe($("#grid .more"));
}

// append puts the photos of a page before the link to it, and months together.
function append(more, page) {
  for (const month of $$("#grid .month", page)) {
    const before = $$("#grid .month").at(-1);
    if (before && $("h3", before).textContent === $("h3", month).textContent) {
      $(".rows", before).append(...$(".rows", month).children);
    } else {
      more.before(document.importNode(month, true));
    }
  }
  const next = $("#grid .more", page);
  if (next) more.replaceWith(next);
  else more.remove();
}

// describing saves a description without leaving the page.
function describing() {
  const form = $("form.describe");
  if (!form) return;
  const text = $("textarea", form);
  const status = $(".status", form);
  let saved = text.value;
  text.addEventListener("input", () => { status.textContent = ""; });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    status.textContent = "Saving…";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!answer.ok || !answer.redirected) throw new Error();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      saved = text.value = $("form.describe textarea", page).value;
      form.elements.version.value = $("form.describe [name=version]", page).value;
      const history = $(".history", page);
      if (history) ($(".history") ?? form.parentElement.insertBefore(document.createElement("details"), form.nextElementSibling)).replaceWith(history);
      status.textContent = "Saved.";
    } catch {
      form.submit(); // the page that comes says what is wrong
      saved = text.value;
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (text.value !== saved) event.preventDefault();
  });
}

keys();
selection();
endless();
describing();
for (const form of $$("form[data-upload]")) import(form.dataset.upload).then((module) => module.start(form));
