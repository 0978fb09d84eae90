import type { ObjectStore } from "../../src/store/object_store.ts";

/** The same store, which says that it is so many milliseconds later: for sweeps, which go by the store's clock. */
export function laterStore(store: ObjectStore, milliseconds: number): ObjectStore {
  return new Proxy(store, {
    get(target, name: keyof ObjectStore) {
      if (name !== "list") return target[name].bind(target);
      return async (...call: Parameters<ObjectStore["list"]>) => {
        const page = await target.list(...call);
        return { ...page, date: new Date(Date.now() + milliseconds) };
      };
    },
  });
}
