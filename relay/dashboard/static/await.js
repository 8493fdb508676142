// Waits until a sign-in is over, and then goes on to where that leads.
(async function () {
  "use strict";
  const { at, then } = document.currentScript.dataset;
  for (;;) {
    try {
      const answer = await fetch(at + "&wait", { redirect: "manual" });
      if (answer.type === "opaqueredirect") return location.replace(then);
      if (!answer.ok || (await answer.text()).includes('id="failed"')) return location.replace(at);
    } catch { // The relay may be away for a moment.
      await new Promise(done => setTimeout(done, 5000));
    }
  }
})();
