// Text to copy: shown in full, with a button.

import { h } from "../dom";

export function copyable(id: string, label: string, text: string): HTMLElement {
  const button = h("button", { id: `copy-${id}`, type: "button", "aria-label": `Copy ${label}` }, "Copy");
  const code = h("code", { tabindex: 0, "aria-label": label }, text);
  button.addEventListener("click", () => void copy(text, code, button));
  return h("div", { class: "copyable" }, h("pre", {}, code), button);
}

async function copy(text: string, code: HTMLElement, button: HTMLElement): Promise<void> {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Airflow without https, or a frame that may not write: the text is selected, and copied in the older way.
    const selection = window.getSelection();
    selection?.selectAllChildren(code);
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Selected";
  setTimeout(() => (button.textContent = "Copy"), 2_000);
}
