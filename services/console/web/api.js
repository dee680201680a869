// @ts-check
/** Asks the gateway's GraphQL door, with the reader's token. */

const KEY = "meantime.token";

/** A refusal, with the code that the API gave and the id of the request. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {string} code
   */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/** @returns {string | null} the token of this tab */
export function readToken() {
  return sessionStorage.getItem(KEY);
}

/** @param {string | null} token keeps a token for this tab, or forgets it */
export function keepToken(token) {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}

/**
 * Ask a query and return its data; raises a Refusal.
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @returns {Promise<any>}
 */
export async function ask(query, variables = {}) {
  const response = await send(JSON.stringify({ query, variables }));
  const answer = await read(response);
  if (response.status === 401) throw new Refusal(answer.detail, "credential_invalid");
  if (answer.errors?.length) {
    const [error] = answer.errors;
    throw new Refusal(error.message, error.extensions?.code ?? "unknown");
  }
  if (!response.ok) throw new Refusal(answer.detail ?? `the gateway answered ${response.status}`, "unknown");
  return answer.data;
}

/**
 * @param {string} body
 * @returns {Promise<Response>}
 */
async function send(body) {
  const headers = {
    accept: "application/graphql-response+json",
    authorization: `Bearer ${readToken()}`,
    "content-type": "application/json",
  };
  try {
    return await fetch("/graphql", { method: "POST", headers, body, credentials: "omit" });
  } catch {
    throw new Refusal("the gateway does not answer; is it running?", "unavailable");
  }
}

/**
 * @param {Response} response
 * @returns {Promise<any>}
 */
async function read(response) {
  try {
    return await response.json();
  } catch {
    throw new Refusal(`the gateway answered ${response.status} without saying why`, "unknown");
  }
}
