/** Values that others watch. */

/**
 * An object of values, replaced with each change.
 * @template {object} T
 */
export class Observable {
  /**
   * @param {T} now the first values
   * @param {(a: unknown, b: unknown) => boolean} [same] whether two values are equal
   */
  constructor(now, same = Object.is) {
    this.now = now;
    this.same = same;
    /** @type {((changed: Set<keyof T>) => void)[]} */
    this.listeners = [];
  }

  /**
   * Takes new values. Calls the listeners if any of them differs.
   * @param {Partial<T>} patch
   */
  set(patch) {
    const keys = /** @type {(keyof T)[]} */ (Object.keys(patch));
    const changed = new Set(keys.filter((key) => !this.same(patch[key], this.now[key])));
    if (!changed.size) return;
    this.now = { ...this.now, ...patch };
    for (const listener of this.listeners) listener(changed);
  }

  /**
   * Calls back after each change with the keys that changed.
   * @param {(changed: Set<keyof T>) => void} listener
   */
  on(listener) {
    this.listeners.push(listener);
  }
}
