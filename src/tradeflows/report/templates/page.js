// All that a page can do is there without this: it adds a search, and columns that sort.
"use strict";
const search = document.getElementById("search");
if (search) {
  const claims = [...document.querySelectorAll(".claim")];
  const themes = [...document.querySelectorAll(".theme")];
  const text = new Map(claims.map((claim) => [claim, claim.textContent.toLowerCase()]));
  const look = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const claim of claims) claim.hidden = !words.every((word) => text.get(claim).includes(word));
    for (const theme of themes) theme.hidden = !theme.querySelector(".claim:not([hidden])");
    const shown = claims.filter((claim) => claim.checkVisibility()).length;
    search.form.querySelector("output").textContent = `${shown} of ${claims.length} claims`;
  };
  search.closest("[hidden]").hidden = false;
  search.form.addEventListener("input", look);
  search.form.addEventListener("reset", () => setTimeout(look));
  search.form.addEventListener("submit", (event) => event.preventDefault());
  look();
}
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    const key = (row) => row.cells[at].textContent.trim().replace(/,(?=\d{3})/g, "");
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].sort((a, b) =>
        (up ? 1 : -1) * key(a).localeCompare(key(b), "en", { numeric: true }));
      table.tBodies[0].append(...rows);
    });
  });
}
