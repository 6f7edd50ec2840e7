// Components: the parts of a screen as the wireframe has them, each with the actions it carries.

const VIEWS = { table: tableView, cards: cardsView, board: boardView, calendar: calendarView };
const carried = (part, ...kinds) => part.actions.map((id) => ACTIONS.get(id)).filter((a) => kinds.includes(a.kind));

/** A frame around views; its `update` passes on to them. */
function framed(part, parts, name = part.kind) {
  const views = parts.filter((item) => item?.update);
  const nodes = parts.filter(Boolean).map((item) => item.node ?? item);
  const node = el("section", { class: `part span-${part.span} is-${name}`, ...partAttributes(part) }, nodes);
  const heading = node.querySelector("h2");
  if (heading) {
    heading.id = freshId("part");
    node.setAttribute("aria-labelledby", heading.id);
    // A figure often has the name of the table it counts: two landmarks of one name would not be told apart.
    if (name === "stat") node.setAttribute("role", "group");
  }
  return { node, update: () => views.forEach((view) => view.update()) };
}

function moreLink(part) {
  if (!part.goes_to) return null;
  const target = SCREENS.get(part.goes_to);
  return el("p", { class: "more" }, linkTo(target.id, `Go to ${target.title}`));
}

function toolbar(screen, part) {
  const tools = carried(part, "search", "filter", "export").map((action) => toolOf(screen, action));
  const node = el("div", { class: "toolbar" }, tools.map((tool) => tool.node));
  return tools.length ? { node, update: () => tools.forEach((tool) => tool.update?.()) } : null;
}

/** Comparing and summing up stand below what they are about. */
function footTools(screen, part) {
  return carried(part, "summarise", "compare").map((action) => {
    const tool = toolOf(screen, action, { level: "h3" });
    const node = el("div", { class: "foot-tool", "data-fr": action.requirement }, tool.node);
    return { node, update: () => tool.update?.() };
  });
}

function rowsPart(screen, part, entity) {
  const view = VIEWS[part.kind](screen, part, entity);
  const count = el("span", { class: "count" });
  const counted = () => {
    const [found, all] = [foundRows(screen, entity).length, rowsOf(entity).length];
    count.textContent = found === all ? formatNumber(all) : `${formatNumber(found)} of ${formatNumber(all)}`;
  };
  const head = { node: partHeading(part, count), update: counted };
  // A board, and a list of cards, is made of cards already: no frame around the frames.
  return framed(part, [head, toolbar(screen, part), view, ...footTools(screen, part)]);
}

function detailPart(screen, part, entity) {
  const view = detailView(screen, part, entity);
  return framed(part, [partHeading(part, view.picker), view]);
}

function pictured(screen, part, entity, view) {
  return framed(part, [partHeading(part), view, ...footTools(screen, part), moreLink(part)]);
}

/** A form does the action it carries; one that carries none still makes what it is about. */
function formPart(screen, part, entity) {
  const own = ACTIONS.get(part.actions[0]);
  const required = entity.fields.filter((field) => field.required).map((field) => field.name);
  const names = part.fields.length ? part.fields : entity.fields.map((field) => field.name);
  const action = own ?? {
    id: `${screen.id}-${part.id}`,
    requirement: part.requirements[0] ?? "",
    kind: "create",
    label: "Save",
    entity: entity.name,
    fields: entity.fields.map((field) => field.name).filter((name) => [...required, ...names].includes(name)),
    message: `${entity.label} saved.`,
  };
  return framed(part, [partHeading(part), toolOf(screen, action, { level: "h3" }), moreLink(part)]);
}

/** A list of what a search finds, for a screen that has none; null where the screen shows the rows anyway. */
function ownList(screen, entity) {
  const lists = ["table", "cards", "board"];
  if (screen.components.some((part) => lists.includes(part.kind) && part.entity === entity.name)) return null;
  const part = { id: `${entity.name}-found`, label: entity.plural, fields: [], actions: [], goes_to: "" };
  return tableView(screen, part, entity);
}

function searchPart(screen, part, entity) {
  const texts = entity.fields.filter((field) => !isNumeric(field) && field.type !== "boolean");
  const own = carried(part, "search");
  const names = part.fields.length ? part.fields : texts.map((field) => field.name);
  const searches = own.length
    ? own.map((action) => searchTool(screen, action, entity, action.fields, part.label))
    : [searchTool(screen, null, entity, names, part.label)];
  const filters = carried(part, "filter").map((action) => filterTool(screen, action, entity));
  const tools = [...searches, ...filters];
  const bar = el("div", { class: "toolbar" }, tools.map((tool) => tool.node));
  const found = el("p", { class: "hint" });
  const results = ownList(screen, entity);
  const update = () => {
    tools.forEach((tool) => tool.update?.());
    found.textContent = foundWords(screen, entity);
    results?.update();
  };
  return framed(part, [{ node: bar, update }, found, results?.node]);
}

/** A button that goes somewhere is a link; one that does something says what it is for beside it. */
function buttonPart(screen, part) {
  const action = ACTIONS.get(part.actions[0]);
  if (!action) {
    const attributes = { class: "button main", ...partAttributes(part) };
    const doing = PAGE.actions.find((item) => part.requirements.includes(item.requirement));
    const target = part.goes_to || doing?.screen || screen.links[0]?.to || PAGE.screens[0].id;
    return { node: linkTo(target, part.label, attributes) };
  }
  const runs = action.kind === "export" ? () => exportRows(screen, action) : () => openTool(screen, action);
  const button = { type: "button", class: "main", "data-key": `${action.id} ${part.id}`, onclick: runs };
  return framed(part, [
    el("h2", { text: part.label }),
    el("button", { ...button, ...actionAttributes(action), text: action.label }),
  ]);
}

function openTool(screen, action) {
  const build = (done) => {
    const tool = toolOf(screen, action, { done, level: "h3" });
    tool.update?.();
    tool.run?.();
    return tool.node;
  };
  openDialog({ title: action.label, actionId: action.id, build });
}

function textPart(part, entity) {
  const parts = [el("p", { class: "lead", text: part.label })];
  if (entity) parts.push(el("p", { class: "hint", text: entity.description }));
  if (part.words.length) parts.push(el("ul", { class: "words" }, part.words.map((text) => el("li", { text }))));
  return framed(part, [...parts, moreLink(part)]);
}

function noticePart(part) {
  const words = [el("p", { text: part.label })];
  if (part.words.length) words.push(el("ul", {}, part.words.map((text) => el("li", { text }))));
  return framed(part, [icon("info"), el("div", {}, words, moreLink(part))]);
}

function componentView(screen, part) {
  const entity = ENTITIES.get(part.entity);
  switch (part.kind) {
    case "text":
      return textPart(part, entity);
    case "notice":
      return noticePart(part);
    case "button":
      return buttonPart(screen, part);
    case "form":
      return formPart(screen, part, entity);
    case "search":
      return searchPart(screen, part, entity);
    case "detail":
      return detailPart(screen, part, entity);
    case "stat":
      return pictured(screen, part, entity, statView(part, entity));
    case "chart":
      return pictured(screen, part, entity, chartView(part, entity));
    default:
      return rowsPart(screen, part, entity);
  }
}

/** What can be done on a screen and found no place in its components. */
function leftSection(screen) {
  if (!screen.left.length) return null;
  const heading = freshId("more");
  const tools = screen.left.map((id) => {
    const action = ACTIONS.get(id);
    const tool = toolOf(screen, action, { level: "h4" });
    const about = PAGE.requirements[action.requirement];
    const title = about && about.title !== action.label ? about.title : ENTITIES.get(action.entity).label;
    const node = el("section", { class: "part span-6", "data-part": action.id, "data-fr": action.requirement });
    node.append(el("h3", { text: title }), tool.node);
    return { node, update: tool.update };
  });
  const searched = screen.left.map((id) => ACTIONS.get(id)).filter((a) => ["search", "filter"].includes(a.kind));
  for (const name of new Set(searched.map((action) => action.entity))) {
    const entity = ENTITIES.get(name);
    const list = ownList(screen, entity);
    const frame = list && el("section", { class: "part" }, el("h3", { text: entity.plural }), list.node);
    if (list) tools.push({ node: frame, update: list.update });
  }
  const grid = el("div", { class: "grid" }, tools.map((tool) => tool.node));
  const title = el("h2", { id: heading, text: "Actions" });
  const node = el("section", { class: "left", "aria-labelledby": heading }, title, grid);
  return { node, update: () => tools.forEach((tool) => tool.update?.()) };
}
