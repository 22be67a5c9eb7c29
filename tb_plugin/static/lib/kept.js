/** Answers that are kept until there are too many: the ones that were asked for longest ago go first. */

export class Kept {
  /** @param {number} most answers */
  constructor(most) {
    this.most = most;
    /** @type {Map<string, Promise<any>>} */
    this.answers = new Map();
  }

  /** Returns whether an answer is kept, or on its way. @param {string} key */
  has(key) {
    return this.answers.has(key);
  }

  /**
   * Returns a kept answer, or loads it.
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} load
   * @returns {Promise<T>}
   */
  once(key, load) {
    let answer = this.answers.get(key);
    if (!answer) {
      answer = load();
      answer.catch(() => this.answers.delete(key)); // so that it is asked again
      if (this.answers.size >= this.most) {
        const oldest = /** @type {string} */ (this.answers.keys().next().value);
        closed(this.answers.get(oldest));
        this.answers.delete(oldest);
      }
    } else {
      this.answers.delete(key); // it moves to the end, as the latest
    }
    this.answers.set(key, answer);
    return answer;
  }

  close() {
    for (const answer of this.answers.values()) closed(answer);
    this.answers.clear();
  }
}

/** Closes an answer that holds a worker. @param {Promise<any>|undefined} answer */
function closed(answer) {
  answer?.then(
    (value) => value?.close?.(),
    () => {},
  );
}
