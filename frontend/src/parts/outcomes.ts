// What became of the rows, as a bar and as a table.

import { h } from "../dom";
import { type Facts, number } from "../facts";
import { count, percent } from "../format";

interface Outcome {
  name: string;
  mark: string;
  meaning: string;
}

export const OUTCOMES: Outcome[] = [
  { name: "accepted", mark: "✓", meaning: "CleverTap accepted it." },
  { name: "rejected", mark: "✕", meaning: "CleverTap rejected it, with a code." },
  { name: "invalid", mark: "!", meaning: "It breaks a rule, so it was never sent." },
  { name: "unconfirmed", mark: "?", meaning: "It may or may not have been processed, and was not to be sent twice." },
  { name: "skipped", mark: "–", meaning: "There was nothing to send: an empty row, or one that belongs to no such record." },
];

export function outcomes(facts: Facts): HTMLElement {
  const rows = number(facts, "rows");
  const met = OUTCOMES.filter(({ name }) => number(facts, name) > 0);
  const described = met.map(({ name }) => `${count(number(facts, name))} ${name}`).join(", ");
  return h(
    "section",
    { "aria-labelledby": "outcomes" },
    h("h2", { id: "outcomes" }, "What became of the rows"),
    h(
      "div",
      { class: "bar", role: "img", "aria-label": described || "No row has an outcome yet" },
      ...met.map(({ name }) => {
        const part = h("span", { class: `part ${name}`, title: `${name}: ${count(number(facts, name))}` });
        part.style.flexGrow = String(number(facts, name));
        return part;
      }),
    ),
    h(
      "table",
      { class: "outcomes" },
      h("caption", { class: "unseen" }, "Rows by their outcome"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "Outcome"),
          h("th", { scope: "col", class: "number" }, "Rows"),
          h("th", { scope: "col", class: "number" }, "Share"),
          h("th", { scope: "col" }, "Meaning"),
        ),
      ),
      h(
        "tbody",
        {},
        ...OUTCOMES.map(({ name, mark, meaning }) =>
          h(
            "tr",
            { class: number(facts, name) ? "" : "none" },
            h("th", { scope: "row" }, h("span", { class: `mark ${name}`, "aria-hidden": "true" }, mark), name),
            h("td", { class: "number" }, count(number(facts, name))),
            h("td", { class: "number" }, percent(number(facts, name), rows)),
            h("td", { class: "meaning" }, meaning),
          ),
        ),
      ),
    ),
  );
}
