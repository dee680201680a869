// @ts-check
/** The board of Cycles: due soonest, paused, breached. */

import { ask } from "/api.js";
import { element, table } from "/elements.js";
import { distance, duration, when } from "/format.js";

/**
 * @typedef {object} Cycle
 * @property {string} subjectId
 * @property {string} metric
 * @property {string} target
 * @property {number} targetUs
 * @property {string} phase
 * @property {string} outcome
 * @property {string} startedAt
 * @property {string | null} dueAt
 * @property {number} elapsedUs
 * @property {number} remainingUs
 * @property {boolean} ticking
 * @property {string} readAt
 */

/** @typedef {{ filter: Record<string, string>, caption: string, empty: string, order?: (one: Cycle, other: Cycle) => number }} View */

const SHOWN = 50;
const PAGE = 200;
const PAGES = 5;

const QUERY = `query ($phase: Phase, $outcome: Outcome, $sort: CycleSort!, $first: Int!, $after: String) {
  cycles(phase: $phase, outcome: $outcome, sort: $sort, first: $first, after: $after) {
    nodes { subjectId metric target targetUs phase outcome startedAt dueAt elapsedUs remainingUs ticking readAt }
    pageInfo { hasNextPage endCursor }
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
    filter: { phase: "PAUSED", outcome: "PENDING", sort: "STARTED" },
    caption: "Paused Cycles, least time left first",
    empty: "Nothing is paused.",
    order: (one, other) => one.remainingUs - other.remainingUs,
  },
  breached: {
    filter: { outcome: "BREACHED", sort: "DUE_LATEST" },
    caption: "Breached Cycles, latest first",
    empty: "No promise was broken.",
  },
};

/**
 * Read and show one view of the board.
 * @param {HTMLElement} place
 * @param {string} name
 */
export async function showCycles(place, name) {
  const view = VIEWS[name];
  const { cycles, whole } = await readCycles(view);
  if (cycles.length === 0) {
    place.replaceChildren(element("p", { class: "empty" }, view.empty));
    return;
  }
  if (view.order) cycles.sort(view.order);
  const shown = cycles.slice(0, SHOWN);
  const more = view.order ? sayHowMany(shown, cycles, whole) : whole ? `${shown.length} in all.` : `The first ${shown.length}; there are more.`;
  place.replaceChildren(table(view.caption, COLUMNS, shown), element("p", { class: "more" }, more));
}

/**
 * Read what a view shows; where the order is the browser's, more than that.
 * @param {View} view
 * @returns {Promise<{ cycles: Cycle[], whole: boolean }>}
 */
async function readCycles({ filter, order }) {
  /** @type {Cycle[]} */
  const cycles = [];
  let after = null;
  for (let page = 0; page < (order ? PAGES : 1); page += 1) {
    const answer = await ask(QUERY, { ...filter, first: order ? PAGE : SHOWN, after });
    cycles.push(...answer.cycles.nodes);
    if (!answer.cycles.pageInfo.hasNextPage) return { cycles, whole: true };
    after = answer.cycles.pageInfo.endCursor;
  }
  return { cycles, whole: false };
}

/**
 * @param {Cycle[]} shown
 * @param {Cycle[]} cycles
 * @param {boolean} whole
 * @returns {string}
 */
function sayHowMany(shown, cycles, whole) {
  if (!whole) return `${shown.length} of the ${cycles.length} that started first; there are more, not looked at.`;
  return shown.length === cycles.length ? `${cycles.length} in all.` : `${shown.length} of ${cycles.length}.`;
}

/** @type {import("/elements.js").Column<Cycle>[]} */
const COLUMNS = [
  { title: "Subject", kind: "name", cell: (cycle) => element("span", {}, cycle.subjectId, element("span", { class: "sub" }, cycle.metric)) },
  { title: "State", cell: state },
  { title: "Target", cell: (cycle) => `${cycle.target}, ${duration(cycle.targetUs)}` },
  { title: "Time used", kind: "bar", cell: used },
  { title: "Due", cell: due },
];

/**
 * @param {Cycle} cycle
 * @returns {HTMLElement}
 */
function state(cycle) {
  const [kind, text] = stateOf(cycle);
  return element("span", { class: `state ${kind}` }, text);
}

/**
 * Name a Cycle's state in colour and words.
 * @param {Cycle} cycle
 * @returns {[string, string]}
 */
function stateOf(cycle) {
  if (cycle.outcome === "BREACHED") return ["bad", cycle.phase === "STOPPED" ? "Breached, done late" : "Breached, open"];
  if (cycle.outcome === "MET") return ["good", "Met"];
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
