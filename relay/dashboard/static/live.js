// Updates the page when its channel has news. What has not changed stays the very same
// element, and with it the focus, the selection, the place and what is unfolded. A form
// that somebody has begun to fill in stays as it is.
(function () {
  "use strict";
  const channel = document.currentScript.dataset.channel;
  let source, busy = false, again = false, last = 0, due;

  const touched = new WeakSet();
  document.addEventListener("input", function (e) { if (e.target.form) touched.add(e.target.form); });
  document.addEventListener("reset", function (e) { touched.delete(e.target); });

  // A form's field named "id" would hide the form's own.
  const key = node => (node.nodeType === Node.ELEMENT_NODE && node.getAttribute("id")) || "";
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

  // become makes an old node like a new one, and its children too.
  function become(old, fresh) {
    if (touched.has(old)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const a of fresh.attributes) if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
    for (const a of [...old.attributes]) {
      const unfolded = old.nodeName === "DETAILS" && a.name === "open";
      if (!fresh.hasAttribute(a.name) && !unfolded) old.removeAttribute(a.name);
    }
    children(old, fresh);
  }

  // children finds for each new child the old one that it is, by its id or its place.
  function children(old, fresh) {
    const wanted = new Set([...fresh.childNodes].map(key).filter(Boolean));
    let at = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      // What has an id and is gone makes room; nothing that stays is moved.
      while (at && key(at) && !wanted.has(key(at))) { const gone = at; at = at.nextSibling; gone.remove(); }
      if (at && alike(at, child)) {
        become(at, child);
        at = at.nextSibling;
      } else {
        old.insertBefore(child, at);
        if (at && !key(at) && !key(child) && at.nodeType !== Node.TEXT_NODE) { const gone = at; at = at.nextSibling; gone.remove(); }
      }
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
    const seen = new Set();
    for (const child of [...old.childNodes]) if (key(child) && seen.has(key(child))) child.remove(); else if (key(child)) seen.add(key(child));
  }

  // soon refreshes, at most once in a second.
  function soon() {
    if (!due) due = setTimeout(function () { due = 0; refresh(); }, Math.max(0, last + 1000 - Date.now()));
  }

  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const main = document.getElementById("page");
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("page");
        // Who reads further down is not moved by what comes above.
        const read = scrollY > 0 && [...main.querySelectorAll("[id]")].find(e => e.getBoundingClientRect().bottom > 0);
        const top = read && read.getBoundingClientRect().top;
        become(main, fresh);
        if (read && read.isConnected) scrollBy(0, read.getBoundingClientRect().top - top);
      }
    } catch { // The relay may be away for a moment; the next look is soon.
    } finally {
      busy = false;
      if (again) { again = false; soon(); }
    }
  }

  // A browser has few connections to a host, and a page that nobody sees needs none.
  function listen() {
    if (document.hidden) {
      if (source) source.close();
      source = undefined;
      return;
    }
    if (source) return;
    source = new EventSource("/changes?channel=" + encodeURIComponent(channel));
    // What came before the connection stood, or while it was broken, was not told.
    source.addEventListener("open", soon);
    source.addEventListener("message", soon);
    // A delivery's state changes a moment after the card has arrived.
    source.addEventListener("message", function () { setTimeout(soon, 1500); });
  }
  document.addEventListener("visibilitychange", listen);
  listen();
  setInterval(function () { if (!document.hidden) soon(); }, 30000);
  // Who has just saved a connector waits for what comes of it, for a while.
  let looks = 0;
  const impatient = setInterval(function () {
    if (++looks > 40 || !document.querySelector(".awaited")) clearInterval(impatient);
    else if (!document.hidden) soon();
  }, 3000);
})();
