// Narrows a list to what holds the words of a search, as they are typed. Without it the
// search asks the server for the same.
(function () {
  "use strict";
  for (const form of document.querySelectorAll("form[data-sift]")) {
    const list = document.getElementById(form.dataset.sift), none = document.getElementById(list.id + "-none"), count = document.getElementById(list.id + "-count");
    const search = form.querySelector("input[type=search]");
    search.addEventListener("input", function () {
      const words = search.value.toLowerCase().split(/\s+/);
      let found = 0;
      for (const entry of list.querySelectorAll("li")) {
        const text = entry.textContent.toLowerCase();
        entry.hidden = !words.every(word => text.includes(word));
        if (!entry.hidden) found++;
      }
      for (const shelf of list.querySelectorAll("section")) shelf.hidden = !shelf.querySelector("li:not([hidden])");
      none.hidden = found > 0;
      count.textContent = found + " found";
    });
  }
})();
