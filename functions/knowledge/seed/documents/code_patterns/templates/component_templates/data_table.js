/**
 * A table of rows with headings that sort: a caption, scopes, and what is sorted by is told to screen readers.
 * `columns` are {name, label, numeric}; `rows` plain objects.
 */
export function dataTable(caption, columns, rows) {
  const table = document.createElement("table");
  table.createCaption().textContent = caption;
  const head = table.createTHead().insertRow();
  const body = table.createTBody();
  for (const column of columns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    const button = document.createElement("button");
    button.textContent = column.label;
    button.addEventListener("click", () => sortBy(column, cell));
    cell.append(button);
    head.append(cell);
  }

  function sortBy(column, cell) {
    const descending = cell.ariaSort === "ascending";
    for (const other of head.cells) other.ariaSort = null;
    cell.ariaSort = descending ? "descending" : "ascending";
    const order = column.numeric
      ? (a, b) => a[column.name] - b[column.name]
      : (a, b) => String(a[column.name]).localeCompare(String(b[column.name]));
    fill([...rows].sort((a, b) => (descending ? -order(a, b) : order(a, b))));
  }

  function fill(sorted) {
    body.replaceChildren();
    for (const row of sorted) {
      const line = body.insertRow();
      for (const column of columns) line.insertCell().textContent = row[column.name];
    }
  }

  fill(rows);
  return table;
}
