// The report of an export.

import { type Child, h } from "../dom";
import { type Facts, isFacts, list, number, text } from "../facts";
import { count, duration, plural } from "../format";
import { attempts } from "../parts/attempts";
import { copyable } from "../parts/copy";
import { rate } from "../parts/rate";
import { section, table } from "../parts/table";
import { failureOf, progressBar } from "./common";
import type { Context } from "./kinds";

const FACTS: [name: string, meaning: string][] = [
  ["partitions", "Partitions that are as CleverTap has them"],
  ["empty", "of these, partitions without a row"],
  ["resumed", "of these, finished by an earlier attempt"],
  ["superseded", "Partitions that another export replaced meanwhile"],
  ["files", "Files"],
  ["trimmed", "Rows outside of the interval, left out"],
  ["without_time", "Rows without a time, kept"],
  ["duplicates", "Rows of people who were there already, left out"],
  ["restarts", "Walks that began again"],
  ["requests", "Requests"],
  ["retries", "of these, repeated"],
];

const NEXT_ATTEMPT = {
  retried: "Airflow will try again, and the next attempt continues with the partitions that are not finished.",
  cleared: "Clear the task to export everything again. Until then, finished partitions stay, and the others are as they were.",
};

export function isExport(facts: Facts): boolean {
  return ["rows", "partitions", "files"].every((name) => typeof facts[name] === "number");
}

export function exportReport(context: Context): Child[] {
  const { facts, progress, suffix } = context.report;
  return [
    h(
      "header",
      {},
      h("h1", { "aria-live": "polite" }, `${plural(number(facts, "rows"), "row")} exported${context.isRunning ? " so far" : ""}`),
      h(
        "p",
        { class: "faint" },
        [
          text(facts, "kind"),
          period(facts),
          duration(number(facts, "seconds")),
          plural(number(facts, "files"), "file"),
        ].filter(Boolean).join(" · "),
      ),
    ),
    failureOf(context, NEXT_ATTEMPT),
    progressBar(context),
    section(
      `exported${suffix}`,
      "What was exported",
      table(
        "Facts of the export",
        [{ title: "What" }, { title: "Count", kind: "number" }],
        FACTS.filter(([name]) => name in facts).map(([name, meaning]) => [meaning, count(number(facts, name))]),
      ),
    ),
    leftOut(facts, suffix),
    place(facts, suffix),
    progress && rate(progress, suffix),
    attempts(context.tries, null, suffix),
  ];
}

function period(facts: Facts): string | null {
  const [from, to, zone] = ["from", "to", "timezone"].map((name) => text(facts, name));
  return from && to ? `${from.slice(0, 16).replace("T", " ")} to ${to.slice(0, 16).replace("T", " ")} ${zone ?? ""}` : null;
}

function leftOut(facts: Facts, suffix: string): HTMLElement | null {
  const events = list(facts["not_exportable"]).map(String);
  const unfit = isFacts(facts["unfit"]) ? Object.entries(facts["unfit"]) : [];
  if (!events.length && !unfit.length) return null;
  return section(
    `left-out${suffix}`,
    "What to look at",
    events.length ? h("p", {}, `Events that CleverTap does not export: ${events.join(", ")}`) : null,
    unfit.length
      ? table(
          "Values that do not have their declared type, kept in the column properties",
          [{ title: "Property" }, { title: "Values without their declared type", kind: "number" }],
          unfit.map(([name, values]) => [h("code", {}, name), count(Number(values))]),
        )
      : null,
  );
}

function place(facts: Facts, suffix: string): HTMLElement | null {
  const [output, manifest] = ["output", "manifest"].map((name) => text(facts, name));
  if (!output) return null;
  return section(
    `output${suffix}`,
    "Where it is",
    copyable(`output${suffix}`, "output of the export", output),
    manifest ? copyable(`manifest${suffix}`, "manifest of the export", manifest) : null,
  );
}
