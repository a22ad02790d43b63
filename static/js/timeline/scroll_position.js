/** Which turn of the conversation is being read. */

/**
 * The last section that begins above the middle of the reader; found by halves, for there may be a thousand.
 * @param {HTMLElement} reader @param {HTMLCollectionOf<Element>|Element[]} sections in order
 * @returns {Element|null}
 */
export function sectionInView(reader, sections) {
  const middle = reader.getBoundingClientRect().top + reader.clientHeight / 2;
  let [from, to] = [0, sections.length];
  while (from < to) {
    const half = (from + to) >> 1;
    if (sections[half].getBoundingClientRect().top <= middle) from = half + 1;
    else to = half;
  }
  return sections[Math.max(0, from - 1)] ?? null;
}
