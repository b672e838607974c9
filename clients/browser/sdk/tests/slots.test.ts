import { describe, expect, it } from "vitest";
import { Slots } from "../src/slots.js";

const turn = () => new Promise((resolve) => setTimeout(resolve));

/** Starts work that ends on demand, and notes its name when it begins. */
function work(slots: Slots, started: string[], name: string, owner: unknown) {
  let end = () => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  const done = slots.run(owner, undefined, () => {
    started.push(name);
    return until;
  });
  return { end, done };
}

describe("slots", () => {
  it("are never exceeded", async () => {
    const slots = new Slots(3);
    let running = 0;
    let most = 0;
    const one = async () => {
      most = Math.max(most, ++running);
      await turn();
      running--;
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => slots.run(index % 2, undefined, one)));
    expect(most).toBe(3);
    expect(running).toBe(0);
  });

  it("go to the owners in turn, however many each waits for", async () => {
    const slots = new Slots(1);
    const started: string[] = [];
    const large = ["a1", "a2", "a3", "a4"].map((name) => work(slots, started, name, "a"));
    const small = [work(slots, started, "b1", "b"), work(slots, started, "c1", "c")];
    for (const each of [...large, ...small]) each.end();
    await Promise.all([...large, ...small].map((each) => each.done));
    expect(started).toEqual(["a1", "a2", "b1", "c1", "a3", "a4"]);
  });

  it("skip waiters that have been aborted", async () => {
    const slots = new Slots(1);
    const release = await slots.acquire("a");
    const controller = new AbortController();
    const waiting = slots.acquire("b", controller.signal);
    const next = slots.acquire("c");
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    release();
    (await next)();
    // A second release must not add a slot.
    release();
    const releaseLast = await slots.acquire("d");
    let second = false;
    void slots.acquire("e").then(() => {
      second = true;
    });
    await turn();
    expect(second).toBe(false);
    releaseLast();
    await turn();
    expect(second).toBe(true);
  });

  it("are released after a failure", async () => {
    const slots = new Slots(1);
    await expect(slots.run(1, undefined, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await slots.run(1, undefined, async () => "yes")).toBe("yes");
  });

  it("can become fewer and more while they are held", async () => {
    const slots = new Slots(2);
    const started: string[] = [];
    const all = ["a", "b", "c", "d"].map((name) => work(slots, started, name, name));
    await turn();
    slots.resize(1);
    all[0]?.end();
    await turn();
    expect(started).toEqual(["a", "b"]);
    all[1]?.end();
    await turn();
    expect(started).toEqual(["a", "b", "c"]);
    slots.resize(2);
    await turn();
    expect(started).toEqual(["a", "b", "c", "d"]);
  });
});
