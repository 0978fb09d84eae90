/**
 * A number of places that are given to clients in turn, and to each client's requests in the order of asking: whoever asks
 * a hundred times makes themselves wait, and others for little more than one of the hundred.
 */
export class FairPlaces {
  #free: number;
  /** Who waits, by client; the client whose turn it is comes first, and none is without a request. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(count: number) {
    this.#free = count;
  }

  /** A place, until it is disposed of. @throws the signal's reason. */
  async take(client: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(client, signal);
    return { [Symbol.dispose]: () => this.#passOn() };
  }

  #wait(client: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const requests = this.#waiting.get(client) ?? new Set();
      this.#waiting.set(client, requests);
      const begin = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        requests.delete(begin);
        if (requests.size === 0) this.#waiting.delete(client);
        reject(signal.reason);
      };
      requests.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #passOn(): void {
    const [turn] = this.#waiting;
    if (!turn) {
      this.#free++;
      return;
    }
    const [client, requests] = turn;
    const [begin] = requests;
    requests.delete(begin!);
    this.#waiting.delete(client);
    if (requests.size > 0) this.#waiting.set(client, requests);
    begin!();
  }
}
