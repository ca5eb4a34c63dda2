// Tables with a name, for readers with and without eyes.

import { type Child, h } from "../dom";

export interface Column {
  title: string;
  kind?: "number";
}

export function table(name: string, columns: Column[], rows: Child[][], style = ""): HTMLElement {
  const cell = (value: Child, at: number) =>
    h(at ? "td" : "th", { class: columns[at]?.kind, scope: at ? undefined : "row" }, value);
  return h(
    "div",
    { class: "scrolls", tabindex: 0, role: "region", "aria-label": name },
    h(
      "table",
      { class: style },
      h("caption", { class: "unseen" }, name),
      h("thead", {}, h("tr", {}, ...columns.map(({ title, kind }) => h("th", { scope: "col", class: kind }, title)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(cell)))),
    ),
  );
}

export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
}
