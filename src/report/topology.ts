/**
 * The cluster as boxes: hosts by zone with what runs on them, groups of nodes, each coloured by how
 * busy it is. The figure stands beside the colour.
 */

import { formatShare } from '../output/index.ts';
import type { RunResult } from '../run/index.ts';
import type { HostScenario, Scenario } from '../scenario/index.ts';
import type { ReportPoint } from './inputs.ts';
import { shorten } from './marks.ts';
import { type Child, el, fragment, type Markup } from './markup.ts';
import { type Picture, slug } from './picture.ts';
import { HEAT_STEPS } from './style.ts';

interface Chip {
  readonly text: string;
  /** 0..1; null where nothing is known. */
  readonly busy: number | null;
}

interface Box {
  readonly title: string;
  readonly zone: string;
  readonly facts: string;
  readonly busy: number | null;
  readonly chips: readonly Chip[];
}

const WIDTH = 760;
const COLUMNS = 3;
const GAP = 14;
const BOX_WIDTH = (WIDTH - GAP * (COLUMNS + 1)) / COLUMNS;
const CHIP_HEIGHT = 20;
const HEAD = 44;
const CHIPS_MAX = 12;
const BOXES_MAX = 30;

export function topology(point: ReportPoint, prefix: string): Picture[] {
  const run = point.runs[0];
  if (run === undefined) return [];
  const { scenario } = point;
  const hosts = scenario.hosts.map((host) => hostBox(host, scenario, point));
  const nodes = (scenario.kubernetes?.nodeGroups ?? []).map((group) => ({
    title: `node group ${group.name}`,
    zone: group.zones.join(', '),
    facts: `${group.count + group.joining} nodes`,
    busy: busiest(run, (name) => name.startsWith(`nodes/${group.name}/`)),
    chips: resourceChips(run, `nodes/${group.name}/`),
  }));
  const boxes = [...hosts.filter(({ chips }) => chips.length > 0), ...nodes];
  if (boxes.length === 0) return [];
  return [drawBoxes(boxes, prefix)];
}

function hostBox(host: HostScenario, scenario: Scenario, point: ReportPoint): Box {
  const [run] = point.runs;
  const leader = lastLeader(run);
  const chips = componentsOn(host.name, scenario).map((name) => ({
    text: name === leader ? `${name} (leader)` : name,
    busy: cpuShare(run, name, host),
  }));
  const disks = resourceChips(run, `${host.name}/disk/`);
  return {
    title: host.name,
    zone: host.zone,
    facts: `${host.cores} cores`,
    busy: busiest(run, (name) => name.startsWith(`${host.name}/`)),
    chips: [...chips, ...resourceChips(run, `${host.name}/cpu`), ...disks],
  };
}

function componentsOn(host: string, scenario: Scenario): string[] {
  const { etcd, kubernetes } = scenario;
  const replicas =
    kubernetes === null
      ? []
      : [
          ...kubernetes.apiServer.replicas,
          ...kubernetes.scheduler.replicas,
          ...kubernetes.controllerManager.replicas,
          ...(kubernetes.cloud?.replicas ?? []),
        ];
  const all = [...etcd.members, ...etcd.joining, ...replicas];
  return all.filter((one) => one.host === host).map((one) => one.name);
}

function lastLeader(run: RunResult): string {
  return run.metrics.events.filter(({ kind }) => kind === 'elected').at(-1)?.subject ?? '';
}

/** Share of its host's cores in the measured time. */
function cpuShare(run: RunResult, process: string, host: HostScenario): number | null {
  let usedNs = 0;
  let known = false;
  for (const { name, labels, perSegment } of run.metrics.counters) {
    if (name !== 'wavetank_cpu_used_nanoseconds_total' || labels.process !== process) continue;
    known = true;
    for (const value of perSegment) usedNs += value;
  }
  let durationNs = 0;
  for (const { fromNs, toNs } of run.metrics.segments) durationNs += toNs - fromNs;
  return known && durationNs > 0 ? usedNs / durationNs / host.cores : null;
}

function busiest(run: RunResult, belongs: (name: string) => boolean): number | null {
  let most: number | null = null;
  for (const { name, utilization } of run.metrics.resources) {
    if (belongs(name) && utilization > (most ?? -1)) most = utilization;
  }
  return most;
}

function resourceChips(run: RunResult, prefix: string): Chip[] {
  return run.metrics.resources
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, utilization }) => ({
      text: name.slice(prefix.lastIndexOf('/') + 1),
      busy: utilization,
    }));
}

function heat(busy: number | null): string {
  if (busy === null) return 'box';
  const step = HEAT_STEPS.filter((limit) => busy >= limit).length;
  return `h${step}`;
}

function heightOf(box: Box): number {
  return HEAD + Math.min(box.chips.length, CHIPS_MAX + 1) * (CHIP_HEIGHT + 4) + 8;
}

function drawBoxes(all: readonly Box[], prefix: string): Picture {
  const boxes = all.slice(0, BOXES_MAX);
  const drawn: Markup[] = [];
  let y = 30;
  for (let from = 0; from < boxes.length; from += COLUMNS) {
    const row = boxes.slice(from, from + COLUMNS);
    const height = Math.max(...row.map(heightOf));
    const top = y;
    drawn.push(...row.map((box, i) => drawBox(box, GAP + i * (BOX_WIDTH + GAP), top, height)));
    y += height + GAP;
  }
  const share = (busy: number | null): string => (busy === null ? '–' : formatShare(busy));
  const left = all.length - boxes.length;
  const words = boxes.map((box) => {
    const on = box.chips.map((chip) => `${chip.text} ${share(chip.busy)}`).join(', ');
    return `${box.title} (${share(box.busy)}): ${on}`;
  });
  return {
    id: slug(`topology ${prefix}`),
    title: prefix === '' ? 'The cluster' : `The cluster (${prefix})`,
    description: `Hosts and groups of nodes with their busiest resource, and what runs on them with its share of the host's cores${left > 0 ? `; ${left} more are not drawn` : ''}. ${words.join('. ')}.`,
    width: WIDTH,
    height: y,
    drawing: fragment(key(), drawn),
    table: {
      heads: ['machine', 'zone', 'busiest resource', 'what is on it'],
      rows: all.map((box) => [
        `${box.title}, ${box.facts}`,
        box.zone,
        share(box.busy),
        box.chips.map((chip) => `${chip.text} ${share(chip.busy)}`).join(', '),
      ]),
    },
    wide: true,
    plot: [],
  };
}

/** The colours in words, above the boxes. */
function key(): Markup {
  const names = [...HEAT_STEPS.map((limit) => `below ${figureOf(limit)}`), 'above'];
  return fragment(
    el('text', { class: 'soft', x: GAP, y: 17 }, 'busy:'),
    names.map((name, i) => {
      const x = GAP + 42 + i * 108;
      return fragment(
        el('rect', { class: `h${i}`, x, y: 6, width: 14, height: 14, rx: 3 }),
        el('text', { class: 'soft', x: x + 19, y: 17 }, name),
      );
    }),
  );
}

function drawBox(box: Box, x: number, y: number, height: number): Markup {
  const parts: Child[] = [
    el('rect', { class: 'panel', x, y, width: BOX_WIDTH, height, rx: 8 }),
    el('rect', {
      class: heat(box.busy),
      x: x + 1,
      y: y + 1,
      width: BOX_WIDTH - 2,
      height: 36,
      rx: 7,
    }),
    el('text', { class: 'strong', x: x + 10, y: y + 17 }, shorten(box.title, 26)),
    el('text', { class: 'end strong', x: x + BOX_WIDTH - 10, y: y + 17 }, figureOf(box.busy)),
    el('text', { class: 'small', x: x + 10, y: y + 31 }, shorten(factsOf(box), 36)),
  ];
  box.chips.slice(0, CHIPS_MAX).forEach((chip, i) => {
    const top = y + HEAD + i * (CHIP_HEIGHT + 4);
    const width = BOX_WIDTH - 16;
    const place = { x: x + 8, y: top, width, height: CHIP_HEIGHT, rx: 4 };
    parts.push(
      el('rect', { class: heat(chip.busy), ...place }),
      el('text', { class: 'small', x: x + 14, y: top + 14 }, shorten(chip.text, 27)),
      el('text', { class: 'end small', x: x + BOX_WIDTH - 13, y: top + 14 }, figureOf(chip.busy)),
    );
  });
  const left = box.chips.length - CHIPS_MAX;
  if (left > 0) {
    const top = y + HEAD + CHIPS_MAX * (CHIP_HEIGHT + 4);
    parts.push(el('text', { class: 'soft', x: x + 16, y: top + 14 }, `and ${left} more`));
  }
  return fragment(parts);
}

function factsOf({ zone, facts }: Box): string {
  return zone === '' ? facts : `${facts}, zone ${zone}`;
}

/** No more digits than a box has room for. */
function figureOf(busy: number | null): string {
  if (busy === null) return '';
  if (busy > 0 && busy < 0.0005) return '< 0.1 %';
  return busy >= 0.0995 ? `${Math.round(busy * 100)} %` : `${(busy * 100).toFixed(1)} %`;
}
