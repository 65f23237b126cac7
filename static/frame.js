/* In the frame: looks now and then whether something else is to be shown, says how tall it is, and hands on a link that its
   sandbox would keep inside. It listens to one message alone, "ready", by which our script or WordPress asks for the height
   once more, and believes nothing that stands in it. */
"use strict";
(() => {
  const EVERY = 50000; // milliseconds between two looks, so that what is taken down is gone within a minute

  // What has changed is taken in; all else stays the element that it was, with focus, selection and place of whoever reads

  const take = (old, fresh) => {
    const wanted = [...fresh.children];
    for (const each of [...old.children]) if (!wanted.some((other) => other.isEqualNode(each))) each.remove();
    let at = old.firstElementChild;
    for (const each of wanted) {
      if (at && at.isEqualNode(each)) at = at.nextElementSibling;
      else old.insertBefore(document.importNode(each, true), at);
    }
    while (at) {
      const next = at.nextElementSibling;
      at.remove();
      at = next;
    }
  };
  const show = (fresh) => {
    const main = document.querySelector("main"), focused = document.activeElement;
    const links = () => [...main.querySelectorAll("a")].filter((each) => each.href === focused.href);
    const place = links().indexOf(focused);
    const [list, other] = [main, fresh].map((each) => each.querySelector("ol"));
    if (list && other) take(list, other);
    take(main, fresh);
    if (place >= 0 && !focused.isConnected) (links()[place] || links()[0])?.focus({ preventScroll: true });
  };
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward"; // as old as the visit it comes from
  let at = back ? 0 : Date.now(), seen = false, looking = false, timer = 0;
  const look = async () => {
    looking = true;
    try {
      const answer = await fetch(location.pathname + location.search, {
        cache: "no-cache", credentials: "omit", signal: AbortSignal.timeout(20000),
      });
      const told = answer.ok || answer.status === 404; // of what is gone it says just that
      const fresh = told && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main.pw");
      if (fresh) show(fresh);
    } catch { /* we are away: what stands there stays */ }
    looking = false;
    at = Date.now();
    wake();
  };
  const wake = () => {
    clearTimeout(timer);
    if (seen && !looking && !document.hidden) timer = setTimeout(look, Math.max(0, at + EVERY - Date.now()));
  };
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    wake();
  }).observe(document.body);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("pageshow", wake);

  // The page around

  const above = window.parent;
  if (above === window) return;
  const secret = (/^#\?secret=([a-zA-Z0-9]{1,64})$/.exec(location.hash) || [])[1];
  const tell = (type, value) => above.postMessage({ type: type, value: value }, "*");
  const tellWordPress = (message, value) => secret && above.postMessage({ message: message, value: value, secret: secret }, "*");
  const between = (least, value, most) => Math.min(Math.max(value, least), most);
  const height = () => {
    const tall = Math.ceil(document.body.getBoundingClientRect().height);
    tell("height", between(50, tall, 5000));
    tellWordPress("height", between(200, tall, 1000));
  };
  new ResizeObserver(height).observe(document.body);
  window.addEventListener("load", height);
  window.addEventListener("message", (event) => {
    const data = event.data || {};
    if (event.source !== above) return;
    if (data.type === "ready" || (data.message === "ready" && secret && data.secret === secret)) height();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const opened = window.open(link.href, "_blank");
    if (opened) {
      opened.opener = null;
    } else {
      tell("link", link.href);
      tellWordPress("link", link.href);
    }
  });
})();
