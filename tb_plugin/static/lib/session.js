/** The state of the moment, which is neither in the address nor derived from anything else. */

/**
 * Corners in the plane: of a selection (closed) or of a path (open).
 * @typedef {{corners: [number, number][], closed: boolean}} Outline
 */

/**
 * @typedef {object} Session
 * @property {number} hovered index of the point under the pointer, or under the cross that keys move; -1: none
 * @property {{plot: HTMLElement, px: number, py: number}|null} pointed the place where that is, in CSS pixels of the plot
 * @property {number} anchor index of the point whose neighbors are shown; -1: those of the place that is decoded
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
