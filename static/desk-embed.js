// The builder shows at once what was chosen, and copies; without it a button does the first, and the keyboard the second.
"use strict";
(() => {
  const form = document.querySelector("[data-build]");
  const WAIT = 350; // milliseconds after the last key
  let later = 0, asked = null;

  const show = () => {
    const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
    if (asked) asked.abort();
    asked = new XMLHttpRequest(); // it reads a page into nodes, and needs no markup of ours
    asked.open("GET", address);
    asked.responseType = "document";
    asked.addEventListener("load", () => {
      const made = asked.response && asked.response.querySelector("[data-built]");
      if (asked.status !== 200 || !made) return;
      document.querySelector("[data-built]").replaceWith(document.importNode(made, true));
      history.replaceState(null, "", address);
      offer();
    });
    asked.send();
  };

  const offer = () => document.querySelectorAll("[data-copy]").forEach((each) => { each.hidden = !navigator.clipboard; });

  form.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(show, WAIT);
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const box = document.getElementById(button.dataset.copies);
    await navigator.clipboard.writeText(box.value);
    box.focus();
    box.select();
  });
  offer();
})();
