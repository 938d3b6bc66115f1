// Choosing examples over several pages of the list. What is ticked is kept in this
// tab while one turns pages and changes filters; without JavaScript the form
// carries it along instead.

const KEY = "spotter.chosen";
const form = document.getElementById("acts");

function read() {
  try {
    const ids = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : []);
  } catch {
    return new Set(); // no storage: choosing works on one page
  }
}

function write(ids) {
  try {
    if (ids.size > 0) sessionStorage.setItem(KEY, JSON.stringify([...ids]));
    else sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}

// An act that is started takes the chosen with it.
document.querySelector("form[data-chosen-spent]")?.addEventListener("submit", () => write(new Set()));

if (form) {
  const chosen = read();
  const most = Number(form.dataset.most);
  const boxes = [...document.querySelectorAll('input[name="id"][type="checkbox"][form="acts"]')];
  const said = form.querySelector("[data-said]");
  for (const kept of form.querySelectorAll('input[type="hidden"][name="id"]')) {
    chosen.add(kept.value);
    kept.remove();
  }

  const say = () => {
    const here = boxes.filter((box) => box.checked).length;
    const elsewhere = chosen.size - here;
    said.textContent = chosen.size === 0 ? "None chosen"
      : `${chosen.size.toLocaleString("en")} chosen` + (elsewhere > 0 ? `, ${elsewhere.toLocaleString("en")} on other pages` : "")
      + (chosen.size > most ? `; at most ${most.toLocaleString("en")} can be chosen one by one` : "");
  };
  const tick = (box) => {
    if (box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
  };
  const show = () => {
    for (const box of boxes) {
      if (box.checked) chosen.add(box.value);
      else box.checked = chosen.has(box.value);
    }
    write(chosen);
    say();
  };
  show();
  addEventListener("pageshow", (event) => { if (event.persisted) { for (const id of read()) chosen.add(id); show(); } });

  let last = null;
  for (const box of boxes) {
    box.addEventListener("click", (event) => {
      // With Shift, everything between the last tick and this one.
      if (event.shiftKey && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) {
          between.checked = box.checked;
          tick(between);
        }
      }
      last = box;
      tick(box);
      write(chosen);
      say();
    });
  }
  form.querySelector("[data-tools]").hidden = false;
  form.querySelector("[data-page]").addEventListener("click", () => {
    for (const box of boxes) { box.checked = true; tick(box); }
    write(chosen);
    say();
  });
  form.querySelector("[data-none]").addEventListener("click", () => {
    chosen.clear();
    for (const box of boxes) box.checked = false;
    write(chosen);
    say();
  });
  form.addEventListener("submit", (event) => {
    for (const extra of form.querySelectorAll("[data-extra]")) extra.remove();
    if (event.submitter?.value !== "chosen") return;
    const here = new Set(boxes.map((box) => box.value));
    for (const id of chosen) {
      if (here.has(id)) continue;
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "id", value: id });
      input.dataset.extra = "";
      form.append(input);
    }
  });
}
