// What became of the rows, as a bar and as a table.

import { h } from "../dom";
import { type Facts, number } from "../facts";
import { count, percent } from "../format";
import { section, table } from "./table";

const OUTCOMES = [
  { name: "accepted", mark: "✓", meaning: "CleverTap accepted it." },
  { name: "rejected", mark: "✕", meaning: "CleverTap rejected it, with a code." },
  { name: "invalid", mark: "!", meaning: "It breaks a rule, so it was never sent." },
  { name: "unconfirmed", mark: "?", meaning: "It may or may not have been processed, and must not be sent twice." },
  { name: "skipped", mark: "–", meaning: "There was nothing to send, such as an empty row." },
];

export function outcomes(facts: Facts, suffix: string): HTMLElement {
  const rows = number(facts, "rows");
  const met = OUTCOMES.filter(({ name }) => number(facts, name) > 0);
  const described = met.map(({ name }) => `${count(number(facts, name))} ${name}`).join(", ");
  const bar = met.map(({ name }) => {
    const part = h("span", { class: `part ${name}`, title: `${name}: ${count(number(facts, name))}` });
    part.style.flexGrow = String(number(facts, name));
    return part;
  });
  const listed = OUTCOMES.map(({ name, mark, meaning }) => {
    const accepted = name === "accepted" && facts["dry_run"] ? "It would be accepted; nothing was stored." : meaning;
    return [
      h("span", {}, h("span", { class: `mark ${name}`, "aria-hidden": "true" }, mark), name),
      count(number(facts, name)),
      percent(number(facts, name), rows),
      h("span", { class: "faint" }, accepted),
    ];
  });
  return section(
    `outcomes${suffix}`,
    "What became of the rows",
    h("div", { class: "bar", role: "img", "aria-label": described || "No row has an outcome yet" }, ...bar),
    table(
      "Rows by their outcome",
      [{ title: "Outcome" }, { title: "Rows", kind: "number" }, { title: "Share", kind: "number" }, { title: "Meaning" }],
      listed,
      "outcomes",
    ),
  );
}
