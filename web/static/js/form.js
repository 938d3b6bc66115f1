// The form of the messages: fetched when somebody edits, drawn anew by the server
// after each act (add, remove, move, split, as JSON). What is typed stays in the
// fields, which belong to the form that decides; review.js sends and keeps it.
// Pages work without this: each act is a button of the same form.

/** A control of the edit of a conversation. */
export const isEdit = (control) => control.name.startsWith("message.");

/** Whether a control differs from what is stored. */
export function touched(control) {
  if ("changed" in control.dataset) return true;
  if (control.type === "radio" || control.type === "checkbox") return control.checked !== control.defaultChecked;
  if (control instanceof HTMLSelectElement) {
    const first = [...control.options].find((o) => o.defaultSelected) ?? control.options[0];
    return control.value !== (first?.value ?? "");
  }
  return control.value !== control.defaultValue;
}

const formOf = (article) => article.querySelector("form[data-decide]");
const editorOf = (article) => article.querySelector("fieldset[data-edit]");
const fields = (article) => [...(formOf(article)?.elements ?? [])].filter((c) => c.name && isEdit(c) && c.tagName !== "BUTTON");

const waiting = new WeakMap(); // article -> the request under way

/** Whether the form is on its way: keys then mean nothing. */
export const busy = (article) => waiting.has(article);

/** What differs from what is stored, as [name, value] pairs. */
export function changes(article) {
  return fields(article).filter(touched).map((c) => [c.name, c.value]);
}

/** Takes the form away, and with it what was typed. */
export function drop(article) {
  editorOf(article)?.remove();
}

// The button of an element of a list itself, not of what is inside of it.
const rowButton = (item, verb) => [...item.querySelectorAll(`button[value^="${verb}:"]`)].find((b) => b.closest(".ef")?.parentElement === item);

/** Shows or hides the form; what is hidden is not sent. */
export function show(article, on) {
  const editor = editorOf(article);
  if (!editor) return;
  editor.disabled = editor.hidden = !on;
  // What has a key of its own is no stop on the way through a list.
  for (const item of editor.querySelectorAll(".ef-items > li")) {
    for (const verb of ["up", "down", "remove"]) rowButton(item, verb)?.setAttribute("tabindex", "-1");
  }
  if (on) for (const c of fields(article)) grow(c);
}

/** Puts the cursor where somebody most likely wants to edit: where the worst finding points. */
export function focus(article) {
  const editor = editorOf(article);
  if (!editor) return;
  const found = [...places(article)].find((p) => p.severity === "error") ?? [...places(article)].find((p) => p.severity === "warning");
  const wrong = found?.box.querySelector(":is(input, textarea, select):not([hidden], [type=hidden], :disabled)");
  if (wrong) {
    for (let d = wrong.closest("details:not([open])"); d; d = d.parentElement.closest("details:not([open])")) d.open = true;
    wrong.focus();
    // A number is typed over, as after Tab; the caret in front of it would add to it.
    if (wrong.matches("input:is([inputmode=decimal], [inputmode=numeric], [type=number])")) wrong.select();
    wrong.scrollIntoView({ block: "center" });
    return;
  }
  const turns = [...editor.querySelectorAll(".turn-assistant [data-turn]")];
  const last = turns.at(-1) ?? editor;
  const field = last.querySelector(".ef-group :is(input, textarea, select):not([hidden]), .editor-message > .ef textarea") ?? editor.querySelector("textarea, input:not([hidden])");
  field?.focus();
  field?.scrollIntoView({ block: "center" });
}

/**
 * Makes sure that the form is there; values are those of a draft. post sends a
 * form and returns {status, ok, doc}. Returns null, or what went wrong as
 * {status}, where status 0 means no connection.
 */
export async function open(article, post, values = null) {
  if (waiting.has(article)) await waiting.get(article);
  if (editorOf(article) && !values) return null;
  return ask(article, post, Object.entries(values ?? {}));
}

async function ask(article, post, pairs) {
  const form = formOf(article);
  const body = new URLSearchParams({ revision: article.dataset.revision });
  for (const [name, value] of pairs) body.append(name, value);
  const request = post(form.dataset.form, body).catch(() => ({ status: 0 }));
  waiting.set(article, request);
  const answer = await request;
  waiting.delete(article);
  const fresh = answer.ok && answer.doc.querySelector("fieldset[data-edit]");
  if (!fresh) return answer;
  const old = editorOf(article);
  const open = keepOpen(old);
  const editor = document.adoptNode(fresh);
  if (old) old.replaceWith(editor);
  else article.querySelector(".item-main").append(editor);
  for (const d of editor.querySelectorAll("details")) if (open.has(nameOf(d))) d.open = true;
  show(article, true);
  return null;
}

// Which folded parts were open, by their headings.
const nameOf = (d) => `${d.closest("[id]")?.id} ${d.querySelector("summary").textContent.trim().slice(0, 60)}`;
const keepOpen = (editor) => new Set([...(editor?.querySelectorAll("details[open]") ?? [])].map(nameOf));

/** Carries out an act of the form; returns what went wrong like open. */
export async function act(article, post, op, split = null) {
  if (waiting.has(article)) return null;
  const pairs = changes(article);
  pairs.push(["op", op]);
  if (split !== null) pairs.push(["split", String(split)]);
  const problem = await ask(article, post, pairs);
  if (problem) return problem;
  const editor = editorOf(article);
  const target = editor.querySelector("[autofocus]");
  for (let d = target?.closest("details:not([open])"); d; d = d.parentElement.closest("details:not([open])")) d.open = true;
  (target && !target.matches(":disabled") ? inner(target) : editor.querySelector("textarea, select"))?.focus();
  editor.dispatchEvent(new Event("input", { bubbles: true }));
  return null;
}

// A group that was just added is filled in from its first field on.
const inner = (target) => (target.matches("[role=group]") ? target.querySelector(":is(input, textarea, select):not([hidden])") ?? target : target);

const growsByItself = CSS.supports("field-sizing", "content");
function grow(field) {
  if (growsByItself || !field.matches("textarea")) return;
  field.rows = Math.min(40, field.value.split("\n").reduce((n, line) => n + 1 + Math.floor(line.length / 80), 0));
}

// While somebody types: what can be said at once. The checks say the rest.

const spell = (n) => String(Math.round(n * 100) / 100);
const numeral = /^\s*[-+]?\d*[.,]?\d+([eE][-+]?\d+)?\s*$/;
const value = (field) => (numeral.test(field.value) ? Number(field.value.trim().replace(",", ".")) : NaN);

function typed(field) {
  grow(field);
  if (!field.matches("[data-number]")) return;
  const line = document.getElementById(field.getAttribute("aria-describedby"));
  const wrong = field.value.trim() !== "" && Number.isNaN(value(field));
  if (line) {
    line.querySelector("span").textContent = wrong ? field.dataset.number : "";
    line.hidden = !wrong;
  }
  if (wrong) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  gauge(field);
  const sum = field.closest("[data-sum]");
  if (sum && field.name.endsWith(sum.dataset.sum)) total(sum);
}

function gauge(field) {
  const svg = field.closest(".ef")?.querySelector("[data-gauge]");
  if (!svg) return;
  const low = Number(field.dataset.min || 0);
  const high = Number(field.dataset.max || 1);
  const n = value(field);
  const at = Math.min(1, Math.max(0, (n - low) / (high - low)));
  const dot = svg.querySelector(".gauge-at");
  const note = field.closest(".ef").querySelector(":scope > .note");
  // What is no number is nowhere on the gauge, and within nothing.
  if (Number.isNaN(at)) dot.setAttribute("visibility", "hidden");
  else dot.removeAttribute("visibility");
  if (note) note.hidden = Number.isNaN(at);
  if (Number.isNaN(at)) return;
  dot.setAttribute("cx", `${(at * 100).toFixed(1)}%`);
  if (!note || !svg.dataset.from) return;
  const [from, to] = [Number(svg.dataset.from), Number(svg.dataset.to)];
  const where = n < from ? "below" : n > to ? "above" : "within";
  const tone = n < low || n > high ? "danger" : where === "within" ? "good" : "caution";
  note.textContent = tone === "danger" ? `outside of ${spell(low)} to ${spell(high)}` : `${where} the expected ${spell(from)} to ${spell(to)}`;
  note.className = `note tone-${tone}`;
  svg.setAttribute("class", `gauge tone-${tone}`);
}

function total(list) {
  const whole = Number(list.dataset.whole);
  const percent = whole === 1;
  const all = [...list.querySelectorAll("[data-number]")].filter((f) => f.name.endsWith(list.dataset.sum)).map(value);
  const line = list.querySelector("[data-total]");
  if (!line) return;
  const sum = all.reduce((a, b) => a + b, 0);
  const says = (n) => (percent ? `${spell(n * 100)} %` : spell(n));
  const right = Math.abs(sum - whole) <= 0.005;
  const without = all.filter(Number.isNaN).length;
  if (without > 0) line.textContent = without === 1 ? "One has no number" : `${without} have no number`;
  else line.textContent = `Together ${says(sum)}${right ? "" : `, not ${says(whole)}`}`;
  line.className = `ef-sum tone-${right ? "good" : "danger"}`;
}

// The fields that findings point at, as {link, box, severity}.
function* places(article) {
  const editor = editorOf(article);
  const checkedNow = article.querySelector("[data-checked-list]")?.childElementCount > 0 || article.querySelector("[data-findings]")?.hidden;
  for (const link of article.querySelectorAll(`${checkedNow ? "[data-checked-list]" : "[data-findings]"} a[data-finding]`)) {
    const hash = link.dataset.editUrl ?? link.getAttribute("href");
    const target = document.getElementById(hash.slice(1));
    const box = target && editor.contains(target) && target.closest(".ef, [data-turn]");
    if (!box || target === editor) continue;
    yield { link, box, severity: link.closest("li")?.querySelector(".badge")?.className.match(/is-(error|warning|info)/)?.[1] ?? "info" };
  }
}

// What the checks found stands at its field, too.
function place(article) {
  const editor = editorOf(article);
  if (!editor) return;
  for (const old of editor.querySelectorAll(".ef-finding")) old.remove();
  for (const { link, box, severity } of places(article)) {
    // What was found is about the value from before; what is typed says so itself.
    if (box.querySelector(":scope > .ef-value > [aria-invalid=true]")) continue;
    const p = document.createElement("p");
    p.className = `ef-finding is-${severity}`;
    p.textContent = link.textContent;
    const head = box.querySelector(":scope > .ef-head, :scope > .editor-head, :scope > .ef-value");
    if (head) head.after(p);
    else box.append(p);
  }
}

// A value and the words it came from light up together.
function light(bench) {
  const lit = (on) => (event) => {
    const slot = event.target.closest?.("[data-slot]")?.dataset.slot;
    if (!slot) return;
    for (const el of event.target.closest("article").querySelectorAll(`[data-slot="${CSS.escape(slot)}"]`)) el.classList.toggle("lit", on);
  };
  for (const name of ["pointerover", "focusin"]) bench.addEventListener(name, lit(true));
  for (const name of ["pointerout", "focusout"]) bench.addEventListener(name, lit(false));
}

/**
 * Listens to the form in every article of bench. fail says what went wrong
 * with an act.
 */
export function run(bench, post, fail) {
  light(bench);
  const go = async (article, op, split = null) => {
    const problem = await act(article, post, op, split);
    if (problem) fail(article, problem);
  };
  const cursor = new WeakMap(); // message -> where the cursor was, for splitting

  bench.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button[data-op]");
    if (!button) return;
    event.preventDefault();
    const at = button.value.startsWith("turn-split:") ? cursor.get(button.closest("[data-turn]")) ?? null : null;
    go(button.closest("article"), button.value, at);
  });

  bench.addEventListener("focusout", (event) => {
    const turn = event.target.closest?.("[data-turn]");
    if (turn && event.target.matches("textarea") && event.target.closest(".ef").parentElement === turn) cursor.set(turn, event.target.selectionStart);
  });

  bench.addEventListener("input", (event) => {
    if (event.target.closest("[data-edit]") && event.target.name) typed(event.target);
  });

  bench.addEventListener("checked", (event) => place(event.target));

  // Enter adds an element behind, Backspace in an empty one takes it away (Alt and
  // Delete in any), Alt and an arrow move it. Shift+Enter is a line end.
  bench.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!(field instanceof Element) || !field.closest("[data-edit]") || event.isComposing || event.ctrlKey || event.metaKey) return;
    const article = field.closest("article");
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const item = field.closest(".ef-items > li");
      const button = item && rowButton(item, event.key === "ArrowUp" ? "up" : "down");
      if (!button) return;
      event.preventDefault();
      if (!button.disabled) go(article, button.value);
      return;
    }
    if (event.altKey && event.key === "Delete") {
      const button = rowButton(field.closest(".ef-items > li") ?? field, "remove");
      if (!button) return;
      event.preventDefault();
      go(article, button.value);
      return;
    }
    if (event.altKey || !field.matches("input, textarea")) return;
    const at = field.name.match(/^(message\..*:.*\/)(\d+)$/s);
    const single = at && field.closest("li")?.querySelector(":scope > .ef") === field.closest(".ef");
    if (event.key === "Enter" && !event.shiftKey) {
      if (single && !field.value.includes("\n")) {
        event.preventDefault();
        go(article, `add:${at[1]}${Number(at[2]) + 1}`);
      } else if (field.matches("input")) {
        event.preventDefault();
      }
    } else if (event.key === "Backspace" && single && field.value === "" && field.closest("ol").childElementCount > 1) {
      event.preventDefault();
      go(article, `remove:${at[1]}${at[2]}`);
    }
  });
}
