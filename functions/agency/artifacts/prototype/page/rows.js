// Rows: the ways to show them (table, cards, board, detail) and the buttons that change one.

const ROW_KINDS = ["update", "transition", "delete", "notify"];
const isRowAction = (action) => ROW_KINDS.includes(action.kind);
const allowed = (action, row) => action.kind !== "transition" || action.from_states.includes(row.state);

/** A view is a node and what redraws it: `{ node, update }`. */
const partAttributes = (part) => ({ "data-part": part.id, "data-fr": part.requirements.join(" ") || undefined });

function partHeading(part, ...more) {
  return el("div", { class: "part-head" }, el("h2", { text: part.label }), ...more);
}

function stateMark(entity, row) {
  const hue = entity.states.indexOf(row.state) % 6;
  return el("span", { class: `state hue-${hue}` }, el("span", { text: row.state }));
}

function valueNode(entity, field, row) {
  if (field.type === "state") return stateMark(entity, row);
  const value = row.values[field.name];
  const text = formatValue(field, value);
  if (text === NONE) {
    const dash = el("span", { "aria-hidden": "true", text });
    return el("span", { class: "none" }, dash, unseen("not given"));
  }
  if (field.type === "date" || field.type === "time") return el("time", { datetime: value, text });
  return el("bdi", { text });
}

/** The fields a part shows: those it asked for, else the first of the entity; the state goes last. */
function shownFields(part, entity, most = 5) {
  const names = part.fields.length ? part.fields : entity.fields.slice(0, most).map((field) => field.name);
  const fields = names.map((name) => fieldOf(entity, name));
  return entity.states.length ? [...fields, STATE_FIELD] : fields;
}

function rowButton(screen, action, entity, row) {
  const attributes = {
    type: "button",
    class: action.kind === "delete" ? "small danger" : "small",
    "data-action": action.id,
    "data-fr": action.requirement,
    "data-key": `${action.id} ${row.id}`,
    onclick: () => runOnRow(screen, action, row),
  };
  return el("button", attributes, action.label, " ", unseen(labelOf(entity, row, rowsOf(entity))));
}

function rowButtons(screen, part, entity, row) {
  const actions = part.actions.map((id) => ACTIONS.get(id)).filter(isRowAction);
  const buttons = actions.filter((a) => allowed(a, row)).map((a) => rowButton(screen, a, entity, row));
  return buttons.length ? el("div", { class: "row-buttons" }, buttons) : null;
}

function rowTitle(part, entity, row, text) {
  if (!part.goes_to) return el("bdi", { text });
  const shown = SCREENS.get(part.goes_to).components.some((c) => c.kind === "detail" && c.entity === entity.name);
  const href = screenHref(part.goes_to, shown ? row.id : "");
  return el("a", { href, class: "row-link", "data-key": row.id, text });
}

function emptyNote(screen, entity) {
  const { words, choices } = search(screen, entity);
  const narrowed = words || Object.values(choices).some(Boolean);
  const text = narrowed ? `No ${lower(entity.plural)} match.` : `No ${lower(entity.plural)} yet.`;
  const note = el("div", { class: "empty" }, icon("search"), el("p", { text }));
  const clear = { type: "button", class: "small", text: "Show all", onclick: () => showAll(screen, entity) };
  if (narrowed) note.append(el("button", clear));
  return note;
}

/** The first cell of a row leads to it; for those who hear links out of context it says the whole title. */
function firstCell(part, entity, row, field, text) {
  const node = rowTitle(part, entity, row, text);
  const others = entity.title.filter((name) => name !== field.name);
  const rest = others.map((name) => formatValue(fieldOf(entity, name), row.values[name]));
  if (part.goes_to && rest.length) node.append(unseen(`, ${rest.join(", ")}`));
  return node;
}

const cellClass = (field) => (isNumeric(field) ? "numeric" : field.type === "state" ? "of-state" : undefined);

function tableView(screen, part, entity) {
  const fields = shownFields(part, entity);
  const buttons = part.actions.some((id) => isRowAction(ACTIONS.get(id)));
  const order = { name: "", rising: true };
  const holder = el("div", { class: "rows", "data-view": entity.name });
  const sorted = (rows) => {
    const field = order.name && fields.find((item) => item.name === order.name);
    if (!field) return rows;
    const key = (row) => valueOf(row, field.name);
    const compare = isNumeric(field)
      ? (a, b) => Number(key(a)) - Number(key(b))
      : (a, b) => key(a).localeCompare(key(b), LOCALE);
    return [...rows].sort((a, b) => (order.rising ? compare(a, b) : compare(b, a)));
  };
  const head = (field) => {
    const sort = () => {
      order.rising = order.name === field.name ? !order.rising : true;
      order.name = field.name;
      redraw();
    };
    const sorting = order.name !== field.name ? "none" : order.rising ? "ascending" : "descending";
    const key = `sort ${part.id} ${field.name}`;
    const button = el("button", { type: "button", class: "sort", "data-key": key, onclick: sort, text: field.label });
    const kind = isNumeric(field) ? "numeric" : undefined;
    return el("th", { scope: "col", role: "columnheader", "aria-sort": sorting, class: kind }, button);
  };
  const line = (row) => {
    const cells = fields.map((field, index) => {
      const text = formatValue(field, valueOf(row, field.name));
      const value = index === 0 ? firstCell(part, entity, row, field, text) : valueNode(entity, field, row);
      const attributes = { role: "cell", "data-label": field.label, class: cellClass(field) };
      return el("td", attributes, value);
    });
    if (buttons) cells.push(el("td", { role: "cell", class: "does" }, rowButtons(screen, part, entity, row)));
    return el("tr", { role: "row", "data-row": row.id }, cells);
  };
  const update = () => {
    const rows = sorted(foundRows(screen, entity));
    if (!rows.length) return holder.replaceChildren(emptyNote(screen, entity));
    const heads = fields.map(head);
    if (buttons) heads.push(el("th", { scope: "col", role: "columnheader" }, unseen("What you can do")));
    const caption = el("caption", { class: "unseen", text: part.label });
    const top = el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads));
    const body = el("tbody", { role: "rowgroup" }, rows.map(line));
    holder.replaceChildren(el("table", { role: "table", class: "data" }, caption, top, body));
  };
  const redraw = () => {
    rememberFocus();
    update();
    restoreFocus();
  };
  return { node: holder, update };
}

function factList(entity, fields, row) {
  const fact = (field) =>
    el("div", {}, el("dt", { text: field.label }), el("dd", {}, valueNode(entity, field, row)));
  return el("dl", { class: "facts" }, fields.map(fact));
}

/** One row as a card; its title stands in the heading, so the facts leave it out. */
function card(screen, part, entity, row, level, without = []) {
  const title = titleOf(entity, row);
  const hidden = [...entity.title, ...without];
  const fields = shownFields(part, entity).filter((field) => !hidden.includes(field.name));
  const heading = el(level, {}, rowTitle(part, entity, row, title));
  const buttons = rowButtons(screen, part, entity, row);
  return el("article", { class: "card", "data-row": row.id }, heading, factList(entity, fields, row), buttons);
}

function cardsView(screen, part, entity) {
  const holder = el("div", { class: "rows", "data-view": entity.name });
  const update = () => {
    const rows = foundRows(screen, entity);
    const cards = rows.map((row) => card(screen, part, entity, row, "h3"));
    holder.replaceChildren(rows.length ? el("div", { class: "card-grid" }, cards) : emptyNote(screen, entity));
  };
  return { node: holder, update };
}

/** Columns by state, or by the first choice of an entity without states. */
function boardView(screen, part, entity) {
  const field = entity.states.length ? STATE_FIELD : entity.fields.find((item) => item.type === "choice");
  if (!field) return cardsView(screen, part, entity);
  const choices = field === STATE_FIELD ? entity.states : [...field.choices, ...(field.required ? [] : [""])];
  const holder = el("div", { class: "rows board", "data-view": entity.name });
  const update = () => {
    const rows = foundRows(screen, entity);
    const columns = choices.map((choice, index) => {
      const mine = rows.filter((row) => valueOf(row, field.name) === choice);
      const head = el("h3", { class: `state hue-${index % 6}` }, el("span", { text: choice || "Not given" }));
      const count = el("span", { class: "count" }, el("span", { "aria-hidden": "true", text: mine.length }));
      count.append(unseen(plural(mine.length, entity)));
      const cards = mine.map((row) => card(screen, part, entity, row, "h4", [field.name]));
      const content = cards.length ? cards : el("p", { class: "none", text: "Nothing here" });
      return el("section", { class: "column" }, el("div", { class: "column-head" }, head, count), content);
    });
    holder.replaceChildren(...columns);
  };
  return { node: holder, update };
}

function detailView(screen, part, entity) {
  const id = freshId("pick");
  const input = el("select", { id });
  const label = el("label", { for: id, class: "unseen", text: `${entity.label} to show` });
  const holder = el("div", { class: "rows" });
  const fields = shownFields(part, entity, entity.fields.length);
  input.addEventListener("change", () => {
    picked.set(entity.name, input.value);
    update();
  });
  const update = () => {
    const row = pickedRow(entity);
    const rows = rowsOf(entity);
    input.replaceChildren(...rows.map((item) => el("option", { value: item.id, text: labelOf(entity, item, rows) })));
    input.value = row?.id ?? "";
    input.hidden = rows.length < 2;
    if (!row) return holder.replaceChildren(emptyNote(screen, entity));
    const title = el("h3", {}, rowTitle(part, entity, row, titleOf(entity, row)));
    const content = el("div", { "data-row": row.id }, title, factList(entity, fields, row));
    const buttons = rowButtons(screen, part, entity, row);
    if (buttons) content.append(buttons);
    holder.replaceChildren(content);
  };
  return { node: holder, picker: el("div", { class: "picker" }, label, input), update };
}
