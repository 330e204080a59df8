import type { joiningRoutes } from '../../contract/v1/joining.ts';
import { newShortId } from '../../kit/ids.ts';
import {
  admitJoin,
  certificateInfo,
  issueHostCertificate,
  type JoinFacts,
  joinedHost,
  parseToken,
} from '../../link/index.ts';
import type { ReadTx } from '../../store/store.ts';
import { SETTINGS_KEY } from '../../store/tables.ts';
import { AgentFile } from './agent-file.ts';
import type { Handlers } from './handler.ts';
import { joinScript } from './join-script.ts';

export function joiningHandlers(agentPath: string): Handlers<keyof typeof joiningRoutes> {
  const agent = new AgentFile(agentPath);
  return {
    'join.host': async ({ deps, body, about }) => {
      about(body.name, 'system');
      const token = parseToken(body.token);
      const facts = (tx: ReadTx): JoinFacts => ({
        token,
        record: tx.get('joinTokens', token.id),
        caHash: deps.ca.fingerprint,
        holder: [...tx.by('hosts', 'name', body.name.toLowerCase())][0],
      });
      const now = deps.clock.now();
      // Nothing is signed for whoever would be refused.
      admitJoin(deps.store.view(facts), body, now);
      const hostId = newShortId();
      const certificate = await issueHostCertificate(deps.ca, body.csr, hostId, now);
      const certFingerprint = certificateInfo(certificate).fingerprint;
      const clusterId = await deps.store.update((tx) => {
        // Again: of two hosts with the same single-use token, the second one gets this far and no farther.
        const record = admitJoin(facts(tx), body, now);
        tx.put('joinTokens', record);
        tx.put('hosts', joinedHost(body, record, { hostId, certFingerprint, now }));
        return tx.get('settings', SETTINGS_KEY)?.clusterId ?? '';
      });
      return {
        hostId,
        hostName: body.name,
        certificate,
        ca: deps.ca.certificate,
        agentPort: deps.agentPort,
        clusterId,
      };
    },

    'join.ca': ({ deps }) => deps.ca.certificate,

    'join.script': async ({ deps }) =>
      joinScript({ caPem: deps.ca.certificate, agentSha256: await agent.sha256() }),

    'join.agent': () => agent.answer(),
  };
}
