/** What was dropped on a page: files, and all files of folders, each by the name it has in its folder. */

export interface Given {
  readonly file: File;
  readonly name: string;
}

/** So many files are taken of one drop; more are better imported on the server's own machine. */
export const MOST_FILES = 2000;

/** @throws Error there are more files than {@link MOST_FILES}. */
export async function filesOf(transfer: DataTransfer): Promise<Given[]> {
  // Entries are asked for before anything is awaited: after that the list is empty.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (!entries.length) return listed(transfer.files);
  const found: Given[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

/** Files of a field; of one that takes folders, with the path below the folder that was chosen. */
export function listed(files: Iterable<File>): Given[] {
  return [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

async function walk(entry: FileSystemEntry, found: Given[]): Promise<void> {
  if (found.length >= MOST_FILES) throw new Error(`More than ${MOST_FILES} files at once: import such a folder on the server's own machine, with vestige import.`);
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    found.push({ file, name: entry.fullPath.replace(/^\//, "") || file.name });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A folder is told in parts; an empty part ends it.
    const part = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (!part.length) return;
    for (const one of part.toSorted((a, b) => (a.name < b.name ? -1 : 1))) await walk(one, found);
  }
}
