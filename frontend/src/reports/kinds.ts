// The kinds of report. An operator with facts of its own gets one entry here, before the last.

import type { TaskInstance } from "../api";
import type { Child } from "../dom";
import type { Facts, Report } from "../facts";
import { isLoad, loadReport } from "./load";

/** What a report is made of. */
export interface Context {
  report: Report;
  task: TaskInstance;
}

interface Kind {
  fits: (facts: Facts) => boolean;
  show: (context: Context) => Child[];
}

const KINDS: Kind[] = [{ fits: isLoad, show: loadReport }];

export function showReport(context: Context): Child[] {
  return KINDS.find(({ fits }) => fits(context.report.facts))?.show(context) ?? [];
}
