// @ts-check
/** The board of Cycles: due soonest, paused, breached. */

import { ask } from "/api.js";
import { element, table } from "/elements.js";
import { distance, duration, when } from "/format.js";

/**
 * @typedef {object} Choice
 * @property {string} covers
 * @property {string} targetWhen
 * @property {number} targetPlace
 * @property {boolean} targetByHand
 * @property {string} calendarRule
 * @property {string | null} calendarAttribute
 */

/**
 * @typedef {object} Cycle
 * @property {string} id
 * @property {string} subjectId
 * @property {string} policyKey
 * @property {number} policyVersion
 * @property {string} metric
 * @property {string} target
 * @property {number} targetUs
 * @property {string} calendarKey
 * @property {Choice} choice
 * @property {string} phase
 * @property {string} outcome
 * @property {string} startedAt
 * @property {string | null} dueAt
 * @property {number} elapsedUs
 * @property {number} remainingUs
 * @property {boolean} ticking
 * @property {string | null} excludedUntil
 * @property {string} readAt
 */

/** @typedef {{ filter: Record<string, string>, caption: string, empty: string }} View */

const SHOWN = 50;

const QUERY = `query ($phase: Phase, $outcome: Outcome, $sort: CycleSort!, $first: Int!) {
  cycles(phase: $phase, outcome: $outcome, sort: $sort, first: $first) {
    nodes {
      id subjectId policyKey policyVersion metric target targetUs calendarKey
      choice { covers targetWhen targetPlace targetByHand calendarRule calendarAttribute }
      phase outcome startedAt dueAt elapsedUs remainingUs ticking excludedUntil readAt
    }
    pageInfo { hasNextPage }
  }
}`;

/** @type {Record<string, View>} */
export const VIEWS = {
  due: {
    filter: { phase: "RUNNING", outcome: "PENDING", sort: "DUE" },
    caption: "Running Cycles, due soonest first",
    empty: "Nothing is running. Send events, and their Cycles show here.",
  },
  paused: {
    filter: { phase: "PAUSED", outcome: "PENDING", sort: "REMAINING" },
    caption: "Paused Cycles, least time left first",
    empty: "Nothing is paused.",
  },
  breached: {
    filter: { outcome: "BREACHED", sort: "DUE_LATEST" },
    caption: "Breached Cycles, latest first",
    empty: "No promise was broken.",
  },
};

/** Ids of the Cycles whose choice is shown: it stays so when the board is read again. @type {Set<string>} */
const opened = new Set();

/**
 * Read and show one view of the board, in the service's order.
 * @param {HTMLElement} place
 * @param {string} name
 */
export async function showCycles(place, name) {
  const view = VIEWS[name];
  const { nodes, pageInfo } = (await ask(QUERY, { ...view.filter, first: SHOWN })).cycles;
  if (nodes.length === 0) {
    place.replaceChildren(element("p", { class: "empty" }, view.empty));
    return;
  }
  const more = pageInfo.hasNextPage ? `The first ${nodes.length}; there are more.` : `${nodes.length} in all.`;
  place.replaceChildren(table(view.caption, COLUMNS, nodes), element("p", { class: "more" }, more));
}

/** @type {import("/elements.js").Column<Cycle>[]} */
const COLUMNS = [
  { title: "Subject", kind: "name", cell: (cycle) => element("span", {}, cycle.subjectId, element("span", { class: "sub" }, cycle.metric)) },
  { title: "State", cell: state },
  { title: "Target", kind: "choice", cell: (cycle) => element("div", {}, `${cycle.target}, ${duration(cycle.targetUs)}`, choice(cycle)) },
  { title: "Time used", kind: "bar", cell: used },
  { title: "Due", cell: due },
];

/**
 * Tell, on demand, what chose the Policy, the Target and the Calendar.
 * @param {Cycle} cycle
 * @returns {HTMLElement}
 */
function choice(cycle) {
  const made = element(
    "details",
    { class: "why", open: opened.has(cycle.id) },
    element("summary", { "aria-label": `Why ${cycle.target} for ${cycle.subjectId}, ${cycle.metric}` }, "Why"),
    element(
      "dl",
      {},
      ...reason("Policy", `${cycle.policyKey}, version ${cycle.policyVersion}`, "covers", cycle.choice.covers),
      ...reason("Target", ...targetReason(cycle)),
      ...reason("Calendar", cycle.calendarKey, calendarReason(cycle.choice)),
    ),
  );
  made.addEventListener("toggle", () => {
    if (/** @type {HTMLDetailsElement} */ (made).open) opened.add(cycle.id);
    else opened.delete(cycle.id);
  });
  return made;
}

/**
 * @param {string} title
 * @param {string} name
 * @param {string} words
 * @param {string} [condition]
 * @returns {HTMLElement[]}
 */
function reason(title, name, words, condition) {
  const code = condition === undefined ? null : element("code", {}, condition);
  return [element("dt", {}, title), element("dd", {}, name, element("span", { class: "sub" }, words, code ? " " : null, code))];
}

/**
 * @param {Cycle} cycle
 * @returns {[string, string, string?]}
 */
function targetReason({ target, choice: { targetByHand, targetPlace, targetWhen } }) {
  if (targetByHand) return [target, "was set by hand"];
  return [target, `number ${targetPlace}, the first whose condition holds:`, targetWhen];
}

/**
 * @param {Choice} choice
 * @returns {string}
 */
function calendarReason({ calendarRule, calendarAttribute }) {
  if (calendarRule === "target") return "named by the target";
  if (calendarRule === "attribute") return `by the attribute ${calendarAttribute} of the subject`;
  return calendarRule === "default" ? "the policy's default" : "the tenant's default";
}

/**
 * @param {Cycle} cycle
 * @returns {HTMLElement}
 */
function state(cycle) {
  const [kind, text] = stateOf(cycle);
  const until = cycle.excludedUntil === null ? null : element("span", { class: "sub" }, `until ${when(cycle.excludedUntil)}`);
  return element("span", {}, element("span", { class: `state ${kind}` }, text), until);
}

/**
 * Name a Cycle's state in colour and words.
 * @param {Cycle} cycle
 * @returns {[string, string]}
 */
function stateOf(cycle) {
  if (cycle.outcome === "BREACHED") return ["bad", cycle.phase === "STOPPED" ? "Breached, done late" : "Breached, open"];
  if (cycle.outcome === "MET") return ["good", "Met"];
  if (cycle.excludedUntil !== null) return ["wait", "Excluded"];
  if (cycle.phase === "PAUSED") return ["wait", "Paused"];
  if (cycle.phase === "CANCELLED") return ["wait", "Cancelled"];
  return cycle.ticking ? ["run", "Running"] : ["wait", "Closed now"];
}

/**
 * @param {Cycle} cycle
 * @returns {HTMLElement}
 */
function used(cycle) {
  const fraction = cycle.targetUs === 0 ? 1 : cycle.elapsedUs / cycle.targetUs;
  const kind = cycle.outcome === "BREACHED" ? "bad" : fraction >= 0.75 ? "wait" : "run";
  const text = `${duration(cycle.elapsedUs)} of ${duration(cycle.targetUs)}`;
  return element("div", {}, text, element("progress", { class: kind, max: 1, value: Math.min(fraction, 1), "aria-label": text }));
}

/**
 * @param {Cycle} cycle
 * @returns {HTMLElement | string}
 */
function due(cycle) {
  if (cycle.dueAt === null) return `${duration(cycle.remainingUs)} left, once it resumes`;
  const at = element("time", { datetime: cycle.dueAt }, distance(cycle.dueAt, Date.parse(cycle.readAt)));
  return element("span", {}, at, element("span", { class: "sub" }, when(cycle.dueAt)));
}
