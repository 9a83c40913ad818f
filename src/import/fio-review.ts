/** How far a fio run stands for etcd's write-ahead log: what its options say, as findings. */
import { type Latencies, mergeLatencies } from './latencies.ts';
import type { Report } from './problems.ts';
import type { CalibrateInput } from './types.ts';
import { formatCount, formatNs, significant } from './units.ts';

export const FIO_COMMAND =
  'fio --name=wal --rw=write --ioengine=sync --fdatasync=1 --bs=2300 --size=22m ' +
  '--directory=DIR --output-format=json+ --output=disk.json';

/** Enterprise NVMe with power-loss protection needs 12 to 58 µs (smalldatum, January 2026). */
const NO_DEVICE_MEAN_NS = 5_000;
/** etcd's WAL writes in a Kubernetes cluster were 2200 to 2400 bytes (IBM Cloud blog, 2019). */
const WAL_WRITE_BYTES = 2300;
const RUNTIME_FOR_STALLS_SECONDS = 600;

export function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value !== 'none' && value !== 'false';
}

export function reviewJobs(
  input: CalibrateInput,
  used: readonly Latencies[],
  numjobs: number,
  report: Report,
): void {
  const parallel = Math.max(used.length, numjobs);
  if (parallel > 1) {
    report.warning(
      input.name,
      'several-jobs',
      `${parallel} jobs are added up; where they ran at the same time they waited for each ` +
        'other, and etcd has one writer',
      'Run one job, or pick one: --job NAME.',
    );
  }
  const { sumNs, count } = mergeLatencies(used);
  if (sumNs !== null && sumNs / count < NO_DEVICE_MEAN_NS) {
    report.warning(
      input.name,
      'no-device',
      `a sync took ${formatNs(sumNs / count)} on average: no device answers that fast, so this ` +
        'was a RAM disk or a disk that does not flush',
      'Point --directory at the disk that will hold etcd.',
    );
  }
}

export function reviewOptions(
  input: CalibrateInput,
  options: Readonly<Record<string, string>>,
  o: { fromSync: boolean; durable: boolean },
  report: Report,
): void {
  const { name } = input;
  if (!o.durable) {
    report.warning(
      name,
      'no-fdatasync',
      'no job synced: the latencies are of writes into the page cache, and say nothing of the disk',
      `Measure with --fdatasync=1: ${FIO_COMMAND}`,
    );
  } else if (!o.fromSync) {
    report.info(
      name,
      'synchronous-writes',
      `the latencies are of writes with sync=${options.sync}: write and flush together, which is ` +
        'what etcd waits for',
    );
  }
  if (isOn(options.fsync) && !isOn(options.fdatasync)) {
    report.warning(
      name,
      'fsync-not-fdatasync',
      'fsync also writes the metadata of the file; etcd calls fdatasync, which is faster',
      'Use --fdatasync=1.',
    );
  }
  const every = Number(options.fdatasync ?? options.fsync ?? 1);
  if (every > 1) {
    report.warning(
      name,
      'several-writes-per-sync',
      `${every} writes went before each sync; etcd syncs after every batch`,
      'Use --fdatasync=1.',
    );
  }
  reviewWrites(name, options, report);
}

function reviewWrites(
  name: string,
  options: Readonly<Record<string, string>>,
  report: Report,
): void {
  const bytes = bytesOf(options.bs ?? options.blocksize ?? '');
  if (bytes === null) {
    const written = options.bs === undefined ? 'fio’s default of 4 KiB' : `'${options.bs}'`;
    report.info(
      name,
      'block-size',
      `block size ${written}; etcd writes about ${WAL_WRITE_BYTES} B`,
    );
  } else if (bytes > WAL_WRITE_BYTES * 2 || bytes < WAL_WRITE_BYTES / 2) {
    report.warning(
      name,
      'block-size',
      `block size ${formatCount(bytes)} B; etcd writes about ${formatCount(WAL_WRITE_BYTES)} B ` +
        'at a time under Kubernetes',
      'Use --bs=2300.',
    );
  }
  const pattern = options.rw ?? options.readwrite ?? 'read';
  if (pattern !== 'write') {
    report.warning(
      name,
      'access-pattern',
      `the pattern is '${pattern}'; etcd appends`,
      'Use --rw=write.',
    );
  }
  if (isOn(options.direct)) {
    report.warning(
      name,
      'direct',
      'direct=1 goes around the page cache; etcd writes through it and then syncs',
      'Leave --direct out.',
    );
  }
  if (Number(options.iodepth ?? 1) > 1) {
    report.warning(
      name,
      'iodepth',
      `iodepth=${options.iodepth}: several writes in flight wait for each other; etcd has one`,
      'Use --ioengine=sync without --iodepth.',
    );
  }
}

/** What is only known with the length of the run: said once, for all jobs. */
export function reviewRuntime(
  input: CalibrateInput,
  runtimeSeconds: number | null,
  report: Report,
): void {
  const seconds = runtimeSeconds;
  if (seconds === null || seconds >= RUNTIME_FOR_STALLS_SECONDS) return;
  report.info(
    input.name,
    'short-run',
    `the run lasted ${significant(seconds)} s; stalls that come less often than that cannot be ` +
      'in it',
    'For stalls, run for longer: --time_based --runtime=1800 --write_lat_log=disk.',
  );
}

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 * 1024 };

/** '2300', '4k', '4KiB', '2300,2300'; null where it is none of them. */
function bytesOf(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmb]?)(?:ib|b)?(?:[,-]|$)/i.exec(text.trim());
  if (match === null) return null;
  return Number(match[1]) * BYTE_UNITS[match[2].toLowerCase()];
}
