import type { LogLevel } from "../telemetry/log.ts";
import type { Cidr } from "../net/cidr.ts";
import type { Truncation } from "../net/tls_connection.ts";

/** A checked configuration. Deeply frozen; every default is filled in. Sizes are bytes, times milliseconds. */
export interface Config {
  /** Which file was read; undefined when everything came from elsewhere (the demo). */
  readonly file: string | undefined;
  readonly accounts: readonly AccountConfig[];
  readonly network: NetworkConfig;
  readonly login: LoginConfig;
  readonly tls: TlsConfig;
  readonly limits: LimitsConfig;
  readonly log: LogConfig;
  /** Of all gateways that serve the same accounts; undefined: the host name. */
  readonly clusterName: string | undefined;
}

/** One `[COS_ACCOUNT_*]` section: an FTP account and the bucket it works on. */
export interface AccountConfig {
  /** The section's name, `COS_ACCOUNT_0`. */
  readonly section: string;
  /** `ftp_login_user_name`, or else the first user's name. */
  readonly name: string;
  /** Who may log in to it; at least one. */
  readonly users: readonly UserConfig[];
  readonly credentials: CredentialsConfig;
  /** `examplebucket-1250000000`. */
  readonly bucket: string;
  readonly region: string | undefined;
  /** `cos_endpoint`: `host` or `host:port`, wins over the region. */
  readonly endpoint: string | undefined;
  readonly protocol: "http" | "https";
  readonly network: "auto" | "internal" | "public";
  /** A label that must be unique. */
  readonly homeDir: string;
  /** Empty, or ends with `/`: the account sees only keys below it. */
  readonly keyPrefix: string;
  readonly authority: { readonly read: boolean; readonly write: boolean };
  readonly deleteEnable: boolean;
  readonly overwriteEnable: boolean;
  readonly renameEnable: boolean;
  /** Of one upload: the account's, or that of all. */
  readonly singleFileMaxSize: number;
  /** Undefined: as many as all accounts together may have. */
  readonly maxSessions: number | undefined;
  /** Bytes a second of all its transfers together; undefined: no limit. */
  readonly uploadRate: number | undefined;
  readonly downloadRate: number | undefined;
  /** From where it may log in; undefined: anywhere. */
  readonly allowFrom: readonly Cidr[] | undefined;
  /** Of new files; undefined: the bucket's default. */
  readonly storageClass: string | undefined;
  /** `sse`: how COS encrypts new files; undefined: the bucket's default. */
  readonly encryption: string | undefined;
  /** Whether clients may set the times of files. */
  readonly preserveMtime: boolean;
  /** Whether all of its connections must speak TLS. */
  readonly requireTls: boolean;
  /** How names are written on the control and data connections. */
  readonly pathEncoding: "utf-8" | "gb18030";
}

/** Where an account's keys come from. */
export type CredentialsConfig =
  | {
    /** `cos_secretid` and `cos_secretkey`. */
    readonly from: "configuration";
    readonly secretId: string;
    readonly secretKey: string;
    /** `cos_token`: the token of temporary keys. */
    readonly token: string | undefined;
  }
  /** `cos_credentials_file`. */
  | { readonly from: "file"; readonly path: string }
  /** `cos_cam_role` and `metadata_endpoint` (`host` or `host:port`). */
  | { readonly from: "role"; readonly role: string; readonly metadataEndpoint: string };

/** Somebody who may log in. */
export interface UserConfig {
  readonly name: string;
  /** As `readPassword` reads it; undefined: anonymous, any password will do. */
  readonly password: string | undefined;
}

/** `[NETWORK]`. */
export interface NetworkConfig {
  readonly listenAddress: string;
  readonly listenPort: number;
  /** An IPv4 address or a domain name. */
  readonly masqueradeAddress: string | undefined;
  /** Clients that get the local address in spite of it. */
  readonly masqueradeExcept: readonly Cidr[];
  /** Inclusive. */
  readonly passivePorts: { readonly first: number; readonly last: number };
  /** Whose connections begin with a PROXY protocol header. */
  readonly proxyProtocolFrom: readonly Cidr[];
  readonly dataPeer: "same" | "any";
}

/** `[LOGIN]`. */
export interface LoginConfig {
  readonly guard: {
    /** Failed logins that are a ban; 0 = no guard. */
    readonly threshold: number;
    readonly window: number;
    readonly ban: number;
    readonly except: readonly Cidr[];
  };
  /** 0 = unlimited. */
  readonly maxConnectionsPerAddress: number;
  /** 0 = unlimited. */
  readonly maxUnauthenticated: number;
  /** `cos_key_login`: what holds for all who log in with keys of their own; undefined: nobody can. */
  readonly cosKeyAccount:
    | Omit<AccountConfig, "name" | "users" | "credentials" | "bucket">
    | undefined;
}

/** `[TLS]`. */
export interface TlsConfig {
  /** Paths of PEM files; undefined: TLS is not offered. */
  readonly files: { readonly cert: string; readonly key: string } | undefined;
  /** `control`: no login without TLS; `all`: no data connection without it either. */
  readonly required: "no" | "control" | "all";
  /** Where clients begin with TLS; undefined: nowhere. */
  readonly implicitPort: number | undefined;
  readonly truncation: Truncation;
}

/** `[FILE_OPTION]` and the numbers of `[OPTIONAL]`. */
export interface LimitsConfig {
  readonly singleFileMaxSize: number;
  readonly minPartSize: number;
  /** Parts of one upload in flight. */
  readonly uploadThreadNum: number;
  /** Memory for the parts of all uploads together. */
  readonly uploadMemoryMax: number;
  readonly interruptedUpload: "resume" | "discard";
  /** How long an upload that nothing more was heard of is left alone. */
  readonly resumeWindow: number;
  /** 0 = unlimited. */
  readonly maxConnectionNum: number;
  readonly maxLoginNum: number;
  /** Entries of one listing. */
  readonly maxListFile: number;
  /** Files in a directory that may still be renamed. */
  readonly renameMaxFiles: number;
  readonly idleTimeout: number;
  readonly loginTimeout: number;
  readonly dataConnectTimeout: number;
  readonly stallTimeout: number;
  /** How long running transfers get at shutdown. */
  readonly drainTimeout: number;
}

/** Logging. */
export interface LogConfig {
  readonly level: LogLevel;
  /** Directory of `cos_v5.log`. */
  readonly dir: string;
  /** Whether a file is written besides stderr. */
  readonly toFile: boolean;
  /** Bytes after which the file is rotated; 0 = never. */
  readonly rotateSize: number;
  readonly backupCount: number;
}
