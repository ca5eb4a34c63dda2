// The kinds of report. An operator with facts of its own gets one entry here, before the last.

import type { TaskInstance } from "../api";
import type { Child } from "../dom";
import type { Facts, Report } from "../facts";
import type { Start } from "../parts/steps";
import { exportReport, isExport } from "./export";
import { isLoad, loadReport } from "./load";
import { otherReport } from "./other";

/** What a report is made of. */
export interface Context {
  report: Report;
  task: TaskInstance;
  /** all attempts of the task, the latest last */
  tries: TaskInstance[];
  start: Start;
  isRunning: boolean;
}

interface Kind {
  fits: (facts: Facts) => boolean;
  show: (context: Context) => Child[];
}

const KINDS: Kind[] = [
  { fits: isLoad, show: loadReport },
  { fits: isExport, show: exportReport },
  { fits: () => true, show: otherReport },
];

export function showReport(context: Context): Child[] {
  return KINDS.find(({ fits }) => fits(context.report.facts))?.show(context) ?? [];
}
