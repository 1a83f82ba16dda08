// All that a page can do is there without this: it adds a search, and columns that sort.
"use strict";
const plain = (text) => " " + text.toLowerCase().replace(/\s*(per\s*cent|percent)\b/g, "%")
  .replace(/\s+%/g, "%").replace(/(?<=\d),(?=\d{3})/g, "").replace(/[^\p{L}\p{N}%.$]+/gu, " ") + " ";
const seen = (entry) => {
  const copy = entry.cloneNode(true);
  for (const hidden of copy.querySelectorAll("details")) hidden.remove();
  return plain(copy.textContent);
};
const apart = (a, b) => {
  let row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length];
};
const filter = document.querySelector("form.filter");
if (filter) {
  const others = JSON.parse(document.getElementById("words").textContent);
  const entries = [...document.querySelectorAll(".entry")].map((entry) => ({
    entry, text: seen(entry) + plain(entry.closest(".theme").dataset.theme),
    group: entry.dataset.group, theme: entry.closest(".theme").dataset.theme,
  }));
  const known = [...new Set([...entries.flatMap((one) => one.text.split(" ")), ...Object.keys(others)])];
  const near = filter.querySelector(".near");
  // What a word stands for: itself, its singular, and the words that the project lists for it.
  const meanings = (word) => [word, word.replace(/s$/, ""), ...(others[word] || [])].map(plain)
    .map((text) => text.trimEnd());
  const asked = (query) => {
    const phrases = Object.keys(others).filter((phrase) => phrase.includes(" "));
    let text = plain(query);
    const terms = [];
    for (const phrase of phrases)
      if (text.includes(plain(phrase))) {
        terms.push(meanings(phrase));
        text = text.replace(plain(phrase), " ");
      }
    return [...terms, ...text.trim().split(" ").filter(Boolean).map(meanings)];
  };
  const fits = (one, terms, group, theme) => (!group || one.group === group)
    && (!theme || one.theme === theme)
    && terms.every((words) => words.some((word) => one.text.includes(word)));
  const look = () => {
    const { q, group, theme } = Object.fromEntries(new FormData(filter));
    const terms = asked(q);
    let shown = 0;
    for (const one of entries) {
      one.entry.hidden = !fits(one, terms, group, theme);
      shown += !one.entry.hidden;
    }
    for (const theme of document.querySelectorAll(".theme"))
      theme.hidden = !theme.querySelector(".entry:not([hidden])");
    filter.querySelector("output").textContent = `${shown} of ${entries.length} claims`;
    for (const input of filter.querySelectorAll("input[type=radio]")) {
      const wanted = { group, theme, [input.name]: input.value };
      const count = entries.filter((one) => fits(one, terms, wanted.group, wanted.theme)).length;
      input.parentElement.querySelector("b").textContent = count;
    }
    near.hidden = shown > 0;
    if (!shown) suggest(q);
    const kept = new URLSearchParams(Object.entries({ q, group, theme }).filter(([, value]) => value));
    if (String(kept) || location.hash.includes("="))
      history.replaceState(null, "", String(kept) ? `#${kept}` : location.pathname);
  };
  const suggest = (query) => {
    const word = plain(query).trim().split(" ").pop();
    const close = known.filter((one) => one.length > 2)
      .map((one) => [apart(word, one), one]).sort((a, b) => a[0] - b[0]).slice(0, 3);
    near.replaceChildren("Nothing found. Near: ");
    for (const [, one] of close) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = one;
      button.addEventListener("click", () => { filter.elements.q.value = one; look(); });
      near.append(button, " ");
    }
  };
  const restore = () => {
    const { hash } = location;
    if (!hash.includes("=")) return;
    const kept = new URLSearchParams(hash.slice(1));
    filter.reset();
    filter.elements.q.value = kept.get("q") || "";
    for (const name of ["group", "theme"])
      for (const input of filter.elements[name]) input.checked = input.value === (kept.get(name) || "");
    look();
  };
  filter.hidden = false;
  filter.addEventListener("input", look);
  filter.addEventListener("reset", () => setTimeout(look));
  filter.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", restore);
  if (location.hash.includes("=")) restore();
  else look();
}
const order = (a, b) => a !== "" && b !== "" && !isNaN(a) && !isNaN(b)
  ? a - b : a.localeCompare(b, "en", { numeric: true });
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    const key = (row) => row.cells[at].dataset.place
      || row.cells[at].textContent.trim().replace(/,(?=\d{3})/g, "").replace("−", "-");
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].sort((a, b) => (up ? 1 : -1) * order(key(a), key(b)));
      table.tBodies[0].append(...rows);
    });
  });
}
