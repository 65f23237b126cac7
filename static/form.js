// Counts the characters while somebody writes, as the server counts them: in code points of what is seen.
// Without this file the form works the same; the server counts.
"use strict";
const length = (said) => {
  // The rule of pledges/signs.py and pledges/text.py, step by step: what nobody sees does not count, and no more than so
  // many marks on a letter. tests/counting.json holds both to it.
  const seen = said
    .replace(/\r\n|[\r\u2028\u2029\x85\v\f]/g, "\n")
    .replace(/[\t\u2800\u{1d159}\u{16fe4}]/gu, " ")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/(?![\n\p{Extended_Pictographic}\u{600}-\u{605}\u{6dd}\u{70f}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}])[\p{C}\ufffc]/gu, "")
    .replace(/([\p{M}\uff9e\uff9f]{8})[\p{M}\uff9e\uff9f]+/gu, "$1")
    .normalize("NFC")
    .replace(/((?:(?=\p{M})\p{Script=Inherited}){4})(?:(?=\p{M})\p{Script=Inherited})+/gu, "$1")
    .replace(/^\p{M}+/gmu, "");
  const lines = seen.split("\n").map((line) => (/[\p{L}\p{N}\p{P}\p{S}]/u.test(line) ? line.replace(/\p{White_Space}+$/u, "") : ""));
  return [...lines.join("\n").replace(/\n{3,}/g, "\n\n").replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "")].length;
};
for (const box of document.querySelectorAll("textarea[data-most]")) {
  const most = Number(box.dataset.most);
  const foot = box.parentElement.querySelector(".compose-foot");
  const words = foot.firstElementChild;
  const used = foot.querySelector("[data-used]") || foot.appendChild(document.createElement("span"));
  const spoken = foot.appendChild(document.createElement("span"));
  spoken.className = "vh";
  spoken.setAttribute("aria-live", "polite");
  const count = () => {
    const n = length(box.value);
    used.textContent = n + " / " + most;
    const left = most - n;
    if (left === 50 || left === 20 || left === 0) spoken.textContent = words.textContent + ": " + n;
  };
  used.setAttribute("aria-hidden", "true");
  box.addEventListener("input", count);
  count();
}
// The piece as it would look, while somebody writes; without a script "See it first" shows it.
for (const live of document.querySelectorAll("[data-live]")) {
  const form = live.closest("form");
  const [piece, about, words, name, meta] = [".piece", ".piece-theme span", ".words", ".by-name bdi", ".by-meta bdi"].map((part) => live.querySelector(part));
  const said = (field) => (form.elements[field]?.value || "").trim();
  // Only the server knows titles, and surnames that stand first: where a name is not plain, "See it first" tells.
  const PLAIN = /^(?!(?:mrs?|ms|miss|mx|dr|prof|sir|dame|lord|lady|rev|professor|doctor) )[\p{L}\p{M}'’-]+(?: [\p{L}\p{M}'’-]+)*$/iu;
  const guessed = () => (PLAIN.test(said("name")) ? said("name").split(" ")[0] : "");
  // The first name as it will stand is filled in for as long as nobody has written another.
  const box = form.elements.first_name;
  const filled = () => { if (box && said("show_name") === "first" && (!said("first_name") || box.dataset.told === box.value)) box.dataset.told = box.value = guessed(); };
  const signed = () => {
    const level = said("show_name") || (said("kind") === "organisation" ? "organisation" : "anonymous");
    if (level === "anonymous") return ["", ""];
    const first = said("first_name") || guessed() || (said("name") && "…");
    const person = { full: [said("name"), said("role")], first: [first, ""], role: [said("role"), ""], organisation: [said("organisation"), ""] }[level];
    return said("kind") === "organisation" ? [said("organisation"), level === "organisation" ? "" : person.filter(Boolean).join(", ")] : person;
  };
  const draw = () => {
    const typed = form.querySelector("textarea[data-most]").value.trim();
    const theme = form.querySelector('input[name="theme"]:checked');
    const dye = theme ? [...theme.closest(".tile").classList].find((each) => each.startsWith("dye-")) : "dye-" + live.dataset.loose;
    const many = [...typed].length;
    piece.className = "piece piece--alone piece--" + (many <= 52 ? "s" : many <= 125 ? "m" : many <= 260 ? "l" : "xl") + " " + dye;
    about.textContent = theme ? theme.closest(".tile").textContent.trim() : live.dataset.plain;
    words.textContent = typed || live.dataset.empty;
    const [who, more] = signed();
    name.textContent = who || live.dataset.nameless;
    meta.textContent = more;
  };
  // A choice that the other kind of author is not offered is taken back, so that nothing hidden decides.
  form.addEventListener("change", (event) => {
    if (event.target.name === "kind") {
      const left = form.querySelector(event.target.value === "organisation" ? "#show-first:checked" : "#show-organisation:checked");
      if (left) left.checked = false;
    }
    filled();
    draw();
  });
  form.addEventListener("input", (event) => {
    if (event.target !== box) filled();
    draw();
  });
  live.hidden = false;
  draw();
}
// What the page has to say first is read out: what went wrong, what was done, or the preview that was asked for.
const first = document.getElementById("summary") || document.getElementById("preview-t");
if (first) first.focus();
