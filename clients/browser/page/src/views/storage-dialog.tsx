import { useEffect } from "preact/hooks";
import { format, text } from "../i18n/index.js";
import { closeDialog } from "../state/dialog.js";
import { list } from "../state/listing.js";
import { me, refreshAccount, takenBytes } from "../state/session.js";
import { Dialog } from "./dialog.js";
import { type ShareKind, Shares } from "./shares.js";

/** Shows the quota, and what deduplication and compression saved. */
export function StorageDialog() {
  useEffect(() => void refreshAccount(), []);
  return (
    <Dialog title={text.value.storage.title} onClose={closeDialog}>
      <AccountChart />
      <SavingsChart />
      <ListChart />
    </Dialog>
  );
}

function AccountChart() {
  const { storage } = text.value;
  if (me.value === undefined) return null;
  const { quotaBytes: quota, usedBytes: used, reservedBytes: reserved, rowBytes: records } = me.value;
  const free = Math.max(0, quota - takenBytes(me.value));
  const f = format.value;
  const parts = [
    { kind: "used" as const, value: used },
    { kind: "reserved" as const, value: reserved },
    { kind: "records" as const, value: records },
  ];
  const words = parts.map(({ kind, value }) => `${storage[kind]}: ${f.bytes(value)}. `).join("");
  return (
    <section class="part">
      <h3>{storage.account}</h3>
      <Shares
        parts={parts}
        whole={quota}
        label={storage.chart(`${words}${storage.free}: ${f.bytes(free)}.`)}
      />
      <dl class="legend">
        {parts.map(({ kind, value }) => (
          <Item key={kind} kind={kind} label={storage[kind]} value={value} />
        ))}
        <Item label={storage.free} value={free} />
      </dl>
      <p class="hint">{storage.usedHint}</p>
    </section>
  );
}

function SavingsChart() {
  const { storage } = text.value;
  const { usedBytes: used = 0, storedBytes: stored = used } = me.value ?? {};
  if (used === 0) return null;
  const saved = Math.max(0, used - stored);
  const f = format.value;
  const words = `${storage.takes}: ${f.bytes(stored)}. ${storage.savedWhole}: ${f.bytes(saved)}.`;
  return (
    <section class="part">
      <h3>{storage.takesOf(used)}</h3>
      <Shares
        parts={[
          { kind: "stored", value: stored },
          { kind: "shared", value: saved },
        ]}
        label={storage.chart(words)}
      />
      <dl class="legend">
        <Item kind="stored" label={storage.takes} value={stored} />
        <Item kind="shared" label={storage.savedWhole} value={saved} />
      </dl>
      <p class="hint">{storage.savedHint(saved / used)}</p>
    </section>
  );
}

function ListChart() {
  const { storage } = text.value;
  const { items } = list.value;
  const sum = (key: "size" | "newBytes" | "sharedBytes" | "storedBytes") =>
    items.reduce((total, item) => total + item[key], 0);
  const size = sum("size");
  const fresh = sum("newBytes");
  const shared = sum("sharedBytes");
  const stored = sum("storedBytes");
  const f = format.value;
  const words = `${storage.fresh}: ${f.bytes(fresh)}. ${storage.shared}: ${f.bytes(shared)}.`;
  const parts = [
    { kind: "fresh" as const, value: fresh },
    { kind: "shared" as const, value: shared },
  ];
  if (items.length === 0) return <p class="hint">{storage.listedNone}</p>;
  return (
    <section class="part">
      <h3>{storage.listed(items.length)}</h3>
      <Shares parts={parts} label={storage.chart(words)} />
      <dl class="legend">
        <Item label={storage.size} value={size} />
        <Item kind="fresh" label={storage.fresh} value={fresh} />
        <Item kind="shared" label={storage.shared} value={shared} />
        <Item label={storage.stored} value={stored} />
      </dl>
      {shared > 0 && <p>{storage.saved(shared, shared / Math.max(size, 1))}</p>}
      <p class="hint">{storage.listedHint}</p>
    </section>
  );
}

function Item({ kind, label, value }: { kind?: ShareKind; label: string; value: number }) {
  return (
    <div>
      <dt>
        <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true" focusable="false">
          <rect class={kind ?? "whole"} width="10" height="10" rx="2" />
        </svg>
        {label}
      </dt>
      <dd>{format.value.bytes(value)}</dd>
    </div>
  );
}
