(() => {
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const tip = byId("tip");
const charts = new Map();
const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const day = seconds => new Date(seconds * 1000).toISOString().slice(0, 10);
const number = value => value == null ? "–" : Number(value).toLocaleString("en", {maximumSignificantDigits: 7});
const utc = seconds => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC");

function axes(label) {
  const common = {stroke: () => colour("soft"), grid: {stroke: () => colour("line"), width: 1}, ticks: {stroke: () => colour("line"), width: 1}, font: "11px system-ui, sans-serif"};
  return [{...common, space: 70}, {...common, size: 58, values: (u, ticks) => ticks.map(number), label: label || undefined, labelSize: 14}];
}

// What mouse and keyboard do to a chart: drag and + zoom in, - out, arrows move, 0 and double-click show all.
function steer(box, plot, beyond = 0) {
  const all = () => { const x = plot.data[0]; return [x[0], x[x.length - 1] + beyond]; };
  const show = (min, max) => {
    const [first, last] = all(), least = Math.min(86400 * 4, (last - first) || 1), width = Math.max(least, Math.min(max - min, last - first));
    min = Math.max(first, Math.min(min, last - width));
    plot.setScale("x", {min, max: min + width});
  };
  plot.show = show;
  plot.all = all;
  box.addEventListener("keydown", event => {
    const {min, max} = plot.scales.x, width = max - min;
    const moves = {"+": [min + width / 4, max - width / 4], "=": [min + width / 4, max - width / 4], "-": [min - width / 2, max + width / 2], ArrowLeft: [min - width / 5, max - width / 5], ArrowRight: [min + width / 5, max + width / 5], "0": all()};
    if (event.key in moves && !event.ctrlKey && !event.metaKey) { show(...moves[event.key]); event.preventDefault(); }
  });
  new ResizeObserver(() => { const width = box.clientWidth; if (width && width !== plot.width) plot.setSize({width, height: plot.height}); }).observe(box);
}

function bars(box, series, height, labels) {
  // Stacked: each bar is drawn over those that are taller.
  const x = series.x, infos = series.infos || x.map(() => 0);
  const errors = series.errors, both = errors.map((value, at) => value + series.warnings[at]), whole = both.map((value, at) => value + infos[at]);
  // The last bar begins where the data end, and needs its width.
  const step = x.length > 1 ? Math.min(...x.slice(1).map((value, at) => value - x[at])) : 86400, last = x[x.length - 1];
  const bar = uPlot.paths.bars({size: [0.86, 26], align: 1});
  const one = (name, tone) => ({label: name, fill: () => colour(tone), stroke: () => colour(tone), width: 0, paths: bar, points: {show: false}});
  const plot = new uPlot({
    width: box.clientWidth || 600, height, tzDate: utc, cursor: {y: false, drag: {x: true, y: false}}, legend: {show: false},
    scales: {x: {time: true, range: (u, min, max) => [min, max === last ? last + step : max]}, y: {range: (u, min, max) => [0, Math.max(max, 1) * 1.06]}}, axes: axes(),
    series: [{}, one("info", "info"), one("warning", "warning"), one("error", "error")],
    hooks: {setCursor: [u => {
      const at = u.cursor.idx;
      if (at == null || u.cursor.left < 0) { tip.hidden = true; return; }
      say(u, `${labels ? labels[at] : day(x[at])}: ${number(errors[at])} errors, ${number(series.warnings[at])} warnings, ${number(infos[at])} infos`);
    }]},
  }, [x, whole, both, errors], box);
  steer(box, plot, step);
  box.addEventListener("mouseleave", () => { tip.hidden = true; });
  charts.set(box.id, plot);
}

function say(u, text) {
  const at = u.over.getBoundingClientRect();
  place(at.left + u.cursor.left, at.top + Math.max(u.cursor.top, 0), text);
}

function place(left, top, text) {
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = Math.max(6, Math.min(left + 14, innerWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.max(6, top - tip.offsetHeight - 12) + "px";
}

// A series comes as it is kept: days instead of seconds, marks where there are any, the band as a share.
function unpacked(kept) {
  const marks = tone => { const all = new Array(kept.days.length).fill(null); for (const [at, value] of kept[tone]) all[at] = value; return all; };
  const band = share => kept.expected.map(value => value == null ? null : value * share);
  return {x: kept.days.map(value => value * 86400), price: kept.price, expected: kept.expected, lower: band(1 - kept.band), upper: band(1 + kept.band), info: marks("info"), warning: marks("warning"), error: marks("error"), found: kept.found};
}

function prices(box, kept) {
  const chart = unpacked(kept);
  const readout = box.parentElement.querySelector(".readout");
  const points = tone => ({label: tone, stroke: () => colour(tone), fill: () => colour(tone), width: 0, paths: () => null, points: {show: true, size: 7, stroke: () => colour(tone), fill: () => colour(tone)}});
  const line = (label, tone, width) => ({label, stroke: () => colour(tone), width, points: {show: false}, spanGaps: false});
  const plot = new uPlot({
    width: box.clientWidth || 480, height: 230, tzDate: utc, cursor: {y: false, drag: {x: true, y: false}, points: {show: false}}, legend: {show: false},
    scales: {x: {time: true, range: (u, min, max) => min === max ? [min - 86400, max + 86400] : [min, max]}}, axes: axes(),
    series: [{}, {...line("upper", "expected", 0), spanGaps: true}, {...line("lower", "expected", 0), spanGaps: true}, {...line("expected", "expected", 1), spanGaps: true}, line("price", "price", 1.4), points("info"), points("warning"), points("error")],
    bands: [{series: [1, 2], fill: () => colour("band")}],
    hooks: {setCursor: [u => {
      const at = u.cursor.idx;
      if (at == null) return;
      const found = chart.found[at];
      readout.textContent = `${day(chart.x[at])}  price ${number(chart.price[at])}, expected ${number(chart.expected[at])}` + (found ? ` · ${found}` : "");
    }]},
  }, [chart.x, chart.upper, chart.lower, chart.expected, chart.price, chart.info, chart.warning, chart.error], box);
  steer(box, plot);
  box.addEventListener("keydown", event => {
    if (event.key !== "n" && event.key !== "p") return;
    const places = Object.keys(chart.found).map(Number), here = plot.cursor.idx ?? -1;
    const next = event.key === "n" ? places.find(at => at > here) : places.filter(at => at < here).pop();
    if (next !== undefined) { plot.setCursor({left: plot.valToPos(chart.x[next], "x"), top: 10}); event.preventDefault(); }
  });
  charts.set(box.dataset.chart, plot);
}

// Charts are drawn when they come near the screen: a page of many opens at once.
function whenSeen(box, draw) {
  const once = () => { if (!box.dataset.drawn) { box.dataset.drawn = "1"; draw(); } };
  box.draw = once;
  const watch = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) { once(); watch.disconnect(); } }, {rootMargin: "400px"});
  watch.observe(box);
}
if (data.time.x.length) whenSeen(byId("chart-time"), () => bars(byId("chart-time"), data.time, 240));
if (data.runs && data.runs.x.length) whenSeen(byId("chart-runs"), () => bars(byId("chart-runs"), data.runs, 200, data.runs.names));
const boxes = [...document.querySelectorAll("[data-chart].chart")];
for (const box of boxes) whenSeen(box, () => prices(box, data.charts[box.dataset.chart]));

// Links from incidents to the chart of their ticker, at their time.
document.addEventListener("click", event => {
  const link = event.target.closest("a[data-ticker]");
  if (!link) return;
  const box = boxes.find(one => one.dataset.chart === link.dataset.ticker);
  if (!box) return;
  box.draw();
  const from = Date.parse(link.dataset.from) / 1e3, to = Date.parse(link.dataset.to) / 1e3, margin = 86400 * 45;
  charts.get(link.dataset.ticker).show(from - margin, to + margin);
  setTimeout(() => box.focus({preventScroll: true}));  // after the jump, which takes the focus
});

// The table of incidents: filters, and columns that sort.
const table = byId("incident-table"), body = table.tBodies[0], rows = [...body.rows];
const texts = rows.map(row => row.textContent.toLowerCase());
function filter() {
  const words = byId("f-text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = {severity: byId("f-severity").value, status: byId("f-status").value, rule: byId("f-rule").value, chart: byId("f-chart").checked ? "1" : ""};
  let shown = 0;
  rows.forEach((row, at) => {
    const fits = words.every(word => texts[at].includes(word)) && Object.entries(wanted).every(([key, value]) => !value || row.dataset[key] === value);
    row.hidden = !fits;
    shown += fits;
  });
  byId("f-count").textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
}
byId("filters").addEventListener("input", filter);
byId("filters").addEventListener("submit", event => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(filter));
[...table.tHead.rows[0].cells].forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = row => { const cell = row.cells[column]; return cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value === "" ? -Infinity : Number(cell.dataset.value); };
  const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;
  rows.map(row => [value(row), row]).sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0])).forEach(([, row]) => body.append(row));
}));
rows.slice(60).forEach(row => row.classList.add("late"));
filter();

// The heat map says what is below the pointer.
const map = byId("heat-map");
if (map) {
  const cells = new Map(data.heat.cells.map(cell => [cell[0] + "," + cell[1], cell]));
  map.addEventListener("pointermove", event => {
    const at = map.getBoundingClientRect();
    const bin = Math.min(data.heat.columns.length - 1, Math.floor((event.clientX - at.left) / at.width * data.heat.columns.length));
    const line = Math.min(data.heat.lines.length - 1, Math.floor((event.clientY - at.top) / at.height * data.heat.lines.length));
    if (bin < 0 || line < 0) return;
    const cell = cells.get(line + "," + bin);
    place(event.clientX, event.clientY, `${data.heat.columns[bin]} · ${data.heat.lines[line]}: ` + (cell ? `${number(cell[2])} findings, ${number(cell[3])} of them errors` : "nothing"));
  });
  map.addEventListener("pointerleave", () => { tip.hidden = true; });
}

const redraw = () => charts.forEach(plot => plot.redraw(false, true));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => { boxes.forEach(box => box.draw()); for (const id of ["chart-time", "chart-runs"]) byId(id)?.draw?.(); redraw(); });
addEventListener("afterprint", redraw);
window.pricewatch = {charts};
})();
