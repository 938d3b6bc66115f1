// Importing with comforts: files dropped onto the page, a preview before
// anything is sent, sending one after the other with a bar each. Without this
// the form works as a plain one.

const form = document.querySelector("#import-form");
if (form) setUp(form);

// The page of a running import is kept up to date by htmx. Where htmx was not
// built in, the page loads itself anew.
if (document.querySelector("[data-live]") && !("htmx" in window)) {
  setTimeout(() => location.reload(), 2000);
}

/** How many bytes of a file the preview looks at; the server says the same. */
const headBytes = 1 << 20;

function setUp(form) {
  const input = form.querySelector("#import-file");
  const drop = form.querySelector("#import-drop");
  const list = form.querySelector("#import-files");
  const preview = form.querySelector("#import-preview");
  const send = form.querySelector("#import-send");
  const stop = form.querySelector("#import-stop");
  const typed = form.querySelector("#import-fields");
  const line = document.querySelector("#import-line");
  const max = Number(form.dataset.max) || Infinity;

  let lines = []; // one for each chosen file
  let asking = null; // aborts the preview that is on its way
  let sending = null; // the request that sends a file

  for (const word of form.querySelectorAll(".drop-word")) word.hidden = false;

  // Dropping beside the area must not lead away from the page.
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
  drop.addEventListener("dragover", () => drop.classList.add("is-over"));
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("is-over");
  });
  addEventListener("drop", (event) => {
    drop.classList.remove("is-over");
    if (sending || !event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    choose();
  });

  input.addEventListener("change", choose);
  form.addEventListener("change", (event) => {
    if (event.target !== input && lines.length) look();
  });
  preview.addEventListener("click", (event) => {
    const button = event.target.closest("[data-category]");
    if (!button) return;
    form.elements.category.value = button.dataset.category;
    look();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending && lines.length) sendAll();
  });
  stop.addEventListener("click", () => sending?.abort());
  addEventListener("beforeunload", (event) => {
    if (sending) event.preventDefault();
  });

  // A reload keeps the chosen file in some browsers.
  if (input.files.length) choose();

  function choose() {
    lines = [...input.files].map((file) => {
      const node = line.content.firstElementChild.cloneNode(true);
      node.querySelector(".import-line-name").textContent = file.name;
      node.querySelector(".import-line-size").textContent = size(file.size);
      return { file, node, sent: false };
    });
    list.replaceChildren(...lines.map((l) => l.node));
    list.hidden = lines.length === 0;
    send.disabled = false;
    look();
  }

  /** Everything that was chosen but the files. */
  function chosen() {
    const data = new FormData(form);
    data.delete("file");
    return data;
  }

  async function look() {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      for (const [i, l] of lines.entries()) {
        if (l.sent) continue;
        const html = await ask(l.file, i > 0, mine.signal);
        if (mine !== asking) return;
        if (i === 0) show(html);
        else l.node.querySelector(".import-line-note").innerHTML = html;
      }
      if (!lines.length) show("");
    } catch (error) {
      if (error.name !== "AbortError") show("");
    }
  }

  async function ask(file, brief, signal) {
    const query = new URLSearchParams(chosen());
    query.set("name", file.name);
    query.set("size", file.size);
    if (brief) query.set("brief", "yes");
    const answer = await fetch("/imports/preview?" + query, {
      method: "POST",
      body: file.slice(0, headBytes),
      headers: { "HX-Request": "true", "Content-Type": "application/octet-stream" },
      signal,
    });
    return answer.text();
  }

  /** Puts the preview of the first file in, without taking the focus away. */
  function show(html) {
    const focus = preview.contains(document.activeElement) ? document.activeElement.id : "";
    preview.innerHTML = html;
    if (focus) document.getElementById(focus)?.focus();
    // The preview offers the fields that there are; typing them is for forms
    // without it.
    const offers = preview.querySelector(".import-mapping") !== null;
    typed.disabled = offers;
    typed.hidden = offers;
    send.disabled = lines.length === 1 && preview.querySelector("[data-refused]") !== null;
  }

  async function sendAll() {
    send.disabled = true;
    stop.hidden = false;
    const fields = chosen();
    for (const l of lines) {
      if (l.sent) continue;
      const where = await sendOne(l, fields);
      if (where === null && l.stopped) break;
      if (where && lines.length === 1) {
        location.assign(where);
        return;
      }
    }
    stop.hidden = true;
    send.disabled = lines.every((l) => l.sent);
  }

  /** Sends one file and returns where its import is, or null. */
  function sendOne(l, fields) {
    const note = l.node.querySelector(".import-line-note");
    const bar = l.node.querySelector("progress");
    const say = (text) => {
      note.textContent = text;
      return null;
    };
    if (l.file.size > max) return say(form.dataset.tooLarge);
    const data = new FormData();
    for (const [name, value] of fields) data.append(name, value);
    data.append("file", l.file, l.file.name); // last, so that the rest is known when it comes
    bar.hidden = false;
    bar.value = 0;
    l.stopped = false;
    return new Promise((done) => {
      const request = (sending = new XMLHttpRequest());
      const end = (where) => {
        sending = null;
        bar.hidden = true;
        done(where);
      };
      request.upload.addEventListener("progress", (event) => {
        bar.value = event.total ? event.loaded / event.total : 0;
        note.textContent = event.loaded < event.total ? `${size(event.loaded)} of ${size(event.total)} sent` : "Sent. The server is putting it away.";
      });
      request.addEventListener("load", () => {
        const html = (request.getResponseHeader("Content-Type") || "").startsWith("text/html");
        if (html) note.innerHTML = request.responseText;
        else say("The server answered in a way this page does not understand. Reload it and try again.");
        l.sent = request.status === 201;
        end(l.sent ? request.getResponseHeader("Location") : null);
      });
      request.addEventListener("error", () => end(say("The connection broke. Nothing of this file was kept; it is still chosen: press Import again.")));
      request.addEventListener("abort", () => {
        l.stopped = true;
        end(say("Stopped. Nothing of this file was kept."));
      });
      request.open("POST", "/imports");
      request.setRequestHeader("HX-Request", "true");
      request.send(data);
    });
  }
}

/** A size the way people compare files. */
function size(bytes) {
  const names = ["bytes", "kB", "MB", "GB", "TB"];
  let n = bytes;
  let i = 0;
  while (n >= 1000 && i < names.length - 1) {
    n /= 1000;
    i++;
  }
  return `${i > 0 && n < 10 ? n.toFixed(1) : Math.round(n)} ${names[i]}`;
}
