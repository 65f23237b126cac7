// Counts the characters while somebody writes, as the server counts them: in code points.
// Without this file the form works the same; the server counts.
"use strict";
for (const box of document.querySelectorAll("textarea[data-most]")) {
  const most = Number(box.dataset.most);
  const foot = box.parentElement.querySelector(".compose-foot");
  const words = foot.firstElementChild;
  const used = foot.querySelector("[data-used]") || foot.appendChild(document.createElement("span"));
  const spoken = foot.appendChild(document.createElement("span"));
  spoken.className = "vh";
  spoken.setAttribute("aria-live", "polite");
  const count = () => {
    const n = [...box.value.normalize("NFC").trim()].length;
    used.textContent = n + " / " + most;
    const left = most - n;
    if (left === 50 || left === 20 || left === 0) spoken.textContent = words.textContent + ": " + n;
  };
  used.setAttribute("aria-hidden", "true");
  box.addEventListener("input", count);
  count();
}
// What the page has to say first is read out: what went wrong, what was done, or the preview that was asked for.
const first = document.getElementById("summary") || document.getElementById("preview-t");
if (first) first.focus();
