// What the reports of all kinds have.

import { h } from "../dom";
import { percent } from "../format";
import type { Context } from "./kinds";

/** Say why the work ended early, if it did. */
export function failureOf(context: Context): HTMLElement | null {
  const { progress } = context.report;
  if (context.isRunning || progress === null || progress.complete === true) return null;
  const state = context.task.state ?? "";
  const waits = state === "up_for_retry" ? " Airflow will try again, and the next attempt continues where this one ended." : "";
  if (progress.failure !== null) {
    return h("div", { class: "message bad", role: "alert" }, h("p", {}, "It ended early: ", progress.failure), waits && h("p", {}, waits));
  }
  if (state === "success") return null;
  return h(
    "div",
    { class: "message bad", role: "alert" },
    h("p", {}, "The task was stopped or killed, so what follows is what was last known.", waits),
    h("p", {}, "Clear the task: the next attempt resumes where this one ended."),
  );
}

export function progressBar(context: Context): HTMLElement | null {
  const share = context.report.progress?.share ?? null;
  if (!context.isRunning) return null;
  return h(
    "p",
    { class: "running" },
    h("progress", { max: 1, value: share ?? undefined, "aria-label": "Share of the source that is read" }),
    h("span", { class: "faint" }, share === null ? "running" : `${percent(share, 1)} of the source read`),
  );
}
