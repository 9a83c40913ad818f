/** Verbs of certificates. */
import { type CheckContext, type OfPart, PROCESS_TARGETS, partOf, type VerbSpecs } from './verb.ts';

export type CredentialAction = {
  readonly kind: 'expireCertificate';
  readonly target: string;
  readonly certificate: 'all' | 'client' | 'server' | 'peer';
} & OfPart;

export const credentialSpecs: VerbSpecs<CredentialAction> = {
  expireCertificate: {
    targets: PROCESS_TARGETS,
    read: (fault) => ({
      kind: 'expireCertificate',
      target: fault.expireCertificate ?? '',
      certificate: fault.certificate,
      ...partOf(fault),
    }),
    check: (action, context) => checkHeld(action, context),
    print: ({ certificate }) => ({ certificate }),
  },
};

/** Members have no certificate of clients, API servers none of peers, all others only the first. */
function checkHeld(
  { target, certificate }: CredentialAction,
  { path, checker }: CheckContext,
): void {
  const [prefix] = target.split('/');
  const isMember = prefix === 'etcd' || prefix === 'etcd-events';
  const isServer = prefix === 'kube-apiserver';
  const isClient = prefix.startsWith('kube') || prefix.startsWith('node');
  const lacks =
    (isMember && certificate === 'client') ||
    (isServer && certificate === 'peer') ||
    (isClient && !isServer && (certificate === 'server' || certificate === 'peer'));
  if (!lacks) return;
  checker.at(`${path}.certificate`, 'WT1109', `${target} has no ${certificate} certificate here`);
}
