// The state: the rows people change and their inbox. Kept across reloads where the browser allows it.

const STORE_KEY = `prototype.${PAGE.hash}`;

function freshState() {
  const rows = {};
  let next = 1;
  for (const entity of PAGE.entities) {
    rows[entity.name] = entity.rows.map((texts) => {
      const values = Object.fromEntries(entity.fields.map((field, index) => [field.name, texts[index]]));
      const state = entity.states.length ? texts[entity.fields.length] : "";
      const row = { id: `${entity.name}.${next}`, values, state };
      next += 1;
      return row;
    });
  }
  return { rows, next, inbox: [] };
}

const isText = (value) => typeof value === "string";

/** Whether a row read back fits its entity: storage can be old, cut short or changed by hand. */
function soundRow(entity, row) {
  return (
    isText(row?.id) &&
    entity.fields.every((field) => isText(row.values?.[field.name])) &&
    (entity.states.length ? entity.states.includes(row.state) : row.state === "")
  );
}

function soundState(state) {
  const soundRows = (entity) => {
    const rows = state.rows?.[entity.name];
    return Array.isArray(rows) && rows.every((row) => soundRow(entity, row));
  };
  const soundNote = (note) => isText(note?.title) && isText(note.text) && isText(note.at);
  return (
    typeof state === "object" &&
    state !== null &&
    Number.isSafeInteger(state.next) &&
    Array.isArray(state.inbox) &&
    state.inbox.every(soundNote) &&
    PAGE.entities.every(soundRows)
  );
}

function loadState() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE_KEY));
    if (soundState(kept)) return kept;
  } catch {
    // No storage here, or nothing readable in it: begin with the sample data.
  }
  return freshState();
}

let state = loadState();

function saveState() {
  try {
    localStorage.setItem(STORE_KEY, JSON.stringify(state));
  } catch {
    // A browser may forbid or fill its storage; the page then lives in memory until it is closed.
  }
}

const rowsOf = (entity) => state.rows[entity.name];
const rowById = (entity, id) => rowsOf(entity).find((row) => row.id === id);

function addRow(entity, values) {
  const blank = Object.fromEntries(entity.fields.map((field) => [field.name, ""]));
  const row = { id: `${entity.name}.${state.next}`, values: { ...blank, ...values }, state: entity.states[0] ?? "" };
  state.next += 1;
  // Newest first: a person looks for what they have just made at the top.
  rowsOf(entity).unshift(row);
  return row;
}

function removeRow(entity, row) {
  state.rows[entity.name] = rowsOf(entity).filter((other) => other !== row);
}

function addNote(title, text) {
  state.inbox.unshift({ title, text, at: new Date().toISOString(), read: false });
}

// What a person is looking for, a screen and an entity at a time; gone with the page.
const sought = new Map();

function search(screen, entity) {
  const key = `${screen.id}/${entity.name}`;
  if (!sought.has(key)) sought.set(key, { words: "", fields: [], choices: {} });
  return sought.get(key);
}

/** The rows of an entity that match what is sought on a screen. */
function foundRows(screen, entity) {
  const { words, fields, choices } = search(screen, entity);
  const terms = words.toLocaleLowerCase(LOCALE).split(/\s+/).filter(Boolean);
  return rowsOf(entity).filter((row) => {
    const shown = fields.map((name) => formatValue(fieldOf(entity, name), valueOf(row, name)));
    const text = shown.join(" ").toLocaleLowerCase(LOCALE);
    const chosen = Object.entries(choices).every(([name, choice]) => !choice || row.values[name] === choice);
    return chosen && terms.every((term) => text.includes(term));
  });
}

/** The row an entity's detail shows: the one a person picked, else the first. */
const picked = new Map();
const pickedRow = (entity) => rowById(entity, picked.get(entity.name)) ?? rowsOf(entity)[0];
