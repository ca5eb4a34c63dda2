// Why rows failed: the most frequent reasons, each with what to do.

import { h } from "../dom";
import { type Facts, isFacts, list, number, text } from "../facts";
import { count, plural } from "../format";
import { section, table } from "./table";

export function reasons(facts: Facts, suffix: string): HTMLElement | null {
  const found = list(facts["reasons"]).filter(isFacts);
  if (!found.length) return oldCodes(facts, suffix);
  const further = isFacts(facts["further_reasons"]) ? facts["further_reasons"] : {};
  return section(
    `reasons${suffix}`,
    "Why",
    table(
      "Reasons",
      [
        { title: "What" },
        { title: "Rows", kind: "number" },
        { title: "Column" },
        { title: "Code", kind: "number" },
        { title: "Reason, and what to do" },
        { title: "First rows" },
      ],
      found.map((reason) => [
        h("span", { class: "word" }, text(reason, "outcome") ?? ""),
        count(number(reason, "rows")),
        h("code", {}, text(reason, "column") ?? ""),
        typeof reason["code"] === "number" ? String(reason["code"]) : "",
        text(reason, "reason") ?? "",
        firstRows(reason),
      ]),
      "reasons",
    ),
    number(further, "reasons")
      ? h(
          "p",
          { class: "faint" },
          `${plural(number(further, "reasons"), "further reason")} of ${plural(number(further, "rows"), "row")}: `,
          "see the rejects file.",
        )
      : null,
  );
}

function firstRows(reason: Facts): HTMLElement {
  const rows = list(reason["first_rows"]).filter((row) => typeof row === "number");
  const more = number(reason, "rows") > rows.length ? ", ..." : "";
  const file = text(reason, "file");
  return h("span", { class: "word" }, rows.map(count).join(", ") + more, file ? h("span", { class: "faint" }, ` of ${file}`) : null);
}

/** Older summaries count CleverTap's codes, and have no reasons. */
function oldCodes(facts: Facts, suffix: string): HTMLElement | null {
  const codes = isFacts(facts["codes"]) ? Object.entries(facts["codes"]) : [];
  if (!codes.length || "reasons" in facts) return null;
  return section(
    `reasons${suffix}`,
    "Why",
    h("p", { class: "faint" }, "An older version of the package wrote this summary. The reasons are in the rejects file."),
    table(
      "Codes",
      [{ title: "CleverTap's code" }, { title: "Rows", kind: "number" }],
      codes.map(([code, rows]) => [code, count(Number(rows))]),
    ),
  );
}
