/** Faults of the network. */
import * as field from '../../field.ts';

const ends = 'members, hosts, components, nodes, zones or clients';

export const networkVerbs = {
  partition: field.groups({
    description:
      `Cut the network between groups of ${ends}. One end alone is cut off from ` +
      'all other members; an end that is no member from everything else.',
    example: '[[etcd/0], [etcd/1, etcd/2]]',
  }),
  flap: field.groups({
    description: `A partition that comes and goes: cut for \`down\`, open for \`up\` (${ends}).`,
    example: '[[node/worker-0], [control-plane-0]]',
  }),
  delay: field.pair({
    description: `Add to the round-trip time between two ${ends} (\`add\`).`,
    example: '[etcd/0, etcd/1]',
  }),
  loss: field.pair({
    description: `Lose segments between two ${ends} (\`probability\`).`,
    example: '[etcd/0, etcd/1]',
  }),
};

export const networkLasting: readonly string[] = ['partition', 'flap', 'delay', 'loss'];
export const networkPartial: readonly string[] = ['partition', 'flap', 'delay', 'loss'];

export const networkOptions = {
  oneWay: field.boolean({
    description: 'Cut only what the first group sends to the others.',
    default: 'false',
    only: ['partition', 'flap'],
  }),
  mode: field.choice(['blackhole', 'reset'], {
    description:
      'blackhole: packets vanish, noticed by timeouts; reset: connections break at once.',
    default: 'blackhole',
    only: ['partition', 'flap'],
  }),
  down: field.duration({
    description: 'How long each cut of a flap lasts.',
    min: '1ms',
    example: '2s',
    only: ['flap'],
  }),
  up: field.duration({
    description: 'How long it is open between two cuts of a flap.',
    min: '1ms',
    example: '5s',
    only: ['flap'],
  }),
  add: field.duration({
    description: 'What is added to the round-trip time.',
    min: '0s',
    example: '40ms',
    only: ['delay'],
  }),
  probability: field.ratio({
    description: 'Probability that a segment is lost.',
    min: '0',
    max: '90%',
    example: '1%',
    only: ['loss'],
  }),
};
