import { z } from 'zod';

const text = z.string().max(64 * 1024);
const texts = z.array(text).max(10_000).nullish();
const pairs = z.record(z.string(), text).nullish();
const count = z.number().int().min(0);
/** Containers of a service. */
const replicas = count.max(10_000).nullish();
const nanoseconds = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const port = z.number().int().min(0).max(65_535);

const policySchema = z
  .looseObject({
    Parallelism: count.max(10_000).optional(),
    Delay: nanoseconds.optional(),
    FailureAction: text.optional(),
    Monitor: nanoseconds.optional(),
    MaxFailureRatio: z.number().min(0).max(1).optional(),
    Order: z.enum(['', 'stop-first', 'start-first']).optional(),
  })
  .nullish();

const attachmentsSchema = z
  .array(z.looseObject({ Target: text, Aliases: texts, DriverOpts: pairs }))
  .max(100)
  .nullish();

const amountSchema = z
  .looseObject({
    NanoCPUs: count.optional(),
    MemoryBytes: count.optional(),
    Pids: z.number().int().optional(),
  })
  .nullish();

const containerSchema = z.looseObject({
  Image: text,
  Labels: pairs,
  Command: texts,
  Args: texts,
  Hostname: text.optional(),
  Env: texts,
  Dir: text.optional(),
  User: text.optional(),
  Groups: texts,
  StopSignal: text.optional(),
  TTY: z.boolean().optional(),
  OpenStdin: z.boolean().optional(),
  ReadOnly: z.boolean().optional(),
  Init: z.boolean().nullish(),
  StopGracePeriod: nanoseconds.nullish(),
  Mounts: z
    .array(z.looseObject({ Type: text.optional(), Source: text.optional(), Target: text.optional() }))
    .nullish(),
  Healthcheck: z
    .looseObject({
      Test: texts,
      Interval: nanoseconds.optional(),
      Timeout: nanoseconds.optional(),
      StartPeriod: nanoseconds.optional(),
      Retries: count.optional(),
    })
    .nullish(),
  Hosts: texts,
  DNSConfig: z.looseObject({ Nameservers: texts, Search: texts, Options: texts }).nullish(),
  Sysctls: pairs,
  CapabilityAdd: texts,
  CapabilityDrop: texts,
  Ulimits: z.array(z.looseObject({ Name: text, Hard: z.number().int(), Soft: z.number().int() })).nullish(),
  OomScoreAdj: z.number().int().optional(),
});

/** Docker's ServiceSpec: the fields that Berth reads, with their types; others are refused by name where they say anything. */
export const serviceSpecSchema = z.looseObject({
  Name: z
    .string({ error: 'name the service' })
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/, 'a name has up to 63 letters, digits and - _ .'),
  Labels: pairs,
  TaskTemplate: z.looseObject({
    ContainerSpec: containerSchema,
    Resources: z.looseObject({ Limits: amountSchema, Reservations: amountSchema }).nullish(),
    RestartPolicy: z
      .looseObject({
        Condition: z.enum(['', 'any', 'none', 'on-failure']).optional(),
        Delay: nanoseconds.nullish(),
        MaxAttempts: count.nullish(),
        Window: nanoseconds.nullish(),
      })
      .nullish(),
    Placement: z
      .looseObject({
        Constraints: texts,
        Preferences: z.array(z.looseObject({ Spread: z.looseObject({ SpreadDescriptor: text }) })).nullish(),
        MaxReplicas: count.optional(),
      })
      .nullish(),
    ForceUpdate: count.optional(),
    Networks: attachmentsSchema,
    LogDriver: z.looseObject({ Name: text.optional(), Options: pairs }).nullish(),
  }),
  Mode: z
    .looseObject({
      Replicated: z.looseObject({ Replicas: replicas }).nullish(),
      Global: z.looseObject({}).nullish(),
      ReplicatedJob: z.looseObject({ MaxConcurrent: replicas, TotalCompletions: replicas }).nullish(),
      GlobalJob: z.looseObject({}).nullish(),
    })
    .nullish(),
  UpdateConfig: policySchema,
  RollbackConfig: policySchema,
  Networks: attachmentsSchema,
  EndpointSpec: z
    .looseObject({
      Mode: z.enum(['', 'vip', 'dnsrr']).optional(),
      Ports: z
        .array(
          z.looseObject({
            Protocol: z.enum(['tcp', 'udp', 'sctp']).optional(),
            TargetPort: port.optional(),
            PublishedPort: port.optional(),
            PublishMode: z.enum(['ingress', 'host']).optional(),
          }),
        )
        .max(1000)
        .nullish(),
    })
    .nullish(),
});
export type ServiceSpec = z.infer<typeof serviceSpecSchema>;
