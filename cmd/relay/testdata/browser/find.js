// find returns the element that a person would take for what has a name: something to
// press, or a field. What cannot be seen does not count.
(function (fields, name) {
  const flat = s => (s || "").replace(/\s+/g, " ").trim();
  const labels = e => [...(e.labels || [])].map(l => {
    const copy = l.cloneNode(true);
    copy.querySelectorAll("select, textarea, input, .quiet").forEach(x => x.remove());
    return flat(copy.textContent);
  });
  const names = e => [flat(e.getAttribute("aria-label")), ...labels(e), ...(fields ? [e.name] : [flat(e.innerText), flat(e.title), flat(e.value)])];
  const sort = fields ? "input:not([type=hidden]), select, textarea" : "a[href], button, summary, label, input[type=submit]";
  const seen = [...document.querySelectorAll(sort)].filter(e => e.type === "file" || e.checkVisibility({ visibilityProperty: true }));
  return seen.find(e => names(e).includes(name)) || seen.find(e => names(e).some(n => n && n.startsWith(name))) || null;
})
