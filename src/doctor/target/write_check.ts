import type { Check, Outcome } from "../check.ts";
import type { FtpClient } from "./ftp_client.ts";
import { SessionLost, type TargetSurvey } from "./target_survey.ts";
import { download, upload, type UploadedFile } from "./transfer_checks.ts";

/** How long removing the file may take. Milliseconds. */
const CLEANUP = 5_000;
/** More than one packet each way. Bytes. */
const FILE_SIZE = 64 * 1024;

export const write: Check<TargetSurvey> = {
  id: "target.write",
  title: "a file is uploaded, read back and deleted",
  needs: ["target.list"],
  mode: "write",
  run: (survey, { signal }) =>
    survey.withSession(signal, async (client) => {
      const file: UploadedFile = {
        name: `cosftp-doctor-${crypto.randomUUID()}.bin`,
        bytes: crypto.getRandomValues(new Uint8Array(FILE_SIZE)),
        mayExist: false,
      };
      try {
        const outcome = await roundTrip(survey, { client, file, signal });
        const left = await remove(file, () => Promise.resolve(client));
        if (!left) return [outcome];
        return outcome.status === "pass" ? [left] : [outcome, left];
      } catch (error) {
        // Of the session nothing more can be expected.
        using session = new DisposableStack();
        const anew = async (signal: AbortSignal) => session.use(await survey.logIn(signal));
        const left = await remove(file, anew);
        if (!left) throw error;
        const outcomes = error instanceof SessionLost ? error.outcomes : [];
        throw new SessionLost(left, ...outcomes);
      }
    }),
};

async function roundTrip(survey: TargetSurvey, { client, file, signal }: {
  client: FtpClient;
  file: UploadedFile;
  signal: AbortSignal;
}): Promise<Outcome> {
  const refused = await upload(survey, { client, file, signal });
  if (refused) return refused;
  const received = await download(survey, { client, command: `RETR ${file.name}`, signal });
  if ("outcome" in received) return received.outcome;
  const isSame = received.bytes.length === FILE_SIZE &&
    received.bytes.every((byte, index) => byte === file.bytes[index]);
  if (isSame) {
    return {
      status: "pass",
      summary: `${FILE_SIZE} bytes came back as they were sent, and are deleted`,
    };
  }
  return {
    status: "fail",
    summary: "What was read back is not what was sent",
    remedy: { text: "Something on the way rewrites the data: an ALG, a proxy, a broken server" },
  };
}

/** Removes the file, also after Ctrl-C. @returns that it may still be there. */
async function remove(
  { name, mayExist }: UploadedFile,
  connect: (signal: AbortSignal) => Promise<FtpClient>,
): Promise<Outcome | undefined> {
  if (!mayExist) return undefined;
  const signal = AbortSignal.timeout(CLEANUP);
  let reason: string;
  try {
    const client = await connect(signal);
    const { code, lines } = await client.ask(`DELE ${name}`, signal);
    if (code < 300) return undefined;
    // An upload that broke off leaves no file at many servers.
    if ((await client.ask(`SIZE ${name}`, signal)).code === 550) return undefined;
    reason = `DELE was answered with ${lines.at(-1)}`;
  } catch (error) {
    reason = (error as Error).message;
  }
  return {
    status: "fail",
    summary: `${name} may be left on the server: ${reason}`,
    remedy: {
      text: "Delete it. Where this account may not delete, that is what its rights say " +
        "(cosftp: authority, delete_enable)",
    },
    data: { file: name },
  };
}
