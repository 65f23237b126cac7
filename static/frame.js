/* In the frame: says how tall it is, and hands on a link that its sandbox would keep inside. It listens to one message alone,
   "ready", by which our script or WordPress asks for the height once more, and believes nothing that stands in it. */
"use strict";
(() => {
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
