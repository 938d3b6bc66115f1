// The review bench: one bare key decides, the next example is already here, the
// write is confirmed behind it, and what was typed is never lost. Pages work
// without this; it drives the same forms.

import * as drafts from "./draft.js";
import * as forms from "./form.js";

const ahead = 3; // examples that wait behind the current one
const perClaim = 4;
const beat = 60_000; // milliseconds between heartbeats; a lease lasts five minutes
const checkAfter = 400; // milliseconds without a key before what is typed is checked
const swipeLength = 70; // pixels
const swipeWithin = 700; // milliseconds
const keptBehind = 20; // decided examples that can be looked back at

// A random key. crypto.randomUUID would do, but only over HTTPS.
const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

const bench = document.getElementById("bench");
if (bench) run(bench);

function run(bench) {
  const single = bench.classList.contains("bench-single");
  const user = bench.dataset.user;
  const list = bench.querySelector("[data-items]");
  const rest = bench.querySelector("[data-rest]");
  const dialog = bench.querySelector("[data-keys-dialog]");
  const queue = new URLSearchParams();
  for (const input of bench.querySelectorAll("[data-queue] input")) queue.append(input.name, input.value);
  const number = (name) => Number(bench.dataset[name] || 0);
  const count = { done: number("done"), total: number("total"), decisions: number("decisions"), millis: number("millis"), session: number("session") };
  const limit = number("limit");
  // What a session came to so far. Its number is in the address, so it outlives a reload;
  // this does, too.
  const tallyKey = `spotter-tally ${user} ${location.pathname}`;
  const tally = { approve: 0, reject: 0, escalate: 0, skip: 0, ...(number("session") ? kept() : {}) };
  const states = new WeakMap(); // article -> {state, key, body, spent, since, decision, verdict}

  let current = null;
  let saving = 0;
  let failed = 0;
  let writes = Promise.resolve(); // writes go out one after the other
  let claiming = null;
  let exhausted = false;
  let leaving = "";

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(tallyKey) ?? "{}");
    } catch {
      return {}; // no storage, or not ours
    }
  }

  function tell(verdict, by) {
    tally[verdict] += by;
    try {
      sessionStorage.setItem(tallyKey, JSON.stringify(tally));
    } catch {
      // Without storage a reload forgets it, and finish says the number alone.
    }
  }

  const stateOf = (article) => {
    if (!states.has(article)) states.set(article, { state: "open", spent: 0, since: 0 });
    return states.get(article);
  };
  const articles = () => [...list.children];
  const open = () => articles().filter((a) => stateOf(a).state === "open");
  const part = (article, selector) => article.querySelector(selector);
  const words = new Intl.NumberFormat("en");

  // Saying things.

  const say = (text) => {
    bench.querySelector("[data-say]").textContent = text;
  };

  function saved() {
    const el = bench.querySelector("[data-saved]");
    if (!el) return;
    const state = failed ? "failed" : saving ? "saving" : "saved";
    el.dataset.state = state;
    el.textContent = { failed: "Not saved", saving: "Saving…", saved: "Saved" }[state];
  }

  // notice puts a message above an article, or above all of them. actions are
  // buttons {label, run} or links {label, url}.
  function notice(where, kind, text, actions = []) {
    const el = document.createElement("div");
    el.className = `flash flash-${kind}`;
    el.setAttribute("role", kind === "error" ? "alert" : "status");
    const inner = document.createElement("div");
    const p = document.createElement("p");
    p.textContent = text;
    inner.append(p);
    if (actions.length) {
      const row = document.createElement("div");
      row.className = "notice-actions";
      for (const a of actions) {
        const button = document.createElement(a.url ? "a" : "button");
        button.className = "button button-small";
        button.textContent = a.label;
        if (a.url) button.href = a.url;
        else {
          button.type = "button";
          button.addEventListener("click", () => a.run(el));
        }
        row.append(button);
      }
      inner.append(row);
    }
    el.append(inner);
    where.replaceChildren(el);
    return el;
  }
  const above = (article) => part(article, "[data-notices]");
  const general = bench.querySelector(":scope > [data-notices]");

  // How far it is.

  function spell(ms) {
    const s = Math.round(ms / 1000);
    if (ms < 90_000) return `${s} s`;
    const minutes = Math.round(ms / 60_000);
    if (ms < 3_600_000) return `${minutes} min`;
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  const at = () => `${words.format(count.done)} of ${words.format(count.total)}`;

  function position() {
    if (single) return;
    bench.querySelector("[data-position]").textContent = at();
    const part = count.total > 0 ? Math.min(100, (100 * count.done) / count.total) : 0;
    bench.querySelector("[data-bar]").setAttribute("width", `${part.toFixed(1)}%`);
    if (count.decisions > 0 && count.millis > 0) {
      const mean = count.millis / count.decisions;
      const left = count.total - count.done;
      bench.querySelector("[data-pace]").textContent = `${spell(mean)} each` + (left > 0 ? `, ${spell(left * mean)} left` : "");
    }
    if (limit) {
      const url = new URL(location.href);
      url.searchParams.set("done", String(count.session));
      history.replaceState(null, "", url);
    }
  }

  // move counts a decision, or takes one back.
  function move(by, spent) {
    count.done = Math.max(0, count.done + by);
    count.session = Math.max(0, count.session + by);
    count.decisions = Math.max(0, count.decisions + by);
    count.millis = Math.max(0, count.millis + by * spent);
    position();
  }

  // The current example, and the time it is looked at.

  function pause() {
    if (!current) return;
    const s = stateOf(current);
    if (s.since) s.spent += performance.now() - s.since;
    s.since = 0;
  }
  const resume = () => {
    if (current && !document.hidden) stateOf(current).since = performance.now();
  };

  function show(article, focus = true) {
    pause();
    for (const a of articles()) a.hidden = a !== article;
    current = article;
    if (rest) rest.hidden = Boolean(article);
    if (!article) return;
    resume();
    if (focus) {
      scrollTo({ top: 0, behavior: "instant" });
      part(article, "h2").focus({ preventScroll: true });
    }
  }

  // next shows the first open example behind the current one, else the first
  // one at all, else what there is to say when there is none.
  function next() {
    const all = articles();
    const behind = all.slice(all.indexOf(current) + 1).find((a) => stateOf(a).state === "open");
    const found = behind ?? open()[0];
    if (limit && count.session >= limit) return finish();
    if (found) {
      show(found);
      fill();
      return;
    }
    show(null);
    exhausted = false; // something may have come free meanwhile
    rest.replaceChildren(Object.assign(document.createElement("p"), { className: "muted", textContent: "Fetching the next one…" }));
    fill();
  }

  function finish() {
    show(null);
    give(open().map((a) => a.dataset.exampleId));
    for (const a of open()) a.remove();
    const card = document.createElement("section");
    card.className = "finish";
    card.tabIndex = -1;
    const h = document.createElement("h2");
    h.textContent = `Done: ${count.session}`;
    const p = document.createElement("p");
    if (tally.approve + tally.reject + tally.escalate === count.session) {
      p.textContent = `${tally.approve} approved, ${tally.reject} rejected, ${tally.escalate} asked about` + (tally.skip ? `; ${tally.skip} skipped.` : ".");
    }
    const row = document.createElement("div");
    row.className = "row";
    const again = new URL(location.href);
    again.searchParams.delete("done");
    for (const [label, url] of [[`Another ${limit}`, again.pathname + again.search], ["Enough for now", "/review"]]) {
      row.append(Object.assign(document.createElement("a"), { className: "button", textContent: label, href: url }));
    }
    card.append(h, p, row);
    rest.replaceChildren(card);
    card.focus();
    say(`Done, ${count.session} examples.`);
  }

  // Talking to the server.

  async function post(url, body) {
    const response = await fetch(url, {
      method: "POST", body, credentials: "same-origin", redirect: "error", headers: { "HX-Request": "true" },
    });
    const doc = new DOMParser().parseFromString(await response.text(), "text/html");
    return { status: response.status, ok: response.ok, doc };
  }

  const problemIn = (doc) => doc.querySelector("[data-problem] > p, .problem-page > p:not(.status)")?.textContent.trim() || "";
  const loginURL = () => `/login?next=${encodeURIComponent(location.pathname + location.search)}`;

  // fill takes further examples where few wait.
  function fill() {
    if (single || claiming || exhausted) return;
    const waiting = open().length;
    let n = Math.min(perClaim, ahead + 1 - waiting);
    if (limit) n = Math.min(n, limit - count.session - waiting);
    if (n <= 0) return;
    const body = new URLSearchParams(queue);
    body.set("n", String(n));
    claiming = post("/review/claim", body).then(
      (answer) => {
        claiming = null;
        if (!answer.ok) {
          refused(answer);
          return;
        }
        const fresh = answer.doc.querySelectorAll("article.item");
        for (const article of fresh) add(document.adoptNode(article));
        const none = answer.doc.querySelector("[data-none]");
        exhausted = Boolean(none);
        if (current) return;
        if (none) {
          rest.replaceChildren(...document.adoptNode(none).childNodes);
          rest.hidden = false;
          say("Nothing is left in this queue.");
        } else {
          next();
        }
      },
      () => {
        claiming = null;
        notice(general, "error", "The next examples could not be fetched: there is no connection.", [
          { label: "Try again", run: (el) => { el.remove(); fill(); } },
        ]);
      },
    );
  }

  function refused(answer) {
    if (answer.status === 401) {
      notice(general, "error", "You are signed out. What you typed is kept in this browser.", [{ label: "Sign in", url: loginURL() }]);
      return;
    }
    notice(general, "error", problemIn(answer.doc) || "The server did not answer as it should.", [
      { label: "Try again", run: (el) => { el.remove(); fill(); } },
    ]);
  }

  // add puts an article behind the others, or before one, and brings its draft back.
  function add(article, before = null) {
    const same = articles().find((a) => a.dataset.exampleId === article.dataset.exampleId);
    if (same) {
      if (stateOf(same).state === "open" && !before) return same; // it is here already
      same.remove();
    }
    article.hidden = true;
    list.insertBefore(article, before && before.isConnected ? before : null);
    restore(article);
    return article;
  }

  function restore(article) {
    for (const { example, revision, draft, key } of drafts.all(user)) {
      if (example !== article.dataset.exampleId) continue;
      const back = () => {
        drafts.fill(article, draft);
        if (drafts.edits(draft)) edit(article, true, false, drafts.edits(draft));
      };
      const words = Object.keys(draft.values).length > 0; // or only ticks
      if (revision === article.dataset.revision) {
        back();
        notice(above(article), "info", `What you ${words ? "typed" : "ticked"} here before is back. It is not saved yet.`, [
          { label: "Discard it", run: (el) => { discard(article); el.remove(); } },
        ]);
      } else {
        notice(above(article), "warning", `You ${words ? "typed" : "ticked"} something on revision ${revision} of this example; it is at revision ${article.dataset.revision} now.`, [
          { label: words ? "Put my words in" : "Tick it again", run: (el) => { back(); drafts.keep(user, article); el.remove(); } },
          { label: "Forget them", run: (el) => { localStorage.removeItem(key); el.remove(); } },
        ]);
      }
    }
  }

  function discard(article) {
    drafts.reset(article);
    forms.drop(article);
    drafts.forget(user, article);
    edit(article, false);
  }

  // Deciding.

  function complain(article, name, text) {
    const form = part(article, "form[data-decide]");
    const box = part(form, `[data-field="${CSS.escape(name)}"]`);
    if (name === "override_reason") box.classList.add("is-open");
    const panel = box?.closest("details[data-panel]");
    if (panel) panel.open = true;
    const control = [...form.elements].find((c) => c.name === name && !c.disabled && c.type !== "radio");
    const line = control && document.getElementById(control.getAttribute("aria-describedby"));
    if (line) {
      line.querySelector("span").textContent = text;
      line.hidden = text === "";
      control.toggleAttribute("aria-invalid", text !== "");
      if (text) control.setAttribute("aria-invalid", "true");
    }
    return control;
  }

  // ready says whether a verdict can be sent as it is, and asks for what lacks.
  function ready(article, verdict) {
    const form = part(article, "form[data-decide]");
    const value = (name) => new FormData(form).get(name)?.trim() ?? "";
    for (const field of article.querySelectorAll("[data-json]")) {
      if (verdict !== "skip" && !field.matches(":disabled") && !validate(field)) {
        field.focus();
        return false;
      }
    }
    if (verdict === "reject" && !value("reason_choice") && !value("reason")) {
      panel(article, "reject");
      return false;
    }
    if (verdict === "escalate" && !value("question")) {
      panel(article, "escalate");
      return false;
    }
    if (verdict === "approve" && Number(article.dataset.errors) > 0 && !drafts.edited(article) && !value("override_reason")) {
      complain(article, "override_reason", "Mend the errors, or write why it is right to approve all the same.").focus();
      say("The checks found errors. Write why it is right to approve all the same.");
      return false;
    }
    return true;
  }

  const done = { approve: "Approved", reject: "Rejected", escalate: "Asked a specialist", skip: "Skipped" };

  function decide(article, verdict) {
    const s = stateOf(article);
    if (s.state !== "open" || forms.busy(article) || !ready(article, verdict)) return;
    if (article === current) pause();
    for (const old of general.querySelectorAll(".flash-warning")) old.remove(); // it was about something before
    const form = part(article, "form[data-decide]");
    const body = new URLSearchParams();
    for (const [name, value] of article.hasAttribute("data-editing") ? forms.changes(article) : []) body.append(name, value);
    for (const [name, value] of new FormData(form)) {
      if (!forms.isEdit({ name }) && name !== "request_key" && name !== "millis" && name !== "shown_at" && name !== "done") body.append(name, value);
    }
    body.set("verdict", verdict);
    // The same request sent again carries the same key: it is carried out once.
    const content = body.toString();
    if (s.body !== content) {
      s.body = content;
      s.key = freshKey();
    }
    body.set("request_key", s.key);
    body.set("millis", String(Math.round(s.spent)));
    Object.assign(s, { state: "saving", verdict });
    above(article).replaceChildren();
    closePanels(article);
    const counts = verdict !== "skip";
    if (counts) move(1, s.spent);
    tell(verdict, 1);
    say(counts && !single ? `${done[verdict]}, ${at()}` : done[verdict]);
    saving++;
    saved();
    if (!single) next();
    writes = writes.then(() => send(article, form.action, body, counts));
  }

  async function send(article, url, body, counts) {
    const s = stateOf(article);
    let answer = null;
    try {
      answer = await post(url, body);
    } catch {
      // No connection, or it broke: the decision may have arrived or not.
    }
    saving--;
    const outcome = answer?.ok && answer.doc.querySelector("[data-outcome]");
    if (!outcome) {
      s.state = "open";
      tell(s.verdict, -1);
      if (counts) move(-1, s.spent);
      back(article, answer);
      return;
    }
    s.state = "saved";
    s.decision = outcome.dataset.decisionId;
    if (s.verdict !== "skip") drafts.forget(user, article);
    saved();
    if (single) {
      leaving = "decided";
      location.assign(location.pathname);
      return;
    }
    article.dataset.decided = s.verdict;
    part(article, "form[data-decide]").hidden = true;
    notice(above(article), "info", `${outcome.textContent.trim()} Undo (U) takes back your latest decision.`);
    // What stays to be read after the next example is shown.
    for (const tell of answer.doc.querySelectorAll("[data-tell]")) {
      const text = tell.textContent.trim();
      notice(general, "info", text, [{ label: "Thank you", run: (el) => el.remove() }]);
      say(text);
    }
    const old = articles().filter((a) => stateOf(a).state === "saved" && a !== current);
    for (const a of old.slice(0, Math.max(0, old.length - keptBehind))) a.remove();
  }

  // back returns to an example whose decision was not saved, with everything
  // that was typed, and says what happened.
  function back(article, answer) {
    failed++;
    saved();
    const again = { label: "Try again", run: (el) => { failed = Math.max(0, failed - 1); el.remove(); decide(article, stateOf(article).verdict); } };
    show(article);
    drafts.keep(user, article);
    let text = "Not saved: there is no connection. Everything you typed is still here.";
    const actions = [again];
    if (answer?.status === 401) {
      text = "Not saved: you are signed out. Everything you typed is kept in this browser; sign in, and it is here again.";
      actions.unshift({ label: "Sign in", url: loginURL() });
    } else if (answer?.status === 409) {
      text = `Not saved: ${problemIn(answer.doc)}`;
      actions.splice(0, 1,
        { label: "See it as it is now", url: `/examples/${article.dataset.exampleId}` },
        { label: "Leave it", run: () => leave(article) });
    } else if (answer?.status === 422) {
      text = `Not saved: ${problemIn(answer.doc)}`;
      actions.length = 0;
    } else if (answer) {
      text = `Not saved: ${problemIn(answer.doc) || "the server could not do it."} Everything you typed is still here.`;
    }
    notice(above(article), "error", text, actions);
    say(text);
    let first = null;
    for (const li of answer?.doc.querySelectorAll("[data-problem] li[data-field]") ?? []) {
      const name = li.dataset.field;
      if (name.startsWith("message.")) edit(article, true, false);
      first ??= complain(article, name, li.textContent);
    }
    first?.focus();
    const settle = () => { failed = 0; saved(); };
    article.addEventListener("input", settle, { once: true });
  }

  function leave(article) {
    failed = 0;
    saved();
    stateOf(article).state = "left";
    give([article.dataset.exampleId]);
    next();
    article.remove();
  }

  async function undo() {
    const which = current && stateOf(current).state === "saved" ? stateOf(current).decision : "";
    say("Undoing…");
    await writes;
    const body = new URLSearchParams(queue);
    if (which) body.set("decision_id", which);
    let answer;
    try {
      answer = await post("/review/undo", body);
    } catch {
      notice(general, "error", "Not undone: there is no connection.", [{ label: "Try again", run: (el) => { el.remove(); undo(); } }]);
      return;
    }
    const article = answer.doc.querySelector("article.item");
    if (!answer.ok || !article) {
      if (answer.status === 401) refused(answer);
      else notice(general, "warning", problemIn(answer.doc) || "That could not be undone.");
      say(problemIn(answer.doc) || "That could not be undone.");
      return;
    }
    const was = articles().find((a) => a.dataset.exampleId === article.dataset.exampleId);
    const s = was && stateOf(was);
    if (s?.state === "saved" && s.verdict !== "skip") {
      tell(s.verdict, -1);
      move(-1, s.spent);
    } else if (!s && count.done > 0) {
      move(-1, 0);
    }
    const before = current && current !== was ? current : was?.nextElementSibling;
    show(add(document.adoptNode(article), before ?? null));
    say(`Undone, ${at()}`);
  }

  // Panels and text fields.

  function closePanels(article, but = null) {
    for (const d of article.querySelectorAll("details[data-panel][open]")) if (d !== but) d.open = false;
  }

  function panel(article, name) {
    const d = part(article, `details[data-panel="${name}"]`);
    if (!d) return;
    closePanels(article, d);
    d.open = true;
    d.querySelector("input[type=radio], textarea")?.focus();
  }

  // edit opens the form of the messages, with the values of a draft, or closes it.
  async function edit(article, on, focus = true, values = null) {
    if (on) {
      const problem = await forms.open(article, post, values);
      if (problem) {
        formFailed(article, problem);
        return;
      }
    }
    article.toggleAttribute("data-editing", on);
    forms.show(article, on);
    for (const field of article.querySelectorAll("[data-json]")) validate(field);
    if (on) checkSoon(article);
    else asSaved(article);
    if (!focus || article !== current) return;
    if (on) forms.focus(article);
    else part(article, "h2").focus({ preventScroll: true });
  }

  function formFailed(article, answer) {
    let text = problemIn(answer.doc ?? document.createElement("p")) || "The server did not answer as it should.";
    if (answer.status === 0) text = "The form cannot be changed without a connection. Everything you typed is still here.";
    if (answer.status === 401) text = "You are signed out. What you typed is kept in this browser.";
    notice(above(article), "error", text, answer.status === 401 ? [{ label: "Sign in", url: loginURL() }] : []);
    say(text);
  }

  // validate says at once what is wrong with JSON, and returns whether it is right.
  function validate(field) {
    const line = document.getElementById(field.getAttribute("aria-describedby"));
    let text = "";
    if (field.value !== field.defaultValue) {
      try {
        JSON.parse(field.value);
      } catch (err) {
        text = `This is not valid JSON yet: ${err.message}`;
      }
    }
    line.querySelector("span").textContent = text;
    line.hidden = text === "";
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    return text === "";
  }

  // Checks of what is typed. Where they cannot be had, or nothing differs from
  // what is saved, the findings are those of the saved text.

  function asSaved(article) {
    const s = stateOf(article);
    clearTimeout(s.timer);
    s.asked = (s.asked ?? 0) + 1; // an answer under way is for another text
    checked(article, "", []);
  }

  // prove takes the tick of the checks away from what they do not show of what is typed,
  // and gives it back; null: they show what they showed of the saved text.
  function prove(article, slugs) {
    for (const shown of article.querySelectorAll(".proved")) {
      const box = shown.closest("label").querySelector("input");
      const holds = slugs === null || slugs.includes(box.value);
      if (holds === !shown.hidden) continue;
      shown.hidden = !holds;
      box.checked = holds;
    }
  }

  function checked(article, note, nodes, proved = null) {
    prove(article, proved);
    const line = part(article, "[data-checked-note]");
    if (!line) return;
    if (line.textContent !== note) line.textContent = note;
    part(article, "[data-checked-list]").replaceChildren(...nodes);
    part(article, "[data-findings]").hidden = note !== "";
    article.dispatchEvent(new Event("checked", { bubbles: true }));
  }

  function checkSoon(article) {
    const form = part(article, "form[data-check]");
    if (!form) return;
    const s = stateOf(article);
    clearTimeout(s.timer);
    const turn = s.asked = (s.asked ?? 0) + 1;
    s.timer = setTimeout(() => check(article, form, turn), checkAfter);
  }

  async function check(article, form, turn) {
    const body = new URLSearchParams({ revision: article.dataset.revision });
    for (const [name, value] of forms.changes(article)) body.append(name, value);
    let answer = null;
    if (body.size > 1) {
      try {
        answer = await post(form.dataset.check, body);
      } catch {
        // No connection: deciding says so, should it last.
      }
    }
    if (stateOf(article).asked !== turn) return;
    const said = answer?.ok && answer.doc.querySelector("[data-checked]");
    const [note, found] = said?.children || [];
    if (found) checked(article, note.textContent.trim(), [...document.adoptNode(found).childNodes], said.dataset.proved.split(" "));
    else checked(article, "", []);
  }

  // Keys.

  const typing = (el) => el instanceof Element && Boolean(el.closest("[data-edit]") || el.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button], [type=submit])"));

  function look(by) {
    const all = articles().filter((a) => stateOf(a).state !== "left");
    const to = all[all.indexOf(current) + by];
    if (!to) {
      say(by < 0 ? "This is the first one here." : "This is the last one here.");
      return;
    }
    show(to);
    const s = stateOf(to).state;
    say(s === "open" ? "To decide." : s === "saved" ? `${done[stateOf(to).verdict]}.` : "Saving…");
  }

  // tick changes the nth line of the checklist.
  function tick(n) {
    const box = current.querySelectorAll("input[name=checklist]:not(:disabled)")[n - 1];
    if (!box) return false;
    box.click();
    box.closest("label").scrollIntoView({ block: "nearest" });
    say(`${box.checked ? "Ticked" : "Not ticked"}: ${box.closest("label").querySelector("span").firstChild.textContent.trim()}`);
    return true;
  }

  // comment goes to the field of the comments.
  function comment() {
    const field = part(current, ".comments textarea");
    field?.focus();
    field?.scrollIntoView({ block: "center" });
  }

  const keys = {
    a: () => decide(current, "approve"),
    r: () => panel(current, "reject"),
    // A form that is open already, such as that of a draft, is gone into.
    e: () => (current.hasAttribute("data-editing") ? forms.focus(current) : edit(current, true)),
    c: comment,
    s: () => part(current, '[data-act="skip"]') && decide(current, "skip"),
    f: () => panel(current, "escalate"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const article = target.closest("article.item");
    if (current && forms.busy(current)) {
      event.preventDefault(); // the form is on its way: a letter meant for it is no command
      return;
    }
    const inPanel = target.closest("details[data-panel]")?.dataset.panel;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (!article || !typing(target)) return;
      event.preventDefault();
      target.blur();
      decide(article, inPanel ?? "approve");
      return;
    }
    if (typing(target)) {
      if (event.key === "Escape" && article) {
        event.preventDefault();
        if (inPanel) closePanels(article);
        part(article, "h2").focus({ preventScroll: true });
      } else if (event.key === "Enter" && article && target.matches("input[name=reason]")) {
        event.preventDefault();
        decide(article, "reject");
      }
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || dialog?.open) return;
    const key = event.key.toLowerCase();
    if (key === "?" && dialog) {
      event.preventDefault();
      dialog.showModal();
      return;
    }
    if (event.repeat && !key.startsWith("arrow")) return;
    if (key === "escape" && current) {
      closePanels(current);
      part(current, "h2").focus({ preventScroll: true });
      return;
    }
    if (key === "u" && !single) {
      event.preventDefault();
      undo();
      return;
    }
    if ((key === "arrowleft" || key === "arrowright") && !single) {
      // Arrows choose among reasons, and scroll what scrolls sideways.
      if (target.matches("input[type=radio], pre, .table-wrap")) return;
      event.preventDefault();
      look(key === "arrowleft" ? -1 : 1);
      return;
    }
    if (!current || stateOf(current).state !== "open" || !part(current, "form[data-decide]")) return;
    const rejecting = part(current, 'details[data-panel="reject"]')?.open;
    if (rejecting && /^[1-9]$/.test(key)) {
      const radio = part(current, `[data-reason-key="${key}"]`);
      if (!radio) return;
      event.preventDefault();
      radio.checked = true;
      decide(current, "reject");
      return;
    }
    if (/^[1-9]$/.test(key) && tick(Number(key))) {
      event.preventDefault();
      return;
    }
    if (!keys[key]) return;
    event.preventDefault();
    keys[key]();
  });

  // What is clicked and typed.

  bench.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-decide]")) {
      event.preventDefault();
      event.stopPropagation(); // the page's own rule of sending a form once is not for this
      if (event.submitter?.value) decide(form.closest("article"), event.submitter.value);
    } else if (form.matches("[data-undo]")) {
      event.preventDefault();
      event.stopPropagation();
      undo();
    } else if (form.matches("[data-leave]")) {
      for (const input of form.querySelectorAll("input[name=id]")) input.remove();
      for (const id of held()) {
        form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "id", value: id }));
      }
      leaving = "stop";
    }
  });

  bench.addEventListener("click", (event) => {
    const el = event.target instanceof Element ? event.target : null;
    const act = el?.closest("[data-act=edit]");
    if (act) {
      event.preventDefault();
      const article = act.closest("article");
      edit(article, !article.hasAttribute("data-editing"));
    }
    if (el?.closest("[data-keys]")) dialog.showModal();
    const link = el?.closest("a[data-finding]");
    if (link) {
      const place = link.closest("article[data-editing]") && link.dataset.editUrl ? link.dataset.editUrl : link.hash;
      const target = document.getElementById(place.slice(1));
      if (!target) return;
      event.preventDefault();
      for (let d = target.parentElement?.closest("details"); d; d = d.parentElement?.closest("details")) d.open = true;
      target.scrollIntoView({ block: "center" });
      target.focus({ preventScroll: true });
    }
    if (!el?.closest("details[data-panel]") && current) closePanels(current);
  });

  bench.addEventListener("toggle", (event) => {
    const d = event.target;
    if (!(d instanceof HTMLDetailsElement) || !d.matches("[data-panel]") || !d.open) return;
    closePanels(d.closest("article"), d);
    // Who clicked it types next: a letter must not be a command.
    if (d.dataset.panel === "escalate") d.querySelector("textarea")?.focus();
  }, true);

  bench.addEventListener("input", (event) => {
    const article = event.target.closest("article.item");
    if (!article) return;
    if (event.target.matches("[data-json]")) validate(event.target);
    if (event.target.closest("[data-edit]")) checkSoon(article);
    if (!drafts.keep(user, article)) say("This browser does not keep drafts. Do not close the page before it says saved.");
  });
  bench.addEventListener("change", (event) => {
    const article = event.target.closest("article.item");
    if (article) drafts.keep(user, article);
  });

  // Fingers: a quick swipe sideways over the text looks at the one after or before.
  // It decides nothing, so a slip of the thumb costs nothing.

  let touch = null;
  bench.addEventListener("pointerdown", (event) => {
    touch = null;
    if (single || event.pointerType !== "touch" || !event.isPrimary) return;
    const target = event.target instanceof Element ? event.target : null;
    if (!target?.closest(".item-main") || sideways(target) || (typing(target) && stateOf(current).state === "open")) return;
    touch = { x: event.clientX, y: event.clientY, at: event.timeStamp };
  });
  bench.addEventListener("pointerup", (event) => {
    const from = touch;
    touch = null;
    if (!from || event.pointerType !== "touch" || event.timeStamp - from.at > swipeWithin) return;
    const dx = event.clientX - from.x;
    if (Math.abs(dx) < swipeLength || Math.abs(event.clientY - from.y) > Math.abs(dx) / 2) return;
    if (!getSelection()?.isCollapsed) return;
    look(dx < 0 ? 1 : -1);
  });
  // Whether a finger there scrolls something sideways.
  function sideways(el) {
    for (let e = el; e && e !== bench; e = e.parentElement) {
      if (e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX)) return true;
    }
    return false;
  }

  // Leases: kept alive while the page is open, given back when it is left.

  const held = () => articles().filter((a) => ["open", "saving"].includes(stateOf(a).state)).map((a) => a.dataset.exampleId);

  function give(ids) {
    if (single || ids.length === 0) return;
    const body = new URLSearchParams();
    for (const id of ids) body.append("id", id);
    navigator.sendBeacon("/review/release", body);
  }

  async function heartbeat() {
    const mine = articles().filter((a) => stateOf(a).state === "open");
    if (single || mine.length === 0) return;
    const body = new URLSearchParams();
    for (const a of mine) body.append("id", a.dataset.exampleId);
    let answer;
    try {
      answer = await post("/review/heartbeat", body);
    } catch {
      return; // the next one may come through; a lease outlives some
    }
    if (!answer.ok) {
      if (answer.status === 401) refused(answer);
      return;
    }
    const still = new Set([...answer.doc.querySelectorAll("li")].map((li) => li.dataset.exampleId));
    for (const a of mine) {
      if (still.has(a.dataset.exampleId) || stateOf(a).state !== "open") continue;
      if (a !== current && !drafts.has(a)) {
        a.remove();
        continue;
      }
      const text = "Your turn on this example ran out, so somebody else may get it. You can still decide as long as nobody did.";
      notice(above(a), "warning", text);
      if (a === current) say(text);
    }
    exhausted = false;
    fill();
  }

  // A reload comes back to what it left; every other way of leaving gives the
  // leases back, but for what holds unsaved words.
  globalThis.navigation?.addEventListener("navigate", (event) => {
    if (event.navigationType === "reload") leaving = "reload";
  });
  addEventListener("pagehide", () => {
    if (single || leaving === "reload" || leaving === "stop") return;
    give(articles().filter((a) => stateOf(a).state === "open" && !drafts.has(a)).map((a) => a.dataset.exampleId));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // the leases are gone
  });
  addEventListener("beforeunload", (event) => {
    if (saving > 0 && !leaving) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) pause();
    else resume();
  });

  // Begin.

  bench.dataset.ready = "";
  forms.run(bench, post, formFailed);
  for (const article of articles()) restore(article);
  if (!single) {
    setInterval(heartbeat, beat);
    const here = new Set(articles().map((a) => a.dataset.exampleId));
    const away = drafts.all(user).filter((d) => !here.has(d.example) && Object.keys(d.draft.values).length > 0);
    if (away.length > 0) {
      notice(general, "info", "Something you typed on another example is not saved yet.", [
        { label: "Go to it", url: `/examples/${encodeURIComponent(away[0].example)}` },
        { label: "Forget it", run: (el) => { for (const d of away) localStorage.removeItem(d.key); el.remove(); } },
      ]);
    }
  }
  const first = articles()[0];
  if (first) {
    show(first, false);
    // Not away from a field that somebody is in already: their next letters would be keys.
    if (!single && !first.hasAttribute("data-editing") && document.activeElement === document.body) part(first, "h2").focus({ preventScroll: true });
    fill();
  } else {
    next();
  }
}
