// @ts-check
/** Attainment of a Metric in a month, by Target. */

import { ask } from "/api.js";
import { element, table } from "/elements.js";
import { share, whole } from "/format.js";

/** @typedef {{ target: string, met: number, breached: number }} Share */

const POLICIES = `{ policies(first: 200) { nodes { key name version versions { version document } } } }`;

const ATTAINMENT = `query ($policyKey: String!, $metric: String!, $start: DateTime!, $end: DateTime!) {
  attainment(policyKey: $policyKey, metric: $metric, start: $start, end: $end) {
    met breached pending byTarget { target met breached }
  }
}`;

/**
 * Read which Metrics there are.
 * @returns {Promise<{ policyKey: string, metric: string, label: string }[]>}
 */
export async function readMetrics() {
  const { policies } = await ask(POLICIES);
  return policies.nodes.flatMap((/** @type {any} */ policy) => {
    const latest = policy.versions.find((/** @type {any} */ it) => it.version === policy.version);
    const metrics = Object.keys(latest?.document.metrics ?? {});
    return metrics.map((metric) => ({ policyKey: policy.key, metric, label: `${policy.name}: ${metric}` }));
  });
}

/**
 * Read and show one Metric's month.
 * @param {HTMLElement} place
 * @param {{ policyKey: string, metric: string }} metric
 * @param {string} month such as 2026-03
 */
export async function showAttainment(place, metric, month) {
  const [year, number] = month.split("-").map(Number);
  const start = new Date(Date.UTC(year, number - 1, 1)).toISOString();
  const end = new Date(Date.UTC(year, number, 1)).toISOString();
  const { attainment } = await ask(ATTAINMENT, { policyKey: metric.policyKey, metric: metric.metric, start, end });
  const total = attainment.met + attainment.breached;
  if (total === 0) {
    const text = "No Cycle was done or due in this month.";
    place.replaceChildren(element("p", { class: "empty" }, text), element("p", { class: "more" }, pending(attainment.pending)));
    return;
  }
  const all = { target: "All targets", met: attainment.met, breached: attainment.breached };
  place.replaceChildren(
    table("Attainment by Target", COLUMNS, [...attainment.byTarget, all]),
    element("p", { class: "more" }, pending(attainment.pending)),
  );
}

/**
 * @param {number} count
 * @returns {string}
 */
function pending(count) {
  return count === 0 ? "None was open at the month's end." : `${whole(count)} still open at the month's end, not counted.`;
}

/** @type {import("/elements.js").Column<Share>[]} */
const COLUMNS = [
  { title: "Target", kind: "name", cell: (row) => row.target },
  { title: "Kept", kind: "bar", cell: bar },
  { title: "Met", kind: "number", cell: (row) => whole(row.met) },
  { title: "Breached", kind: "number", cell: (row) => whole(row.breached) },
];

/**
 * @param {Share} row
 * @returns {HTMLElement}
 */
function bar(row) {
  const total = row.met + row.breached;
  const text = share(row.met, total);
  return element("div", {}, text, element("progress", { class: "good", max: total, value: row.met, "aria-label": text }));
}
