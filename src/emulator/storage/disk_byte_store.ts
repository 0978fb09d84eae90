import type { ByteRun, ByteStore, RunWriter, Slice } from "./byte_store.ts";
import { syncDirectory, writeAll } from "./durable_file.ts";

const BUFFER = 256 * 1024;

/**
 * Keeps each run in a file of its own, `DIR/<first two digits of the id>/<id>`. A finished run survives a crash, but only
 * what the journal names belongs to anything: {@linkcode DiskByteStore.sweep} removes the rest.
 */
export class DiskByteStore implements ByteStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Removes every run that `isUsed` does not know: what a crash left half-written or half-deleted. */
  async sweep(isUsed: (id: string) => boolean): Promise<void> {
    await Deno.mkdir(this.#directory, { recursive: true });
    for await (const shard of Deno.readDir(this.#directory)) {
      for await (const file of Deno.readDir(`${this.#directory}/${shard.name}`)) {
        if (!isUsed(file.name)) await Deno.remove(`${this.#directory}/${shard.name}/${file.name}`);
      }
    }
  }

  write(): RunWriter {
    const id = crypto.randomUUID();
    const buffer = new Uint8Array(BUFFER);
    let file: Deno.FsFile | undefined;
    let size = 0;
    let finished = false;
    const open = async () => {
      try {
        return await Deno.open(this.#path(id), { write: true, createNew: true });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        await Deno.mkdir(this.#shard(id), { recursive: true });
        await syncDirectory(this.#directory);
        return await Deno.open(this.#path(id), { write: true, createNew: true });
      }
    };
    return {
      space: () => buffer,
      async advance(count) {
        file ??= await open();
        await writeAll(file, buffer.subarray(0, count));
        size += count;
      },
      finish: async () => {
        file ??= await open();
        await file.syncData();
        await syncDirectory(this.#shard(id));
        finished = true;
        return { id, size };
      },
      [Symbol.asyncDispose]: async () => {
        if (!file) return;
        file.close();
        if (!finished) await this.remove({ id, size });
      },
    };
  }

  async *read({ run, start, length }: Slice): AsyncIterable<Uint8Array> {
    using file = await Deno.open(this.#path(run.id));
    if (start > 0) await file.seek(start, Deno.SeekMode.Start);
    const buffer = new Uint8Array(Math.min(BUFFER, length));
    for (let left = length; left > 0;) {
      const count = await file.read(buffer.subarray(0, Math.min(buffer.length, left)));
      if (count === null) {
        throw new Error(
          `Cannot read run ${run.id}: it ends ${left} bytes early, the data directory is damaged`,
        );
      }
      left -= count;
      yield buffer.subarray(0, count);
    }
  }

  async remove(run: ByteRun): Promise<void> {
    try {
      await Deno.remove(this.#path(run.id));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #shard(id: string): string {
    return `${this.#directory}/${id.slice(0, 2)}`;
  }

  #path(id: string): string {
    return `${this.#shard(id)}/${id}`;
  }
}
