// Keys of the desk. Every key presses a button or follows a link that is on the page; nothing is done here alone.
"use strict";
(() => {
  const on = document.body.dataset.shortcuts === "on";
  const list = () => [...document.querySelectorAll("[data-review]:not([data-gone]) .q-link, [data-review][data-cur] .q-link")];
  const current = () => document.querySelector("[data-review][data-cur] .q-link");

  const step = (by) => {
    const links = list();
    const at = links.indexOf(current());
    const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
    if (next && next !== current()) location.assign(next.href);
  };

  const press = (selector) => {
    const target = document.querySelector(selector);
    if (target) target.click();
    return Boolean(target);
  };

  const open = (key) => {
    const more = document.querySelector(`details[data-opens="${key}"]`);
    if (!more) return false;
    document.querySelectorAll("details[data-opens][open]").forEach((other) => { if (other !== more) other.open = false; });
    more.open = true;
    const first = more.querySelector("input[type=radio], .reasons input[type=checkbox], select, textarea");
    if (first) first.focus();
    return true;
  };

  const digit = (number) => {
    const more = document.querySelector("details[data-opens][open]") || document.querySelector("[data-digits]");
    const reason = more && more.querySelector(`[data-digit="${number}"]`);
    if (!reason) return;
    reason.checked = reason.type === "checkbox" ? !reason.checked : true;
    reason.focus();
  };

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    o: () => { const link = current(); if (link) location.assign(link.dataset.open); },
    a: () => press("[data-key=a]"),
    s: () => press("[data-key=s]"),
    l: () => press("[data-key=l]"),
    b: () => press("[data-key=b]"),
    z: () => press("[data-key=z]"),
    c: () => open("c"),
    d: () => open("d"),
    p: () => open("p"),
    x: () => press("[data-review][data-cur] .box"),
    "?": () => document.getElementById("keys").showModal(),
  };

  // A second press before the answer is there would act on what the first one changed.
  const AGAIN = 5000; // milliseconds, should no answer come
  let sent = 0;
  addEventListener("submit", (event) => { // at the window: forms that are sent in place have said so by now
    if (event.defaultPrevented || event.target.getAttribute("method") !== "post") return;
    if (Date.now() - sent < AGAIN) event.preventDefault();
    else sent = Date.now();
  });
  addEventListener("pageshow", () => { sent = 0; });

  // A key is what stands on it. Where its letter is of another script, or its digit needs Shift, its place tells: so the
  // Q of a French keyboard stays a Q though it lies where A lies elsewhere, and the key of a Cyrillic Ф is A.
  const meant = (event) => {
    if (event.key === "?" || /^[1-9]$/.test(event.key)) return event.key;
    if (event.shiftKey) return "";
    const letter = event.key.toLowerCase();
    if (Object.hasOwn(keys, letter)) return letter;
    const [, place] = /^(?:Key|Digit)(.)$/.exec(event.code) || [];
    if (!place) return "";
    if (event.code.startsWith("Digit")) return /^[1-9]$/.test(place) ? place : "";
    const foreign = /^[\p{L}\p{M}]+$/u.test(event.key) && !/\p{Script=Latin}/u.test(event.key);
    return foreign ? place.toLowerCase() : "";
  };

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    // What is ticked takes no text, so keys work on beside it; arrows, space and Enter are none of them.
    if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    const key = meant(event);
    const act = /^[1-9]$/.test(key) ? () => digit(key) : keys[key];
    if (!act) return;
    event.preventDefault();
    const held = document.querySelector("[data-held]"); // somebody else has it open, so it has no buttons to press
    if (act() === false && held && /^[acdsl]$/.test(key)) say(held.dataset.held);
  });

  // What a button of the bar opens goes by Esc, keys on or off, and by going on to what it would cover.
  const panels = () => [...document.querySelectorAll(".decide details[open]")];
  const covers = (panel) => [...panel.children].some((part) => getComputedStyle(part).position === "absolute");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const panel = panels().find((each) => each.contains(event.target)) || panels()[0];
    if (!panel) return;
    event.preventDefault();
    panel.open = false;
    panel.querySelector("summary").focus();
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.closest(".acts, dialog, [role=alert]")) return;
    panels().forEach((panel) => {
      if (covers(panel) && !panel.contains(event.target) && !event.target.contains(panel)) panel.open = false;
    });
  });

  // A browser brings the caret of a field into view, and leaves the rest of the field under what sticks below it.
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea")) requestAnimationFrame(() => event.target.scrollIntoView({ block: "nearest" }));
  });

  // What has the focus stands above the bar at the foot, however many rows its buttons need.
  const bars = [...document.querySelectorAll(".decide, .acts")];
  if (bars.length) {
    const reserve = () => {
      const stuck = bars.filter((bar) => getComputedStyle(bar).position === "sticky" && getComputedStyle(bar).display !== "contents");
      document.documentElement.style.setProperty("--bar", `${Math.max(0, ...stuck.map((bar) => bar.offsetHeight))}px`);
    };
    const watch = new ResizeObserver(reserve);
    bars.forEach((bar) => watch.observe(bar));
    addEventListener("resize", reserve);
    reserve();
  }

  // The list of keys opens by a button too, whether they are on or off.
  const keysButton = document.querySelector("[data-keys]");
  if (keysButton) {
    keysButton.hidden = false;
    keysButton.addEventListener("click", keys["?"]);
  }

  // What was chosen stays chosen while J and K load the page with another item; it is forgotten with the tab.
  const CHOSEN = "desk-chosen";
  const boxes = () => [...document.querySelectorAll(".queue .box")];
  const keep = () => sessionStorage.setItem(CHOSEN, boxes().filter((box) => box.checked).map((box) => box.value).join(" "));
  if (boxes().length) {
    const kept = (sessionStorage.getItem(CHOSEN) || "").split(" ");
    boxes().forEach((box) => { if (kept.includes(box.value)) box.checked = true; });
    document.addEventListener("change", keep);
    document.addEventListener("reset", () => setTimeout(keep));
    const choose = document.getElementById("choose");
    if (choose) choose.addEventListener("submit", () => sessionStorage.removeItem(CHOSEN));
  }

  // How many are chosen; a batch that is not at its end goes on as if its button were pressed.
  const counter = document.querySelector("[data-chosen]");
  const count = () => {
    const chosen = document.querySelectorAll(".queue .box:checked").length;
    counter.textContent = chosen ? (chosen === 1 ? counter.dataset.one : counter.dataset.chosen.replace("{n}", chosen)) : "";
  };
  if (counter) {
    document.addEventListener("change", count);
    document.addEventListener("reset", () => setTimeout(count));
    if (document.querySelector(".queue .box:checked")) count();
  }
  const goOn = document.querySelector("form[data-continue]");
  if (goOn) setTimeout(() => goOn.requestSubmit(), 300);

  // What happened is said by a region that was there, empty, when the page came: only then is it read out.
  const live = document.querySelector("[data-live]");
  const SAID = 5; // lines that stay, so that one does not take the place of another before it is read
  const say = (words) => {
    const line = document.createElement("p");
    line.textContent = words;
    live.append(line);
    while (live.children.length > SAID) live.firstChild.remove();
  };
  if (live) {
    document.addEventListener("desk:say", (event) => say(event.detail));
    document.querySelectorAll("[data-toast] > p, [data-say]").forEach((told) => setTimeout(() => say(told.textContent.trim()), 300));
  }

  // A decision can be undone for so long: then the button goes, and Z does nothing.
  document.querySelectorAll("[data-toast] form[data-seconds]").forEach((undo) => {
    setTimeout(() => {
      const had = undo.contains(document.activeElement);
      undo.remove();
      if (!had) return;
      const main = document.getElementById("main");
      main.tabIndex = -1;
      main.focus({ preventScroll: true });
    }, undo.dataset.seconds * 1000);
  });

  // Where there is little room the lanes are folded into one line above the list.
  const lanes = document.querySelector(".side-fold");
  if (lanes) {
    const narrow = matchMedia("(max-width: 68rem)");
    const fold = () => { lanes.open = !narrow.matches; };
    narrow.addEventListener("change", fold);
    fold();
  }

  // A table names each cell's column, so that on a phone its rows may stand as lists of names and values. Their roles are
  // written down, since a table that is not laid out as one loses them.
  document.querySelectorAll("table.trail").forEach((table) => {
    const names = [...table.querySelectorAll("thead th")].map((name) => name.textContent.trim());
    const roles = { table: [table], rowgroup: table.querySelectorAll("thead, tbody"), row: table.rows, columnheader: table.querySelectorAll("thead th"), rowheader: table.querySelectorAll("tbody th"), cell: table.querySelectorAll("td") };
    for (const [role, parts] of Object.entries(roles)) for (const part of parts) part.setAttribute("role", role);
    table.querySelectorAll("td").forEach((cell) => { if (cell.colSpan === 1) cell.dataset.label = names[cell.cellIndex] || ""; });
    table.dataset.stacks = "";
  });

  // The open item's row is in view in its list, where that scrolls by itself; the page is not moved.
  const row = document.querySelector("[data-review][data-cur]");
  const column = row && row.closest(".queue");
  if (column && column.scrollHeight > column.clientHeight) {
    const [seen, there] = [column.getBoundingClientRect(), row.getBoundingClientRect()];
    const foot = column.querySelector(".queue-end").offsetHeight;
    if (there.top < seen.top || there.bottom > seen.bottom - foot) column.scrollTop += there.top - seen.top - seen.height / 4;
  }

  // What was wrong with a form is where one goes on from.
  const wrong = document.querySelector("main [role=alert]");
  if (wrong) {
    wrong.tabIndex = -1;
    wrong.focus();
  }

  // After a decision the page comes back with the next item: focus goes there, else to the head of an empty queue.
  if (document.querySelector("[data-toast]")) {
    const next = document.getElementById("item") || document.querySelector(".queue h1");
    if (next) {
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
    }
  }
})();
