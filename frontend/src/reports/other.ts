// The report of an operator that has none of its own: its facts as they are.

import { type Child, h } from "../dom";
import type { Facts } from "../facts";
import { count } from "../format";
import { section, table } from "../parts/table";
import type { Context } from "./kinds";

export function otherReport(context: Context): Child[] {
  const { facts, suffix } = context.report;
  return [
    section(
      `facts${suffix}`,
      "What the task returned",
      table(
        "What the task returned",
        [{ title: "Name" }, { title: "Value" }],
        Object.entries(facts as Facts).map(([name, value]) => [
          name.replaceAll("_", " "),
          h("code", {}, typeof value === "number" ? count(value) : typeof value === "string" ? value : JSON.stringify(value)),
        ]),
      ),
    ),
  ];
}
