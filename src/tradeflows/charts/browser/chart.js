// A chart answers to pointer, touch and keyboard with what its marks' titles say.
"use strict";
const chartLists = {}; // numbers and raw lines, by the file that has them
const QUALIFIED = /\b(?:about|at most|at least|below|above|less than|more than|to|and)\b/g;
for (const chart of document.querySelectorAll("figure.chart")) {
  const tip = document.createElement("div");
  tip.className = "chart-tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  chart.append(tip);
  const drawing = () => [...chart.querySelectorAll("svg")].find((svg) => svg.getClientRects().length);
  let chosen = null;

  // The browser's own tooltip would stand beside ours. What a mark of the wide drawing says, and the
  // lines that it leads to, are those of its twin in the narrow one.
  const known = {};
  for (const mark of chart.querySelectorAll(".chart-marks circle")) {
    const title = mark.querySelector("title");
    if (title) {
      known[mark.dataset.at] = mark;
      mark.dataset.said = title.textContent;
      title.remove();
      continue;
    }
    const twin = known[mark.dataset.at];
    mark.dataset.said = twin?.dataset.said || "";
    if (twin?.dataset.entry) mark.dataset.entry = twin.dataset.entry;
    if (twin) Object.assign(mark.parentNode.dataset, twin.parentNode.dataset);
  }

  // A mark's series, its period, and its figure with sign; the unit follows a bare number.
  const parts = (mark) => {
    const { name, unit, signed } = mark.parentNode.dataset, said = mark.dataset.said;
    const at = said.lastIndexOf(": ");
    const head = at < 0 ? "" : said.slice(0, at), figure = said.slice(at < 0 ? 0 : at + 2);
    const isNamed = name && head.startsWith(`${name}, `);
    const sign = signed !== undefined && /^[\d.,]+$/.test(figure) && parseFloat(figure) ? "+" : "";
    const isBare = /\d/.test(figure) && !/[\p{L}%$€]/u.test(figure.replace(QUALIFIED, ""));
    return { name, head, figure: sign + figure, unit: isBare ? unit || "" : "",
      period: isNamed ? head.slice(name.length + 2) : "" };
  };
  const same = (mark) => {
    const { period } = parts(mark), { box } = mark.parentNode.dataset;
    if (!period || !mark.closest(".chart-dated")) return [];
    return [...mark.closest(".chart-marks").querySelectorAll("circle")].filter((other) =>
      other !== mark && other.parentNode.dataset.box === box && parts(other).period === period);
  };
  // What a mark says: a sentence, with all that its box has of the same period.
  const sentence = (mark) => {
    const own = parts(mark), others = same(mark).map(parts);
    if (!others.length) return `${own.head}${own.head && ": "}${own.figure}${own.unit}.`;
    const texts = [own, ...others].map(({ name, figure }) => `${name} ${figure}`);
    return `${own.period}: ${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}${own.unit}.`;
  };

  // Numbers and raw lines stand in a file beside, which is fetched when somebody asks for them.
  const lists = chart.querySelector(".chart-lists[data-from]");
  let fetched = lists ? null : Promise.resolve();
  chart.listed = () => fetched ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = lists.dataset.from;
    script.onerror = fail;
    script.onload = () => {
      lists.querySelector("div").innerHTML = chartLists[lists.dataset.from];
      lists.dispatchEvent(new Event("listed", { bubbles: true }));
      done();
    };
    document.head.append(script);
  });
  lists?.addEventListener("toggle", chart.listed);

  const show = (mark) => {
    if (chosen) chosen.classList.remove("chart-on");
    chosen = mark;
    tip.hidden = !mark;
    const series = mark && mark.parentNode.dataset.series;
    for (const part of chart.querySelectorAll("svg > g [data-series]"))
      part.classList.toggle("chart-off", Boolean(mark) && part.dataset.series !== series);
    if (!mark) return;
    mark.classList.add("chart-on");
    tip.textContent = sentence(mark);
    tip.classList.toggle("chart-opens", "entry" in mark.dataset);
    const box = chart.getBoundingClientRect(), at = mark.getBoundingClientRect();
    const middle = (at.left + at.right) / 2 - box.left;
    // Above the mark, or below it where the window has no room there.
    const hasRoom = at.top - tip.offsetHeight - 4 >= 0;
    tip.style.top = `${hasRoom ? at.top - box.top - tip.offsetHeight - 4 : at.bottom - box.top + 4}px`;
    tip.style.left = `${Math.max(0, Math.min(middle - tip.offsetWidth / 2, box.width - tip.offsetWidth))}px`;
  };

  // The mark next to a pointer; upon a name that of its series, however far.
  const nearest = (event) => {
    const svg = drawing(), name = event.target.closest("text")?.closest("[data-series]");
    let best = null, least = name ? Infinity : 28;
    for (const mark of svg ? svg.querySelectorAll(".chart-marks circle") : []) {
      if (name && mark.parentNode.dataset.series !== name.dataset.series) continue;
      const at = mark.getBoundingClientRect();
      const far = Math.hypot((at.left + at.right) / 2 - event.clientX, (at.top + at.bottom) / 2 - event.clientY);
      if (far < least) [best, least] = [mark, far];
    }
    return best;
  };

  // The raw lines of a number: all that holds them is opened, and their heading has the keyboard.
  const open = async (id) => {
    if (!id) return;
    if (location.hash === "#only") location.hash = chart.id; // a frame without lists
    await chart.listed();
    const entry = chart.querySelector(`#${CSS.escape(id)}`);
    if (!entry) return;
    for (let part = entry; part; part = part.parentElement.closest("details")) part.open = true;
    entry.scrollIntoView({ block: "center" });
    entry.querySelector("summary").focus({ preventScroll: true });
  };

  const step = (key) => {
    const svg = drawing();
    const groups = svg ? [...svg.querySelectorAll(".chart-marks g")] : [];
    if (!groups.length) return;
    if (!chosen || !svg.contains(chosen)) return show(groups[0].firstElementChild);
    const of = groups.indexOf(chosen.parentNode), marks = [...chosen.parentNode.children];
    const at = marks.indexOf(chosen);
    const along = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (along) return show(marks[at + along] || groups[of + along]?.[along > 0 ? "firstElementChild" : "lastElementChild"] || chosen);
    if (key === "Home") return show(groups[0].firstElementChild);
    if (key === "End") return show(groups.at(-1).lastElementChild);
    const other = groups[of + (key === "ArrowDown" ? 1 : -1)];
    if (other) show(other.children[Math.min(at, other.children.length - 1)]);
  };

  let before = null;
  chart.addEventListener("pointermove", (event) => show(nearest(event)));
  chart.addEventListener("pointerdown", (event) => {
    before = chosen;
    show(nearest(event));
  });
  // A finger's first tap shows a number, its second opens the lines.
  chart.addEventListener("click", (event) => {
    const link = event.target.closest(".chart-data a");
    if (link) {
      event.preventDefault();
      open(link.hash.slice(1));
    } else if (chosen && event.target.closest("svg") && (event.pointerType === "mouse" || before === chosen))
      open(chosen.dataset.entry);
  });
  // A finger that was lifted has left the chart, too: what it met stays until the next tap.
  chart.addEventListener("pointerleave", (event) => event.pointerType === "touch" || show(null));
  addEventListener("pointerdown", (event) => chart.contains(event.target) || show(null));
  const plots = chart.querySelectorAll(".chart-wide, .chart-narrow");
  for (const plot of plots) {
    plot.tabIndex = 0;
    plot.addEventListener("blur", () => show(null));
    plot.addEventListener("keydown", (event) => {
      if (event.key === "Escape") show(null);
      else if (event.key === "Enter" && chosen) open(chosen.dataset.entry);
      else if (/^(Arrow|Home|End)/.test(event.key)) {
        event.preventDefault();
        step(event.key);
        chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
        show(chosen);
      }
    });
  }
}
