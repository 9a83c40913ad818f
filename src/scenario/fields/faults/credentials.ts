/** Faults of certificates. */
import * as field from '../../field.ts';
import { verb } from './target.ts';

export const credentialVerbs = {
  expireCertificate: verb(
    'Let certificates expire; after `for` there are new ones',
    'kubelet/worker-0',
  ),
};

export const credentialLasting: readonly string[] = ['expireCertificate'];
export const credentialPartial: readonly string[] = ['expireCertificate'];

export const credentialOptions = {
  certificate: field.choice(['all', 'client', 'server', 'peer'], {
    description:
      'Which of them: what it shows as a client (API servers: to etcd), what it serves with, or what members of etcd show to each other.',
    default: 'all',
    only: ['expireCertificate'],
  }),
};
