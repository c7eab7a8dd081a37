/** Names of files that were attached earlier, each asked for once. */

export class FileNames {
  #access;
  /** @type {Map<string, Promise<string|null>>} */
  #names = new Map();

  /** @param {() => import("./entrance.js").ChatAccess} access returns who is signed in */
  constructor(access) {
    this.#access = access;
  }

  /**
   * @param {string} fileId
   * @returns {Promise<string|null>} null if the server doesn't return it
   */
  async of(fileId) {
    const { mayManage, client } = this.#access();
    if (!mayManage) return null;
    const known = this.#names.get(fileId);
    if (known) return known;
    const named = client.get(`files/${fileId}`).then((file) => file.filename, () => null);
    this.#names.set(fileId, named);
    return named;
  }
}
