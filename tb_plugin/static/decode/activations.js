/** The activations of a decoder, as in layers.py. Each changes the values of one picture in place. */

/** @typedef {(x: Float32Array, config: Record<string, any>, channels: number) => void} Activation */

/**
 * Returns the activation that applies `f` to each value.
 * @param {(value: number, config: Record<string, any>) => number} f
 * @returns {Activation}
 */
const each = (f) => (x, config) => {
  for (let i = 0; i < x.length; i++) x[i] = f(x[i], config);
};

/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** Returns log(1 + exp(x)), without overflow. @param {number} x */
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** @param {number} x */
const hardSigmoid = (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1);

/** @type {Record<string, Activation>} */
export const ACTIVATIONS = {
  linear: () => {},
  relu: (x) => {
    for (let i = 0; i < x.length; i++) x[i] = x[i] > 0 ? x[i] : 0; // a loop of its own is faster, and this one is common
  },
  tanh: each(Math.tanh),
  sigmoid: each(sigmoid),
  softmax: (x, _, channels) => {
    for (let start = 0; start < x.length; start += channels) softmax(x.subarray(start, start + channels));
  },
  leaky_relu: (x, { alpha }) => {
    for (let i = 0; i < x.length; i++) x[i] = x[i] > 0 ? x[i] : alpha * x[i];
  },
  elu: each((x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x))),
  gelu: (x, { approximate }) => (approximate ? geluOfTanh : geluOfErf)(x, {}, 1),
  silu: each((x) => x * sigmoid(x)),
  mish: each((x) => x * Math.tanh(softplus(x))),
  selu: each((x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))),
  celu: each((x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x / alpha))),
  softplus: each((x, { beta, threshold }) => (x * beta > threshold ? x : softplus(x * beta) / beta)),
  softsign: each((x) => x / (1 + Math.abs(x))),
  log_sigmoid: each((x) => -softplus(-x)),
  hard_sigmoid: each(hardSigmoid),
  hard_swish: each((x) => x * hardSigmoid(x)),
  exp: each(Math.exp),
  log: each(Math.log),
  sqrt: each(Math.sqrt),
  square: each((x) => x * x),
  reciprocal: each((x) => 1 / x),
  abs: each(Math.abs),
  sin: each(Math.sin),
  cos: each(Math.cos),
  erf: each(erf),
};

/** @param {Float32Array} x */
function softmax(x) {
  let highest = -Infinity;
  for (let i = 0; i < x.length; i++) highest = Math.max(highest, x[i]);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] = Math.exp(x[i] - highest);
  for (let i = 0; i < x.length; i++) x[i] /= sum;
}

const geluOfTanh = each((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))));

const geluOfErf = each((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)));

/**
 * Returns the error function, to 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
 *
 * @param {number} x
 */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
