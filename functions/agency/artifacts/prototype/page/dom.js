// The document: elements made by hand. Text only ever enters as text; every address is a screen of this page.

const SVG = "http://www.w3.org/2000/svg";
let idCount = 0;
const freshId = (stem) => `${stem}-${(idCount += 1)}`;

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);
const unseen = (text) => el("span", { class: "unseen", text });

const ICONS = {
  table: "M3 5h18v14H3zM3 10h18M9 10v9",
  cards: "M3 4h8v7H3zM13 4h8v7h-8zM3 13h8v7H3zM13 13h8v7h-8z",
  board: "M3 4h5v16H3zM10 4h5v10h-5zM17 4h4v13h-4z",
  form: "M5 3h14v18H5zM8 8h8M8 12h8M8 16h4",
  detail: "M5 3h14v18H5zM8 7h8v5H8zM8 16h8",
  calendar: "M4 5h16v16H4zM4 10h16M8 3v4M16 3v4",
  chart: "M4 20h17M6 17v-5M11 17V6M16 17V9",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21",
  page: "M6 3h9l4 4v14H6zM14 3v5h5",
  inbox: "M3 13l3-8h12l3 8v6H3zM3 13h5l2 3h4l2-3h5",
  menu: "M4 7h16M4 12h16M4 17h16",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 7.5v.5",
  close: "M6 6l12 12M18 6 6 18",
};

function icon(name) {
  const shape = { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" };
  return svg("svg", shape, svg("path", { d: ICONS[name] ?? ICONS.page }));
}

const screenHref = (screen, row) => `#/${screen}${row ? `/${row}` : ""}`;

function linkTo(screen, text, attributes = {}) {
  return el("a", { href: screenHref(screen), ...attributes, text });
}

/** Opens a modal dialog; `build(close)` gives its content. Escape and the buttons close it. */
function openDialog({ title, build, actionId, onclose, wide }) {
  const heading = freshId("dialog");
  const dialog = el("dialog", {
    class: wide ? "wide" : undefined,
    "aria-labelledby": heading,
    "data-dialog": actionId,
  });
  const close = () => dialog.close();
  const shut = el("button", { type: "button", class: "quiet square", onclick: close });
  shut.append(icon("close"), unseen("Close"));
  dialog.append(
    el("div", { class: "dialog-head" }, el("h2", { id: heading, tabindex: -1, text: title }), shut),
    el("div", { class: "dialog-body" }, build(close)),
  );
  // A click on the backdrop hits the dialog itself, never its content.
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onclose?.();
    restoreFocus();
  });
  rememberFocus();
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("h2").focus();
  return dialog;
}

// Where the focus was, in words that survive redrawing: a key, and the part of the page around it.
let lastFocus = null;

function rememberFocus() {
  const active = document.activeElement;
  if (!active || active === document.body || active.closest("dialog")) return;
  lastFocus = {
    node: active,
    key: active.dataset.key,
    part: active.closest("[data-part]")?.dataset.part,
  };
}

/** Puts the focus back on what had it; when that is gone, on the heading of the part it stood in. */
function restoreFocus() {
  const active = document.activeElement;
  if ((active && active !== document.body && active.isConnected) || !lastFocus) return;
  const find = (name, value) =>
    value ? document.querySelector(`[data-${name}="${CSS.escape(value)}"]`) : null;
  const part = find("part", lastFocus.part);
  const target =
    (lastFocus.node.isConnected && lastFocus.node) ||
    find("key", lastFocus.key) ||
    part?.querySelector("h2, h3") ||
    document.querySelector("h1");
  if (target && !target.hasAttribute("tabindex") && /^H\d$/.test(target.tagName)) target.tabIndex = -1;
  target?.focus();
}
