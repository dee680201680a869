// @ts-check
/** The page: signs in, shows the three sections, and keeps them fresh. */

import { ask, keepToken, readToken, Refusal } from "/api.js";
import { readMetrics, showAttainment } from "/attainment.js";
import { showCycles } from "/cycles.js";
import { byId, element } from "/elements.js";
import { showStatements } from "/statements.js";

const FRESH_MS = 30_000;
const VIEWER = "{ viewer { tenant { tenantId name } subject scopes } }";

/** @type {{ policyKey: string, metric: string, label: string }[]} */
let metrics = [];

/** Show the sign-in form, or the board of whoever the token belongs to. */
async function start() {
  const token = readToken();
  if (token === null) return showEntrance();
  try {
    const { viewer } = await ask(VIEWER);
    byId("tenant").textContent = viewer.tenant.name;
    show({ tenant: true, actions: true, board: true, enter: false, notice: false });
    await refresh();
  } catch (error) {
    fail(error);
  }
}

/** @param {string} [message] why the reader is asked again */
function showEntrance(message) {
  keepToken(null);
  show({ tenant: false, actions: false, board: false, enter: true, notice: Boolean(message) });
  byId("notice").textContent = message ?? "";
  byId("token").focus();
}

/** @param {Record<string, boolean>} shown by id */
function show(shown) {
  for (const [id, visible] of Object.entries(shown)) byId(id).hidden = !visible;
}

/** Read everything again; each section tells its own failure. */
async function refresh() {
  const button = /** @type {HTMLButtonElement} */ (byId("refresh"));
  button.disabled = true;
  await Promise.all([section("cycles", loadCycles), section("attainment", loadAttainment), section("statements", showStatements)]);
  button.disabled = false;
}

/**
 * @param {string} id
 * @param {(place: HTMLElement) => Promise<void>} load
 */
async function section(id, load) {
  const place = byId(id);
  place.setAttribute("aria-busy", "true");
  try {
    await load(place);
  } catch (error) {
    if (error instanceof Refusal && error.code === "credential_invalid") return fail(error);
    place.replaceChildren(element("p", { class: "notice bad" }, error instanceof Error ? error.message : String(error)));
  } finally {
    place.removeAttribute("aria-busy");
  }
}

/** @param {HTMLElement} place */
async function loadCycles(place) {
  const chosen = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=view]:checked"));
  await showCycles(place, chosen?.value ?? "due");
}

/** @param {HTMLElement} place */
async function loadAttainment(place) {
  metrics = await readMetrics();
  const choice = /** @type {HTMLSelectElement} */ (byId("metric"));
  const month = /** @type {HTMLInputElement} */ (byId("month"));
  const kept = choice.value;
  choice.replaceChildren(...metrics.map((metric) => element("option", { value: metric.label }, metric.label)));
  if (metrics.some((metric) => metric.label === kept)) choice.value = kept;
  const metric = metrics.find((it) => it.label === choice.value);
  byId("attainment-form").hidden = !metric;
  if (!metric) return place.replaceChildren(element("p", { class: "empty" }, "No Policy is saved yet."));
  if (month.value) await showAttainment(place, metric, month.value);
}

/** @param {unknown} error */
function fail(error) {
  if (error instanceof Refusal && error.code === "credential_invalid") return showEntrance(error.message);
  show({ notice: true });
  byId("notice").textContent = error instanceof Error ? error.message : String(error);
}

byId("enter-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (byId("token"));
  keepToken(field.value.trim());
  field.value = "";
  void start();
});
byId("leave").addEventListener("click", () => showEntrance());
byId("refresh").addEventListener("click", () => void refresh());
byId("cycle-views").addEventListener("change", () => void section("cycles", loadCycles));
byId("attainment-form").addEventListener("change", () => void section("attainment", loadAttainment));
setInterval(() => {
  if (readToken() !== null && !document.hidden) void section("cycles", loadCycles);
}, FRESH_MS);

/** @type {HTMLInputElement} */ (byId("month")).value = new Date().toISOString().slice(0, 7);
void start();
