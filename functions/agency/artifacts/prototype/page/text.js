// Text: how values are shown, counted and exported. Values are kept as text, as the specification has them.

const PAGE = JSON.parse(document.getElementById("page-data").textContent);
const LOCALE = "en-GB";
const NONE = "—";
const STATE_FIELD = { name: "state", label: "State", type: "state", unit: "" };

const byKey = (items, key) => new Map(items.map((item) => [item[key], item]));
const ENTITIES = byKey(PAGE.entities, "name");
const ACTIONS = byKey(PAGE.actions, "id");
const SCREENS = byKey(PAGE.screens, "id");

const fieldOf = (entity, name) =>
  name === "state" ? STATE_FIELD : entity.fields.find((field) => field.name === name);
const isNumeric = (field) => field.type === "number" || field.type === "money";
/** Puts a label in the middle of a sentence; abbreviations keep their capitals. */
const lower = (text) =>
  /^\p{Lu}(?:\p{Ll}|-\p{Ll}|\s)/u.test(text) ? text.charAt(0).toLocaleLowerCase(LOCALE) + text.slice(1) : text;

const initialOf = (name) => (/[\p{L}\p{N}]/u.exec(name)?.[0] ?? "•").toLocaleUpperCase(LOCALE);

/** Writes a list of words as a person would: "a, b and c". */
function inWords(items) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

function plural(count, entity) {
  return `${formatNumber(count)} ${lower(count === 1 ? entity.label : entity.plural)}`;
}

function formatNumber(number, digits = 2) {
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits }).format(number);
}

/** Shows money: a currency code or sign in the unit ("EUR", "EUR/kg", "$") is put where people expect it. */
function formatMoney(number, unit) {
  const code = /\b[A-Z]{3}\b/.exec(unit)?.[0];
  if (code) {
    try {
      const shown = new Intl.NumberFormat(LOCALE, { style: "currency", currency: code }).format(number);
      const rest = unit.replace(code, "").trim();
      return rest.startsWith("/") || !rest ? shown + rest : `${shown} ${rest}`;
    } catch {
      // Three capitals that are no currency: shown after the number, below.
    }
  }
  const shown = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const text = shown.format(number);
  return /^[€£$¥]$/.test(unit) ? `${unit}${text}` : `${text} ${unit}`.trim();
}

function formatDate(value) {
  const day = new Date(`${value}T00:00:00Z`);
  const shape = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return Number.isNaN(day.getTime()) ? value : new Intl.DateTimeFormat(LOCALE, shape).format(day);
}

function formatMonth(year, month) {
  const shape = { month: "long", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(LOCALE, shape).format(new Date(Date.UTC(year, month, 1)));
}

function formatQuantity(field, number) {
  if (field.type === "money") return formatMoney(number, field.unit);
  const unit = field.unit && !/^[%°]/.test(field.unit) ? ` ${field.unit}` : field.unit;
  return formatNumber(number) + unit;
}

/** Shows one value of a field for people. */
function formatValue(field, value) {
  if (value === "" || value === undefined) return NONE;
  switch (field.type) {
    case "number":
    case "money":
      return formatQuantity(field, Number(value));
    case "date":
      return formatDate(value);
    case "boolean":
      return value === "true" ? "Yes" : "No";
    default:
      return value;
  }
}

const valueOf = (row, name) => (name === "state" ? row.state : row.values[name]);

function titleOf(entity, row) {
  return entity.title.map((name) => formatValue(fieldOf(entity, name), row.values[name])).join(", ");
}

/** The title of a row, with what tells it from another row of the same title. */
function labelOf(entity, row, rows) {
  const title = titleOf(entity, row);
  const twins = rows.filter((other) => titleOf(entity, other) === title);
  if (twins.length < 2) return title;
  const more = entity.fields.find((field) => !entity.title.includes(field.name));
  const detail = more ? formatValue(more, row.values[more.name]) : "";
  const same = twins.filter((other) => more && other.values[more.name] === row.values[more.name]);
  return same.length > 1 || !more ? `${title} (${twins.indexOf(row) + 1})` : `${title} – ${detail}`;
}

/** One cell of CSV. A text that a spreadsheet would run as a formula is kept as text by an apostrophe. */
function csvCell(field, value) {
  const text = value ?? "";
  const safe = !isNumeric(field) && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvOf(fields, rows) {
  const head = fields.map((field) => csvCell({ type: "text" }, field.label));
  const body = rows.map((row) => fields.map((field) => csvCell(field, valueOf(row, field.name))));
  return [head, ...body].map((cells) => `${cells.join(",")}\r\n`).join("");
}
