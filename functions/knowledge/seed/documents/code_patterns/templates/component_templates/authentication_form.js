/**
 * A form to sign in: labelled fields, one message for every kind of failure, a password manager can fill it.
 * `send` gets {email, password} and resolves to an error message or to nothing.
 */
export function authenticationForm(send) {
  const form = document.createElement("form");
  form.noValidate = true;
  form.innerHTML = `
    <p role="alert" hidden></p>
    <label>E-mail <input name="email" type="email" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Sign in</button>`;
  const message = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.checkValidity()) return tell(message, "Enter your e-mail address and your password.");
    button.disabled = true;
    const fault = await send(Object.fromEntries(new FormData(form))).catch(() => "The server does not answer.");
    button.disabled = false;
    tell(message, fault ?? "");
  });
  return form;
}

/** Show a message and read it out; an empty one hides the place. */
function tell(place, text) {
  place.textContent = text;
  place.hidden = !text;
}
