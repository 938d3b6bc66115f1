// Keys of the duplicates page: one digit keeps that member of the marked group.
// The page works without this; the keys press the same buttons.

const groups = [...document.querySelectorAll("[data-duplicates] [data-group]")];
let current = -1;
let sent = false; // a second key before the next page is here decides nothing

function mark(index, scroll) {
  if (index < 0 || index >= groups.length) return;
  groups[current]?.classList.remove("is-current");
  current = index;
  groups[current].classList.add("is-current");
  if (scroll) groups[current].focus();
}

function press(selector) {
  const button = groups[current]?.querySelector(selector);
  if (!button || sent) return;
  sent = true;
  button.click();
}

const typing = (target) => target instanceof Element && target.closest("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const inText = event.target instanceof Element && event.target.closest(".duplicate-text"); // arrows scroll there
  const key = event.key.toLowerCase();
  if (key === "j" || (key === "arrowdown" && !inText)) mark(current + 1, true);
  else if (key === "k" || (key === "arrowup" && !inText)) mark(current - 1, true);
  else if (key === "n") press("[data-apart]");
  else if (/^[1-9]$/.test(key)) press(`[data-keep="${key}"]`);
  else return;
  event.preventDefault();
});

for (const [index, group] of groups.entries()) group.addEventListener("focusin", () => mark(index, false));
addEventListener("pageshow", () => {
  sent = false;
});

// After a decision the address names the group that comes next.
const next = groups.findIndex((group) => `#${group.id}` === location.hash);
mark(Math.max(next, 0), next >= 0);
