// Elements of the page. Text becomes text nodes only, so that nothing of a task is ever read as HTML.

export type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, string | number | boolean | undefined | ((event: Event) => void)>;

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. Attributes that are functions listen to the event of that name. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an element of a picture. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return filled(document.createElementNS(SVG, tag) as SVGElement, attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(typeof child === "number" ? String(child) : child);
    }
  }
  return element;
}

/** Replace what an element has, and keep what the reader had opened and the place of the keyboard. */
export function replaceContent(place: HTMLElement, children: Child[]): void {
  const focused = place.contains(document.activeElement) ? document.activeElement?.id : "";
  const opened = new Set([...place.querySelectorAll("details[open]")].map((each) => each.id));
  place.replaceChildren();
  filled(place, {}, children);
  for (const each of place.querySelectorAll("details")) if (opened.has(each.id)) each.open = true;
  if (focused) document.getElementById(focused)?.focus();
}
