/**
 * The messages of a session in order. Ids are UUIDv7, so the order of ids is the order of creation; a new message nearly
 * always goes to the end, and text deltas never touch the order.
 *
 * @typedef {{id: string, chat_id: string, role: string, content: string, [field: string]: any}} Message
 */
export class MessageList {
  constructor() {
    /** @type {Map<string, Message>} */
    this.byId = new Map();
    /** Ids, ascending. @type {string[]} */
    this.order = [];
  }

  get size() {
    return this.order.length;
  }

  /** @param {string} id */
  get(id) {
    return this.byId.get(id);
  }

  /** @param {string} id */
  has(id) {
    return this.byId.has(id);
  }

  /** The message at a place; negative places count from the end. @param {number} index */
  at(index) {
    return this.byId.get(this.order.at(index));
  }

  /** The place of an id, or where it would go. @param {string} id */
  indexOf(id) {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.order[middle] < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds or replaces. @param {Message} message */
  put(message) {
    if (!this.byId.has(message.id)) this.#place(message.id);
    this.byId.set(message.id, message);
  }

  /** @param {string} id @returns {boolean} whether it was there */
  remove(id) {
    if (!this.byId.delete(id)) return false;
    this.order.splice(this.indexOf(id), 1);
    return true;
  }

  clear() {
    this.byId.clear();
    this.order = [];
  }

  *[Symbol.iterator]() {
    for (const id of this.order) yield this.byId.get(id);
  }

  #place(id) {
    const last = this.order.at(-1);
    if (last === undefined || last < id) this.order.push(id);
    else this.order.splice(this.indexOf(id), 0, id);
  }
}
