/**
 * Every bench: `npm run bench [-- --quick]`. Prints the tables and writes results/bench/*.csv.
 * Machines differ: read the ratios, and compare absolute figures only with those of the same
 * machine.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openbFiles, renderClusterCsv, renderClusterTable, runClusterBench } from './cluster.ts';
import { renderCsv, renderTable, runCoreBench } from './core.ts';
import { renderEtcdCsv, renderEtcdTable, runEtcdBench } from './etcd.ts';

const quick = process.argv.includes('--quick');
const folder = fileURLToPath(new URL('../results/bench/', import.meta.url));
mkdirSync(folder, { recursive: true });
console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}\n`);

const etcd = runEtcdBench({ quick });
console.log(`${renderEtcdTable(etcd)}\n`);
writeFileSync(join(folder, 'etcd.csv'), renderEtcdCsv(etcd));

const trace = openbFiles(process.argv, process.env.WAVETANK_OPENB);
const cluster = runClusterBench({ quick, trace });
console.log(`${renderClusterTable(cluster)}\n`);
writeFileSync(join(folder, 'cluster.csv'), renderClusterCsv(cluster));

const core = runCoreBench({ quick });
console.log(renderTable(core));
writeFileSync(join(folder, 'core.csv'), renderCsv(core));
