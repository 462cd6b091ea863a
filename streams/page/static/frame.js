// The frame's own controls: choices that act at once, theme, export, escape.
export function startFrame(exports) {
  const form = document.querySelector("form.choices");
  form?.addEventListener("change", () => form.requestSubmit());
  form?.addEventListener("submit", leaveOutDefaults);
  // Whoever comes back sees the choices of this address, not those that led away from it.
  addEventListener("pageshow", () => restore(form));
  startTheme();
  for (const button of document.querySelectorAll("button.export")) {
    button.hidden = false;
    button.addEventListener("click", () => run(button, exports[button.value]));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement?.classList.contains("info")) document.activeElement.blur();
  });
}

// What fails is said at the button, and can be tried again.
async function run(button, work) {
  button.disabled = true;
  button.removeAttribute("title");
  try {
    await work();
    button.classList.remove("failed");
  } catch (error) {
    button.classList.add("failed");
    button.title = error.message;
  } finally {
    button.disabled = false;
  }
}

// An empty field is no choice, and needs no place in the address.
function leaveOutDefaults(event) {
  for (const field of event.target.elements) {
    if (field.value === "") field.disabled = true;
  }
}

function restore(form) {
  if (!form) return;
  for (const field of form.elements) field.disabled = false;
  form.reset();
}

function startTheme() {
  const button = document.querySelector("button.theme");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    document.dispatchEvent(new CustomEvent("theme"));
  });
}

// Brings the frame to another address of the same view: links, choices, band, title.
export function followAddress(page) {
  document.title = page.title;
  for (const place of ["header.frame nav", "header.frame .name"]) replace(document.querySelector(place), page.querySelector(place));
  const [ours, theirs] = [document, page].map((each) => each.querySelector("form.choices input[name=as_of]"));
  if (ours && theirs) {
    ours.defaultValue = theirs.defaultValue;
    ours.value = theirs.defaultValue;
    ours.toggleAttribute("max", theirs.hasAttribute("max"));
    ours.max = theirs.max;
  }
  const band = page.querySelector("p.band.frozen");
  document.querySelector("p.band.frozen")?.remove();
  if (band) document.querySelector("header.frame").after(document.adoptNode(band));
}

function replace(old, fresh) {
  if (old && fresh) old.replaceWith(document.adoptNode(fresh));
}
