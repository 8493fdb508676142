// Shows what a form comes to while somebody types, without the button.
(function () {
  "use strict";
  for (const form of document.querySelectorAll("form[data-result]")) {
    const result = document.getElementById(form.dataset.result);
    let due, asked = 0;
    async function show() {
      const mine = ++asked;
      result.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (mine !== asked || !answer.ok || answer.redirected) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(form.dataset.result);
        if (mine === asked && fresh) result.replaceChildren(...fresh.childNodes);
      } catch { // The button still works.
      } finally {
        if (mine === asked) result.setAttribute("aria-busy", "false");
      }
    }
    form.addEventListener("input", function () { clearTimeout(due); due = setTimeout(show, 400); });
  }
})();
