// The shell: header, navigation, inbox, and the way from an address to a screen.

let views = [];

const main = el("main", { id: "main", tabindex: -1 });
const said = el("p", { role: "status", "aria-live": "polite", class: "said" });
const dismiss = el("button", { type: "button", class: "quiet square", onclick: () => announce("") });
dismiss.append(icon("close"), unseen("Dismiss message"));
const toast = el("div", { class: "toast", hidden: true }, said, dismiss);
const inboxCount = el("span", { class: "badge" });
const inboxButton = el("button", { type: "button", class: "quiet", "data-inbox": true, onclick: () => openInbox() });
const links = new Map();

/** Says what happened, politely, and shows it until something else happens. */
function announce(message) {
  toast.hidden = !message;
  said.textContent = message;
}

function refresh() {
  views.forEach((view) => view.update?.());
  const unread = state.inbox.filter((note) => !note.read).length;
  inboxCount.textContent = formatNumber(unread);
  inboxCount.hidden = unread === 0;
  inboxButton.setAttribute("aria-label", unread ? `Inbox, ${formatNumber(unread)} new` : "Inbox");
}

function openInbox() {
  const build = (close) => {
    const notes = state.inbox.map((note) => {
      const at = new Date(note.at);
      const clock = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
      const when = Number.isNaN(at.getTime()) ? "" : clock.format(at);
      const words = [el("p", { text: note.text }), el("p", { class: "hint", text: when })];
      return el("li", {}, el("strong", { text: note.title }), words);
    });
    if (!notes.length) return el("div", { class: "empty" }, icon("inbox"), el("p", { text: "No messages yet." }));
    const clear = () => {
      state.inbox = [];
      saveState();
      refresh();
      close();
      announce("The inbox is empty.");
    };
    const empty = el("button", { type: "button", text: "Empty the inbox", onclick: clear });
    return [el("ul", { class: "notes" }, notes), el("div", { class: "buttons" }, empty)];
  };
  openDialog({ title: "Inbox", actionId: "inbox", build });
  state.inbox.forEach((note) => (note.read = true));
  saveState();
  refresh();
}

function openReset() {
  const build = (close) => {
    const reset = () => {
      state = freshState();
      picked.clear();
      sought.clear();
      saveState();
      close();
      show();
      announce("The sample data is back as it was.");
    };
    const yes = { type: "button", class: "main danger", "data-confirm": "reset", onclick: reset };
    return [
      el("p", { text: "Everything you changed in this prototype is forgotten, and the sample data comes back." }),
      el(
        "div",
        { class: "buttons" },
        el("button", { ...yes, text: "Reset" }),
        el("button", { type: "button", text: "Keep my changes", onclick: close }),
      ),
    ];
  };
  openDialog({ title: "Reset demo data?", actionId: "reset", build });
}

const SHOWN_BY = ["board", "calendar", "table", "cards", "chart", "detail", "form", "search"];

function screenIcon(screen) {
  const kinds = screen.components.map((part) => part.kind);
  return icon(SHOWN_BY.find((kind) => kinds.includes(kind)) ?? "page");
}

/** The screens, under the people they are for when several share one. */
function navigation() {
  const groups = new Map();
  for (const screen of PAGE.screens) groups.set(screen.actor, [...(groups.get(screen.actor) ?? []), screen]);
  const grouped = groups.size > 1 && groups.size <= PAGE.screens.length / 2;
  const item = (screen) => {
    const link = el("a", { href: screenHref(screen.id) }, screenIcon(screen), el("span", { text: screen.title }));
    links.set(screen.id, link);
    return el("li", {}, link);
  };
  const group = ([actor, screens]) =>
    el("div", {}, el("p", { class: "nav-group", text: actor }), el("ul", {}, screens.map(item)));
  const sections = grouped ? [...groups].map(group) : [el("ul", {}, PAGE.screens.map(item))];
  const nav = el("nav", { id: "screens", "aria-label": "Screens" }, sections);
  const menu = el("button", { type: "button", class: "menu", "aria-expanded": "false", "aria-controls": "screens" });
  menu.append(icon("menu"), el("span", { text: "Menu" }));
  const open = (wide) => {
    nav.classList.toggle("open", wide);
    menu.setAttribute("aria-expanded", String(wide));
  };
  menu.addEventListener("click", () => open(!nav.classList.contains("open")));
  nav.addEventListener("click", (event) => event.target.closest("a") && open(false));
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !nav.classList.contains("open")) return;
    open(false);
    menu.focus();
  });
  return { nav, menu };
}

function header(menu) {
  const { name, tagline } = PAGE.product;
  const mark = el("span", { class: "mark", "aria-hidden": "true", text: initialOf(name) });
  const brand = el("a", { class: "brand", href: screenHref(PAGE.screens[0].id) }, mark);
  const words = [el("strong", { text: name }), el("span", { class: "tagline", text: tagline })];
  brand.append(el("span", { class: "brand-words" }, words));
  inboxButton.append(icon("inbox"), el("span", { class: "wide-only", text: "Inbox" }), inboxCount);
  return el("header", { class: "top" }, brand, el("div", { class: "top-tools" }, inboxButton, menu));
}

function footer() {
  const { name, drafted_by } = PAGE.product;
  const attributes = { type: "button", class: "small", "data-reset": true, onclick: openReset };
  const reset = el("button", { ...attributes, text: "Reset demo data" });
  const words = el("p", { text: `${name} is a prototype with sample data. What you change stays in this browser.` });
  return el("footer", {}, el("div", {}, words, el("p", { text: `Drafted by ${drafted_by}.` })), reset);
}

function screenHead(screen, buttons) {
  const heading = el("h1", { tabindex: -1, text: screen.title });
  const actor = el("p", { class: "actor" }, unseen("For: "), screen.actor);
  const words = el("div", {}, actor, heading, el("p", { class: "purpose", text: screen.purpose }));
  const head = el("div", { class: "screen-head" }, words);
  if (buttons.length) head.append(el("div", { class: "head-buttons" }, buttons));
  return head;
}

function nextLinks(screen) {
  if (!screen.links.length) return null;
  const items = screen.links.map((link) => el("li", {}, linkTo(link.to, link.label, { class: "next" })));
  return el("nav", { class: "nexts", "aria-label": "Where to go from here" }, el("ul", {}, items));
}

function drawScreen(screen) {
  const parts = screen.components.map((part) => ({ part, view: componentView(screen, part) }));
  // Buttons that lead to a screen stand beside its title, as in any product.
  const isLink = ({ view }) => view.node.tagName === "A";
  const buttons = parts.filter(isLink).map(({ view }) => view.node);
  const grid = el("div", { class: "grid" }, parts.filter((item) => !isLink(item)).map(({ view }) => view.node));
  const left = leftSection(screen);
  views = [...parts.map(({ view }) => view), left].filter(Boolean);
  main.replaceChildren(...[screenHead(screen, buttons), grid, left?.node, nextLinks(screen)].filter(Boolean));
}

function parseAddress() {
  const [, screen, row] = /^#\/([a-z0-9-]+)(?:\/([a-z0-9_.]+))?$/.exec(location.hash) ?? [];
  return { screen: SCREENS.get(screen) ?? PAGE.screens[0], row };
}

/** Draws the screen of the address. Dialogs close: they belong to the screen that opened them. */
function show() {
  const { screen, row } = parseAddress();
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  lastFocus = null;
  if (row) {
    const entity = ENTITIES.get(row.split(".")[0]);
    if (entity && rowById(entity, row)) picked.set(entity.name, row);
  }
  drawScreen(screen);
  refresh();
  announce("");
  document.title = `${screen.title} · ${PAGE.product.name}`;
  for (const [id, link] of links) {
    if (id === screen.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function start() {
  const { nav, menu } = navigation();
  const skip = el("a", { class: "skip", href: "#main", text: "Skip to content" });
  skip.addEventListener("click", (event) => {
    // The address belongs to the screens; skipping must not change it.
    event.preventDefault();
    main.querySelector("h1").focus();
  });
  const content = el("div", { class: "content" }, main, footer());
  document.body.append(skip, header(menu), el("div", { class: "body" }, nav, content), toast);
  window.addEventListener("hashchange", () => {
    show();
    window.scrollTo(0, 0);
    main.querySelector("h1").focus({ preventScroll: true });
  });
  show();
}

start();
