// Tools: what an action does, on one row, on all rows, or in a form of its own.

/** The change is kept, shown and said: in this order, so that what is said can be seen. */
function perform(action, change) {
  rememberFocus();
  change();
  saveState();
  refresh();
  restoreFocus();
  announce(action.message);
}

const actionAttributes = (action) => ({ "data-action": action.id, "data-fr": action.requirement });
const fieldsOf = (action, entity) => action.fields.map((name) => fieldOf(entity, name));

/** Does an action to a row, asking first where it has something to ask. */
function runOnRow(screen, action, row) {
  const entity = ENTITIES.get(action.entity);
  const title = labelOf(entity, row, rowsOf(entity));
  switch (action.kind) {
    case "transition":
      return perform(action, () => (row.state = action.to_state));
    case "notify":
      return perform(action, () => addNote(`${entity.label}: ${title}`, action.message));
    case "delete":
      return confirmDelete(action, entity, row, title);
    case "update":
      return openDialog({
        title: `${action.label}: ${title}`,
        actionId: action.id,
        build: (close) => updateForm(action, entity, row, close),
      });
    default:
      throw new Error(`${action.kind} is not done to a row`);
  }
}

function updateForm(action, entity, row, close) {
  const onvalid = (values) => perform(action, () => close(Object.assign(row.values, values)));
  const fields = fieldsOf(action, entity);
  return buildForm({
    fields,
    values: row.values,
    submit: action.label,
    attributes: actionAttributes(action),
    onvalid,
    oncancel: close,
  }).form;
}

function confirmDelete(action, entity, row, title) {
  const build = (close) => {
    const confirm = () => perform(action, () => close(removeRow(entity, row)));
    const yes = { type: "button", class: "main danger", "data-confirm": action.id, onclick: confirm };
    return [
      el("p", { text: `“${title}” will be removed from the ${lower(entity.plural)}. This cannot be undone.` }),
      el(
        "div",
        { class: "buttons" },
        el("button", { ...yes, text: action.label }),
        el("button", { type: "button", text: "Keep it", onclick: close }),
      ),
    ];
  };
  openDialog({ title: `${action.label}?`, actionId: action.id, build });
}

/** The form of a create action; after `done` (closing a dialog) or in place it starts empty again. */
function createForm(action, entity, { done, level } = {}) {
  const made = buildForm({
    fields: fieldsOf(action, entity),
    submit: action.label,
    attributes: actionAttributes(action),
    level,
    oncancel: done,
    onvalid: (values) => {
      perform(action, () => {
        picked.set(entity.name, addRow(entity, values).id);
        made.reset();
        done?.();
      });
    },
  });
  return { node: made.form };
}

/** A form that first asks which row: for a row action that no list of rows carries. */
function rowForm(screen, action, entity, { level, done } = {}) {
  const rows = () => rowsOf(entity).filter((row) => allowed(action, row));
  const updates = action.kind === "update";
  const choice = rowChoice(entity, rows, { onpick: (row) => updates && row && made.write(row.values) });
  const made = buildForm({
    fields: updates ? fieldsOf(action, entity) : [],
    submit: action.label,
    attributes: actionAttributes(action),
    above: [choice],
    level,
    oncancel: done,
    onvalid: (values) => {
      const row = choice.row();
      if (updates) {
        perform(action, () => Object.assign(row.values, values));
        made.reset();
        choice.input.value = "";
      }
      // A dialog makes way first: what comes next may open one of its own.
      done?.();
      if (!updates) runOnRow(screen, action, row);
    },
  });
  const none = el("p", { class: "hint", text: `No ${lower(entity.plural)} can be changed this way now.` });
  const update = () => {
    choice.refresh();
    none.hidden = rows().length > 0;
    made.form.hidden = rows().length === 0;
  };
  update();
  return { node: el("div", {}, made.form, none), update };
}

function searchTool(screen, action, entity, fields, label) {
  const id = freshId("search");
  const input = el("input", { id, type: "search", maxlength: 200, autocomplete: "off" });
  const looking = search(screen, entity);
  input.value = looking.words;
  const run = () => {
    looking.words = input.value.trim();
    looking.fields = fields;
    refresh();
    announceFound(screen, action, entity);
  };
  const form = el("form", { role: "search", class: "search", ...(action ? actionAttributes(action) : {}) });
  form.setAttribute("aria-label", label);
  form.append(
    el("label", { for: id, text: label }),
    el("div", { class: "search-line" }, input, el("button", { class: "main", text: action?.label ?? "Search" })),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  // The cross inside a search field empties it without a submit.
  input.addEventListener("search", () => input.value === "" && run());
  return { node: form, update: () => (input.value = looking.words) };
}

function filterTool(screen, action, entity) {
  const field = fieldOf(entity, action.fields[0]);
  const id = freshId("filter");
  const input = optionList(el("select", { id, ...actionAttributes(action) }), field.choices, "All");
  const { choices } = search(screen, entity);
  input.addEventListener("change", () => {
    choices[field.name] = input.value;
    refresh();
    announceFound(screen, action, entity);
  });
  const update = () => (input.value = choices[field.name] ?? "");
  update();
  return { node: el("div", { class: "filter" }, el("label", { for: id, text: action.label }), input), update };
}

const foundWords = (screen, entity) =>
  `${formatNumber(foundRows(screen, entity).length)} of ${plural(rowsOf(entity).length, entity)} shown.`;

/** Says what was found; "these match" would be wrong over an empty list. */
function announceFound(screen, action, entity) {
  const lead = foundRows(screen, entity).length ? (action?.message ?? "") : `No ${lower(entity.plural)} match.`;
  announce(`${lead} ${foundWords(screen, entity)}`.trim());
}

function showAll(screen, entity) {
  const looking = search(screen, entity);
  looking.words = "";
  for (const name of Object.keys(looking.choices)) looking.choices[name] = "";
  rememberFocus();
  refresh();
  restoreFocus();
  announce(foundWords(screen, entity));
}

/** Totals: rows by state, and the sum and mean of the number and money fields. */
function summaryTool(action, entity) {
  const holder = el("div", { class: "totals", "data-result": action.id });
  let open = false;
  const fact = (term, value) => el("div", {}, el("dt", { text: term }), el("dd", { text: value }));
  const update = () => {
    if (!open) return;
    const rows = rowsOf(entity);
    const facts = [fact(entity.plural, formatNumber(rows.length))];
    for (const name of entity.states) {
      const count = rows.filter((row) => row.state === name).length;
      facts.push(fact(name, formatNumber(count)));
    }
    for (const field of fieldsOf(action, entity).filter(isNumeric)) {
      const sum = measure({ ...field, mean: false }, rows);
      facts.push(fact(`${field.label}, total`, formatQuantity(field, sum)));
      facts.push(fact(`${field.label}, average`, formatQuantity(field, measure({ ...field, mean: true }, rows))));
    }
    holder.replaceChildren(el("dl", { class: "tiles" }, facts));
  };
  const run = () => {
    open = true;
    update();
    announce(action.message);
  };
  const button = el("button", { type: "button", ...actionAttributes(action), text: action.label, onclick: run });
  return { node: el("div", { class: "tool-body" }, button, holder), update, run };
}

/** Two rows side by side; what differs is marked by weight and by a word. */
function compareTool(action, entity, level) {
  const rows = () => rowsOf(entity);
  const one = rowChoice(entity, rows, { label: `First ${lower(entity.label)}`, value: rows()[0]?.id });
  const two = rowChoice(entity, rows, { label: `Second ${lower(entity.label)}`, value: rows()[1]?.id });
  const holder = el("div", { "data-result": action.id });
  const named = fieldsOf(action, entity);
  const fields = entity.states.length ? [...named, STATE_FIELD] : named;
  let open = false;
  const update = () => {
    one.refresh();
    two.refresh();
    if (open && one.row() && two.row()) draw();
    else holder.replaceChildren();
  };
  const draw = () => {
    const pair = [one.row(), two.row()];
    const heads = pair.map((row) => el("th", { scope: "col" }, el("bdi", { text: labelOf(entity, row, rows()) })));
    const lines = fields.map((field) => {
      const differs = valueOf(pair[0], field.name) !== valueOf(pair[1], field.name);
      const cells = pair.map((row) => el("td", {}, valueNode(entity, field, row)));
      const head = el("th", { scope: "row" }, field.label, differs ? unseen(" (differs)") : null);
      return el("tr", { class: differs ? "differs" : undefined }, head, cells);
    });
    const top = el("thead", {}, el("tr", {}, el("td"), heads));
    const caption = el("caption", { class: "unseen", text: action.label });
    holder.replaceChildren(el("table", { class: "plain-table compared" }, caption, top, el("tbody", {}, lines)));
  };
  const { form } = buildForm({
    fields: [],
    submit: action.label,
    above: [one, two],
    attributes: actionAttributes(action),
    level,
    onvalid: () => {
      open = true;
      draw();
      announce(action.message);
    },
  });
  return { node: el("div", { class: "tool-body" }, form, holder), update };
}

/** Rows as CSV, to read, copy or download. */
function exportRows(screen, action) {
  const entity = ENTITIES.get(action.entity);
  const named = action.fields.length ? fieldsOf(action, entity) : entity.fields;
  const fields = entity.states.length ? [...named, STATE_FIELD] : named;
  const csv = csvOf(fields, foundRows(screen, entity));
  // The mark at the start tells spreadsheets that the text is UTF-8.
  const address = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv;charset=utf-8" }));
  const id = freshId("csv");
  const build = () => {
    const area = el("textarea", { id, readonly: true, rows: 10, class: "csv", "data-result": action.id });
    area.value = csv;
    const file = { class: "button main", href: address, download: `${entity.name}.csv` };
    const link = el("a", { ...file, text: "Download CSV" });
    const label = el("label", { for: id, text: `${plural(foundRows(screen, entity).length, entity)} as CSV` });
    return [el("p", { text: action.message }), label, area, el("div", { class: "buttons" }, link)];
  };
  const onclose = () => URL.revokeObjectURL(address);
  openDialog({ title: action.label, actionId: action.id, build, wide: true, onclose });
  announce(action.message);
}

function exportTool(screen, action) {
  const run = () => exportRows(screen, action);
  const button = el("button", { type: "button", ...actionAttributes(action), text: action.label, onclick: run });
  return { node: button };
}

/** The tool of any action, standing by itself; `level` is the heading level of its messages. */
function toolOf(screen, action, options = {}) {
  const entity = ENTITIES.get(action.entity);
  switch (action.kind) {
    case "create":
      return createForm(action, entity, options);
    case "search":
      return searchTool(screen, action, entity, action.fields, `Search ${lower(entity.plural)}`);
    case "filter":
      return filterTool(screen, action, entity);
    case "summarise":
      return summaryTool(action, entity);
    case "compare":
      return compareTool(action, entity, options.level);
    case "export":
      return exportTool(screen, action);
    default:
      return rowForm(screen, action, entity, options);
  }
}
