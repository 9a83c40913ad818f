/**
 * Space of one revision in the WAL and in bbolt's file.
 * bbolt fills a leaf of revision keys to 90 % of a 4 KiB page, at least two elements a node
 * (bbolt node.go `splitIndex`, tx.go); an element is 16 B of header, 17 B of revision and the
 * marshalled key-value of about 15 B more than key + value.
 */

export const PAGE_BYTES = 4096;
const PAGE_FILL_BYTES = 3686;
const ELEMENT_BYTES = 16 + 17 + 15;
const PAGE_HEADER_BYTES = 16;

/** Bytes of bbolt's file that one revision takes, on average. */
export function revisionFileBytes(keyBytes: number, valueBytes: number): number {
  const leafBytes = ELEMENT_BYTES + keyBytes + valueBytes;
  const perNode = Math.max(2, Math.floor(PAGE_FILL_BYTES / leafBytes));
  const pages = Math.ceil((PAGE_HEADER_BYTES + perNode * leafBytes) / PAGE_BYTES);
  return (pages * PAGE_BYTES) / perNode;
}

/**
 * What a put's entry adds to key and value: fields of the put 5 B, request header 14 and its frame
 * 3, raft entry 11, WAL record 11 (lengths of the proto encodings at usual sizes).
 */
const ENTRY_FIELD_BYTES = 44;

/**
 * Bytes of one entry in the WAL: 8 B of length, then the record, padded to 8 B (wal/encoder.go).
 */
export function walEntryBytes(keyBytes: number, valueBytes: number): number {
  return 8 + 8 * Math.ceil((keyBytes + valueBytes + ENTRY_FIELD_BYTES) / 8);
}

/** The HardState record that follows when the commit index moved (wal.go `saveState`). */
export const WAL_STATE_BYTES = 40;
