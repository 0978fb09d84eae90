/** Writes conf/vsftpd.conf.example anew: `deno run --allow-write=conf tests/config/write_example.ts`. */
import { renderExample } from "../../src/config/example.ts";

Deno.writeTextFileSync(new URL("../../conf/vsftpd.conf.example", import.meta.url), renderExample());
