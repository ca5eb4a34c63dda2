// The report of a load.

import { type Child, h } from "../dom";
import { type Facts, number, text } from "../facts";
import { count, duration, percent, plural } from "../format";
import { attempts } from "../parts/attempts";
import { copyable } from "../parts/copy";
import { outcomes } from "../parts/outcomes";
import { rate } from "../parts/rate";
import { reasons } from "../parts/reasons";
import { nextSteps } from "../parts/steps";
import { section } from "../parts/table";
import type { Context } from "./kinds";
import { failureOf, progressBar } from "./common";

const NEXT_ATTEMPT = {
  retried: "Airflow will try again, and the next attempt continues where this one ended.",
  cleared: "Clear the task: the next attempt resumes where this one ended.",
};

export function isLoad(facts: Facts): boolean {
  return ["rows", "accepted", "rejected", "invalid"].every((name) => typeof facts[name] === "number");
}

export function loadReport(context: Context): Child[] {
  const { facts, suffix, progress, source } = context.report;
  return [
    headline(context),
    failureOf(context, NEXT_ATTEMPT),
    progressBar(context),
    outcomes(facts, suffix),
    reasons(facts, suffix),
    nextSteps(facts, { ...context.start, source: context.start.source ?? source }, suffix, context.isRunning),
    progress && rate(progress, suffix),
    attempts(context.tries, progress?.attempts ?? [], suffix),
    files(facts, suffix),
  ];
}

function headline(context: Context): HTMLElement {
  const { facts, source } = context.report;
  const rows = number(facts, "rows");
  const failed = number(facts, "rejected") + number(facts, "invalid") + number(facts, "unconfirmed");
  const verb = facts["dry_run"] ? "would be accepted" : "accepted";
  const soFar = context.isRunning ? " so far" : "";
  const details = [
    text(facts, "kind")?.replaceAll("_", " "),
    facts["dry_run"] ? `${String(facts["dry_run"])} dry run, nothing was stored` : null,
    duration(number(facts, "seconds")),
    `${count(number(facts, "rows_per_second"))} rows/s`,
    plural(number(facts, "requests"), "request"),
    number(facts, "retries") ? plural(number(facts, "retries"), "retry", "retries") : null,
    number(facts, "values_dropped") ? `${plural(number(facts, "values_dropped"), "value")} left out` : null,
  ];
  return h(
    "header",
    {},
    h(
      "h1",
      { "aria-live": "polite" },
      `${count(number(facts, "accepted"))} of ${plural(rows, "row")} ${verb}${soFar}`,
      failed ? h("span", { class: "failed" }, `, ${count(failed)} failed (${percent(failed, rows)})`) : null,
    ),
    h("p", { class: "faint" }, details.filter(Boolean).join(" · ")),
    source === null ? null : h("p", { class: "faint source" }, source),
  );
}

function files(facts: Facts, suffix: string): HTMLElement | null {
  const report = text(facts, "report_path");
  if (report === null) return null;
  return section(`files${suffix}`, "The report as a file", copyable(`report${suffix}`, "path of the report", report));
}
