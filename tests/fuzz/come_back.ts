import { sendAll } from "../ftp/ftp_peer.ts";
import type { ClientFiles } from "./client_files.ts";
import type { Ground } from "./play_session.ts";
import { Violation } from "./violation.ts";

/**
 * The client comes back, perhaps before the gateway has noticed that it was gone, and goes on with each upload that was
 * interrupted and of which SIZE says that something is kept: the file must then be whole. @throws {Violation}
 */
export async function comeBack(files: ClientFiles, ground: Ground): Promise<void> {
  if (files.interrupted.size === 0) return;
  const { gateway, watch, coverage } = ground;
  using peer = await gateway.logIn();
  for (const [path, file] of files.interrupted) {
    coverage.interrupted++;
    const { code, text } = await peer.command(`SIZE /${path}`);
    const size = Number(text);
    if (code !== 213 || size >= file.length || !watch.isKept(path, size)) continue;
    await peer.ask(`REST ${size}`, 350);
    const rest = file.subarray(size);
    const upload = {
      path,
      marker: size,
      content: rest,
      base: file.subarray(0, size),
      resumes: true,
    };
    using data = await peer.openData();
    const opening = await peer.command(`STOR /${path}`);
    if (opening.code !== 150) throw notResumed(path, size, opening.lines);
    await sendAll(data, rest);
    data.close();
    const { lines } = await peer.reply();
    if (!lines[0]!.startsWith("226")) throw notResumed(path, size, lines);
    watch.finished(upload, rest);
    if (!watch.isClear(path)) continue;
    await watch.mustHold(path, file);
    coverage.resumed++;
  }
  await peer.ask("QUIT", 221);
}

function notResumed(path: string, size: number, lines: readonly string[]): Violation {
  return new Violation("not resumed", `${path} after ${size} bytes: ${lines.join(" ")}`);
}
