import { command } from '../../command.ts';
import { bytes, cores, localTime, when } from '../../terminal/format.ts';

export const nodeInspect = command<Record<never, never>, [names: string[]]>({
  name: 'node inspect',
  summary: 'Show everything about hosts',
  arguments: [{ name: '<NODE...>', summary: 'names or IDs' }],
  examples: [
    ['berth node inspect h1', 'one host'],
    ['berth node inspect h1 --json', 'as an array with one element, for a program'],
  ],
  async run({ out, globals, call, clock }, _, names) {
    const nodes = await Promise.all(names.map((node) => call('node.get', { node })));
    if (globals.json) {
      out.json(nodes);
      return;
    }
    for (const [at, node] of nodes.entries()) {
      const { engine, containers, reserved } = node;
      if (at > 0) out.line();
      out.details([
        ['Name', node.name],
        ['ID', node.id],
        ['State', node.reason === '' ? node.state : `${node.state}: ${node.reason}`],
        ['Cordoned', node.cordoned ? 'yes: nothing new is placed here' : 'no'],
        ['Labels', Object.entries(node.labels).map(([key, value]) => `${key}=${value}`)],
        ['Connected from', node.address],
        ['Data address', node.dataAddress],
        [
          'Network drivers',
          Object.entries(node.networkDrivers ?? {}).map(([name, { usable, reason }]) =>
            usable ? name : `${name}: no, ${reason}`,
          ),
        ],
        [
          'Data paths',
          (node.paths ?? []).map(({ name, address, ms, reason, since }) =>
            ms === null
              ? `${name} (${address}): broken since ${localTime(since)}: ${reason}`
              : `${name} (${address}): ${ms.toFixed(1)} ms`,
          ),
        ],
        ['Joined', localTime(node.joinedAt)],
        ['Last heard', when(node.lastHeardAt, clock.now())],
        ['Agent', node.agentVersion],
        [
          'Containers',
          `${containers.managed} of Berth, ${containers.unmanaged} others, ${containers.running} running`,
        ],
        ['Asked for', `${cores(reserved.cpuMilli)} cores, ${bytes(reserved.memory)}`],
        ...(engine === undefined
          ? []
          : ([
              ['Has', `${engine.cpus} cores, ${bytes(engine.memory)}`],
              ['Engine', `${engine.serverVersion} (API ${engine.minApiVersion} to ${engine.apiVersion})`],
              ['Engine ID', engine.engineId],
              ['System', `${engine.operatingSystem} (${engine.osType}/${engine.architecture})`],
              ['Kernel', engine.kernelVersion],
              ['Storage driver', engine.storageDriver],
              ['Engine labels', Object.entries(engine.labels).map(([key, value]) => `${key}=${value}`)],
            ] as const)),
      ]);
    }
  },
});
