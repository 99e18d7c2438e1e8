// The inbox by keyboard: j and k move, x chooses, a approves, r opens the reasons, u takes the last act back.

export function mount(root) {
  for (const inbox of root.querySelectorAll("[data-review]")) {
    const form = inbox.querySelector("[data-review-form]");
    const undo = inbox.querySelector("[data-review-undo]");
    listen({ ...(form ? keysOf(form) : {}), ...(undo ? { u: () => undo.click() } : {}) });
    inbox.querySelector("[data-review-outcome]")?.focus();
  }
}

function listen(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** Return what each key does in the list. */
function keysOf(form) {
  const rows = [...form.querySelectorAll("[data-review-row]")];
  const all = form.querySelector("[data-review-all]");
  const reject = form.querySelector("[data-review-reject]");
  let at = -1;
  const go = (next) => {
    rows[at]?.classList.remove("is-current");
    at = Math.max(0, Math.min(rows.length - 1, next));
    rows[at].classList.add("is-current");
    rows[at].focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const choose = () => box(rows[at])?.click();
  const chosen = () => {
    if (!form.querySelector("[data-check-row]:checked") && at >= 0) choose();
    return Boolean(form.querySelector("[data-check-row]:checked"));
  };
  const keys = { j: () => go(at + 1), k: () => go(at - 1), x: choose };
  for (const button of form.querySelectorAll("[data-review-key]")) keys[button.dataset.reviewKey] = () => chosen() && button.click();
  if (reject) {
    keys[reject.dataset.reviewReject] = () => chosen() && open(reject);
    asks(reject);
  }
  all?.addEventListener("change", () => rows.map(box).forEach((one) => one && one.checked !== all.checked && one.click()));
  return keys;
}

function box(row) {
  return row?.querySelector("[data-check-row]");
}

function open(reject) {
  reject.open = true;
  reject.querySelector("input[name=phrase]").focus();
}

/** The panel of reasons: its first phrase takes the focus, Enter rejects, Escape closes. */
function asks(reject) {
  reject.addEventListener("toggle", () => reject.open && !reject.contains(document.activeElement) && open(reject));
  reject.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      reject.open = false;
      reject.querySelector("summary").focus();
    } else if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      reject.querySelector("button[name=action]").click();
    }
  });
}

function typing(target) {
  return Boolean(target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]"));
}
