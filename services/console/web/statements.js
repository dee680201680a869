// @ts-check
/** Closed Statements, newest first, each with the steps that led to its amount. */

import { ask } from "/api.js";
import { element, table } from "/elements.js";
import { money, share, when } from "/format.js";

const QUERY = `query ($after: String) {
  statements(first: 100, after: $after) {
    nodes {
      number closedAt
      assessment {
        agreementKey period currency amountMinor
        credits { level verdict amountMinor measurement { numerator denominator } }
        steps { step detail result }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const PAGES = 10;

/**
 * Read and show the Statements.
 * @param {HTMLElement} place
 */
export async function showStatements(place) {
  /** @type {any[]} */
  const statements = [];
  let after = null;
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await ask(QUERY, { after });
    statements.push(...answer.statements.nodes);
    if (!answer.statements.pageInfo.hasNextPage) break;
    after = answer.statements.pageInfo.endCursor;
  }
  statements.reverse();
  const empty = element("p", { class: "empty" }, "No period is closed yet.");
  place.replaceChildren(statements.length ? table("Statements, newest first", COLUMNS, statements) : empty);
}

/** @type {import("/elements.js").Column<any>[]} */
const COLUMNS = [
  { title: "Statement", kind: "name", cell: (row) => `No. ${row.number}` },
  { title: "Agreement", cell: (row) => row.assessment.agreementKey },
  { title: "Period", cell: (row) => row.assessment.period },
  { title: "Levels", kind: "wide", cell: levels },
  { title: "Closed", cell: (row) => element("time", { datetime: row.closedAt }, when(row.closedAt)) },
  { title: "Owed", kind: "number", cell: (row) => money(row.assessment.amountMinor, row.assessment.currency) },
];

const VERDICTS = /** @type {Record<string, [string, string]>} */ ({
  MET: ["good", "Met"],
  MISSED: ["bad", "Missed"],
  NO_DATA: ["wait", "No data"],
});

/**
 * @param {any} row
 * @returns {HTMLElement}
 */
function levels(row) {
  const { credits, steps } = row.assessment;
  const lines = steps.map((/** @type {any} */ it) => element("li", {}, `${it.step}: ${it.detail} `, element("b", {}, it.result)));
  return element(
    "div",
    {},
    ...credits.map(level),
    element("details", {}, element("summary", {}, "Steps"), element("ol", { class: "steps" }, ...lines)),
  );
}

/**
 * @param {any} credit
 * @returns {HTMLElement}
 */
function level(credit) {
  const [kind, text] = VERDICTS[credit.verdict];
  const { numerator, denominator } = credit.measurement;
  return element("div", {}, `${credit.level} ${share(numerator, denominator)} `, element("span", { class: `state ${kind}` }, text));
}
