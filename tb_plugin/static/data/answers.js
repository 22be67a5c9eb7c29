/** The answers of http_api.md in a page that is one file. The server's rest is computed when the page is made. */

import { pack } from "../lib/codec.js";
import { kept, nearest } from "../lib/nearest.js";
import { arrays, page } from "../lib/page.js";
import { planeOf } from "../lib/planes.js";
import { axes, project } from "../lib/project.js";

/** @typedef {Record<string, string|number>} Params */

const NEIGHBORS = 15; // of a point, that stay or go
/** @typedef {{about: any, codes: any, projections: any, errors?: any, reconstructions?: any, decoder?: any, encoder?: any}} Step */

/**
 * Returns the answer of a route, as the server gives it.
 * @param {string} route
 * @param {Params} params
 * @returns {Promise<Response>}
 */
export async function answer(route, params) {
  const { runs, data } = /** @type {NonNullable<typeof page>} */ (page);
  if (route === "runs") return Response.json(runs);
  const run = params.run ?? Object.keys(runs)[0];
  const tag = params.tag ?? Object.keys(runs[run] ?? {})[0];
  const space = data[run]?.[tag];
  const steps = runs[run]?.[tag]?.steps ?? [];
  const at = Number(params.step ?? steps[steps.length - 1]);
  /** @type {Step|undefined} */
  const step = space?.steps[at];
  if (!step) return missing("This page has no such run or step.");
  if (route === "step") return Response.json(step.about);
  if (route === "neighbors") return Response.json(await neighbors(step, params));
  if (route === "moved") return moved(step, data, params);
  if (route === "points" && params.plane === "map" && !step.projections[params.map])
    return missing("This page has no such projection at this step. Choose another plane.");
  if (route === "points") return blob(await points(space, { run, tag, step: at }, step, params));
  if (route === "metadata") {
    const column = space.once.columns[params.column];
    return column ? blob(pack(column.header, await stored(column))) : missing("This page has no such column.");
  }
  if (route === "decoder" || route === "encoder") {
    const from = step[route];
    return from ? blob(await network(space, route, from)) : missing(`This page has no ${route}.`);
  }
  const rows = step[/** @type {"codes"} */ (route)] ?? space.once[route];
  return rows ? binary(rows) : missing(`This page has no ${route}.`);
}

/** @param {string} message */
const missing = (message) => new Response(message, { status: 404, headers: { "Content-Type": "text/plain" } });

/** @param {ArrayBuffer} buffer */
const blob = (buffer) => new Response(buffer);

/** @param {import("../lib/page.js").Stored} rows @returns {Promise<Response>} */
async function binary(rows) {
  const values = scaled(await arrays(rows));
  const [{ dtype, shape }] = rows.arrays;
  return vector(values, shape, dtype === "|u1" ? "uint8" : dtype === "<i4" ? "int32" : "float32");
}

/** @param {any} values @param {number[]} shape @param {string} dtype */
function vector(values, shape, dtype) {
  const headers = {
    "X-Latent-Shape": shape.join(),
    "X-Latent-Dtype": dtype,
    "X-Latent-Total": String(shape[0]),
  };
  return new Response(values, { headers });
}

/** Returns arrays with their shapes. @param {import("../lib/page.js").Stored} from */
async function stored(from) {
  return (await arrays(from)).map((values, i) => ({ values, shape: from.arrays[i].shape }));
}

/**
 * Returns the blob of points in a plane. The principal components were computed when the page was made.
 * @param {any} space @param {Params} about @param {Step} step @param {Params} params
 */
async function points(space, about, step, params) {
  if (params.plane === "map") return map(space, about, step, params);
  const codes = scaled(await arrays(step.codes));
  const [n, dims] = step.codes.arrays[0].shape;
  const kind = params.plane === "auto" ? planeOf(null, dims).kind : (params.plane ?? "axes");
  const header = /** @type {Record<string, any>} */ ({ ...about, plane: kind, sample: null });
  let plane;
  if (kind === "pca") {
    const { explained_variance_ratio, sample } = space.pca;
    const components = Number(params.components ?? 2);
    const [origin, ...directions] = await arrays(space.pca);
    Object.assign(header, { fit: params.fit ?? about.step, components, sample });
    const first = (/** @type {any[]} */ all) => all.slice(0, components);
    plane = { origin, directions: first(directions), shares: first(explained_variance_ratio) };
  } else {
    const [i, j] = [Number(params.i ?? 0), Number(params.j ?? Math.min(1, dims - 1))];
    Object.assign(header, { i, j });
    plane = axes(codes, dims, i, j);
  }
  const { places, box } = project(codes, dims, plane);
  const vector = (/** @type {Float32Array} */ values) => ({ values, shape: [dims] });
  const made = [{ values: places, shape: [n, plane.directions.length] }, vector(plane.origin)];
  made.push(...plane.directions.map(vector));
  Object.assign(header, { explained_variance_ratio: plane.shares, box });
  return labeled(space, header, made, params);
}

/**
 * Returns the blob of points in a map.
 * @param {any} space @param {Params} about @param {Step} step @param {Params} params
 */
async function map(space, about, step, params) {
  const xy = scaled(await arrays(step.projections[params.map]));
  const { box } = project(xy, 2, axes(xy, 2, 0, 1)); // its own two axes
  const header = { ...about, plane: "map", map: params.map, box };
  return labeled(space, header, [{ values: xy, shape: [xy.length / 2, 2] }], params);
}

/** @param {any} space @param {Record<string, any>} header @param {{values: any, shape: number[]}[]} made @param {Params} params */
async function labeled(space, header, made, params) {
  const { labels } = space.once;
  [header.points] = made[0].shape;
  if (!params.labels || labels?.arrays[0].shape[0] !== made[0].shape[0]) return pack(header, made);
  return pack({ ...header, ...labels.header }, [...made, ...(await stored(labels))]);
}

/** @param {Step} step @param {Params} params */
async function neighbors(step, params) {
  const codes = scaled(await arrays(step.codes));
  const dims = step.codes.arrays[0].shape[1];
  const index = params.index === undefined ? null : Number(params.index);
  const code =
    index === null ? String(params.code).split(",").map(Number) : codes.subarray(index * dims, (index + 1) * dims);
  return nearest(codes, dims, code, Number(params.count ?? 12), String(params.metric ?? "euclidean"), index);
}

/** @param {Step} step @param {any} data @param {Params} params */
async function moved(step, data, params) {
  const other = data[params.other_run]?.[params.other_tag]?.steps[params.other_step];
  if (!other) return missing("This page has no such run or step to compare with.");
  const [one, two] = [scaled(await arrays(step.codes)), scaled(await arrays(other.codes))];
  const [[n, dims], [m, others]] = [step.codes.arrays[0].shape, other.codes.arrays[0].shape];
  if (n !== m || n <= NEIGHBORS) return missing("This page has not the same points there, or too few to compare.");
  return vector(await kept(one, dims, two, others, NEIGHBORS), [n], "uint8");
}

/**
 * Returns the blob of a decoder or an encoder.
 * @param {any} space @param {"decoder"|"encoder"} kind @param {any} from its entry in the page
 */
async function network(space, kind, from) {
  const made = (await weights(space, kind, from)).map(({ values, scales, shape }) => ({
    values: scaled([values, scales]),
    shape,
  }));
  return pack(from.header, made);
}

/** @typedef {{values: any, shape: number[], scales?: Float32Array}} Weights an array, or integers and the scales of its last axis */

/** @type {WeakMap<object, Promise<Weights[]>>} those of networks: the next step's are differences from them */
const known = new WeakMap();

/** Returns the weights of a network. @param {any} space @param {"decoder"|"encoder"} kind @param {any} from */
function weights(space, kind, from) {
  let made = known.get(from);
  if (!made) known.set(from, (made = summed(space, kind, from)));
  return made;
}

/** @param {any} space @param {"decoder"|"encoder"} kind @param {any} from @returns {Promise<Weights[]>} */
async function summed(space, kind, from) {
  const given = await stored(from);
  const before = from.since === null ? null : await weights(space, kind, space.steps[from.since][kind]);
  return from.scaled.map((/** @type {boolean} */ isScaled, /** @type {number} */ i) => {
    const { values, shape } = /** @type {Weights} */ (given.shift());
    if (!isScaled) return { values, shape };
    const old = before?.[i];
    if (!old) return { values, shape, scales: given.shift()?.values };
    const sums = Int16Array.from(old.values);
    for (let k = 0; k < sums.length; k++) sums[k] += values[k];
    return { values: sums, shape, scales: old.scales };
  });
}

/**
 * Returns numbers: offset + scale * integer along the last axis. Without scales they are there already.
 * @param {any[]} parts integers, scales, offsets
 */
function scaled([values, scales, offsets]) {
  if (!scales) return values;
  const [made, dims] = [new Float32Array(values.length), scales.length];
  for (let i = 0; i < made.length; i++) made[i] = scales[i % dims] * values[i] + (offsets?.[i % dims] ?? 0);
  return made;
}
