/**
 * Certificates that expire: from now on, by true time. Who looks at them does so by a clock of its
 * own, and when it would: the API server with each request of a client (x509.go verifies the chain
 * again, so that requests of open connections fail as well), everybody else when a connection is
 * made (crypto/tls), so that open ones live on. With `for`, new ones are in use after it.
 */
import type { CredentialAction } from '../../src/scenario/types.ts';
import type { Validity } from '../machine/index.ts';
import { type FaultHandlers, undoAll } from './handler.ts';
import { membersOn } from './machines.ts';
import { resolveTargets, type Target } from './targets.ts';
import type { FaultWorld } from './world.ts';

type Which = CredentialAction['certificate'];

export const credentialFaults: FaultHandlers<CredentialAction['kind']> = {
  expireCertificate: ({ target, part, certificate }, world) => {
    const { credentials, holds, ctx } = world;
    const targets = resolveTargets(target, world, part);
    const keys = [...new Set(targets.flatMap((one) => keysOf(one, certificate, world)))];
    const validity: Validity = { notBeforeNs: -Infinity, notAfterNs: ctx.sim.nowNs };
    return undoAll(
      keys.map((key) =>
        holds.hold(
          `certificate/${key}`,
          () => credentials.limit(key, validity),
          () => credentials.limit(key, null),
        ),
      ),
    );
  },
};

/** Names of certificates, as those who look at them ask for them. */
function keysOf(target: Target, which: Which, world: FaultWorld): string[] {
  switch (target.kind) {
    case 'member':
      return chosen(target.member.name, ['server', 'peer'], which);
    case 'apiServer':
      return apiServerKeys(target.server.name, which);
    case 'component':
      return chosen(target.component.name, ['client'], which);
    case 'host':
      return hostKeys(target, which, world);
    default:
      return chosen(`kubelet/${target.node}`, ['client'], which);
  }
}

function chosen(name: string, has: readonly Which[], which: Which): string[] {
  return has.filter((kind) => which === 'all' || kind === which).map((kind) => `${name}/${kind}`);
}

/** As a client it shows one to etcd. */
function apiServerKeys(name: string, which: Which): string[] {
  const client = which === 'all' || which === 'client' ? [`${name}/etcd`] : [];
  return [...chosen(name, ['server'], which), ...client];
}

/** kubeadm makes all certificates of a machine at once: they expire together. */
function hostKeys(
  { host }: Extract<Target, { kind: 'host' }>,
  which: Which,
  world: FaultWorld,
): string[] {
  const { kubernetes } = world;
  const members = membersOn(host, world).map(({ member }) => member.name);
  const servers = kubernetes?.servers.replicas.filter((s) => s.networkHost === host.name) ?? [];
  const components = kubernetes?.components.filter((c) => c.process.host === host) ?? [];
  return [
    ...members.flatMap((name) => chosen(name, ['server', 'peer'], which)),
    ...servers.flatMap(({ name }) => apiServerKeys(name, which)),
    ...components.flatMap(({ name }) => chosen(name, ['client'], which)),
  ];
}
