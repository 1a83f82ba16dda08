// All that a page can do is there without this: it adds a search, and columns that sort.
"use strict";
// Small letters without accents; "%", "$" and each number stand as words of their own.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
  .replace(/['’]s\b/g, "").replace(/per\s*cent\b/g, "%")
  .replace(/(?<=\d)\s*(bn|m)(?![\p{L}\p{N}])/gu, (_, unit) => unit === "m" ? " million" : " billion")
  .replace(/(?<=\d),(?=\d{3})/g, "").replace(/[%$]/g, " $& ").replace(/\.(?!\d)|(?<!\d)\./g, " ")
  .replace(/[^\p{L}\p{N}%.$]+/gu, " ").trim();
const stem = (word) => word.replace(/ies$/, "y").replace(/(?<=.{3})(?:ings?|eds?|es|(?<!s)s|e)$/, "");
const stems = (text) => text.split(" ").map(stem).join(" ");
const seen = (entry) => {
  const copy = entry.cloneNode(true);
  for (const hidden of copy.querySelectorAll("details, .stamp a")) hidden.remove();
  return plain(copy.textContent);
};
// Letters that are wrong, missing or too many between two words; two that changed places are one.
const apart = (a, b) => {
  let before, row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
};
const NUMBER = /^(?:\$ )?(\d[\d.]*)( (?:%|thousand|million|billion|trillion|points?))?$/;
const NUMBERS = /(?<=^| )\d[\d.]*(?: (?:%|thousand|million|billion|trillion|points?))?(?= |$)/g;
const SMALL = new Set(["a", "an", "and", "by", "for", "in", "of", "on", "the", "to"]);
const filter = document.querySelector("form.filter");
if (filter) {
  const entries = [...document.querySelectorAll(".entry")].map((entry) => {
    const { theme } = entry.closest(".theme").dataset;
    const text = `${seen(entry)} ${plain(theme)}`;
    return { entry, text: ` ${text} `, stems: ` ${stems(text)} `, group: entry.dataset.group, theme };
  });
  // The words that the project lists together stand for one another.
  const same = new Map();
  const listed = Object.entries(JSON.parse(document.getElementById("words").textContent))
    .map(([word, others]) => [word, ...others].map(plain));
  for (const words of listed)
    for (const word of words)
      same.set(stems(word), [...(same.get(stems(word)) || []), ...words.map(stems)]);
  const known = new Set([...entries.flatMap((one) => one.text.trim().split(" ")), ...listed.flat()]);
  const knownStems = new Set([...known].map(stem));
  const numbers = new Set(entries.flatMap((one) => one.text.match(NUMBERS) || []));
  const near = filter.querySelector(".near");
  // A word that the page has is taken whole; any other may be the beginning of one.
  const found = (one, term) => (same.get(stems(term)) || [stems(term)])
    .some((word) => one.stems.includes(` ${word} `))
    || (!knownStems.has(stem(term)) && one.text.includes(` ${term}`) && !NUMBER.test(term));
  const asked = (query) => {
    const words = plain(query).split(" ").filter(Boolean);
    const terms = [];
    while (words.length) {
      let length = Math.min(words.length, 8);
      const part = () => words.slice(0, length).join(" ");
      while (length > 1 && !same.has(stems(part())) && !NUMBER.test(part())) length--;
      terms.push(part());
      words.splice(0, length);
    }
    return terms.filter((term) => !SMALL.has(term));
  };
  const fits = (one, terms, group, theme) => (!group || one.group === group)
    && (!theme || one.theme === theme) && terms.every((term) => found(one, term));
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
  const choose = (name, value) => {
    for (const input of filter.elements[name]) input.checked = input.value === value;
  };
  const offer = (words, change) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", () => { change(); look(); });
    return button;
  };
  const count = (terms) => entries.filter((one) => fits(one, terms)).length;
  const close = (term) => {
    const number = NUMBER.exec(term);
    if (number)
      return [...numbers].map((one) => [Math.abs(parseFloat(one) / number[1] - 1), one])
        .filter(([far, one]) => far < 0.1 && one.endsWith(number[2] || ""));
    const most = term.length < 4 ? 0 : term.length < 8 ? 1 : 2;
    return [...known].filter((one) => count([one])).map((one) => [apart(term, one), one]).filter(([far]) => far <= most);
  };
  const suggest = (query) => {
    const terms = asked(query);
    const all = count(terms);
    if (all) {
      near.replaceChildren("Nothing found in this choice of verdict and theme. ", offer(
        terms.length ? `${all} for “${query.trim()}” among all claims` : "All claims",
        () => { choose("group", ""); choose("theme", ""); }));
      return;
    }
    const others = new Set();
    for (const term of terms.filter((one) => !count([one])))
      for (const [, word] of close(term).sort((a, b) => a[0] - b[0]).slice(0, 3)) {
        const whole = terms.map((one) => one === term ? word : one).join(" ");
        others.add(count(asked(whole)) ? whole : word);
      }
    if (terms.length > 1) for (const term of terms.filter((one) => count([one]))) others.add(term);
    near.replaceChildren(others.size ? "Nothing found. Near: " : "Nothing found, and no word here is near. ");
    for (const other of others)
      near.append(offer(`${other} (${count(asked(other))})`, () => { filter.elements.q.value = other; }), " ");
  };
  const restore = () => {
    const { hash } = location;
    if (!hash.includes("=")) return;
    const kept = new URLSearchParams(hash.slice(1));
    filter.reset();
    filter.elements.q.value = kept.get("q") || "";
    for (const name of ["group", "theme"]) choose(name, kept.get(name) || "");
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
// An address that leads to the lines of a number opens them.
const unfold = () => {
  const formula = document.getElementById(location.hash.slice(1));
  const lines = formula && formula.closest(".readings details");
  if (!lines) return;
  lines.open = true;
  formula.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
const order = (a, b) => a !== "" && b !== "" && !isNaN(a) && !isNaN(b)
  ? a - b : a.localeCompare(b, "en", { numeric: true });
const sortable = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    const key = (row) => row.cells[at].dataset.place
      || row.cells[at].textContent.trim().replace(/,(?=\d{3})/g, "").replaceAll("−", "-");
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].sort((a, b) => (up ? 1 : -1) * order(key(a), key(b)));
      table.tBodies[0].append(...rows);
    });
  });
};
document.querySelectorAll("table.sortable").forEach(sortable);
addEventListener("listed", ({ target }) => target.querySelectorAll("table.sortable").forEach(sortable));
// A page that holds the frame of a chart is told how high that is.
if (parent !== self && document.body.matches(".embed"))
  new ResizeObserver(() => parent.postMessage({ height: Math.ceil(document.body.offsetHeight) }, "*"))
    .observe(document.body);
