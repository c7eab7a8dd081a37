/** Files that are dropped on a part of a page. */

/**
 * @param {HTMLElement} zone has the class `dropping` while files are held over it
 * @param {(files: FileList) => void} take
 * @param {() => boolean} [takesFiles] whether files are taken now
 */
export function acceptDrops(zone, take, takesFiles = () => true) {
  zone.addEventListener("dragover", (event) => {
    if (!takesFiles() || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("dropping");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("dropping"));
  zone.addEventListener("drop", (event) => {
    zone.classList.remove("dropping");
    const files = event.dataTransfer?.files;
    if (!takesFiles() || !files?.length) return;
    event.preventDefault();
    take(files);
  });
}
