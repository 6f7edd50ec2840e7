// Pictures of rows: a number, a chart with its table, a calendar. All are computed from the rows on show.

/** What a number says about rows: how many, or the sum or mean of a field. */
function measure(field, rows) {
  const given = rows.map((row) => row.values[field.name]).filter((value) => value !== "");
  const total = given.reduce((sum, value) => sum + Number(value), 0);
  return field.mean ? total / Math.max(given.length, 1) : total;
}

function statOf(part, entity) {
  const rows = rowsOf(entity);
  const field = part.fields.map((name) => fieldOf(entity, name)).find(isNumeric);
  // "Open bids" counts the bids that are open: a label that names a state means those rows.
  const words = part.label.toLocaleLowerCase(LOCALE).split(/[^\p{L}\p{N}]+/u);
  const named = entity.states.find((name) => words.includes(name.toLocaleLowerCase(LOCALE)));
  const counted = named ? rows.filter((row) => row.state === named) : rows;
  if (field) {
    const note = `${field.mean ? "Average" : "Total"} of ${plural(counted.length, entity)}`;
    return { figure: formatQuantity(field, measure(field, counted)), note };
  }
  if (named) return { figure: formatNumber(counted.length), note: `of ${plural(rows.length, entity)}` };
  const counts = entity.states.map((name) => [name, rows.filter((row) => row.state === name).length]);
  const used = counts.filter(([, count]) => count).map(([name, count]) => `${count} ${name}`);
  return { figure: formatNumber(rows.length), note: inWords(used) || entity.plural };
}

function statView(part, entity) {
  const figure = el("p", { class: "figure" });
  const note = el("p", { class: "hint" });
  const update = () => {
    const stat = statOf(part, entity);
    figure.textContent = stat.figure;
    note.textContent = stat.note;
  };
  return { node: el("div", { class: "stat-body" }, figure, note), update };
}

/** Bars of a chart: by choice, by month, by state or a row each, whichever the fields of the part ask for. */
function barsOf(part, entity) {
  const rows = rowsOf(entity);
  const fields = part.fields.map((name) => fieldOf(entity, name));
  const amount = fields.find(isNumeric);
  const show = (number) => (amount ? formatQuantity(amount, number) : formatNumber(number));
  const bar = (label, mine) => {
    const value = amount ? measure(amount, mine) : mine.length;
    return { label, value, text: show(value) };
  };
  const group = (key, labels) =>
    labels.map((label) => bar(label || "Not given", rows.filter((row) => key(row) === label)));
  const choice = fields.find((field) => field.type === "choice");
  if (choice) return group((row) => row.values[choice.name], choice.choices).filter((item) => item.value);
  const day = fields.find((field) => field.type === "date");
  if (day) {
    const month = (row) => row.values[day.name].slice(0, 7);
    const months = [...new Set(rows.map(month))].filter(Boolean).sort();
    const bars = group(month, months);
    return bars.map((item) => ({ ...item, label: formatMonth(...monthOf(item.label)) }));
  }
  const words = fields.find((field) => field !== amount);
  if (words) return group((row) => row.values[words.name], [...new Set(rows.map((row) => row.values[words.name]))]);
  if (amount) return rows.map((row) => bar(labelOf(entity, row, rows), [row]));
  if (entity.states.length) return group((row) => row.state, entity.states);
  const first = entity.fields.find((field) => field.type === "choice");
  if (first) return group((row) => row.values[first.name], first.choices);
  return [bar(entity.plural, rows)];
}

const monthOf = (text) => [Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1];
const LONGEST_LABEL = 34;

function cut(text) {
  const letters = [...text];
  return letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL - 1).join("")}…` : text;
}

function drawBars(bars, label) {
  const step = 46;
  const most = Math.max(...bars.map((item) => item.value), 0) || 1;
  const shapes = bars.map((item, index) => {
    const y = index * step;
    // A sliver shows that there is something; nothing, or less, has no bar.
    const width = item.value > 0 ? Math.max((item.value / most) * 100, 0.5) : 0;
    const label = svg("text", { x: 0, y: 15, class: "bar-label", text: cut(item.label) });
    return [
      // A picture of its own clips a long label before the figure beside it.
      svg("svg", { y, width: "76%", height: 20, role: "presentation" }, label),
      svg("text", { x: "100%", y: y + 15, class: "bar-value", "text-anchor": "end", text: item.text }),
      svg("rect", { x: 0, y: y + 23, width: "100%", height: 10, rx: 5, class: "bar-rail" }),
      svg("rect", { x: 0, y: y + 23, width: `${width.toFixed(2)}%`, height: 10, rx: 5, class: "bar" }),
    ];
  });
  const said = bars.map((item) => `${item.label} ${item.text}`).join(", ");
  const attributes = { class: "chart", role: "img", "aria-label": `${label}: ${said}`, height: bars.length * step };
  return svg("svg", attributes, shapes.flat());
}

function chartView(part, entity) {
  const holder = el("div");
  const table = el("div");
  const more = el("details", {}, el("summary", { text: "Show as table" }), table);
  const update = () => {
    const bars = barsOf(part, entity);
    if (!bars.length) {
      holder.replaceChildren(el("p", { class: "none", text: `No ${lower(entity.plural)} yet.` }));
      return;
    }
    const lines = bars.map((item) => {
      const head = el("th", { scope: "row" }, el("bdi", { text: item.label }));
      return el("tr", {}, head, el("td", { class: "numeric", text: item.text }));
    });
    const caption = el("caption", { class: "unseen", text: part.label });
    table.replaceChildren(el("table", { class: "plain-table" }, caption, el("tbody", {}, lines)));
    holder.replaceChildren(drawBars(bars, part.label), more);
  };
  return { node: holder, update };
}

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** A month of rows by their date; people leaf through the months. Rows without a date stand below. */
function calendarView(screen, part, entity) {
  const asked = part.fields.map((name) => fieldOf(entity, name)).find((field) => field.type === "date");
  const field = asked ?? entity.fields.find((item) => item.type === "date");
  if (!field) return tableView(screen, part, entity);
  const dayOf = (row) => row.values[field.name];
  let [year, month] = fullestMonth(rowsOf(entity).map(dayOf));
  const title = el("p", { class: "month", "aria-live": "polite" });
  const grid = el("div");
  const turn = (by, words, sign) => {
    const button = el("button", { type: "button", class: "small square" });
    button.append(el("span", { "aria-hidden": "true", text: sign }), unseen(words));
    button.addEventListener("click", () => {
      [year, month] = [year + Math.floor((month + by) / 12), (month + by + 12) % 12];
      update();
    });
    return button;
  };
  const bar = el("div", { class: "month-bar" }, turn(-1, "Month before", "‹"), title, turn(1, "Month after", "›"));
  const entry = (row) => el("li", { "data-row": row.id }, rowTitle(part, entity, row, titleOf(entity, row)));
  const cell = (day, rows) => {
    if (!day) return el("td", { class: "blank" });
    const mine = rows.filter((row) => Number(dayOf(row).slice(8)) === day);
    const list = mine.length ? el("ul", {}, mine.map(entry)) : null;
    return el("td", { class: mine.length ? "busy" : "idle" }, el("span", { class: "day", text: day }), list);
  };
  const update = () => {
    title.textContent = formatMonth(year, month);
    const stem = `${year}-${String(month + 1).padStart(2, "0")}`;
    const found = foundRows(screen, entity);
    const rows = found.filter((row) => dayOf(row).startsWith(stem));
    const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const blanks = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7;
    const cells = [...Array(blanks).fill(0), ...Array.from({ length: days }, (_, index) => index + 1)];
    while (cells.length % 7) cells.push(0);
    const weeks = Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
    const weekday = (name) => el("th", { scope: "col" }, el("abbr", { title: name, text: name.slice(0, 2) }));
    const top = el("thead", {}, el("tr", {}, WEEKDAYS.map(weekday)));
    const caption = el("caption", { class: "unseen", text: `${part.label}, ${formatMonth(year, month)}` });
    const body = weeks.map((week) => el("tr", {}, week.map((day) => cell(day, rows))));
    const table = el("table", { class: "calendar" }, caption, top, el("tbody", {}, body));
    const many = rows.length ? plural(rows.length, entity) : `No ${lower(entity.plural)}`;
    const total = el("p", { class: "hint", text: `${many} this month` });
    const undated = found.filter((row) => !dayOf(row));
    grid.replaceChildren(table, total);
    if (undated.length) grid.append(el("h3", { text: "Without a date" }), el("ul", {}, undated.map(entry)));
  };
  return { node: el("div", {}, bar, grid), update };
}

function fullestMonth(days) {
  const counts = new Map();
  for (const day of days.filter(Boolean)) counts.set(day.slice(0, 7), (counts.get(day.slice(0, 7)) ?? 0) + 1);
  const best = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))[0];
  if (best) return monthOf(best[0]);
  const now = new Date();
  return [now.getFullYear(), now.getMonth()];
}
