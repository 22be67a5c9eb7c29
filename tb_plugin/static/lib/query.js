/** Searches the points: `anna length>10 writer:"van den" /^a.*z$/i`. All of its terms must hold for a point. */

/** @typedef {import("./columns.js").Column} Column */
/** @typedef {{name: string, type: "text"|"number"}} Field what can be searched */

/**
 * A term: a word or pattern that a text contains, in any field of texts if `field` is null; or a comparison.
 * @typedef {{field: string|null, op: ":"|"="|"!="|">"|">="|"<"|"<=", value: string, pattern: RegExp|null}} Term
 */

/** An error in a query. Its message is a sentence for the user. */
export class QueryError extends Error {}

const FIELD = /("[^"]*"|[^\s"/:<>=!]+)(>=|<=|!=|[:<>=])/y;
const VALUE = /"([^"]*)"|\/((?:[^/\\]|\\.)+)\/([a-z]*)(?=\s|$)|(\S*)/y;

/**
 * Returns the terms of a query.
 * @param {string} query
 * @returns {Term[]}
 * @throws {QueryError} if a value is missing or a pattern is none.
 */
export function parse(query) {
  /** @type {Term[]} */
  const terms = [];
  for (let at = query.search(/\S/); at >= 0 && at < query.length;) {
    FIELD.lastIndex = at;
    const [whole, field = null, op = ":"] = FIELD.exec(query) ?? [""];
    VALUE.lastIndex = at + whole.length;
    const [given, quoted, pattern, flags, word] = /** @type {RegExpExecArray} */ (VALUE.exec(query));
    if (!given) throw new QueryError(`A value is missing after ${whole}`);
    terms.push({
      field: field?.replaceAll('"', "") ?? null,
      op: /** @type {any} */ (op),
      value: quoted ?? word ?? "",
      pattern: pattern === undefined ? null : compiled(pattern, flags),
    });
    at += whole.length + given.length;
    while (/\s/.test(query[at] ?? "")) at++;
  }
  return terms;
}

/** @param {string} pattern @param {string} flags */
function compiled(pattern, flags) {
  try {
    return new RegExp(pattern, flags.replace(/[gy]/g, "")); // with these it would remember where it was
  } catch (error) {
    throw new QueryError(/** @type {Error} */ (error).message);
  }
}

/**
 * Returns 1 for each point that a query finds, else 0.
 * @param {string} query
 * @param {number} n how many points there are
 * @param {Field[]} fields
 * @param {(name: string) => Promise<Column>} load returns the column of a field
 * @returns {Promise<Uint8Array>}
 * @throws {QueryError} if the query is none, or asks a field for what it does not have.
 */
export async function search(query, n, fields, load) {
  const found = new Uint8Array(n).fill(1);
  for (const term of parse(query)) {
    const hits = new Uint8Array(n);
    for (const field of asked(term, fields)) mark(hits, await load(field.name), term, field);
    for (let i = 0; i < n; i++) found[i] &= hits[i];
  }
  return found;
}

/** Returns the fields that a term asks. @param {Term} term @param {Field[]} fields */
function asked({ field: name, op }, fields) {
  if (name === null) return fields.filter(({ type }) => type === "text");
  const named =
    fields.find((field) => field.name === name) ??
    fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  if (named) return [named];
  const names = fields.map((field) => field.name).join(", ");
  throw new QueryError(`No column is called ${name}. There are: ${names}. Put quotes around a word with ${op} in it.`);
}

/** @param {Uint8Array} hits gets 1 for each hit @param {Column} column @param {Term} term @param {Field} field */
function mark(hits, column, term, { name }) {
  if (column.type === "text") {
    const test = ofText(term, name);
    const wanted = column.texts.map(test);
    const none = term.op === "!=";
    for (let i = 0; i < hits.length; i++) if (wanted[column.of[i]] ?? none) hits[i] = 1;
    return;
  }
  const test = ofNumber(term, name);
  const none = term.op === "!=";
  const { values, there } = column;
  for (let i = 0; i < hits.length; i++) if (there?.[i] === 0 ? none : test(values[i])) hits[i] = 1;
}

/** Returns the test of a term for texts. @param {Term} term @param {string} name @returns {(text: string) => boolean} */
function ofText({ op, value, pattern }, name) {
  const wanted = value.toLowerCase();
  if (pattern && (op === ":" || op === "=")) return (text) => pattern.test(text);
  if (pattern && op === "!=") return (text) => !pattern.test(text);
  if (op === ":") return (text) => text.toLowerCase().includes(wanted);
  if (op === "=") return (text) => text.toLowerCase() === wanted;
  if (op === "!=") return (text) => text.toLowerCase() !== wanted;
  throw new QueryError(`${name} has texts: ask ${name}:word, or ${name}=word for all of a text.`);
}

/** Returns the test of a term for numbers. @param {Term} term @param {string} name @returns {(x: number) => boolean} */
function ofNumber({ op, value, pattern }, name) {
  const [low, high, ...more] = value.split("..").map((part) => (part.trim() ? Number(part) : NaN));
  const fits = !pattern && !more.length && !Number.isNaN(low) && !Number.isNaN(high ?? 0);
  if (!fits || (high !== undefined && op !== ":" && op !== "="))
    throw new QueryError(`${name} has numbers: ask ${name}>10, ${name}=10 or ${name}:10..20.`);
  if (high !== undefined) return (x) => x >= low && x <= high;
  if (op === ">") return (x) => x > low;
  if (op === ">=") return (x) => x >= low;
  if (op === "<") return (x) => x < low;
  if (op === "<=") return (x) => x <= low;
  const same = (/** @type {number} */ x) => x === low || x === Math.fround(low); // it may be stored as float32
  return op === "!=" ? (x) => !same(x) : same;
}
