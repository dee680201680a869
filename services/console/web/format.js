// @ts-check
/** Numbers, money and times as people read them; nothing here decides anything. */

const MINUTE_US = 60e6;
const HOUR_US = 3600e6;

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "always" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const percent = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 2 });
const count = new Intl.NumberFormat();

/**
 * Write business time: hours and minutes, since a business day has no fixed length.
 * @param {number} us microseconds
 * @returns {string}
 */
export function duration(us) {
  const minutes = Math.floor(Math.abs(us) / MINUTE_US);
  const hours = Math.floor(Math.abs(us) / HOUR_US);
  const rest = minutes - hours * 60;
  const text = hours === 0 ? `${rest} min` : rest === 0 ? `${count.format(hours)} h` : `${count.format(hours)} h ${rest} min`;
  return us < 0 ? `−${text}` : text;
}

/**
 * Write how far an instant is from another, by the wall clock: to the minute within a day, else in days.
 * @param {string} instant RFC 3339
 * @param {number} now milliseconds since the epoch
 * @returns {string}
 */
export function distance(instant, now) {
  const us = (Date.parse(instant) - now) * 1000;
  if (Math.abs(us) >= 24 * HOUR_US) return relative.format(Math.trunc(us / HOUR_US / 24), "day");
  return us < 0 ? `${duration(-us)} ago` : `in ${duration(us)}`;
}

/**
 * Write an instant in the reader's own zone.
 * @param {string} instant RFC 3339
 * @returns {string}
 */
export function when(instant) {
  return moment.format(new Date(instant));
}

/**
 * Write an exact share for reading: never up to 100 % or down to 0 % by rounding.
 * @param {number} part
 * @param {number} whole
 * @returns {string}
 */
export function share(part, whole) {
  if (whole === 0) return "no data";
  const nearest = Math.round((part / whole) * 10000) / 10000;
  const honest = part < whole ? Math.min(nearest, 0.9999) : 1;
  return percent.format(part > 0 ? Math.max(honest, 0.0001) : 0);
}

/**
 * Write money; the currency knows how many minor units it has.
 * @param {number} minor
 * @param {string} currency ISO 4217
 * @returns {string}
 */
export function money(minor, currency) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/**
 * Write a whole number.
 * @param {number} value
 * @returns {string}
 */
export function whole(value) {
  return count.format(value);
}
