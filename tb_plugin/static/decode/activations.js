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

/** @type {Record<string, Activation>} */
export const ACTIVATIONS = {
  linear: () => {},
  relu: each((x) => (x > 0 ? x : 0)),
  tanh: each(Math.tanh),
  sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  softmax: (x, _, channels) => {
    for (let start = 0; start < x.length; start += channels) softmax(x.subarray(start, start + channels));
  },
  leaky_relu: each((x, { alpha }) => (x > 0 ? x : alpha * x)),
  elu: each((x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x))),
  gelu: (x, { approximate }) => (approximate ? geluOfTanh : geluOfErf)(x, {}, 1),
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
