/** The state of the moment, which is neither in the address nor derived from anything else. */

/**
 * Corners in the plane: of a selection (closed) or of a path (open).
 * @typedef {{corners: [number, number][], closed: boolean}} Outline
 */

/**
 * A picture as an encoder takes it: pixels 0..1 in the order height, width, channels.
 * @typedef {{values: Float32Array, shape: [height: number, width: number, channels: number]}} Drawing
 */

/**
 * @typedef {object} Session
 * @property {number} hovered index of the point under the pointer, or under the cross that keys move; -1: none
 * @property {{plot: HTMLElement, px: number, py: number}|null} pointed the place where that is, in CSS pixels of the plot
 * @property {number} anchor index of the point whose neighbors are shown; -1: those of the place that is decoded
 * @property {Drawing|null} drawing what is on the pad; null: nothing
 * @property {number} padded how often it was asked for the pad
 * @property {boolean} way whether the way of the drawing's code through the steps is shown
 * @property {boolean} trails whether the selected points have trails over the steps
 * @property {number} told how often it was asked what is under the cross
 * @property {Set<number>|null} selection indices of the selected points; null: nothing is selected
 * @property {Outline|null} outline a selection or a path that is being drawn
 * @property {boolean} pressed whether the pointer is pressed on a plot
 * @property {boolean} dragging whether the view is dragged
 * @property {{walk: boolean, time: boolean}} playing whether the walk plays, and whether the steps do
 * @property {boolean} dark whether TensorBoard is dark
 * @property {boolean} calm whether the user asks for reduced motion
 */

/** @type {Session} */
export const START = {
  hovered: -1,
  pointed: null,
  anchor: -1,
  drawing: null,
  padded: 0,
  way: false,
  trails: false,
  told: 0,
  selection: null,
  outline: null,
  pressed: false,
  dragging: false,
  playing: { walk: false, time: false },
  dark: false,
  calm: false,
};
