import {
  createRun,
  isSuccess,
  metaOf,
  type OpaqueObject,
  type OwnComponent,
  type Pod,
  parseScenario,
  Workers,
} from '../../src/index.ts';

const { scenario, problems } = parseScenario(
  `
apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: own-components }
horizon: 20s
etcd: { version: "3.6", members: 1 }
kubernetes:
  version: "1.35"
  nodeGroups: [{ name: worker, count: 3 }]
  load:
    - name: web
      start: 5s
      create: { kind: Deployment, replicas: 6, template: { schedulerName: first-fit } }
`,
  { file: 'own-components.yaml' },
);
if (scenario === null) throw new Error(problems.map((problem) => problem.message).join('\n'));

let published = 0;

/** A controller: a ConfigMap of the same name for every Deployment. */
const publisher: OwnComponent = {
  name: 'publisher',
  create(cluster) {
    const { process, client, informers } = cluster.parts('publisher');
    const deployments = informers.informer('deployments');
    const queue = cluster.library.queue({ name: 'publisher', process });
    const workers = new Workers(cluster, {
      process,
      queue,
      count: 1,
      *sync(path) {
        const deployment = deployments.get(path);
        if (deployment === undefined) return;
        const { name, namespace } = deployment.meta;
        const object: OpaqueObject = {
          resource: 'configmaps',
          meta: metaOf(cluster.uids, cluster.sim.nowNs, { name, namespace }),
          bytes: 400,
          resourceVersion: 0,
          data: {},
        };
        const call = client.start({ verb: 'create', resource: 'configmaps', namespace, object });
        yield call;
        const { result } = call;
        if (result === null || (!isSuccess(result) && result.code !== 409)) return false;
        if (result.code === 201) published++;
      },
    });
    deployments.addHandlers({
      onAdd: (deployment) => queue.add(deployment.meta.path),
    });
    informers.onSynced(() => workers.start());
    return { start: (preloaded) => informers.start(preloaded) };
  },
};

const bound = new Map<string, number>();

/** A scheduler: the first node, whatever is there. */
const firstFit: OwnComponent = {
  name: 'first-fit',
  create(cluster) {
    const { client, informers } = cluster.parts('first-fit', { qps: 50, burst: 100 });
    const nodes = informers.informer('nodes');
    const place = (pod: Pod): void => {
      if (pod.spec.schedulerName !== 'first-fit' || pod.nodeName !== '') return;
      const [node] = nodes.values();
      const assign = (current: Pod): Pod | string => {
        if (current.nodeName !== '') return 'it is already assigned';
        return { ...current, resourceVersion: 0, nodeName: node.meta.name };
      };
      const { path, uid } = pod.meta;
      client.call(
        {
          verb: 'create',
          resource: 'pods',
          subresource: 'binding',
          path,
          uid,
          // Of a pod's path: a pod.
          mutate: (current) => assign(current as Pod),
        },
        (result) => {
          const { name } = node.meta;
          if (isSuccess(result)) bound.set(name, (bound.get(name) ?? 0) + 1);
        },
      );
    };
    informers.informer('pods').addHandlers({ onAdd: place });
    return { start: (preloaded) => informers.start(preloaded) };
  },
};

/** A load: one list of all pods a second. */
const poller: OwnComponent = {
  name: 'poller',
  create({ sim, parts }) {
    const { client } = parts('poller');
    const poll = sim.eventType('poller/poll', () => {
      client.call({ verb: 'list', resource: 'pods', consistency: 'consistent' }, () => {});
      sim.schedule(1e9, poll);
    });
    return { start: () => sim.schedule(0, poll) };
  },
};

const run = createRun(scenario, { seed: '1', components: [publisher, firstFit, poller] });
while (!run.advance(100_000)) {
  // Between two slices is time for progress and for giving up.
}
const { timeline, metrics } = run.finish();
const polls = metrics.counters.find(
  ({ name, labels }) => name === 'rest_client_requests_total' && labels.component === 'poller',
);
console.log(`ConfigMaps: ${published}`);
console.log(`Pods by node: ${[...bound].map(([node, count]) => `${node} ${count}`)}`);
console.log(`Pods started: ${timeline?.counts.started}`);
console.log(`Lists: ${polls?.perSegment.reduce((sum, count) => sum + count, 0)}`);
