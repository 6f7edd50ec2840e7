// Forms: an input for every type of field, checks with plain messages, and a summary of what is wrong.

const INPUTS = { number: "number", money: "number", date: "date", time: "time", email: "email", phone: "tel" };

/** What is wrong with a value, in a sentence; empty when it is valid. The same rules as the specification's. */
function faultOf(field, value, input) {
  if (input?.validity?.badInput) return `${field.label} must be ${isNumeric(field) ? "a number" : "complete"}.`;
  if (value === "") {
    if (!field.required) return "";
    return field.type === "choice" ? `Choose an option for “${field.label}”.` : `Fill in “${field.label}”.`;
  }
  if (isNumeric(field)) {
    // Plain digits only, as the specification has it: "1e5" is a number to a machine, a slip to a person.
    if (!/^-?\d{1,15}(\.\d{1,6})?$/.test(value)) return `${field.label} must be a number like 12 or 0.5.`;
    const number = Number(value);
    if (field.minimum !== null && number < field.minimum)
      return `${field.label} must be ${formatQuantity(field, field.minimum)} or more.`;
    if (field.maximum !== null && number > field.maximum)
      return `${field.label} must be ${formatQuantity(field, field.maximum)} or less.`;
  }
  if (field.type === "email" && !/^[^@\s]+@[^@\s]+$/.test(value))
    return `${field.label} must be an address like name@example.com.`;
  return "";
}

function hintOf(field) {
  if (!isNumeric(field)) return "";
  const { minimum, maximum } = field;
  if (minimum !== null && maximum !== null)
    return `From ${formatQuantity(field, minimum)} to ${formatQuantity(field, maximum)}`;
  if (minimum !== null) return `${formatQuantity(field, minimum)} or more`;
  if (maximum !== null) return `${formatQuantity(field, maximum)} or less`;
  return field.unit ? `In ${field.unit}` : "";
}

function optionList(input, choices, blank) {
  const options = choices.map((choice) => el("option", { value: choice, text: choice }));
  input.append(el("option", { value: "", text: blank }), ...options);
  return input;
}

function inputFor(field, value, shared) {
  if (field.type === "choice") {
    const input = optionList(el("select", shared), field.choices, field.required ? "Choose…" : "None");
    input.value = value;
    return input;
  }
  if (field.type === "long_text") {
    const input = el("textarea", { ...shared, rows: 3, maxlength: 200 });
    input.value = value;
    return input;
  }
  const input = el("input", { ...shared, type: INPUTS[field.type] ?? "text", autocomplete: "off" });
  if (field.type === "boolean") {
    input.type = "checkbox";
    input.checked = value === "true";
    return input;
  }
  if (isNumeric(field)) {
    fill(input, { step: "any", inputmode: "decimal", min: field.minimum, max: field.maximum }, []);
  } else if (field.type !== "date" && field.type !== "time") {
    input.maxLength = 200;
  }
  input.value = value;
  return input;
}

/** One field of a form: label, hint, input and the place of its message. */
function fieldControl(field, value) {
  const id = freshId("field");
  const hint = hintOf(field);
  const described = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const input = inputFor(field, value, {
    id,
    name: field.name,
    "aria-describedby": described,
    "aria-required": field.required && field.type !== "boolean" ? "true" : undefined,
  });
  const label = el("label", { for: id }, el("span", { text: field.label }));
  if (!field.required && field.type !== "boolean")
    label.append(el("span", { class: "optional", text: " (optional)" }));
  const error = el("p", { class: "error", id: `${id}-error` });
  const parts = [label, hint ? el("p", { class: "hint", id: `${id}-hint`, text: hint }) : null];
  if (field.suggests) {
    const entity = ENTITIES.get(field.suggests);
    const list = el("datalist", { id: `${id}-list` });
    for (const row of rowsOf(entity)) list.append(el("option", { value: titleOf(entity, row) }));
    input.setAttribute("list", `${id}-list`);
    parts.push(list);
  }
  const isBoolean = field.type === "boolean";
  const node = el("div", { class: `field ${field.type}`, "data-field": field.name });
  node.append(...(isBoolean ? [input, label, error] : [...parts.filter(Boolean), input, error]));
  const read = () => (isBoolean ? String(input.checked) : input.value.trim());
  const check = () => {
    const fault = isBoolean ? "" : faultOf(field, read(), input);
    error.textContent = fault;
    if (fault) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return fault;
  };
  // A message goes as soon as it is no longer true; it only appears on submitting.
  input.addEventListener("input", () => input.hasAttribute("aria-invalid") && check());
  const write = (next) => {
    if (isBoolean) input.checked = next === "true";
    else input.value = next;
  };
  const clear = () => {
    write("");
    error.textContent = "";
    input.removeAttribute("aria-invalid");
  };
  return { node, field, input, read, write, check, clear };
}

function faultSummary(level) {
  const list = el("ul");
  const heading = el(level, { text: "There is a problem" });
  const box = el("div", { class: "faults", tabindex: -1, role: "group", hidden: true }, heading, list);
  heading.id = freshId("faults");
  box.setAttribute("aria-labelledby", heading.id);
  const show = (faults) => {
    const lines = faults.map(({ fault, input }) =>
      el("li", {}, el("button", { type: "button", class: "plain", text: fault, onclick: () => input.focus() })),
    );
    list.replaceChildren(...lines);
    box.hidden = faults.length === 0;
    if (faults.length) box.focus();
  };
  return { box, show };
}

/**
 * A form over `fields` of an entity. `onvalid(values)` gets texts that fit the specification; `above` stands
 * before the fields (a choice of row); `level` is the heading of the summary.
 */
function buildForm({ fields, submit, onvalid, values = {}, attributes = {}, above = [], level = "h3", oncancel }) {
  const controls = fields.map((field) => fieldControl(field, values[field.name] ?? ""));
  const checks = [...above, ...controls];
  const summary = faultSummary(level);
  const buttons = el("div", { class: "buttons" }, el("button", { class: "main", text: submit }));
  if (oncancel) buttons.append(el("button", { type: "button", text: "Cancel", onclick: oncancel }));
  const form = el("form", { novalidate: true, ...attributes }, summary.box);
  form.append(el("div", { class: "fields" }, ...checks.map((control) => control.node)), buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const faults = checks.map(({ check, input }) => ({ fault: check(), input })).filter(({ fault }) => fault);
    summary.show(faults);
    if (faults.length) return;
    onvalid(Object.fromEntries(controls.map(({ field, read }) => [field.name, read()])));
  });
  const reset = () => {
    controls.forEach((control) => control.clear());
    summary.show([]);
  };
  const write = (next) => controls.forEach((control) => control.write(next[control.field.name] ?? ""));
  return { form, reset, write };
}

/** A choice among rows, for a form: `rows()` is asked again on every `refresh`. */
function rowChoice(entity, rows, { label, value = "", onpick } = {}) {
  const id = freshId("row");
  const input = el("select", { id, "aria-required": "true", "aria-describedby": `${id}-error` });
  const error = el("p", { class: "error", id: `${id}-error` });
  const words = label ?? `Which ${lower(entity.label)}?`;
  const node = el("div", { class: "field choice" }, el("label", { for: id, text: words }), input, error);
  const refresh = () => {
    const kept = input.value || value;
    input.replaceChildren(el("option", { value: "", text: "Choose…" }));
    for (const row of rows())
      input.append(el("option", { value: row.id, text: labelOf(entity, row, rowsOf(entity)) }));
    input.value = rows().some((row) => row.id === kept) ? kept : "";
  };
  const check = () => {
    const fault = input.value ? "" : `Choose one of the ${lower(entity.plural)}.`;
    error.textContent = fault;
    if (fault) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return fault;
  };
  input.addEventListener("change", () => {
    if (input.hasAttribute("aria-invalid")) check();
    onpick?.(rowById(entity, input.value));
  });
  refresh();
  return { node, input, check, refresh, row: () => rowById(entity, input.value) };
}
