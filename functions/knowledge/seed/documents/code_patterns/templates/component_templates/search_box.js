/**
 * A search field that answers while one types, waits until typing pauses, and drops answers that come too late.
 * `find` gets the words and resolves to a list of {id, title}; `choose` gets the one that is picked.
 */
export function searchBox(label, find, choose, pause = 250) {
  const box = document.createElement("search");
  box.innerHTML = `<label><span></span> <input type="search"></label><p role="status"></p><ul></ul>`;
  box.querySelector("span").textContent = label;
  const [status, list] = [box.querySelector("[role=status]"), box.querySelector("ul")];
  let asked = 0;
  let timer;
  box.querySelector("input").addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(event.target.value.trim()), pause);
  });

  async function ask(words) {
    const turn = ++asked;
    const found = words ? await find(words) : [];
    if (turn !== asked) return;
    status.textContent = words ? `${found.length} found` : "";
    list.replaceChildren(...found.map(entry));
  }

  function entry(item) {
    const button = document.createElement("button");
    button.textContent = item.title;
    button.addEventListener("click", () => choose(item));
    const line = document.createElement("li");
    line.append(button);
    return line;
  }

  return box;
}
