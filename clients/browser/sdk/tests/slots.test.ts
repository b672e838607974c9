import { describe, expect, it } from "vitest";
import { Slots } from "../src/slots.js";

const turn = () => new Promise((resolve) => setTimeout(resolve));

/** Work that ends when it is told to, and notes when it began. */
function work(slots: Slots, begun: string[], name: string, owner: unknown) {
  let end = () => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  const done = slots.run(owner, undefined, () => {
    begun.push(name);
    return until;
  });
  return { end, done };
}

describe("slots", () => {
  it("are never more than there are", async () => {
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

  it("go to each owner in turn, however many each waits for", async () => {
    const slots = new Slots(1);
    const begun: string[] = [];
    const large = ["a1", "a2", "a3", "a4"].map((name) => work(slots, begun, name, "a"));
    const small = [work(slots, begun, "b1", "b"), work(slots, begun, "c1", "c")];
    for (const each of [...large, ...small]) each.end();
    await Promise.all([...large, ...small].map((each) => each.done));
    expect(begun).toEqual(["a1", "a2", "b1", "c1", "a3", "a4"]);
  });

  it("pass over who has given up waiting", async () => {
    const slots = new Slots(1);
    const release = await slots.acquire("a");
    const controller = new AbortController();
    const given = slots.acquire("b", controller.signal);
    const next = slots.acquire("c");
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    release();
    (await next)();
    // Releasing twice makes no second slot.
    release();
    const held = await slots.acquire("d");
    let second = false;
    void slots.acquire("e").then(() => {
      second = true;
    });
    await turn();
    expect(second).toBe(false);
    held();
    await turn();
    expect(second).toBe(true);
  });

  it("come back after a failure", async () => {
    const slots = new Slots(1);
    await expect(slots.run(1, undefined, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await slots.run(1, undefined, async () => "yes")).toBe("yes");
  });
});
