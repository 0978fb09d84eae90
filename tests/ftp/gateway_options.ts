import type { LoginGuardOptions } from "../../src/accounts/login_guard.ts";
import type { NameEncoding } from "../../src/accounts/name_encoding.ts";
import type { Clock } from "../../src/clock.ts";
import type { Credential } from "../../src/emulator/api/signature.ts";
import type { Masquerade } from "../../src/ftp/data/masquerade.ts";
import type { TlsService } from "../../src/ftp/protection.ts";
import type { ConnectionLimits } from "../../src/ftp/server.ts";
import type { FtpServices } from "../../src/ftp/services.ts";
import type { Cidr } from "../../src/net/cidr.ts";
import type { Dialer, Listener } from "../../src/net/connection.ts";
import type { Timeouts } from "../../src/net/http_client.ts";
import type { CertificateSource } from "../../src/net/server_certificate.ts";
import type { Credentials } from "../../src/store/credentials.ts";
import type { ObjectHeaders } from "../../src/store/object_store.ts";
import type { Logger } from "../../src/telemetry/log.ts";
import type { Gateway } from "./gateway.ts";

/** How a {@linkcode Gateway} under test is set up. How many connections there may be is unlimited unless it is said. */
export interface GatewayOptions extends Partial<FtpServices>, Partial<ConnectionLimits> {
  /** What of the bucket the account sees. @default all */
  readonly keyPrefix?: string;
  /** Of the account. @default KEYS, for ever */
  readonly credentials?: Credentials;
  /** Whom the emulator lets in, KEYS among them. @default KEYS only */
  readonly emulatorKeys?: readonly Credential[];
  /** "R", "W" or "RW". @default "RW" */
  readonly authority?: string;
  /** @default true */
  readonly deleteEnable?: boolean;
  /** @default true */
  readonly renameEnable?: boolean;
  /** @default true */
  readonly overwriteEnable?: boolean;
  /** @default anywhere */
  readonly allowFrom?: readonly Cidr[];
  /** @default without limit */
  readonly maxSessions?: number;
  /** Bytes a second, by the engine's clock. @default without limit */
  readonly uploadRate?: number;
  readonly downloadRate?: number;
  /** @default false */
  readonly preserveMtime?: boolean;
  /** Whether a PUT carries it, as where no TLS protects the bytes. @default false */
  readonly contentMd5?: boolean;
  /** What is larger is copied in parts. @default COS's limit */
  readonly copyMax?: number;
  /** Another gateway whose bucket it serves too, as another replica; disposed of before it. @default none */
  readonly besides?: Gateway;
  /** What becomes of interrupted uploads. @default "discard" */
  readonly interrupted?: "resume" | "discard";
  /** Bytes. @default PART_SIZE */
  readonly partSize?: number;
  /** What new files get. @default COS's defaults */
  readonly headers?: Pick<ObjectHeaders, "storageClass" | "encryption">;
  /** @default UTF-8 */
  readonly nameEncoding?: NameEncoding;
  /** How many passive ports there are. @default 20 */
  readonly passivePorts?: number;
  /** @default no guard */
  readonly loginGuard?: Partial<LoginGuardOptions>;
  /** @default 100 */
  readonly maxLogins?: number;
  /** Where it listens. @default "127.0.0.1" */
  readonly hostname?: string;
  /** What stands in front of its listeners, of control and data connections. @default nothing */
  readonly decorate?: (listener: Listener, services: { clock: Clock; log: Logger }) => Listener;
  readonly masquerade?: Masquerade;
  /** TLS with the certificate of tests, on the implicit port too. @default not offered */
  readonly ftps?: {
    /** @default "no" */
    readonly required?: TlsService["required"];
    /** @default "reject" */
    readonly truncation?: TlsService["truncation"];
    /** @default the certificate of tests, for ever */
    readonly source?: CertificateSource;
  };
  /** Whether the account may log in under TLS only. @default false */
  readonly requireTls?: boolean;
  readonly dialer?: Dialer;
  /** Of the COS client; real time. @default its own */
  readonly timeouts?: Timeouts;
  /** What the COS client's timeouts go by. @default real time */
  readonly httpClock?: Clock;
}
