// G brings up where one can go, as a list under the arrow keys and first letters, from
// any page and out of any queue; ? leads to the list of keys where a page has none of
// its own; W goes to the first finding that can be waived. The links and forms are those
// of the page, which work without this.

const typing = (el) => el instanceof Element && el.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button], [type=submit])");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const run = { g: choose, w: waive, "?": keys }[event.key.toLowerCase()];
  if (run?.()) event.preventDefault();
});

/** Opens the list; false where nobody is signed in. */
function choose() {
  const links = [...document.querySelectorAll('nav[aria-label="Main"] a[href], .side .menu-list a[href]')];
  if (links.length === 0) return false;
  const back = document.activeElement;
  const dialog = document.createElement("dialog");
  dialog.className = "goto";
  dialog.setAttribute("aria-labelledby", "goto-title");
  const title = Object.assign(document.createElement("h2"), { id: "goto-title", textContent: "Go to" });
  const list = document.createElement("ul");
  for (const link of links) {
    const a = Object.assign(document.createElement("a"), { href: link.href });
    a.append(...[...link.childNodes].map((n) => n.cloneNode(true)));
    if (link.getAttribute("aria-current")) a.setAttribute("aria-current", "page");
    const li = document.createElement("li");
    li.append(a);
    list.append(li);
  }
  const how = Object.assign(document.createElement("p"), { className: "muted", textContent: "Arrow keys or a first letter, then Enter. Esc stays here." });
  dialog.append(title, list, how);
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation(); // a letter here is no command of the page behind
    walk(event, [...list.querySelectorAll("a")]);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    back?.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  list.querySelector("a").focus();
  return true;
}

function walk(event, links) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const at = links.indexOf(document.activeElement);
  const by = { ArrowDown: at + 1, ArrowUp: at < 0 ? links.length - 1 : at - 1, Home: 0, End: links.length - 1 };
  let to = by[event.key] === undefined ? undefined : links.at(by[event.key] % links.length);
  if (!to && event.key.length === 1 && event.key !== " ") {
    const turned = [...links.slice(at + 1), ...links.slice(0, at + 1)];
    to = turned.find((a) => a.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
  }
  if (!to) return;
  event.preventDefault();
  to.focus();
}

/** Goes to the list of keys; a page with one of its own shows that. */
function keys() {
  if (document.querySelector("[data-keys-dialog]") || !document.querySelector('a[href="/help"]')) return false;
  location.assign("/help#keys");
  return true;
}

/** Opens the first form that waives a finding: here, or on the page of the example under review. */
function waive() {
  const box = document.querySelector("#waivers details.confirm:has(input[name=rule])");
  if (box) {
    box.open = true;
    const field = box.querySelector("[name=reason]");
    field.focus();
    field.scrollIntoView({ block: "center" });
    return true;
  }
  return false;
}
