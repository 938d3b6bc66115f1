// What every page gets on top of working without JavaScript: menus that close,
// buttons that copy, filters that apply themselves, dialogs of unsaved words.

/** Closes every open menu but the one that holds `inside`. */
function closeMenus(inside) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!inside || !menu.contains(inside)) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target instanceof Element && event.target.closest("details.menu[open]");
  closeMenus();
  if (menu) menu.querySelector("summary").focus();
});

// The key / goes to the field in which words are looked for.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.target instanceof Element && event.target.matches("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("main [role=search] :is(input[type=search], input[name=q])");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

// Whoever comes to choose finds the first choice under Enter. Not on a phone,
// where nothing is chosen by key.
if (document.activeElement === document.body && !matchMedia("(pointer: coarse)").matches) {
  document.querySelector("[data-first] button")?.focus({ preventScroll: true });
}

// <button data-copy="#id"> copies the text of that element and says so.
document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText("value" in source ? source.value : source.textContent);
    button.textContent = "Copied";
  } catch {
    // No clipboard (plain HTTP, or refused): select, so that the keys work.
    if ("select" in source) source.select();
    else getSelection().selectAllChildren(source);
    button.textContent = "Selected: press Ctrl+C";
  }
});

// A filter form applies itself when a choice changes; its button stays for
// those without JavaScript and for text fields.
document.addEventListener("change", (event) => {
  const form = event.target instanceof Element && event.target.closest("form[data-autosubmit]");
  if (form && event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) form.requestSubmit();
});

// A form is sent once: a double click must not do a thing twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
