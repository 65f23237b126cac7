/* <promise-wall>: the wall of a campaign in somebody else's page. The server says which parts there are, as a tree of names
   and texts; only the elements and attributes named here are made of it, every text stays text, and every link stays on our
   server. Nothing is loaded before it is near the window. */
((doc, script) => {
  if (!script || customElements.get('promise-wall')) return;
  const HOME = new URL('.', script.src).href;
  const EVERY = 50e3; // milliseconds between two looks, so that what is taken down is gone within a minute
  const MODES = { __proto__: null, wall: 'head wall foot', compact: 'newest compact ways', count: 'tally', single: 'wall ways' };
  const TAGS = /^(p|a|h2|ol|li|div|bdi|span|strong|article|footer|blockquote)$/;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('/*css*/');

  // Drawing

  const svg = (tag, name, value, ...inside) => {
    const made = doc.createElementNS('http://www.w3.org/2000/svg', tag);
    made.setAttribute(name, value);
    made.append(...inside);
    return made;
  };
  const motif = (form) => {
    let path = '', bit = 0;
    for (let y = 1; y < 5; y++) for (let x = +(y < 2); x <= y; x++)
      if (form >> bit++ & 1) for (const v of [[x, y], [y, x]]) for (const w of [v[0], 8 - v[0]]) for (const h of [v[1], 8 - v[1]])
        path += 'M' + w + ' ' + h + 'h1v1h-1z';
    const made = svg('svg', 'viewBox', '0 0 9 9', svg('path', 'd', path));
    made.setAttribute('class', 'pw-motif');
    made.ariaHidden = true;
    return made;
  };
  const logo = (of) => { // drawn by us, since the host's policy may allow no picture
    const made = doc.createElement('canvas');
    made.className = 'pw-logo';
    made.part = 'logo';
    made.role = 'img';
    made.ariaLabel = of.alt;
    made.width = of.w;
    made.height = of.h;
    fetch(HOME + of.src, { credentials: 'omit' }).then((each) => each.blob()).then(createImageBitmap).then((each) => made.getContext('bitmaprenderer').transferFromImageBitmap(each)).catch(() => made.remove());
    return made;
  };
  const draw = (node) => {
    if (!node.map) return '' + node;
    const [name, ...inside] = node;
    if (name == 'motif') return motif(node[1]);
    if (name == 'logo') return logo(node[1]);
    const [tag, names] = name.split('.');
    const made = doc.createElement(TAGS.test(tag) ? tag : 'span');
    if (names) {
      made.className = names.replace(/\S+/g, 'pw-$&');
      made.part = names;
    }
    if (tag == 'ol') made.role = 'list';
    for (const each of inside) {
      if (each.map || each.big) made.append(draw(each));
      else {
        if (each.lang) made.lang = each.lang;
        if (each.dir) made.dir = 'auto';
        if (each.to) {
          made.href = HOME + each.to;
          made.dataset.k = each.k;
        }
      }
    }
    return made;
  };

  // Asking: one request for all elements that show the same wall

  const lists = {};
  const ask = async (list) => {
    const limit = list.limit = Math.max(...[...list.members].map((each) => each.most));
    list.asking = 1;
    try {
      const answer = await fetch(list.url + '&limit=' + limit, {
        cache: 'no-cache', credentials: 'omit', signal: AbortSignal.timeout(2e4),
      });
      const text = answer.ok && await answer.text();
      if (text != list.text && (text || answer.status == 404)) {
        list.data = text && JSON.parse(text);
        list.text = text;
      }
    } catch { /* we are away: what stands there stays */ }
    list.asking = 0;
    list.at = Date.now();
    list.members.forEach((each) => each.show());
    wake(list);
  };
  const wake = (list) => {
    clearTimeout(list.timer);
    const members = [...list.members];
    if (doc.hidden || list.asking || !members.some((each) => list.at ? each.seen : each.near)) return;
    const wait = members.some((each) => each.most > list.limit) ? 0 : list.at + EVERY - Date.now();
    if (wait > 0) list.timer = setTimeout(wake, wait, list);
    else ask(list);
  };
  const watch = (name, margin) => new IntersectionObserver((entries) => entries.forEach((each) => {
    each.target[name] = each.isIntersecting;
    if (each.target.list) wake(each.target.list);
  }), { rootMargin: margin });
  const near = watch('near', '500px'), seen = watch('seen', '0px');
  doc.addEventListener('visibilitychange', () => Object.values(lists).forEach(wake));

  customElements.define('promise-wall', class extends HTMLElement {
    static observedAttributes = ['campaign', 'limit', 'theme', 'mode', 'promise', 'lang'];

    constructor() {
      super();
      this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [sheet];
    }

    connectedCallback() {
      this.join();
      near.observe(this);
      seen.observe(this);
    }

    disconnectedCallback() {
      near.unobserve(this);
      seen.unobserve(this);
      this.near = this.seen = 0;
      this.leave();
    }

    attributeChangedCallback() {
      if (this.list) {
        this.leave();
        this.join();
      }
    }

    join() {
      const of = (name) => encodeURIComponent(this.getAttribute(name) || '');
      const mode = this.mode = of('mode') || (of('promise') ? 'single' : 'wall');
      this.most = mode == 'count' ? 0 : mode == 'single' ? 1 : Math.min(Math.max(parseInt(of('limit')) || 12, 1), 100);
      const url = HOME + of('campaign') + (mode == 'single' ? '/promises/' + of('promise') : '') + '/embed.json?lang=' + of('lang') + '&theme=' + of('theme');
      this.list = lists[url] ||= { url: url, members: new Set(), at: 0, limit: 0 };
      this.list.members.add(this);
      this.show();
      wake(this.list);
    }

    leave() {
      const list = this.list;
      list.members.delete(this);
      this.list = 0;
      wake(list);
    }

    show() {
      const root = this.shadowRoot, data = this.list.data, as = this.list.url + this.mode + this.most;
      if (root.firstChild && this.shown == data && this.as == as) return;
      const focused = root.activeElement?.dataset.k;
      this.shown = data;
      this.as = as;
      const made = doc.createElement(data ? 'section' : 'slot');
      if (data) {
        made.className = 'pw';
        made.part = 'wall';
        made.lang = data.lang;
        made.dir = 'ltr';
        for (const name in data.colours) made.style.setProperty('--pw-' + name, data.colours[name]);
        for (const name of (MODES[this.mode] || MODES.wall).split(' ')) {
          const part = data[name] || ['ol.' + name, ...data.items.slice(0, this.most), ...name == 'wall' && this.mode != 'single' && data.yours || []];
          made.append(draw(part));
        }
      } else made.append(draw(['a', { to: this.getAttribute('campaign'), k: '' }, this.lang == 'cy' ? 'Darllenwch yr addewidion' : 'Read the promises']));
      root.replaceChildren(made);
      if (focused) root.querySelector('[data-k="' + focused + '"]')?.focus({ preventScroll: true });
    }
  });

  // Frames of ours on this page: their height, and links that their sandbox keeps inside

  const ours = () => [...doc.querySelectorAll('iframe')].filter((frame) => frame.src.startsWith(HOME));
  addEventListener('message', (message) => {
    const data = message.data || {}, value = data.value, sandboxed = message.origin == 'null';
    if (!sandboxed && message.origin + '/' != HOME) return;
    for (const frame of ours()) {
      if (frame.contentWindow != message.source || sandboxed && !frame.sandbox.length) continue;
      if (data.type == 'height' && Number.isInteger(value) && value >= 50 && value <= 5e3) frame.height = value;
      if (data.type == 'link' && ('' + value).startsWith(HOME) && doc.activeElement == frame) {
        const opened = open(value);
        if (opened) opened.opener = null;
        else location = value;
      }
    }
  });
  for (const frame of ours()) frame.contentWindow.postMessage({ type: 'ready' }, '*'); // those that spoke before we listened
})(document, document.currentScript);
