/**
 * Ask before something that cannot be undone: the native dialog keeps the focus, Escape keeps everything as it was.
 * Resolves to true only when the person chose to go on.
 */
export function confirmDialog({ title, text, yes, no = "Keep it" }) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "confirm-title");
  const heading = document.createElement("h2");
  heading.id = "confirm-title";
  heading.textContent = title;
  const words = document.createElement("p");
  words.textContent = text;
  const form = document.createElement("form");
  form.method = "dialog";
  for (const [value, label] of [["no", no], ["yes", yes]]) {
    const button = document.createElement("button");
    button.value = value;
    button.textContent = label;
    form.append(button);
  }
  dialog.append(heading, words, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
