// Notes that save themselves and letters that show in place. Without this file both are buttons that load a page.
"use strict";
(() => {
  const post = (form, action) =>
    fetch(action, { method: "POST", body: new FormData(form), headers: { "X-Part": "1" }, credentials: "same-origin", keepalive: true });

  // A part of a page as nodes, parsed by the browser without running anything.
  const part = (form, action) =>
    new Promise((resolve, reject) => {
      const asked = new XMLHttpRequest();
      asked.open("POST", action);
      asked.responseType = "document";
      asked.setRequestHeader("X-Part", "1");
      asked.onload = () => ([200, 422].includes(asked.status) && asked.response ? resolve(asked.response.body) : reject(new Error(String(asked.status))));
      asked.onerror = reject;
      asked.send(new FormData(form));
    });

  const PAUSE = 1200; // milliseconds without a key, so that a sentence is one saving
  const waiting = new WeakMap();

  const save = async (form) => {
    const said = form.querySelector("[data-saved]");
    let saved = false;
    try {
      saved = (await post(form, form.action)).status === 204;
    } catch {
      saved = false;
    }
    said.textContent = saved ? said.dataset.saved : said.dataset.failed;
    return saved;
  };

  const soon = (form) => {
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => save(form), PAUSE));
  };

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-saves]");
    if (!form) return;
    form.querySelector("[data-saved]").textContent = "";
    soon(form);
  });
  document.addEventListener("focusout", (event) => {
    const form = event.target.closest("form[data-saves]");
    if (!form || !waiting.has(form)) return;
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    save(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-saves]")) return;
    event.preventDefault();
    clearTimeout(waiting.get(form));
    save(form);
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-letter]");
    if (!button) return;
    const form = button.form;
    const place = button.closest("details, form").querySelector("[data-letter-place]");
    if (!place) return;
    event.preventDefault();
    try {
      place.replaceChildren(...(await part(form, button.formAction)).childNodes);
    } catch {
      form.noValidate = true;
      delete button.dataset.letter; // in place it did not work: the page does it
      button.click();
    }
  });
})();
