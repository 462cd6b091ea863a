// Sets a target without leaving the page; what the server answers stands below the form.
export function startTargets(root) {
  root.addEventListener("submit", (event) => {
    if (!event.target.closest(".set-target")) return;
    event.preventDefault();
    send(event.target);
  });
}

// Whether somebody has begun to write a target, which would be lost with its place.
export const isWriting = (root) =>
  [...root.querySelectorAll(".set-target[open] input")].some((input) => input.value !== input.defaultValue || input.checked !== input.defaultChecked);

async function send(form) {
  const button = form.querySelector("button");
  const answer = form.closest(".foot").querySelector(".answer");
  button.disabled = true;
  answer.textContent = "";
  const refusal = await refusalOf(form);
  button.disabled = false;
  form.elements.value.setAttribute("aria-invalid", String(refusal !== ""));
  answer.classList.toggle("bad", refusal !== "");
  answer.textContent = refusal || form.dataset.done;
  if (refusal) form.elements.value.focus();
  else close(form);
}

// The reason why the target is not set; empty once it is.
async function refusalOf(form) {
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body });
    return response.ok ? "" : (await response.json()).reason;
  } catch {
    return form.dataset.away;
  }
}

function close(form) {
  for (const input of form.elements) {
    input.defaultValue = input.value;
    input.defaultChecked = input.checked;
  }
  const details = form.closest("details");
  details.open = false;
  details.querySelector("summary").focus();
}
