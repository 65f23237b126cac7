// What colleagues do meanwhile: who has an item open, what they decided, and what is new. Nothing here moves the page.
// Without this file the same is seen by loading the page again, and items are taken and let go by buttons.
"use strict";
(() => {
  const SKIMMED = 400; // milliseconds: whoever only skims by key takes nothing
  const RENEWED = 3 * 60 * 1000;
  const ASKED = 15 * 1000;
  const say = (words) => document.dispatchEvent(new CustomEvent("desk:say", { detail: words }));

  const claim = document.querySelector("[data-claim]");
  if (claim) {
    const words = claim.querySelector("[data-claim-words]");
    const forms = Object.fromEntries([...claim.querySelectorAll("form[data-when]")].map((form) => [form.dataset.when, form]));
    let until = claim.dataset.until;
    let asking = false;

    const stands = (told) => {
      claim.dataset.claim = told.state;
      words.textContent = told.words;
      until = told.until || "";
      for (const [when, form] of Object.entries(forms)) form.hidden = when !== told.state;
      if (told.state !== "mine") say(told.words);
    };

    const take = async (unattended) => {
      if (!["free", "mine"].includes(claim.dataset.claim)) return;
      const body = new FormData(forms.free);
      if (unattended) body.set("unattended", "1");
      asking = true;
      try {
        const answer = await fetch(forms.free.action, { method: "POST", body, headers: { "X-Part": "1" }, credentials: "same-origin", redirect: "error" });
        if (answer.ok || answer.status === 409) stands(await answer.json());
      } catch {
        // no answer: the lease runs out by itself, and the next try comes
      }
      asking = false;
    };

    setTimeout(() => take(false), SKIMMED);
    setInterval(() => take(true), RENEWED);
    addEventListener("pagehide", () => {
      if (claim.dataset.claim !== "mine" && !asking) return;
      const body = new FormData(forms.mine);
      body.set("left", asking ? "" : until);
      navigator.sendBeacon(forms.mine.action, body);
    });
  }

  const list = document.querySelector("[data-news]");
  if (list) {
    const link = document.querySelector("[data-news-link]");
    let validator = "";

    const gone = (row, words) => {
      row.dataset.gone = "";
      const told = document.createElement("p");
      told.className = "q-gone";
      told.textContent = words;
      row.append(told);
      const box = row.querySelector(".box");
      if (box) {
        box.checked = false;
        box.disabled = true;
        box.dispatchEvent(new Event("change", { bubbles: true }));
      }
      say(words);
    };

    const held = (row, words) => {
      const there = row.querySelector("[data-holder]");
      if (there && there.textContent === words) return;
      if (there) there.remove();
      if (!words) return;
      const sign = document.createElement("span");
      sign.className = "sig";
      sign.dataset.holder = "";
      sign.textContent = words;
      row.querySelector(".sigs").append(sign);
    };

    const arrived = (told) => {
      if (!told.new || link.textContent === told.words) return;
      const there = new URL(link.href);
      if ("full" in list.dataset) there.searchParams.set("after", told.after);
      link.href = there;
      link.textContent = told.words;
      link.parentElement.hidden = false;
      say(told.words);
    };

    const ask = async () => {
      if (document.hidden) return;
      const rows = [...list.querySelectorAll("[data-review]:not([data-gone])")];
      const there = new URL(list.dataset.news, location.href);
      there.searchParams.set("ids", rows.map((row) => `${row.dataset.review}.${row.dataset.version}`).join(","));
      try {
        const headers = validator ? { "If-None-Match": validator } : {};
        const answer = await fetch(there, { headers, credentials: "same-origin", cache: "no-store", redirect: "error" });
        if (answer.status !== 200) return;
        validator = answer.headers.get("ETag") || "";
        const told = await answer.json();
        arrived(told);
        for (const row of rows) {
          const now = told.rows[row.dataset.review];
          if (!now) continue;
          if (now.state === "gone") gone(row, now.words);
          else held(row, now.words);
        }
      } catch {
        // nobody answered: the page stays as it is, and the next try comes
      }
    };

    setInterval(ask, ASKED);
    document.addEventListener("visibilitychange", ask);
  }
})();
