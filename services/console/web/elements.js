// @ts-check
/** Makes elements: text is always text, so nothing that a tenant wrote can become markup. */

/**
 * @typedef {Node | string | number | null | undefined} Child
 */

/**
 * Make an element. Attributes whose value is null or false are left out.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined).map(asNode));
  return made;
}

/**
 * @param {Child} child
 * @returns {Node | string}
 */
function asNode(child) {
  return child instanceof Node ? child : String(child);
}

/**
 * A column of a table: its title, how its cell is filled, and the cell's classes.
 * @template Row
 * @typedef {{ title: string, cell: (row: Row) => Child, kind?: string }} Column
 */

/**
 * Make a table; on a narrow screen each cell carries its column's title.
 * @template Row
 * @param {string} caption
 * @param {Column<Row>[]} columns
 * @param {Row[]} rows
 * @returns {HTMLElement}
 */
export function table(caption, columns, rows) {
  const heads = columns.map((column) => element("th", { scope: "col", class: column.kind }, column.title));
  const lines = rows.map((row) => element("tr", {}, ...columns.map((column, place) => cell(column, row, place))));
  return element(
    "table",
    {},
    element("caption", { class: "hidden" }, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...lines),
  );
}

/**
 * @template Row
 * @param {Column<Row>} column
 * @param {Row} row
 * @param {number} place
 * @returns {HTMLElement}
 */
function cell(column, row, place) {
  const label = place === 0 ? null : column.title;
  return element("td", { class: column.kind, "data-label": label }, column.cell(row));
}

/**
 * Find an element that the page is known to have.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
