// Comments: sent without leaving the page, and names completed after an @. Pages
// work without this; it drives the same forms.

const names = /(?:^|[^\p{L}\p{N}_])@([\p{L}\p{N}_.+@-]{0,60})$/u;
const settle = 120; // milliseconds without a key before names are looked up

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-comment-form]");
  if (!form) return;
  event.preventDefault();
  send(form);
});

// While somebody types a comment, keys belong to it: Ctrl+Enter sends it and must
// not approve the example.
document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-comment-form] textarea");
  if (!field) return;
  const list = listOf(field);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    field.form.requestSubmit();
  } else if (list && ["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(event.key)) {
    if (event.key === "Tab" && event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    walk(field, list, event.key);
  }
}, true);

document.addEventListener("input", (event) => {
  const field = event.target.closest?.("[data-comment-form] textarea");
  if (!field) return;
  keep(field);
  clearTimeout(field.lookUp);
  const word = before(field);
  if (word === null) close(field);
  else field.lookUp = setTimeout(() => offer(field, word), settle);
});

// What was typed is kept in this browser until the server has it.
document.addEventListener("focusin", (event) => {
  const field = event.target.closest?.("[data-comment-form] textarea");
  if (field && field.value === "") field.value = kept(field);
});

document.addEventListener("focusout", (event) => {
  const field = event.target.closest?.("[data-comment-form] textarea");
  if (field) setTimeout(() => close(field), 200); // a click on a name comes first
});

async function send(form) {
  const card = form.closest("[data-comments]");
  const field = form.querySelector("textarea");
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", redirect: "error", headers: { "HX-Request": "true" },
    });
    const doc = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = doc.querySelector("[data-comments]");
    if (!fresh) throw new Error(doc.querySelector(".problem-page > p:not(.status)")?.textContent ?? "The server did not answer as it should.");
    if (response.ok) keep(field, "");
    card.replaceWith(document.adoptNode(fresh));
    (fresh.querySelector("[aria-invalid=true]") ?? fresh.querySelector("h3")).focus();
  } catch (error) {
    button.disabled = false;
    complain(form, error instanceof TypeError ? "There is no connection. What you wrote is still here: try again." : error.message);
    field.focus();
  }
}

const draft = (field) => `spotter:comment:${document.getElementById("bench")?.dataset.user ?? ""}:${new URL(field.form.action).pathname}`;

function keep(field, text = field.value) {
  try {
    if (text) localStorage.setItem(draft(field), text);
    else localStorage.removeItem(draft(field));
  } catch {
    // The browser keeps nothing.
  }
}

function kept(field) {
  try {
    return localStorage.getItem(draft(field)) ?? "";
  } catch {
    return "";
  }
}

function complain(form, text) {
  form.querySelector("[data-complaint]")?.remove();
  const p = document.createElement("p");
  p.className = "problem";
  p.dataset.complaint = "";
  p.setAttribute("role", "alert");
  p.textContent = text;
  form.prepend(p);
}

// before is what was typed after the @ that the cursor stands in; null: none.
function before(field) {
  if (field.selectionStart !== field.selectionEnd) return null;
  return names.exec(field.value.slice(0, field.selectionStart))?.[1] ?? null;
}

const listOf = (field) => field.form.querySelector("[data-names] [role=listbox]");

function close(field) {
  field.form?.querySelector("[data-names]")?.replaceChildren();
  for (const name of ["aria-activedescendant", "aria-controls", "aria-autocomplete"]) field.removeAttribute(name);
}

async function offer(field, word) {
  let doc;
  try {
    const response = await fetch(`/names?q=${encodeURIComponent(word)}`, { credentials: "same-origin", headers: { "HX-Request": "true" } });
    if (!response.ok) return;
    doc = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return; // a help that is missing is not missed
  }
  if (before(field) !== word || document.activeElement !== field) return;
  const found = [...doc.querySelectorAll("[data-hints] > li")];
  close(field);
  if (found.length === 0) return;
  const list = document.createElement("ul");
  list.className = "names";
  list.id = `${field.id}-names`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People you can name");
  found.forEach((from, i) => {
    const li = document.createElement("li");
    li.id = `${list.id}-${i}`;
    li.setAttribute("role", "option");
    li.setAttribute("aria-selected", String(i === 0));
    li.dataset.insert = from.dataset.insert;
    li.textContent = from.textContent.trim();
    // The field keeps the focus; choosing waits for the click, so that the finger
    // doesn't press what lies under the list once that is gone.
    li.addEventListener("mousedown", (event) => event.preventDefault());
    li.addEventListener("click", () => choose(field, li));
    list.append(li);
  });
  const say = document.createElement("p");
  say.className = "hidden-text";
  say.setAttribute("role", "status");
  say.textContent = found.length === 1 ? "1 person. Enter names them." : `${found.length} people. Arrow keys choose, Enter names.`;
  field.form.querySelector("[data-names]").replaceChildren(list, say);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-activedescendant", `${list.id}-0`);
}

function walk(field, list, key) {
  const options = [...list.children];
  const at = options.findIndex((o) => o.getAttribute("aria-selected") === "true");
  if (key === "Escape") return close(field);
  if (key === "Enter" || key === "Tab") return choose(field, options[at]);
  const next = (at + (key === "ArrowDown" ? 1 : options.length - 1)) % options.length;
  options.forEach((o, i) => o.setAttribute("aria-selected", String(i === next)));
  options[next].scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", options[next].id);
}

function choose(field, option) {
  const end = field.selectionStart;
  const start = end - before(field).length;
  field.setRangeText(`${option.dataset.insert} `, start, end, "end");
  close(field);
  field.focus();
}
