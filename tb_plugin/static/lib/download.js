/** Files that the page gives to its user. */

/**
 * Downloads a file. Characters that a file's name may not have become an underscore.
 * @param {Blob} blob
 * @param {string} name without its ending
 * @param {string} ending
 */
export function download(blob, name, ending) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(-120)}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
