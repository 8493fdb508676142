// Replaces the page's content when its channel has news, and keeps the place.
(function () {
  "use strict";
  const channel = document.currentScript.dataset.channel;
  let busy = false, again = false;
  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
        document.getElementById("main").replaceChildren(...fresh.childNodes);
      }
    } finally {
      busy = false;
      if (again) { again = false; refresh(); }
    }
  }
  const source = new EventSource("/changes?channel=" + encodeURIComponent(channel));
  // What came before the connection stood, or while it was broken, was not told.
  source.addEventListener("open", refresh);
  source.addEventListener("message", refresh);
  // A delivery's state changes a moment after the card has arrived.
  source.addEventListener("message", function () { setTimeout(refresh, 1500); });
  setInterval(refresh, 30000);
})();
