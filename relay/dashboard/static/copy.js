// Shows the buttons that copy a text, which without it is selected by hand.
(function () {
  "use strict";
  document.documentElement.classList.add("scripted");
  document.addEventListener("click", async function (event) {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy), said = button.dataset.said || button.textContent;
    button.dataset.said = said;
    try {
      await navigator.clipboard.writeText(source.value || source.textContent);
      button.textContent = "Copied";
    } catch { // not over http: then it is selected, for the keyboard to copy
      if (source.select) source.select(); else getSelection().selectAllChildren(source);
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(function () { button.textContent = said; }, 2500);
  });
})();
