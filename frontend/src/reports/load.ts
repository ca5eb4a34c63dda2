// The report of a load.

import type { Child } from "../dom";
import { h } from "../dom";
import { type Facts, number, text } from "../facts";
import { count, duration, plural } from "../format";
import { outcomes } from "../parts/outcomes";
import type { Context } from "./kinds";

export function isLoad(facts: Facts): boolean {
  return ["rows", "accepted", "rejected", "invalid"].every((name) => typeof facts[name] === "number");
}

export function loadReport(context: Context): Child[] {
  const { facts } = context.report;
  return [headline(facts), outcomes(facts)];
}

function headline(facts: Facts): HTMLElement {
  const rows = number(facts, "rows");
  const failed = number(facts, "rejected") + number(facts, "invalid") + number(facts, "unconfirmed");
  const stored = facts["dry_run"] ? "would be accepted" : "accepted";
  const sentence = `${count(number(facts, "accepted"))} of ${plural(rows, "row")} ${stored}`;
  const details = [
    text(facts, "kind")?.replaceAll("_", " "),
    duration(number(facts, "seconds")),
    `${count(number(facts, "rows_per_second"))} rows/s`,
    plural(number(facts, "requests"), "request"),
    number(facts, "retries") ? plural(number(facts, "retries"), "retry", "retries") : null,
  ];
  return h(
    "header",
    {},
    h("h1", {}, sentence, failed ? h("span", { class: "failed" }, `, ${count(failed)} failed`) : null),
    h("p", { class: "details" }, details.filter(Boolean).join(" · ")),
  );
}
