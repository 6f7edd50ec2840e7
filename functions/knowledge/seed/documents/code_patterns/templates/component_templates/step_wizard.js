/**
 * A long form in steps: one step is shown, what was entered stays, one cannot pass an invalid step, and the heading of
 * each step gets the focus. `steps` are fieldsets with a legend; `finish` gets everything that was entered.
 */
export function stepWizard(form, steps, finish) {
  let at = 0;
  const progress = document.createElement("p");
  progress.setAttribute("role", "status");
  form.prepend(progress);

  function show(next) {
    at = next;
    steps.forEach((step, index) => (step.hidden = index !== at));
    const legend = steps[at].querySelector("legend");
    progress.textContent = `Step ${at + 1} of ${steps.length}: ${legend.textContent}`;
    legend.tabIndex = -1;
    legend.focus();
  }

  function valid() {
    return [...steps[at].elements].every((field) => field.reportValidity());
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!valid()) return;
    if (at + 1 < steps.length) show(at + 1);
    else finish(Object.fromEntries(new FormData(form)));
  });
  form.addEventListener("click", (event) => {
    if (event.target.matches("[data-back]") && at > 0) show(at - 1);
  });
  show(0);
}
