import type { Finding } from "./measurements.ts";
import { runToEnd } from "./server_process.ts";
import type { StoreProcess } from "./store_process.ts";

const GIB = 1024 ** 3;

/** The same bytes between curl and the store, with nothing in between: no gateway can be faster with this store. */
export async function measureCeiling(store: StoreProcess, latency: number): Promise<Finding[]> {
  const folder = await Deno.makeTempDir({ dir: "/dev/shm", prefix: "cosftp-bench-" });
  try {
    const [large, small] = [`${folder}/large`, `${folder}/small`];
    await Deno.writeFile(large, new Uint8Array());
    await Deno.truncate(large, GIB);
    await Deno.writeFile(small, new Uint8Array(1024));
    const files = latency > 0 ? 200 : 1000;
    const rate = async (direction: "up" | "down", ...args: string[]) => {
      const said = await runToEnd(["curl", "--write-out", `%{speed_${direction}load}`, ...args]);
      return Number(said) / 1024 ** 2;
    };
    const filesPerSecond = async (transfer: (index: number) => string[]) => {
      const config = `${folder}/config`;
      const lines = Array.from({ length: files }, (_, index) => transfer(index)).flat();
      await Deno.writeTextFile(config, lines.join("\n"));
      const begun = performance.now();
      await runToEnd(["curl", "--silent", "--show-error", "--config", config]);
      return files / ((performance.now() - begun) / 1000);
    };
    const quiet = ["--silent", "--show-error", "--output", "/dev/null"];
    const upload = [...quiet, "--header", "Expect:", "--upload-file", large];
    return [
      {
        id: "upload-rate",
        title: "1 GiB up",
        unit: "MiB/s",
        value: await rate("up", ...upload, store.url("ceiling")),
      },
      {
        id: "download-rate",
        title: "1 GiB down",
        unit: "MiB/s",
        value: await rate("down", ...quiet, store.url(`zeros/${GIB}/ceiling`)),
      },
      {
        id: "small-up-1",
        title: "1 KiB files up, 1 session",
        unit: "files/s",
        value: await filesPerSecond((index) => [
          `url = ${store.url(`ceiling-${index}`)}`,
          `upload-file = ${small}`,
        ]),
      },
      {
        id: "small-down-1",
        title: "1 KiB files down, 1 session",
        unit: "files/s",
        value: await filesPerSecond((index) => [
          `url = ${store.url(`zeros/1024/${index}`)}`,
          "output = /dev/null",
        ]),
      },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
