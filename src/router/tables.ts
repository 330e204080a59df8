/**
 * What HAProxy can be told without a reload: the wanted state and what it has are both of this shape, and `plan` is the
 * difference. Tables of a route that has not changed are the same object.
 */
export type Servers = ReadonlyMap<string, ServerSetting>;

export type ServerSetting = Readonly<{
  /** 0 to 256. At 0 it gets requests with its cookie only. */
  weight: number;
  /** Nothing new goes there; it has left, or is not in yet. */
  out: boolean;
}>;

/** A wanted server, and what it is made from where there is none of its name. */
export type WantedServer = ServerSetting & Readonly<{ address: string; options: readonly string[] }>;

export type WantedBackend = Readonly<{ servers: ReadonlyMap<string, WantedServer>; sticky: boolean }>;

/** `sha1`: of the certificate itself; `chain`: how many come behind it. */
export type WantedCertificate = Readonly<{ pem: string; sha1: string; chain: number }>;

export type FoundCertificate = Pick<WantedCertificate, 'sha1' | 'chain'> &
  Readonly<{
    /** As this process has given it; undefined where it was read from HAProxy, which does not show it. */
    pem?: string;
    /** Clients can be shown it. */
    listed: boolean;
  }>;

export type WantedTables = Readonly<{
  backends: ReadonlyMap<string, WantedBackend>;
  /** By file: key and value. */
  maps: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By file. */
  certificates: ReadonlyMap<string, WantedCertificate>;
  certificateList: string;
  /** Of sticky cookies. */
  cookieKey: string;
}>;

export type FoundTables = Readonly<{
  backends: ReadonlyMap<string, Servers>;
  maps: ReadonlyMap<string, ReadonlyMap<string, string>>;
  certificates: ReadonlyMap<string, FoundCertificate>;
}>;
