// Drafts: what a reviewer typed, kept in this browser until the server has it.
// One per person, example and revision.

import { changes, isEdit, touched } from "./form.js";

const prefix = "spotter:draft:";

function keyOf(user, article) {
  return `${prefix}${user}:${article.dataset.exampleId}:${article.dataset.revision}`;
}

/** The controls of an article that somebody types or ticks in. */
export function controls(article) {
  const form = article.querySelector("form[data-decide]");
  if (!form) return [];
  return [...form.elements].filter((c) => c.matches("textarea, select, input[type=text], input[type=radio], input[type=checkbox]"));
}

/** Whether any message of the article was changed. */
export function edited(article) {
  return changes(article).length > 0;
}

/** What was typed, or null where nothing was. */
function read(article) {
  const values = {};
  const ticks = {};
  for (const c of controls(article)) {
    if (!touched(c)) continue;
    if (c.type === "radio" || c.type === "checkbox") ticks[`${c.name}=${c.value}`] = c.checked;
    else values[c.name] = c.value;
  }
  if (Object.keys(values).length + Object.keys(ticks).length === 0) return null;
  return { values, ticks, at: Date.now() };
}

/** Keeps what was typed; returns false where the browser does not keep things. */
export function keep(user, article) {
  const draft = read(article);
  try {
    if (draft) localStorage.setItem(keyOf(user, article), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(user, article));
    return true;
  } catch {
    return draft === null;
  }
}

/** Whether the article holds anything that the server does not have. */
export function has(article) {
  return read(article) !== null;
}

/** Forgets the draft of an article; the server has it, or nobody wants it. */
export function forget(user, article) {
  try {
    localStorage.removeItem(keyOf(user, article));
  } catch {
    // Nothing was kept either.
  }
}

/** What of a draft belongs to the form of the messages; null: nothing. */
export function edits(draft) {
  const found = Object.entries(draft.values).filter(([name]) => isEdit({ name }));
  return found.length > 0 ? Object.fromEntries(found) : null;
}

/** Puts a draft into the controls, but for what belongs to the form of the messages. */
export function fill(article, draft) {
  for (const c of controls(article)) {
    if (isEdit(c)) continue;
    if (c.type === "radio" || c.type === "checkbox") {
      const name = `${c.name}=${c.value}`;
      if (name in draft.ticks) c.checked = draft.ticks[name];
    } else if (c.name in draft.values) {
      c.value = draft.values[c.name];
    }
  }
}

/** Puts everything back to how the server sent it. */
export function reset(article) {
  for (const c of controls(article)) {
    if (isEdit(c)) continue;
    if (c.type === "radio" || c.type === "checkbox") c.checked = c.defaultChecked;
    else c.value = c.defaultValue;
  }
}

/** The drafts of a person: [{example, revision, draft, key}]. */
export function all(user) {
  const found = [];
  try {
    for (let i = 0; i < localStorage.length; i++) {
      const key = localStorage.key(i);
      if (!key.startsWith(`${prefix}${user}:`)) continue;
      const [example, revision] = key.slice(prefix.length + user.length + 1).split(":");
      try {
        const draft = JSON.parse(localStorage.getItem(key));
        if (draft && draft.values && draft.ticks) found.push({ example, revision, draft, key });
      } catch {
        // Not ours, or cut off: leave it.
      }
    }
  } catch {
    // The browser keeps nothing.
  }
  return found;
}
