// What the reports of all kinds have.

import { h } from "../dom";
import { percent } from "../format";
import type { Context } from "./kinds";

/** What becomes of work that has ended early. */
export interface NextAttempt {
  retried: string;
  cleared: string;
}

/** Say why the work ended early, if it did, and how it goes on. */
export function failureOf(context: Context, next: NextAttempt): HTMLElement | null {
  const { progress } = context.report;
  if (context.isRunning || progress === null || progress.complete === true) return null;
  const state = context.task.state ?? "";
  const waits = state === "up_for_retry" ? ` ${next.retried}` : "";
  if (progress.failure !== null) {
    return h("div", { class: "message bad", role: "alert" }, h("p", {}, "It ended early: ", progress.failure), waits && h("p", {}, waits));
  }
  if (state === "success") return null;
  return h(
    "div",
    { class: "message bad", role: "alert" },
    h("p", {}, "The task was stopped or killed, so what follows is what was last known.", waits),
    h("p", {}, next.cleared),
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
