/**
 * Cards in columns that can be moved by mouse and by keyboard: each card has a menu of the states it may go to.
 * `states` in order; `cards` are {id, title, state}; `allowed(card)` lists next states; `move` saves and may refuse.
 */
export function kanbanBoard(states, cards, allowed, move) {
  const board = document.createElement("div");
  board.className = "board";

  function draw() {
    board.replaceChildren(...states.map(column));
  }

  function column(state) {
    const section = document.createElement("section");
    const held = cards.filter((card) => card.state === state);
    const heading = document.createElement("h3");
    heading.textContent = `${state} (${held.length})`;
    section.append(heading, ...held.map(cardOf));
    return section;
  }

  function cardOf(card) {
    const article = document.createElement("article");
    const select = document.createElement("select");
    select.setAttribute("aria-label", `Move ${card.title}`);
    select.append(new Option("Move to …", ""), ...allowed(card).map((state) => new Option(state, state)));
    select.addEventListener("change", async () => {
      const before = card.state;
      card.state = select.value;
      draw();
      try {
        await move(card);
      } catch {
        card.state = before;
        draw();
      }
    });
    article.append(card.title, select);
    return article;
  }

  draw();
  return board;
}
